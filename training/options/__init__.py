"""The option aggregator: base, trainer, model and dataset options under one grammar."""

from training.options.aggregator import parse
from training.options.hparams import load_hparams, save_hparams
from training.options.trainer import trainer_arguments

__all__ = ["load_hparams", "parse", "save_hparams", "trainer_arguments"]
