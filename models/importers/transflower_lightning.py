"""The import command: a checkpoint of transflower-lightning becomes one of ours."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

import command
from feature_extraction.feature import Feature
from feature_extraction.restricted_pickle import read_pickle
from feature_extraction.scaler import Scaler
from models import create_model
from models.importers.foreign_checkpoint import entries, read_checkpoint
from models.importers.transflower_options import read_options
from models.importers.transflower_weights import convert
from models.importers.written import write_checkpoint
from models.windows import Window
from training.datasets.window_options import read_windows

log = logging.getLogger(__name__)

SCALERS = {"sklearn.preprocessing._data.StandardScaler", "sklearn.preprocessing.data.StandardScaler"}
"""Where scikit-learn keeps, and once kept, the scalers that they pickled."""


def main(argv: Sequence[str] | None = None) -> int:
    """Import what the arguments say and print the file written."""
    parser = argparse.ArgumentParser(prog="python -m models.importers.transflower_lightning", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="their .ckpt")
    parser.add_argument("output", type=Path, help="our .ckpt, for generate, or for training with --load_weights_only")
    parser.add_argument("--hparams", type=Path, help="their hparams.yaml, where the checkpoint holds none")
    parser.add_argument("--model", default="", help="their name of the model, where the hyper-parameters hold none")
    parser.add_argument("--features", type=Path, help="folder with descriptions of the features, to decode motion by")
    parser.add_argument(
        "--scalers",
        type=Path,
        help="folder with their <feature>_scaler.pkl, which take the place of those of --features",
    )
    opt = parser.parse_args(sys.argv[1:] if argv is None else list(argv))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(import_checkpoint(opt.checkpoint, opt.output, opt.hparams, opt.model, opt.features, opt.scalers))
    return 0


def import_checkpoint(
    checkpoint: Path,
    output: Path,
    hparams: Path | None = None,
    model: str = "",
    features: Path | None = None,
    scalers: Path | None = None,
) -> Path:
    """Write their checkpoint as one that `models.load_model` reads; the path written.

    The network computes what theirs does, so its inputs are features with the columns, in the order, that theirs had.

    Args:
        checkpoint: their file, with weights and hyper-parameters.
        output: the file to write.
        hparams: their hyper-parameters as YAML, in place of those in the checkpoint.
        model: the name of their model, in place of the one in the hyper-parameters.
        features: folder with the description ``<feature>.json`` of each modality that is to be decoded or extracted.
        scalers: folder with their pickled scalers ``<feature>_scaler.pkl``.

    Raises:
        ValueError, LookupError, FileNotFoundError: if a file is missing, damaged, or does not fit the others.
    """
    content = read_checkpoint(checkpoint)
    theirs = _hyper_parameters(content, hparams, checkpoint) | ({"model": model} if model else {})
    if "model" not in theirs:
        raise ValueError(f"{checkpoint} does not say which model it holds; name it with --model")
    if not isinstance(content.get("state_dict"), dict):
        raise ValueError(f"{checkpoint} holds no weights (state_dict)")
    opt = read_options(theirs, output.stem)
    inputs, outputs, _ = read_windows(opt)
    network = create_model(opt, inputs, outputs)
    network.load_state_dict(convert(content["state_dict"], network))
    described = _features((*inputs, *outputs), features, scalers)
    count = sum(parameter.numel() for parameter in network.parameters())
    log.info("%s: %s parameters of %s", theirs["model"], f"{count:,}", checkpoint)
    return write_checkpoint(output, network, opt, described)


def _hyper_parameters(content: Mapping[str, Any], hparams: Path | None, checkpoint: Path) -> dict[str, Any]:
    if hparams is not None:
        if not hparams.is_file():
            raise FileNotFoundError(f"there is no file {hparams}")
        found = yaml.safe_load(hparams.read_text(encoding="utf-8"))
    else:
        found = entries(content.get("hyper_parameters"))
    if isinstance(found, dict) and "opt" in found:
        found = entries(found["opt"])
    if not isinstance(found, dict) or "input_modalities" not in found:
        raise ValueError(f"{checkpoint} holds no hyper-parameters; give their hparams.yaml with --hparams")
    return dict(found)


def _features(windows: Sequence[Window], features: Path | None, scalers: Path | None) -> dict[str, Feature]:
    """The descriptions of the modalities that have one, with their scalers."""
    described = {}
    for window in windows:
        name = window.modality
        if features is None or not (features / f"{name}.json").is_file():
            continue
        feature = Feature.load(features, name)
        path = scalers / f"{name}_scaler.pkl" if scalers is not None else None
        if path is not None and path.is_file():
            feature = replace(feature, scaler=read_scaler(path))
        dims = {feature.dim, window.dim} | ({len(feature.scaler.mean)} if feature.scaler else set())
        if not window.discrete and len(dims) > 1:
            raise ValueError(
                f"{name}: the network has {window.dim} columns, its description in {features} {feature.dim}"
                + (f", its scaler {len(feature.scaler.mean)}" if feature.scaler else "")
            )
        described[name] = feature
    return described


def read_scaler(path: Path) -> Scaler:
    """Read a pickled StandardScaler of scikit-learn; ValueError if the file is something else."""
    content = read_pickle(path, records=SCALERS)
    if not isinstance(content, dict) or not {"mean_", "scale_"} <= content.keys():
        raise ValueError(f"{path} is not the pickle of a StandardScaler")
    return Scaler(content["mean_"], content["scale_"])


if __name__ == "__main__":
    command.run(main)
