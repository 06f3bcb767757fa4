"""Where a run starts: from nothing, from its last checkpoint, or not at all since it is finished."""

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

from training.options.contradictions import UNLIMITED
from training.parts import find_checkpoint
from training.resuming import options_of, refuse_another_optimiser
from training.run import LAST, Run, is_first_process

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StartingPoint:
    """At most one of them: a checkpoint to go on from, or one whose weights alone are taken."""

    resume: Path | None = None
    weights: Path | None = None


def is_done(run: Run, opt: argparse.Namespace) -> bool:
    """Whether the run is finished and the options do not ask for more of it; if so, one line says what to do."""
    record = run.record()
    if not run.is_finished or not record.get("epochs") or opt.load_weights_only or opt.overwrite:
        return False
    limits = [
        ("--max_epochs", opt.max_epochs, record["epochs"]),
        ("--max_steps", opt.max_steps, record.get("steps", 0)),
    ]
    given = [(name, limit, done) for name, limit, done in limits if limit not in UNLIMITED]
    reached = [name for name, limit, done in given if limit <= done]
    if opt.continue_train and given and not reached:
        return False
    log.info(
        "%s is finished (%d epochs, %s steps): not trained again; for more use --continue_train %s, "
        "to start afresh --overwrite or another --experiment_name",
        run.name,
        record["epochs"],
        record.get("steps", "?"),
        " ".join(f"{name} N" for name in reached or ["--max_epochs"]),
    )
    return True


def starting_point(run: Run, opt: argparse.Namespace) -> StartingPoint:
    """What the options ask for; ValueError if they would overwrite a run without saying so, or train nothing."""
    for name in ("max_epochs", "max_steps", "limit_train_batches"):
        if getattr(opt, name) == 0:
            raise ValueError(f"--{name} 0 leaves nothing to train; raise it, or train nothing (--skip_training)")
    weights = find_checkpoint(opt.weights_from, "--weights_from") if opt.weights_from else None
    if opt.load_weights_only:
        return StartingPoint(weights=_own_weights(run, opt))
    if opt.overwrite:
        if is_first_process():
            run.clear()
        return StartingPoint(weights=weights)
    last = run.last_checkpoint
    if (run.checkpoints / LAST).is_dir():
        raise ValueError(
            f"{run.checkpoints / LAST} is a folder, as DeepSpeed writes it, and cannot be gone on from; start afresh "
            "with --overwrite, or choose another --experiment_name"
        )
    if last is None:
        if opt.continue_train:
            log.info("%s has nothing to continue yet: it starts from the beginning", run.name)
        return StartingPoint(weights=weights)
    if opt.continue_train:
        refuse_another_optimiser(options_of(last), opt, last)
        record = run.record()
        log.info("%s goes on after epoch %s, step %s", run.name, record.get("epochs", "?"), record.get("steps", "?"))
        return StartingPoint(resume=last)
    raise ValueError(
        f"{run.folder} holds a run that was stopped after {run.record().get('epochs', 'some')} epochs; go on with "
        "--continue_train, start afresh with --overwrite, or choose another --experiment_name"
    )


def _own_weights(run: Run, opt: argparse.Namespace) -> Path:
    """The run's last checkpoint, from whose weights another run is to begin in its place."""
    last = run.last_checkpoint
    if last is None:
        raise FileNotFoundError(f"--load_weights_only finds no checkpoint in {run.checkpoints}")
    if opt.overwrite:
        if is_first_process():
            run.clear(keep_last=True)
    elif run.is_finished:
        raise ValueError(
            f"{run.folder} holds a finished run, in whose place --load_weights_only would begin another; keep it with "
            f"--weights_from {run.folder} --experiment_name OTHER, or give it up with --overwrite"
        )
    return last
