"""The evaluation command: every metric for trained models, beside real motion and what is known to be worse."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import command
import registry
from feature_extraction import store
from inference.options import find_checkpoint, find_run
from option_values import above_zero, natural, not_negative, positive
from training.options.grammar import spelt
from training.options.paths import home
from training.run import Run

if TYPE_CHECKING:
    from analysis.evaluation.results import Results
    from analysis.evaluation.stage import Stage
    from analysis.evaluation.trained import Trained
    from analysis.metrics.clip import Clip
    from analysis.metrics.scoring import System

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate what the arguments say, print the table and the paths of the files written."""
    arguments = sys.argv[1:] if argv is None else argv
    opt = _parser().parse_args([spelt(argument).replace("--no_", "--no-", 1) for argument in arguments])
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in filter(None, opt.plugin_dir.split(",")):
        registry.add_plugin_dir(folder)
    results, files = evaluate(**{name: value for name, value in vars(opt).items() if name != "plugin_dir"})
    print(results.table())
    for path in files:
        print(path)
    return 0


def evaluate(
    experiments: Sequence[str],
    *,
    data_dir: str | Path = "",
    split: str = "test",
    num_samples: int = 5,
    metrics: str = "all",
    output_folder: str | Path = "",
    experiments_dir: str | Path = "",
    seed: int = 0,
    temperature: float | None = None,
    smooth: bool | None = None,
    frames_per_step: int | None = None,
    max_sequences: int = 0,
    skip_s: float | None = None,
    piece_s: float | None = None,
    few_samples: bool = False,
    unit_in_metres: float | None = None,
    resamplings: int = 200,
    device: str = "auto",
    report: bool = True,
) -> tuple["Results", list[Path]]:
    """Evaluate trained models on the sequences of a split; the results, and the paths of the files written.

    Args:
        experiments: names or folders of runs, checkpoint files, or folders of shared models.
        data_dir: the corpus; by default the one that the first model was trained on.
        split: whose sequences are danced to. Distances are taken from the recorded motion of the train split.
        num_samples: how many motions of each model for each sequence.
        metrics: "all", or a comma-separated list; `fpd:uncentred` names a variant.
        output_folder: for results, report and generated motion; by default one of the experiments' names.
        experiments_dir: where runs are looked for.
        seed: of generation and of resampling.
        temperature: scale of the models' randomness; by default each experiment's own.
        smooth: smooth what is generated; by default as each experiment says.
        frames_per_step: how many predicted frames the models use at a time.
        max_sequences: only so many sequences, 0 for all.
        skip_s: the beginning that is not looked at; by default the longest context of the models.
        piece_s: length of the pieces that FID and diversity are about.
        few_samples: allow Frechet distances of fewer samples than dimensions.
        unit_in_metres: of the skeleton's lengths; by default guessed from its height.
        resamplings: for the confidence intervals, 0 for none.
        device: "cpu", "cuda", ... or "auto".
        report: write report.html, too.

    Raises:
        LookupError: for an unknown experiment or metric.
        ValueError: for an empty split, or a model that gives no motion.
        FileNotFoundError: for a missing corpus or list.
    """
    from analysis.evaluation.references import recorded
    from analysis.evaluation.results import Results, find_metrics
    from analysis.evaluation.rows import compute_rows

    began = time.perf_counter()
    options = metric_options(few_samples, piece_s)
    wanted = find_metrics(metrics, options)  # a mistake shows before the work, not after it
    folder_of_runs = Path(experiments_dir or home() / "training" / "experiments")
    settings: dict[str, Any] = {"seed": seed, "temperature": temperature, "num_samples": num_samples, "device": device}
    settings |= {"data_dir": str(data_dir), "frames_per_step": frames_per_step, "smooth": smooth}
    models: list[Trained] = []
    for name in experiments:
        models.append(load(name, folder_of_runs, settings))
        settings["data_dir"] = str(models[0].performer.corpus)
    _refuse_namesakes(models)
    stage = _stage(models, models[0].performer.corpus, skip_s, unit_in_metres)
    sequence_ids = store.read_split(stage.data_dir, split)[: max_sequences or None]
    if not sequence_ids:
        raise ValueError(f"the {split} split of {stage.data_dir} is empty; name another with --split")
    title = "_".join(["evaluation", *(model.name for model in models)])
    folder = Path(output_folder or home() / "inference" / "generated" / title)
    systems = _systems(models, stage, sequence_ids, num_samples, folder)
    reference, paired = recorded(stage, split, sequence_ids)
    rows = compute_rows(wanted, systems, reference, paired, folder, resamplings=resamplings, seed=seed)
    said = _settings(models, stage, split, reference, settings, resamplings) | {"options": options}
    results = Results(systems, rows, said | {"seconds": round(time.perf_counter() - began, 1)})
    files = results.save(folder)
    if report:
        from analysis.report.page import write_report

        files.append(write_report(folder / "report.html", results, reference, paired, stage.parents))
    return results, files


def metric_options(few_samples: bool, piece_s: float | None = None) -> dict[str, dict[str, Any]]:
    """Options of single metrics, by name."""
    pieces = {} if piece_s is None else {"piece_s": piece_s}
    of_pieces = ("fid_k", "fid_g", "diversity_k", "diversity_g")
    options: dict[str, dict[str, Any]] = {name: {"few_samples": few_samples} for name in ("fpd", "fmd", "fgd")}
    return options | {name: {"few_samples": few_samples, **pieces} for name in of_pieces}


