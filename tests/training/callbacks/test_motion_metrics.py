"""Metrics of generated motion become curves, with the floor of real motion beside them."""

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from pytorch_lightning.loggers import TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from feature_extraction.feature import Feature
from inference.pretrained import load_trained
from tests.inference.conftest import MOTION, checkpoint, corpus
from training.callbacks.motion_metrics import MotionMetrics
from training.datasets.base_dataset import BaseDataset

__all__ = ["checkpoint", "corpus"]  # the fixtures


class Sequences(SimpleNamespace):
    """The stored arrays of some sequences."""

    def sequence(self, sequence_id: str) -> dict[str, np.ndarray]:
        return {name: np.load(self.folder / f"{sequence_id}.{name}.npy") for name in self.names}


@pytest.fixture
def curves(corpus: Path, checkpoint: Path, tmp_path: Path) -> dict[str, Any]:
    loaded = load_trained(checkpoint)
    names = [window.modality for window in loaded.inputs]
    ids = sorted(path.name.partition(".")[0] for path in corpus.glob(f"*.{MOTION}.npy"))
    data = cast(BaseDataset, Sequences(folder=corpus, names=names, sequence_ids=ids))
    held_out = cast(BaseDataset, Sequences(folder=corpus, names=names, sequence_ids=ids[:2]))
    features = {name: Feature.from_dict(each) for name, each in loaded.features.items()}
    callback = MotionMetrics(data, held_out, features, every_n_epochs=2)
    logger = TensorBoardLogger(str(tmp_path), name="", version="")
    trainer = argparse.Namespace(is_global_zero=True, logger=logger, current_epoch=0, global_step=0, callbacks=[])
    for epoch in range(4):
        trainer.current_epoch, trainer.global_step = epoch, 10 * epoch
        callback.on_train_epoch_end(cast(Any, trainer), cast(Any, SimpleNamespace(model=loaded.model)))
    logger.experiment.flush()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    return {tag: events.Scalars(tag) for tag in events.Tags()["scalars"]}


def test_metrics_and_floors_are_logged_every_few_epochs(curves: dict[str, Any]) -> None:
    assert {"motion/speed", "motion/speed_floor_low", "motion/speed_floor_high", "motion/jerk"} <= set(curves)
    assert [point.step for point in curves["motion/speed"]] == [10, 30]
    assert curves["motion/speed_floor_low"][0].value < curves["motion/speed_floor_high"][0].value


def test_metrics_that_the_skeleton_has_no_joints_for_are_left_out(curves: dict[str, Any]) -> None:
    assert "motion/foot_skating" not in curves
