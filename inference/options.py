"""The command line of generation: a checkpoint, a sequence, and the `Settings` in the words of their names."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import registry
from inference.output_options import YES_NO, add_files, add_finish, read, renderers
from inference.seeds import read_pairs
from option_values import natural, not_negative, positive
from training.options.paths import home
from training.run import Run, list_runs

MEANT_FOR_MAIN = ("experiments_dir", "version_index")
EXAMPLES = """examples:
  python -m inference.generate quickstart                      a random sequence of the test split
  python -m inference.generate quickstart song_07 --num_samples 3
  python -m inference.generate quickstart path/to/song.mp3
  python -m inference.generate quickstart path/to/songs        each song of a folder
  python -m inference.generate model.ckpt path/to/song.mp3
"""


def parse(argv: Sequence[str]) -> dict[str, Any]:
    """What a command line asks for: `checkpoint`, `sequence`, `plugin_dir`, and the fields of `Settings`.

    Raises:
        LookupError: if there is no such run; the message has the nearest names.
        ValueError: if arguments contradict each other.
    """
    opt = read(_parser(), argv)
    one = opt["checkpoint"] or (opt["experiment"] if is_model(Path(opt["experiment"])) else "")
    if one and opt["version_index"] is not None:
        raise ValueError(f"--version_index is for the checkpoints of a run, and {one} is a single model")
    if not opt["checkpoint"] and one:
        opt["checkpoint"], opt["experiment"] = opt["experiment"], ""
    elif opt["checkpoint"]:
        # One word beside a checkpoint file is what to generate for.
        if opt["experiment"] and not opt["sequence"]:
            opt["experiment"], opt["sequence"] = "", opt["experiment"]
    elif not opt["experiment"]:
        raise ValueError("name an experiment, or a checkpoint file with --checkpoint")
    else:
        run = find_run(opt["experiment"], Path(opt["experiments_dir"]))
        opt["checkpoint"], opt["experiment"] = find_checkpoint(run, opt["version_index"]), run.name
    opt["render"] = renderers(opt)
    return {name: value for name, value in opt.items() if name not in MEANT_FOR_MAIN}


def is_model(path: Path) -> bool:
    """Whether this is a checkpoint file, or the folder of a shared model."""
    return path.suffix == ".ckpt" or (bool(path.name) and (path / "config.json").is_file())


def find_run(name: str, experiments_dir: Path) -> Run:
    """The run of an experiment, by its name or folder."""
    for folder in (experiments_dir / name, Path(name)):
        if (folder / "hparams.yaml").is_file():
            return Run(folder)
    known = [run.name for run in list_runs(experiments_dir)]
    hint = registry.nearest(name, known) or f"there are: {', '.join(known) or 'none'}."
    raise LookupError(f"there is no run {name!r} in {experiments_dir}; {hint} ./train.sh {name} trains it")


def find_checkpoint(run: Run, version_index: int | None = None) -> Path:
    """The best checkpoint of a run, or the one of this place in the order in which they were written."""
    written = sorted(run.checkpoints.glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    if version_index is None:
        if run.best_checkpoint is None:
            raise FileNotFoundError(f"the run {run.name} has no checkpoint yet; train it with ./train.sh {run.name}")
        return run.best_checkpoint
    if not -len(written) <= version_index < len(written):
        raise LookupError(f"--version_index {version_index}: {run.checkpoints} holds {len(written)} checkpoints")
    return written[version_index]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.generate",
        description="Generate motion for a sequence of a corpus, for any sound file, or for a folder of them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("experiment", nargs="?", default="", help="name of a trained run, or what --checkpoint takes")
    parser.add_argument(
        "sequence",
        nargs="?",
        default="",
        help="sequence id, sound file, npz of features, or a folder of them; a random test sequence if left out",
    )
    _add_model(parser.add_argument_group("model"))
    _add_input(parser.add_argument_group("what is read"))
    motion, files = parser.add_argument_group("motion"), parser.add_argument_group("what is written")
    _add_motion(motion)
    add_finish(motion)
    add_files(files, str(home() / "inference" / "generated"))
    files.add_argument(
        "--ground_truth", action=YES_NO, default=False, help="show the recorded motion beside the generated one"
    )
    return parser


def _add_model(group: Any) -> None:
    add = group.add_argument
    add("--checkpoint", default="", help="checkpoint file or folder of a shared model, which is all that is needed")
    add("--version_index", type=int, help="which checkpoint of the run, 0 the oldest, -1 the newest; default: the best")
    add("--experiments_dir", default=str(home() / "training" / "experiments"), help="folder of the runs")
    add("--plugin_dir", default="", help="comma-separated folders of your own models, features, renderers")
    add("--device", default="auto", help="cpu, cuda, cuda:1, ...; auto takes the GPU where there is one")
    add("--precision", default="32", help="of the arithmetic: 32, or bf16 for matrix products")
    add("--compile", action=YES_NO, default=False, help="translate the model for this machine first: takes a while")
    add("--batch_size", type=positive, default=16, help="how many motions are generated at the same time")


def _add_input(group: Any) -> None:
    add = group.add_argument
    add("--data_dir", default="", help="folder of the corpus; by default the one that the model was trained on")
    add("--audio_format", default="", help="ending of the sound files, where sequences have several")
    add("--text_folder", default="", help="folder of the transcripts, if they are not beside the sound")
    add("--seeds", type=_pairs, default={}, help="sequences that begin the motion, as modality,sequence;...")
    add("--seeds_file", default="", help="file of sequences, one a line, that each sample's beginning is drawn from")
    add("--keep_seed", action=YES_NO, default=False, help="begin with the seed, not with generated frames")
    add("--teacher_forcing", action=YES_NO, default=False, help="let the model read the recorded motion")
    add("--labels", type=_pairs, default={}, help="classes in place of what names say, as modality,class;...")
    add("--use_scalers", action=YES_NO, default=True, help="scale what is read, unscale what is given")


def _add_motion(group: Any) -> None:
    add = group.add_argument
    add("--num_samples", type=positive, default=1, help="how many motions; the video shows them side by side")
    add("--max_length", type=natural, default=0, help="most frames to generate, 0 for all")
    add("--temperature", type=not_negative, help="scale of the randomness; by default the experiment's own")
    add("--seed", type=natural, default=0, help="of the random generators")
    add("--frames_per_step", type=positive, help="how many of the predicted frames to use at a time")


def _pairs(text: str) -> dict[str, str]:
    try:
        return read_pairs(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