def load(name: str, experiments_dir: Path, settings: dict[str, Any]) -> "Trained":
    """The model of a run, a checkpoint file or a shared folder, set to generate with some of `Settings`."""
    from analysis.evaluation.trained import Trained
    from inference.performer import Performer
    from inference.pretrained import load_trained
    from inference.settings import Settings

    path = Path(name)
    if path.suffix == ".ckpt":
        run = Run(path.parent.parent)
        checkpoint, title = path, f"{run.name}_{path.stem}" if path.parent == run.checkpoints else path.stem
    elif (path / "config.json").is_file():
        checkpoint, title = path, path.name
    else:
        run = find_run(name, experiments_dir)
        checkpoint, title = find_checkpoint(run), run.name
    given = Settings(**{**settings, "device": _device(settings["device"])})
    return Trained(title, checkpoint, Performer(load_trained(checkpoint, given.device), given))


def _refuse_namesakes(models: "Sequence[Trained]") -> None:
    """ValueError for two models of one name, since what they dance and their scores are kept by it."""
    places: dict[str, Path] = {}
    for model in models:
        if model.name in places:
            raise ValueError(
                f"{places[model.name]} and {model.checkpoint} are both called {model.name}; evaluate them one by one"
            )
        places[model.name] = model.checkpoint


def _device(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def _stage(models: "Sequence[Trained]", data_dir: Path, skip_s: float | None, metres: float | None) -> "Stage":
    """Where all are compared: the first model's representation, after the longest context of any."""
    from analysis.evaluation.stage import Stage

    if not data_dir.is_dir():
        raise FileNotFoundError(f"there is no data folder {data_dir}; name the corpus with --data_dir")
    window, feature = models[0].motion
    skip = max(model.context_s for model in models) if skip_s is None else skip_s
    return Stage(data_dir, feature, window, skip, metres)


def _systems(
    models: "Sequence[Trained]", stage: "Stage", sequence_ids: Sequence[str], num_samples: int, folder: Path
) -> "list[System]":
    from analysis.evaluation.references import references
    from analysis.evaluation.trained import system

    found = [system(model, stage, sequence_ids, folder / "generated" / model.name) for model in models]
    return [*found, *references(stage, sequence_ids, num_samples)]


def _settings(
    models: "Sequence[Trained]",
    stage: "Stage",
    split: str,
    reference: "Sequence[Clip]",
    given: dict[str, Any],
    resamplings: int,
) -> dict[str, Any]:
    """Everything that repeats an evaluation."""
    clip = reference[0]
    return {
        "models": {
            model.name: {
                "checkpoint": str(model.checkpoint),
                "parameters": model.parameters,
                "temperature": model.performer.temperature,
                "smooth": model.performer.smooth,
            }
            for model in models
        },
        "corpus": str(stage.data_dir),
        "split": split,
        "feature": stage.feature.name,
        "fps": stage.feature.fps,
        "joints": len(clip.joints),
        "skipped_s": stage.skip_s,
        "beats": "the corpus's truth" if stage.truth else "tracked in the sound",
        "reference_clips": len(reference),
        "reference_frames": sum(each.frames for each in reference),
        "resamplings": resamplings,
        **{name: value for name, value in given.items() if name not in ("data_dir", "temperature", "smooth")},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.evaluate",
        description="Evaluate trained models by metrics, beside real motion and what is known to be worse.",
        allow_abbrev=False,
    )
    add, yes_no = parser.add_argument, argparse.BooleanOptionalAction
    add("experiments", nargs="+", help="runs, checkpoint files, or folders of shared models")
    add("--data_dir", default="", help="folder of the corpus; by default the one that the first model was trained on")
    add("--split", default="test", help="whose sequences are danced to")
    add("--num_samples", type=positive, default=5, help="motions of each model for each sequence")
    names = ", ".join(registry.names("metric"))
    add("--metrics", default="all", help=f"all, or a comma-separated list of {names}; fpd:uncentred names a variant")
    add("--output_folder", default="", help="for table, report and generated motion")
    add("--experiments_dir", default="", help="folder of the runs")
    add("--seed", type=natural, default=0, help="of generation and of resampling")
    add("--temperature", type=not_negative, help="scale of the models' randomness; by default each experiment's own")
    add("--smooth", action=yes_no, help="smooth what is generated; by default as each experiment says")
    add("--frames_per_step", type=positive, help="how many predicted frames the models use at a time")
    add("--max_sequences", type=natural, default=0, help="only so many sequences, 0 for all")
    add(
        "--skip_s",
        type=not_negative,
        help="beginning that is not looked at; by default the longest context of the models",
    )
    add("--piece_s", type=above_zero, help="length of the pieces that FID and diversity are about")
    add("--few_samples", action=yes_no, default=False, help="allow Frechet distances of fewer samples than dimensions")
    add("--unit_in_metres", type=above_zero, help="of the skeleton's lengths; by default guessed from its height")
    add("--resamplings", type=natural, default=200, help="for the confidence intervals, 0 for none")
    add("--device", default="auto", help="cpu, cuda, ...; auto takes the GPU where there is one")
    add("--report", action=yes_no, default=True, help="write report.html")
    add("--plugin_dir", default="", help="comma-separated folders of your own models, features, metrics")
    return parser


if __name__ == "__main__":
    command.run(main)
