"""The import command of FineMotion's gesture networks, tried on miniatures of their checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from feature_extraction.feature import Feature
from feature_extraction.scaler import Scaler
from models import load_model
from models.importers.genea import main
from tests.models.importers.test_genea_networks import CONTEXT, WORDS, WORDS_WITH_CONTEXT, Network

PUBLISHED = [f"word{place}" for place in range(20)]
KNOWN = ["word3", "unheard", "word0"]
POSES, SOUND = "expmap_cr_scaled_20", "mfcc_scaled_20"


def described(name: str, source: str, extractor: dict[str, Any], columns: Sequence[str], **parts: Any) -> Feature:
    own = {"extractors": (extractor,), "all_columns": tuple(columns), "dims": (len(columns),)}
    return Feature(name, name, source, 20.0, columns=tuple(columns), **own, **parts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Descriptions of poses, sound and words, and a file of word vectors."""
    scaler = Scaler(np.full(45, 2.0), np.full(45, 4.0))
    words = {"name": "word_context", "state": {"words": KNOWN, "width": 7}}
    for feature in (
        described(POSES, "motion", {"name": "expmap"}, [f"pose_{at:02d}" for at in range(45)], scaler=scaler),
        described(SOUND, "audio", {"name": "mfcc"}, [f"mfcc_{at:02d}" for at in range(26)]),
        described("word_context_20", "text", words, [f"word_{at:02d}" for at in range(7)]),
        described("word_window_20", "text", words, [f"word_{at:02d}" for at in range(7)]),
    ):
        feature.save(tmp_path)
    (tmp_path / "glove.txt").write_text("".join(f"{word} 0 1\n" for word in PUBLISHED), encoding="utf-8")
    return tmp_path


def arguments(name: str, folder: Path) -> list[str]:
    """Of the import of a checkpoint with the network's weights, which are of the sizes of the fixture."""
    network = Network(name)
    state = {key.removeprefix("state/"): network.tensor(key) for key in network.arrays if key.startswith("state/")}
    torch.save({"state_dict": state, "epoch": 3}, folder / "theirs.ckpt")
    words = [str(folder / "theirs.ckpt"), str(folder / "ours.ckpt"), "--features", str(folder)]
    return [*words, "--vectors", str(folder / "glove.txt"), "--predicted_poses", "5", "--previous_poses", "4"]


@pytest.mark.parametrize("name", [CONTEXT, WORDS, WORDS_WITH_CONTEXT])
def test_an_imported_network_has_their_weights_and_our_words(name: str, folder: Path) -> None:
    assert main(arguments(name, folder)) == 0
    loaded, theirs = load_model(folder / "ours.ckpt"), Network(name)
    prefix = "" if name == CONTEXT else "word_"
    table = theirs.tensor(f"state/{prefix}embedder.weight").float()
    first, unknown = (2, table[1]) if name == CONTEXT else (0, table[0])
    [(word_feature, embedding)] = loaded.model.words.embeddings.items()  # type: ignore[union-attr]
    assert torch.equal(embedding.weight[2:], torch.stack([table[first + 3], unknown, table[first]]))
    assert word_feature == ("word_context_20" if name == CONTEXT else "word_window_20")
    state = theirs.model.state_dict()
    for key, value in loaded.model.state_dict().items():
        if "embeddings" not in key and not key.startswith("context."):
            assert torch.equal(value.double(), state[key]), key
    assert [(window.length, window.offset) for window in loaded.inputs] == [
        (4, -4),
        (5, 0) if name == WORDS else (65, -30),
        (5, 0) if name == CONTEXT else (1, 0),
    ]
    assert loaded.inputs[0].padding == (0.0,) * 45
    assert loaded.opt.model == ("contextseq2seq" if name == CONTEXT else "wordsseq2seq")
    assert getattr(loaded.opt, "published_word_state", None) == (True if name == CONTEXT else None)
    assert set(loaded.features) == {POSES, SOUND, word_feature}


def test_what_does_not_fit_is_told(folder: Path) -> None:
    words = arguments(WORDS, folder)
    (folder / "glove.txt").write_text("the 0 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"glove\.txt does not list the 20 words"):
        main(words)
    torch.save({"state_dict": {"linear.weight": torch.zeros(1)}}, folder / "theirs.ckpt")
    with pytest.raises(ValueError, match=r"theirs\.ckpt holds neither a ContextSeq2Seq nor a WordsSeq2Seq"):
        main(words)


def test_poses_of_other_columns_are_refused(folder: Path) -> None:
    described(POSES, "motion", {"name": "expmap"}, ["a", "b"], scaler=Scaler(np.zeros(2), np.ones(2))).save(folder)
    with pytest.raises(ValueError, match=r"decoder\.gru\.weight_ih_l0, .* its poses have 45 columns"):
        main(arguments(WORDS, folder))
