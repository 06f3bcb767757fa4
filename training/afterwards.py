"""After training: the loss on the test split, and sequences generated with the best checkpoint."""

import argparse
import logging
from pathlib import Path

import pytorch_lightning as pl

import registry
from feature_extraction import store
from models import load_model
from training.loaders import make_loader
from training.module import TrainingModule
from training.options import trainer_arguments
from training.run import Run

NONE = {"do_testing": False, "generate_at_end": ""}
"""The options of what follows the training, as they are where it is not wanted."""

log = logging.getLogger(__name__)


def possible(opt: argparse.Namespace) -> argparse.Namespace:
    """The options without the test and the dance whose split names no sequence; a warning tells of each.

    ValueError where there is to be no training, so that nothing would be left to do.
    """
    wanted = {"do_testing": "test" if opt.do_testing else "", "generate_at_end": opt.generate_at_end}
    empty = {name: split for name, split in wanted.items() if split and store.is_empty_split(Path(opt.data_dir), split)}
    for name, split in empty.items():
        path = store.split_path(Path(opt.data_dir), split)
        if opt.skip_training:
            raise ValueError(f"--{name}: {path} names no sequence; add one of {opt.data_dir} to it")
        log.warning("%s names no sequence: --%s is left out after the training", path, name)
    return argparse.Namespace(**vars(opt) | {name: NONE[name] for name in empty})


def measure_test_loss(run: Run, opt: argparse.Namespace) -> dict[str, float]:
    """The losses of the best checkpoint on the test split, which are logged and added to the run's record.

    Where several processes share the training they share this too, and each must call it; the first one writes.
    """
    dataset = registry.find("dataset", opt.dataset_name)(opt, "test")
    module = TrainingModule(load_model(_best(run)).model, opt, {})
    trainer = pl.Trainer(**trainer_arguments(opt) | {"logger": False, "enable_checkpointing": False})
    losses = trainer.test(module, make_loader(dataset, opt), verbose=False)[0]
    if trainer.is_global_zero:
        for name, value in losses.items():
            log.info("%s %.4f", name, value)
        run.write_record(test_losses=losses)
    return dict(losses)


def generate_samples(run: Run, opt: argparse.Namespace) -> list[Path]:
    """Generate the first sequence of the split ``opt.generate_at_end``; the files made."""
    from inference.generate import generate

    sequence_id = store.read_split(Path(opt.data_dir), opt.generate_at_end)[0]
    return generate(_best(run), sequence_id)


def _best(run: Run) -> Path:
    if run.best_checkpoint is None:
        raise FileNotFoundError(f"there is no checkpoint in {run.checkpoints}; train first")
    return run.best_checkpoint
