"""The training command: options, data, model, training, and at the end a dance."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import command
from training.options import parse
from training.run import Run, is_first_process

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Train what the options say, or go on with it; then test and generate, if they ask for it."""
    opt = parse(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run = Run(Path(opt.experiments_dir) / opt.experiment)

    # Everything below imports torch, and --help does not wait for it.
    from training.afterwards import generate_samples, measure_test_loss, possible
    from training.beginning import is_done, starting_point
    from training.callbacks.stopping import Stopped
    from training.fit import fit
    from training.preparation import prepare_data

    prepare_data(opt)
    later = possible(opt)
    with run.lock():
        if not opt.skip_training and not is_done(run, opt):
            try:
                fit(run, opt, starting_point(run, opt))
            except KeyboardInterrupt:
                log.info("\nstopped; the same command with --continue_train goes on from its last checkpoint")
                raise
            except Stopped as stop:
                if is_first_process():
                    told = "saved after step %d and stopped by %s; the same command with --continue_train goes on"
                    log.info(told, stop.step, stop.signal.name)
                raise
        if opt.fast_dev_run and not opt.skip_training and run.last_checkpoint is None:
            log.info("--fast_dev_run keeps no checkpoint: nothing is tested or generated")
            return 0
        if later.do_testing:
            measure_test_loss(run, opt)
        if not is_first_process():
            return 0
        made = generate_samples(run, opt) if later.generate_at_end else []
    print(f"best checkpoint   {run.best_checkpoint}")
    for path in made:
        print(f"{path.suffix.removeprefix('.'):<16}  {path}")
    print(f"curves            tensorboard --logdir {run.folder.parent}")
    return 0


if __name__ == "__main__":
    command.run(main)
