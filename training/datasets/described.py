"""What extraction has written down about features: which are ids of words, and what stands for nothing."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from feature_extraction import store
from feature_extraction.feature import Feature, feature_files
from feature_extraction.scaler import Moments, total
from feature_extraction.text.vocabulary import PAD
from feature_extraction.text.word_vectors import embedding, read_vectors
from models.windows import Window
from training.datasets.window_options import read_paddings

SPREAD = 0.1
"""The standard deviation of the numbers in the vector of a word that the file of vectors lacks."""


def with_tokens(windows: Sequence[Window], data_dir: Path, side: str) -> tuple[Window, ...]:
    """The windows; those of words or labels, as extraction calls them, are discrete and know how many ids there are.

    ValueError if nothing says it of a window that an option says is discrete.
    """
    return tuple(_with_tokens(window, data_dir, side) for window in windows)


def padded(
    windows: Sequence[Window], opt: argparse.Namespace, data_dir: Path, train: Sequence[str]
) -> tuple[Window, ...]:
    """The input windows, padded as ``--input_padding`` says; ``train`` are the sequences that a mean is taken over.

    ValueError for the silence of a feature that is made of neither sound nor words, FileNotFoundError for that of one
    that extraction did not describe.
    """
    kinds = read_paddings(opt, len(windows))
    makers: dict[str, Callable[[str], tuple[float, ...]]] = {
        "none": lambda _: (),
        "silence": lambda name: _silence(data_dir, name),
        "mean": lambda name: _mean(data_dir, name, train),
    }
    return tuple(
        replace(window, padding=makers[kind](window.modality)) for window, kind in zip(windows, kinds, strict=True)
    )


def token_vectors(windows: Sequence[Window], file: str, data_dir: Path) -> dict[str, np.ndarray]:
    """The vector of each token of each modality of words, (tokens, dim) float32, of a file in GloVe's format.

    Zeros for no word, ones for an unknown one (the gesture system's choice); words that the file lacks get small
    random numbers, the same each time. Without a file there are none. ValueError if the file knows none of the words,
    FileNotFoundError if it is not there.
    """
    vocabularies = {
        window.modality: Feature.load(data_dir, window.modality).words
        for window in windows
        if file and window.discrete and (data_dir / f"{window.modality}.json").is_file()
    }
    found = read_vectors(file, {word for words in vocabularies.values() for word in words}) if file else {}
    if file and not found:
        raise ValueError(f"--embedding {file} has a vector for no word of an input; are there words among the inputs?")
    return {modality: _table(words, found) for modality, words in vocabularies.items() if words}


def _table(words: Sequence[str], found: dict[str, np.ndarray]) -> np.ndarray:
    dim = len(next(iter(found.values())))
    table = np.random.default_rng(0).normal(0, SPREAD, (len(words), dim))
    for place, word in enumerate(words):
        table[place] = found.get(word, table[place])
    return embedding(table)


def _with_tokens(window: Window, data_dir: Path, side: str) -> Window:
    path = feature_files(data_dir, window.modality)[0]
    known = Feature.load(data_dir, window.modality).num_tokens if path.is_file() else 0
    if window.discrete and not (window.num_tokens or known):
        raise ValueError(f"--{side}_num_tokens is 0 for {window.modality}, which --{side}_types says is discrete")
    return replace(window, discrete=True, num_tokens=window.num_tokens or known) if known else window


def _silence(data_dir: Path, name: str) -> tuple[float, ...]:
    feature = Feature.load(data_dir, name)
    if feature.num_tokens and feature.source == "text":
        return (PAD,) * feature.dim
    return tuple(feature.silence().tolist())


def _mean(data_dir: Path, name: str, train: Sequence[str]) -> tuple[float, ...]:
    """The mean of a modality over the training sequences; the scaler knows it where there is one."""
    path = feature_files(data_dir, name)[0]
    feature = Feature.load(data_dir, name) if path.is_file() else None
    if feature is not None and feature.scaler is not None:
        return tuple(feature.scale(feature.scaler.mean[None])[0].tolist())
    arrays = (store.load_array(store.feature_path(data_dir, each, name)) for each in train)
    return tuple(total(map(Moments.of, arrays)).mean.astype(np.float32).tolist())
