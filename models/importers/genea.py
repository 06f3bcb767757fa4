"""The import command: a checkpoint of FineMotion's gesture networks (GENEA challenge 2020) becomes one of ours."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

import command
from feature_extraction.feature import Feature
from feature_extraction.text.vocabulary import FIRST
from models import create_model
from models.importers.foreign_checkpoint import read_checkpoint
from models.importers.genea_weights import chosen_words, context_weights, words_weights
from models.importers.written import write_checkpoint
from models.nets.per_modality import PerModality
from models.windows import Window
from option_values import natural, positive
from training.datasets.described import padded
from training.datasets.window_options import read_windows
from training.options import parse

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Import what the arguments say and print the file written."""
    parser = argparse.ArgumentParser(prog="python -m models.importers.genea", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("checkpoint", type=Path, help="their .ckpt of ContextSeq2Seq or WordsSeq2Seq")
    add("output", type=Path, help="our .ckpt, for generate, or for training with --load_weights_only")
    add("--features", type=Path, required=True, help="folder extracted with the recipe gesture: what poses, sound are")
    add("--vectors", type=Path, required=True, help="the file of word vectors that the network was trained with")
    add("--poses", default="expmap_cr_scaled_20", help="feature of the poses, with the columns that theirs had")
    add("--sound", default="mfcc_scaled_20", help="feature of the sound")
    add("--words", default="", help="feature of the words (default: word_context_20, for WordsSeq2Seq word_window_20)")
    add("--predicted_poses", type=positive, default=20, help="frames that it predicts")
    add("--previous_poses", type=natural, default=10, help="frames before them that it reads")
    add("--context", type=positive, default=61, help="frames of sound around each frame, where it reads a context")
    opt = parser.parse_args(sys.argv[1:] if argv is None else list(argv))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(import_checkpoint(opt))
    return 0


def import_checkpoint(given: argparse.Namespace) -> Path:
    """Write their checkpoint as one that `models.load_model` reads; the path written.

    The network computes what theirs does for a recording on its own. Its words are those of the feature of words: each
    has the vector that theirs has for it, one that theirs does not know that of the unknown word. ValueError,
    FileNotFoundError if a file is missing, damaged, or does not fit the others.
    """
    state = read_checkpoint(given.checkpoint).get("state_dict")
    if not isinstance(state, dict):
        raise ValueError(f"{given.checkpoint} holds no weights (state_dict)")
    reads_context = any(name.startswith("encoder.context_highway.") for name in state)
    if not reads_context and "word_embedder.weight" not in state:
        raise ValueError(f"{given.checkpoint} holds neither a ContextSeq2Seq nor a WordsSeq2Seq")
    names = (given.poses, given.sound, given.words or ("word_context_20" if reads_context else "word_window_20"))
    features = {name: Feature.load(given.features, name) for name in names}
    weights = (context_weights if reads_context else words_weights)(state, names[2])
    table = f"words.embeddings.{PerModality.key(names[2])}.weight"
    weights[table] = _own_words(weights[table], features[names[2]], given.vectors)
    opt = parse(["--experiment_name", given.output.stem, *_arguments(given, names, weights, reads_context)])
    inputs, outputs, _ = read_windows(opt)
    inputs = tuple(_sized(each, features[each.modality], weights[table]) for each in inputs)
    outputs = tuple(_sized(each, features[each.modality], weights[table]) for each in outputs)
    network = create_model(opt, padded(inputs, opt, given.features, ()), outputs)
    _check_shapes(weights, {name: value.shape for name, value in network.state_dict().items()})
    network.load_state_dict(weights)
    log.info("%s: %s numbers of %s", opt.model, f"{sum(map(Tensor.numel, weights.values())):,}", given.checkpoint)
    return write_checkpoint(given.output, network, opt, features)


def _arguments(
    given: argparse.Namespace, names: Sequence[str], weights: Mapping[str, Tensor], reads_context: bool
) -> list[str]:
    """The options of training that mean their network."""
    frames, before = given.predicted_poses, given.previous_poses
    around = reads_context or "context.gru.weight_hh_l0" in weights
    margin = (given.context - 1) // 2 if around else 0
    sound = frames + (given.context - 1 if around else 0)
    layers = sum(name.startswith("encoder.weight_hh_l") and not name.endswith("_reverse") for name in weights)
    return [
        f"--model={'contextseq2seq' if reads_context else 'wordsseq2seq'}",
        "--published_word_state" if reads_context else f"--with_context={around}",
        f"--input_modalities={','.join(names)}",
        f"--input_lengths={before},{sound},{frames if reads_context else 1}",
        f"--input_time_offsets={-before},{-margin},0",
        "--input_padding=mean,silence,silence",
        f"--output_modalities={names[0]}",
        f"--output_lengths={frames}",
        "--output_time_offsets=0",
        f"--encoder_hidden={weights['encoder.weight_hh_l0'].shape[1]}",
        f"--encoder_layers={layers}",
        f"--decoder_hidden={weights['decoder.gru.weight_hh_l0'].shape[1]}",
    ]


def _own_words(table: Tensor, words: Feature, vectors: Path) -> Tensor:
    """The embedding for the words of a feature: their vocabulary is the file of vectors, in its order."""
    if not vectors.is_file():
        raise FileNotFoundError(f"there are no word vectors {vectors}: name the file that the network was trained with")
    with vectors.open(encoding="utf-8", errors="replace") as file:
        published = [line.split(" ", 1)[0] for line in islice(file, len(table) - FIRST + 1)]
    if len(published) != len(table) - FIRST:
        raise ValueError(f"{vectors} does not list the {len(table) - FIRST} words that the network was trained with")
    return chosen_words(table, published, words.words, FIRST)


def _sized(window: Window, feature: Feature, table: Tensor) -> Window:
    if feature.num_tokens:
        count, dim = table.shape
        return replace(window, discrete=True, num_tokens=count, dim=dim, columns=feature.dim)
    return replace(window, dim=feature.dim)


def _check_shapes(weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size]) -> None:
    odd = [name for name in {**weights, **wanted} if name not in weights or weights[name].shape != wanted.get(name)]
    if odd:
        raise ValueError(
            f"the network does not fit the features: {', '.join(odd[:4])} have another shape or are missing; its poses "
            f"have {len(weights['decoder.leave.bias'])} columns"
        )


if __name__ == "__main__":
    command.run(main)
