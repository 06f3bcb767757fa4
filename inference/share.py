"""The sharing command: a run or checkpoint becomes a folder of safetensors and JSON that others can generate with."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import command
import registry
from inference.options import find_checkpoint, find_run
from inference.output_options import read
from training.options.paths import home
from training.run import Run

EXAMPLES = """examples:
  python -m inference.share quickstart shared/dance --licence cc-by-4.0
  python -m inference.share model.ckpt shared/dance --data "the demo corpus, made by the project: CC0"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the folder and print its files."""
    opt = argparse.Namespace(**read(_parser(), sys.argv[1:] if argv is None else argv))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in filter(None, opt.plugin_dir.split(",")):
        registry.add_plugin_dir(folder)
    for path in share(opt.experiment, opt.folder, opt):
        print(path)
    return 0


def share(experiment: str, folder: Path, opt: argparse.Namespace) -> list[Path]:
    """Write the model of a run, or of a checkpoint file, into a folder; the paths of its files.

    `opt` has the `experiments_dir`, and for the card `description`, `data` and `licence`.
    """
    # Torch takes seconds to import, and --help does not wait for it.
    from inference.model_card import Card, write_card
    from inference.pretrained import save_pretrained
    from models import load_model

    metrics = {}
    if Path(experiment).suffix == ".ckpt":
        checkpoint = Path(experiment)
    else:
        run = find_run(experiment, Path(opt.experiments_dir))
        checkpoint, metrics = find_checkpoint(run), _metrics(run)
    card = Card(folder.name, opt.description, opt.data, opt.licence, metrics)
    loaded = load_model(checkpoint)
    return save_pretrained(loaded, folder, write_card(card, loaded))


def _metrics(run: Run) -> dict[str, float]:
    """What the run's record says of its losses."""
    record = run.record()
    best = {"best validation loss": record["best_loss"]} if record.get("best_loss") is not None else {}
    return best | dict(record.get("test_losses") or {})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.share",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("experiment", help="name of a trained run, or a checkpoint file")
    add("folder", type=Path, help="folder to write, which must not hold a model yet")
    add("--experiments_dir", default=str(home() / "training" / "experiments"), help="folder of the runs")
    add("--description", default="", help="what the card says of the model")
    add("--data", default="", help="what the card says of the training data and its terms")
    add("--licence", "--license", default="", help="of the weights, as in cc-by-4.0")
    add("--plugin_dir", default="", help="comma-separated folders of your own models and features")
    return parser


if __name__ == "__main__":
    command.run(main)
