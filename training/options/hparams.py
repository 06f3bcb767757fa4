"""The resolved options of a run as the file that lies beside it: `hparams.yaml`."""

import argparse
import os
from pathlib import Path

import yaml

from training.options.base import ONE_CALL

HEAD = "# The options of this run, as they were resolved. It can be given to ./train.sh as an experiment of its own.\n"


def save_hparams(path: Path | str, opt: argparse.Namespace) -> None:
    """Write all options but those that only say what one call is to do. An interrupted write leaves the old file."""
    path = Path(path)
    kept = {name: value for name, value in vars(opt).items() if name not in ONE_CALL}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(HEAD + yaml.safe_dump(kept, sort_keys=False, allow_unicode=True), encoding="utf-8")
    os.replace(unfinished, path)


def load_hparams(path: Path | str) -> argparse.Namespace:
    """Read options that `save_hparams` wrote. FileNotFoundError, ValueError: there are none, or it is another file."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} does not exist; it is written when a run begins")
    try:
        options = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from error
    if not isinstance(options, dict) or "experiment" not in options:
        raise ValueError(f"{path} does not hold the options of a run")
    return argparse.Namespace(**options)
