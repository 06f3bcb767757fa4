"""Where a run starts: from nothing, from its last checkpoint, or not at all since it is finished."""

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

from training.parts import find_checkpoint
from training.run import LAST, Run, is_first_process

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StartingPoint:
    """At most one of them: a checkpoint to go on from, or one whose weights alone are taken."""

    resume: Path | None = None
    weights: Path | None = None


def is_done(run: Run, opt: argparse.Namespace) -> bool:
    """Whether the run is finished and the options do not ask for more of it; if so, one line says what to do."""
    if not run.is_finished or opt.load_weights_only or opt.overwrite:
        return False
    done = run.record()["epochs"]
    if opt.continue_train and opt.max_epochs is not None and opt.max_epochs > done:
        return False
    log.info(
        "%s is finished (%d epochs): not trained again; for more use --continue_train --max_epochs N, "
        "to start afresh --overwrite or another --experiment_name",
        run.name,
        done,
    )
    return True


def starting_point(run: Run, opt: argparse.Namespace) -> StartingPoint:
    """What the options ask for; ValueError if they would overwrite a run that was stopped."""
    weights = find_checkpoint(opt.weights_from, "--weights_from") if opt.weights_from else None
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
        if opt.load_weights_only:
            raise FileNotFoundError(f"--load_weights_only finds no checkpoint in {run.checkpoints}")
        if opt.continue_train:
            log.info("%s has nothing to continue yet: it starts from the beginning", run.name)
        return StartingPoint(weights=weights)
    if opt.load_weights_only:
        return StartingPoint(weights=last)
    if opt.continue_train:
        record = run.record()
        log.info("%s goes on after epoch %s, step %s", run.name, record.get("epochs", "?"), record.get("steps", "?"))
        return StartingPoint(resume=last)
    raise ValueError(
        f"{run.folder} holds a run that was stopped after {run.record().get('epochs', 'some')} epochs; go on with "
        "--continue_train, start afresh with --overwrite, or choose another --experiment_name"
    )
