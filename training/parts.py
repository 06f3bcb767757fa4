"""Models that were trained before, as parts of the model that holds them."""

import argparse
from pathlib import Path

from inference.pretrained import is_shared, load_trained
from models.base_model import BaseModel
from training.options.paths import home
from training.run import Run


def begin_with_parts(model: BaseModel, opt: argparse.Namespace, above: str = "") -> None:
    """Copy trained weights into each held model whose checkpoint an option ``<prefix>checkpoint`` names.

    A held model may hold others in turn: ``above`` is the prefix of the options of the model given.

    FileNotFoundError if there is none, ValueError if it is of another model or of another size.
    """
    for own_prefix, own_option in model.sub_models.items():
        prefix, option, part = above + own_prefix, above + own_option, getattr(model, own_option, None)
        if isinstance(part, BaseModel):
            begin_with_parts(part, opt, prefix)
        named = getattr(opt, f"{prefix}checkpoint", "")
        if not named:
            continue
        path = find_checkpoint(named, f"--{prefix}checkpoint")
        loaded = load_trained(path)
        kind, wanted = loaded.opt.model, getattr(opt, option)
        if kind != wanted:
            raise ValueError(f"--{prefix}checkpoint {path} is of a {kind}, --{option} says {wanted}")
        assert isinstance(part, BaseModel), f"{type(model).__name__} keeps the model of --{option} under another name"
        try:
            part.load_state_dict(loaded.model.state_dict())
        except RuntimeError as error:
            others = _differences(loaded.opt, opt, prefix)
            raise ValueError(
                f"--{prefix}checkpoint {path} does not fit: "
                + (f"set {', '.join(others)}" if others else "it was trained on features of other columns")
            ) from error


def find_checkpoint(named: str, option: str) -> Path:
    """The file that an option names, or the best checkpoint of a run, or a shared model, that it names by the folder.

    A relative path is looked for from the current folder, then from the project's.
    """
    for path in (Path(named), home() / named):
        if path.is_file() or is_shared(path):
            return path
        if path.is_dir() and (best := Run(path).best_checkpoint) is not None:
            return best
    raise FileNotFoundError(f"{option} {named}: there is no such checkpoint, and no run with one; train it first")


def _differences(theirs: argparse.Namespace, ours: argparse.Namespace, prefix: str) -> list[str]:
    """The options of the held model that differ, as they would have to be given."""
    return [
        f"--{name} {getattr(theirs, name.removeprefix(prefix))}"
        for name, value in vars(ours).items()
        if name.startswith(prefix) and value != getattr(theirs, name.removeprefix(prefix), value)
    ]
