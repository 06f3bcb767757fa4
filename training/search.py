"""The command that searches for good options: many short runs of an experiment, the poor ones ended early."""

import argparse
import logging
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import command
from option_values import positive
from training.options import parse
from training.options.contradictions import are_several
from training.run import Run, locked
from training.search_space import Choice, Range, read_space

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)

EXTRA = "searching needs Optuna, which comes with `pip install -e .[optuna]`"
STUDY = "study.log"
"""Optuna's journal: lines of JSON. With it a search that was stopped goes on."""


def main(argv: Sequence[str] | None = None) -> int:
    """Search, and print the trials in the order of their losses."""
    parser = argparse.ArgumentParser(prog="python -m training.search", description=__doc__, allow_abbrev=False)
    parser.add_argument("experiment", help="the experiment whose options are varied; further options go to training")
    parser.add_argument(
        "--vary", action="append", default=[], metavar="NAME=VALUES", required=True,
        help="an option and values: learning_rate=1e-5:1e-2:log, dropout=0.0:0.5 or dhid=64,128; repeat it for others",
    )  # fmt: skip
    parser.add_argument("--trials", type=positive, default=20, help="how many runs there are to be in all")
    asked, given = parser.parse_known_args(sys.argv[1:] if argv is None else argv)
    space = read_space(asked.vary)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    opt = parse([asked.experiment, *given, *_drawn_first(space)])
    words = [asked.experiment, *given, *one_device(opt)]
    folder = Path(opt.experiments_dir) / f"{opt.experiment}_search"
    with locked(folder, f"the search {folder.name} goes on in another process; wait for it, or choose another name"):
        study = open_study(folder, opt.seed)
        while len(_done(study)) < asked.trials:
            _try(study, lambda trial: _train(trial, space, words, folder))
    for line in _table(study, folder):
        print(line)
    print(f"curves and HParams   tensorboard --logdir {folder}")
    return 0


def _drawn_first(space: Sequence[Choice | Range]) -> list[str]:
    """A value of each varied option, so that an unknown one is a mistake before anything is trained."""
    values = {each.name: each.values[0] if isinstance(each, Choice) else str(each.low) for each in space}
    return [f"--{name}={value}" for name, value in values.items()]


def one_device(opt: argparse.Namespace) -> list[str]:
    """The option that is missing for runs of one process; ValueError where several are asked for."""
    if opt.gpus is None and opt.devices == "auto" and opt.num_nodes == 1:
        return ["--devices=1"]
    devices = opt.devices if opt.gpus is None else opt.gpus
    if opt.num_nodes > 1 or devices in (-1, "-1", "auto") or are_several(devices):
        raise ValueError("a search trains each run on one device; leave --gpus, --devices and --num_nodes out, or at 1")
    return []


def open_study(folder: Path, seed: int) -> "optuna.Study":
    """The search as far as it has come; the trial in which it was stopped or killed is the next."""
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend
    except ImportError:
        raise ValueError(EXTRA) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    journal = JournalFileBackend(str(folder / STUDY))
    study = optuna.create_study(
        study_name=folder.name,
        storage=optuna.storages.JournalStorage(journal),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
        load_if_exists=True,
    )
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))  # not to draw the first ones again
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.enqueue_trial(trial.params, user_attrs={"run": trial.user_attrs.get("run", _name(trial.number))})
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _done(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """The trials that came to their end or were ended early, not those that an error or a kill broke off."""
    return [trial for trial in study.trials if trial.state.name in ("COMPLETE", "PRUNED")]


def _try(study: "optuna.Study", train: Callable[["optuna.Trial"], float]) -> None:
    """Do one trial. What stops the search, as an interrupt does, leaves the trial as it is, to be gone on with."""
    import optuna

    trial = study.ask()
    try:
        study.tell(trial, train(trial))
    except optuna.TrialPruned:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    except Exception:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        raise


def _train(trial: Any, space: Sequence[Choice | Range], given: list[str], folder: Path) -> float:
    """Train one run with the trial's values; its lowest loss. A run that is not finite counts as a poor one."""
    import optuna

    from training.beginning import is_done, starting_point
    from training.callbacks.pruning import Pruned, Pruning
    from training.fit import fit
    from training.preparation import prepare_data

    name = trial.user_attrs.get("run", _name(trial.number))
    trial.set_user_attr("run", name)
    drawn = {each.name: each.draw(trial) for each in space}
    varied = [f"--{option}={value}" for option, value in drawn.items()]
    opt = parse([*given, *varied, "--experiments_dir", str(folder), "--experiment_name", name, "--continue_train"])
    prepare_data(opt)
    run = Run(folder / name)
    log.info("%s: %s", name, ", ".join(f"{option} {value}" for option, value in drawn.items()))
    with run.lock():
        try:
            if not is_done(run, opt):
                fit(run, opt, starting_point(run, opt), [Pruning(trial.report, trial.should_prune)])
        except Pruned as end:
            raise optuna.TrialPruned(str(end)) from end
        except ValueError as error:
            if "finite" not in str(error) and "became" not in str(error):
                raise
            raise optuna.TrialPruned(str(error)) from error
        finally:
            _log_hparams(run, drawn)
    loss = run.record().get("best_loss")
    if loss is None:
        log.warning("%s has no best loss (none was finite, or --save_top_k is 0) and counts as ended early", name)
        raise optuna.TrialPruned
    return float(loss)


def _log_hparams(run: Run, drawn: dict[str, str]) -> None:
    """Show the run in TensorBoard's HParams tab."""
    from torch.utils.tensorboard import SummaryWriter

    loss = run.record().get("best_loss")
    if loss is not None:
        with SummaryWriter(str(run.folder)) as writer:
            writer.add_hparams(dict(drawn), {"best_loss": loss}, run_name=".")


def _table(study: "optuna.Study", folder: Path) -> list[str]:
    """A line for each trial, the best first."""

    def place(trial: "optuna.trial.FrozenTrial") -> tuple[bool, float]:
        return trial.state.name != "COMPLETE", math.inf if trial.value is None else trial.value

    lines = []
    for trial in sorted(_done(study), key=place):
        loss = f"{trial.value:.4f}" if trial.state.name == "COMPLETE" else "ended early"
        values = "  ".join(f"{name} {value}" for name, value in trial.params.items())
        lines.append(f"{loss:>12}  {values}  {folder / trial.user_attrs['run']}")
    return lines


def _name(number: int) -> str:
    return f"trial_{number:03d}"


if __name__ == "__main__":
    command.run(main)
