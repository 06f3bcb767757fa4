"""The sharing command: a run or checkpoint becomes a folder of safetensors and JSON that others can generate with."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import command
import registry
from feature_extraction import store
from feature_extraction.combine import origins
from inference.options import find_checkpoint, find_run
from inference.output_options import read
from training.options.paths import home
from training.run import Run

if TYPE_CHECKING:
    from inference.model_card import Evaluation

log = logging.getLogger(__name__)

EXAMPLES = """examples:
  python -m inference.share quickstart shared/dance --licence cc-by-4.0
  python -m inference.share quickstart shared/dance --evaluation inference/generated/evaluation_quickstart
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

    `opt` has the `experiments_dir`, and for the card `description`, `data`, `licence` and `evaluation`.
    """
    # Torch takes seconds to import, and --help does not wait for it.
    from inference.model_card import Card, write_card
    from inference.pretrained import save_pretrained
    from models import load_model

    losses = {}
    if Path(experiment).suffix == ".ckpt":
        name, checkpoint = Path(experiment).stem, Path(experiment)
    else:
        run = find_run(experiment, Path(opt.experiments_dir))
        name, checkpoint, losses = run.name, find_checkpoint(run), _losses(run)
    loaded = load_model(checkpoint)
    said = opt.data or _terms(home() / getattr(loaded.opt, "data_dir", ""))
    card = Card(folder.name, opt.description, said, opt.licence, losses, _evaluation(opt.evaluation, name, checkpoint))
    return save_pretrained(loaded, folder, write_card(card, loaded))


def _losses(run: Run) -> dict[str, float]:
    """What the run's record says of its losses."""
    record = run.record()
    best = {"best validation loss": record["best_loss"]} if record.get("best_loss") is not None else {}
    return best | dict(record.get("test_losses") or {})


def _terms(data_dir: Path) -> str:
    """What the corpora of a data folder say of their licences; "" where it is not there, or no corpus of ours."""
    from inference.model_card import UNSAID

    # Installed among other packages, the project comes without what makes corpora.
    corpora = {f"{name.replace('_', '')}corpus": name for name in registry.names("corpus")}
    folders, classes = zip(*origins(data_dir), strict=True)
    names = [corpora.get(str(each).lower()) for each in classes]
    terms = [registry.find("corpus", name)().terms() if name else "" for name in names]
    if len(terms) == 1 or not any(terms):
        return terms[0]
    return "\n".join(f"- `{folder}`: {said or UNSAID}" for folder, said in zip(folders, terms, strict=True))


def _evaluation(given: str, name: str, checkpoint: Path) -> "Evaluation | None":
    """What ./evaluate.sh found of this very checkpoint: where it is said to be, or else where it usually writes.

    FileNotFoundError, ValueError: nothing is where it is said to be, or it is about another model.
    """
    from inference.model_card import Evaluation, Measured

    path = Path(given or home() / "inference" / "generated" / f"evaluation_{name}")
    path = path / "results.json" if path.is_dir() else path
    if not path.is_file():
        if given:
            raise FileNotFoundError(f"there is no {path}; --evaluation takes the folder that ./evaluate.sh wrote")
        return None
    found = store.load_json(path)
    settings = found["settings"]
    evaluated = settings["models"].get(name, {}).get("checkpoint", "")
    if not evaluated or Path(evaluated).resolve() != checkpoint.resolve():
        problem = f"{path} is about {evaluated or ', '.join(settings['models'])}, not {checkpoint}"
        if given:
            raise ValueError(f"{problem}; run ./evaluate.sh {name} again")
        log.warning("%s: it is left out of the card", problem)
        return None
    rows = []
    for label, metric in found["metrics"].items():
        score = metric["scores"].get(name, {})
        if score.get("value") is not None:
            interval, floor = (_ends(each) for each in (score["interval"], metric["floor"]))
            rows.append(Measured(label, metric["unit"], score["value"], interval, floor, metric["best"]))
    about = (
        f"On the {settings['split']} split of `{Path(settings['corpus']).name}`, {settings['num_samples']} motions for "
        "each sequence, by `./evaluate.sh`."
    )
    return Evaluation(about, rows)


def _ends(ends: Sequence[float | None]) -> tuple[float, float] | None:
    low, high = ends
    return None if low is None or high is None else (low, high)


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
    add(
        "--data",
        default="",
        help="what the card says of the training data and its terms; default: what the corpus says",
    )
    add(
        "--evaluation",
        default="",
        help="results of ./evaluate.sh for the card; by default where it usually writes them",
    )
    add("--licence", "--license", default="", help="of the weights, as in cc-by-4.0")
    add("--plugin_dir", default="", help="comma-separated folders of your own models and features")
    return parser


if __name__ == "__main__":
    command.run(main)
