"""Build data, model and Trainer from the options, and train."""

import argparse
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning import Callback
from pytorch_lightning.callbacks import LearningRateMonitor
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.exceptions import MisconfigurationException

import registry
from feature_extraction import store
from feature_extraction.feature import Feature
from models import create_model
from training.beginning import StartingPoint
from training.callbacks.averaging import WeightAverage
from training.callbacks.checkpoints import AtomicCheckpointIO, Checkpoints
from training.callbacks.likelihood import Likelihood
from training.callbacks.motion_metrics import MotionMetrics
from training.callbacks.progress import Progress
from training.callbacks.record import Record
from training.callbacks.sample_to_tensorboard import SampleToTensorBoard
from training.callbacks.stopping import Stopped, Stopping
from training.callbacks.throughput import Throughput
from training.datasets.base_dataset import BaseDataset
from training.loaders import Windows
from training.loop import count_epochs
from training.module import TrainingModule
from training.options import save_hparams, trainer_arguments
from training.parts import begin_with_parts
from training.payload import load_features, make_payload
from training.resuming import as_tuned, options_of
from training.run import Run, is_first_process
from training.summary import means_line, size_line
from training.tuning import tune
from training.weights import begin_with_weights
from training.word_vectors import begin_with_vectors

log = logging.getLogger(__name__)

LIGHTNINGS_ADVICE = (
    ".*does not have many workers.*",
    ".*number of training batches .* is smaller than the logging interval.*",
    ".*GPU available but not used.*",
    ".*isinstance.treespec, LeafSpec.*",
    ".*Checkpoint directory .* exists and is not empty.*",
    ".*your dataloader is not resumable.*",
)
"""Warnings that tell our users nothing: workers are an option, copying is not the limit, our loaders are resumable."""


def fit(run: Run, opt: argparse.Namespace, start: StartingPoint, more: Sequence[Callback] = ()) -> None:
    """Train the run from its starting point, and mark it as finished at its end; ``more`` callbacks watch it.

    A KeyboardInterrupt leaves the run as it was at its last checkpoint; SIGTERM and SIGUSR1 save it and raise Stopped.
    """
    pl.seed_everything(opt.seed, workers=True, verbose=False)
    dataset_class = registry.find("dataset", opt.dataset_name)
    train = dataset_class(opt, "train")
    val = _held_out(dataset_class, opt, "val") if opt.do_validation else None
    model = create_model(opt, train.inputs, train.outputs)
    begin_with_vectors(model, train.token_vectors)
    if not start.resume:
        begin_with_parts(model, opt)
    if start.weights:
        begin_with_weights(model, start.weights, _names(opt.only_load_in_state_dict), _names(opt.ignore_in_state_dict))
    features = load_features(Path(opt.data_dir), (window.modality for window in (*train.inputs, *train.outputs)))
    callbacks = [*more, *_averaging(opt), Likelihood(features)]
    callbacks += _sampling(opt, val or train, features) + _measuring(opt, train, val or train, features)
    trainer = make_trainer(run, opt, val is not None, callbacks)
    if opt.do_tuning:
        opt = as_tuned(options_of(start.resume), opt) if start.resume else tune(opt, model, train, trainer)
    if is_first_process():
        _describe(run, opt, features)
        log.info("%s", size_line(opt, model, train, val))
    module = TrainingModule(model, opt, make_payload(opt, model, train, features))
    if trainer.is_global_zero:
        log.info("%s", means_line(opt, trainer))
    if trainer.precision == "64-true":
        module.double()  # Lightning does so after a checkpoint has been loaded, whose weights would be rounded
    try:
        with _without_advice(), _readable_mistakes():
            trainer.fit(module, datamodule=Windows(opt, train, val), ckpt_path=start.resume, weights_only=True)
    except Stopped:
        raise
    except SystemExit:
        # Lightning turns an interrupt into an exit.
        if trainer.interrupted:
            raise KeyboardInterrupt from None
        raise
    if is_first_process() and not opt.fast_dev_run:
        run.write_record(finished=True)


def make_trainer(run: Run, opt: argparse.Namespace, validates: bool, more: Sequence[Callback] = ()) -> pl.Trainer:
    """The Trainer that the options ask for, writing into the run's folder."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    checkpoints = Checkpoints(
        run.checkpoints,
        keep=opt.save_top_k,
        every_minutes=opt.save_every_minutes,
        every_n_steps=opt.save_every_n_steps,
    )
    record = Record(run, checkpoints)
    callbacks: list[Callback] = [Throughput(), *more, checkpoints, record, Stopping(checkpoints, record)]
    arguments: dict[str, Any] = trainer_arguments(opt)
    if arguments.get("logger") is not False:
        arguments["logger"] = TensorBoardLogger(str(run.folder), name="", version="")
        callbacks.append(LearningRateMonitor("step"))
    if arguments["enable_progress_bar"] is not False:
        callbacks.append(Progress())
    if not validates:
        arguments["limit_val_batches"] = 0
    arguments["default_root_dir"] = str(run.folder)
    with _readable_mistakes():
        trainer = pl.Trainer(**arguments, callbacks=callbacks, plugins=[AtomicCheckpointIO()])
    count_epochs(trainer)
    return trainer


def _describe(run: Run, opt: argparse.Namespace, features: Mapping[str, Feature]) -> None:
    """Put into the run's folder what else its checkpoints need to be understood."""
    save_hparams(run.hparams, opt)
    for feature in features.values():
        run.features.mkdir(exist_ok=True)
        feature.save(run.features)


@contextmanager
def _readable_mistakes() -> Iterator[None]:
    """What Lightning finds wrong with the options, or misses on this machine, as a mistake of the user's.

    And what a process that loads data finds wrong with them, without where in our code it did.
    """
    try:
        yield
    except ValueError as error:
        if not str(error).startswith("Caught ValueError in DataLoader worker"):
            raise
        raise ValueError(str(error).strip().rpartition("ValueError: ")[2]) from error
    except (MisconfigurationException, ImportError) as error:
        raise ValueError(" ".join(str(error).split())) from error


@contextmanager
def _without_advice() -> Iterator[None]:
    with warnings.catch_warnings():
        for advice in LIGHTNINGS_ADVICE:
            warnings.filterwarnings("ignore", advice)
        yield


def _averaging(opt: argparse.Namespace) -> list[Callback]:
    return [WeightAverage(opt.ema_decay)] if opt.ema_decay else []


def _sampling(opt: argparse.Namespace, dataset: BaseDataset, features: Mapping[str, Feature]) -> list[Callback]:
    if not opt.sample_every_n_epochs:
        return []
    return [SampleToTensorBoard(dataset, features, opt.sample_every_n_epochs, opt.seed, opt.temperature)]


def _measuring(
    opt: argparse.Namespace, train: BaseDataset, held_out: BaseDataset, features: Mapping[str, Feature]
) -> list[Callback]:
    if not opt.metrics_every_n_epochs:
        return []
    return [MotionMetrics(train, held_out, features, opt.metrics_every_n_epochs, opt.seed, opt.temperature)]


def _held_out(dataset_class: type[BaseDataset], opt: argparse.Namespace, split: str) -> BaseDataset | None:
    if store.is_empty_split(Path(opt.data_dir), split):
        log.warning("%s names no sequence: training without validation", store.split_path(Path(opt.data_dir), split))
        return None
    return dataset_class(opt, split)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
