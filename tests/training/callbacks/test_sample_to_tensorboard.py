"""Clips become moving pictures that TensorBoard shows."""

import argparse
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from feature_extraction.feature import Feature
from inference.pretrained import load_trained
from models.windows import Window
from tests.feature_extraction.small_corpus import swaying
from tests.inference.conftest import MOTION, checkpoint, corpus
from training.callbacks import beginnings
from training.callbacks.sample_to_tensorboard import GIF_FPS, HEIGHT, WIDTH, SampleToTensorBoard, moving_picture

__all__ = ["checkpoint", "corpus"]  # the fixtures


def test_a_clip_is_a_gif_as_long_as_the_motion() -> None:
    motion = swaying(0)
    feature = SimpleNamespace(decode=lambda values: motion)
    gif = Image.open(io.BytesIO(moving_picture(feature, np.zeros((motion.frames, 3)))))  # type: ignore[arg-type]
    assert (gif.format, gif.size, gif.info["duration"]) == ("GIF", (WIDTH, HEIGHT), 1000 / GIF_FPS)
    assert abs(gif.n_frames / GIF_FPS - motion.duration_s) <= 2 / GIF_FPS  # type: ignore[attr-defined]


def test_the_label_of_a_whole_sequence_does_not_make_the_clip_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, tuple[int, ...]]] = []

    def dance(model: object, given: dict[str, np.ndarray], *others: object, frames: int, **options: Any) -> Any:
        asked.append({name: each.shape for name, each in given.items()})
        return {"motion": torch.zeros(1, frames, 5)}

    monkeypatch.setattr(beginnings, "autoregress", dance)
    windows = [Window("motion", 5, 8), Window("audio", 3, 12), Window("style", 2, 1, single=True)]
    model = cast(Any, SimpleNamespace(inputs=windows, outputs=[Window("motion", 5, 4, 8)], feedback=("motion",)))
    arrays = {"motion": np.zeros((60, 5)), "audio": np.zeros((60, 3)), "style": np.zeros((1, 2))}
    dataset = cast(Any, SimpleNamespace(sequence=lambda name: arrays))
    assert beginnings.dance_beginnings(model, dataset, ["s"], most=50)["motion"].shape == (1, 50, 5)
    assert asked == [{"audio": (1, 60, 3), "style": (1, 1, 2)}]


def test_every_few_epochs_the_first_sequence_is_danced(corpus: Path, checkpoint: Path, tmp_path: Path) -> None:
    loaded = load_trained(checkpoint)
    (first, *_) = sorted(path.name.partition(".")[0] for path in corpus.glob(f"*.{MOTION}.npy"))
    arrays = {window.modality: np.load(corpus / f"{first}.{window.modality}.npy") for window in loaded.inputs}
    dataset = cast(Any, SimpleNamespace(sequence_ids=[first], sequence=lambda name: arrays))
    features = {name: Feature.from_dict(each) for name, each in loaded.features.items()}
    logger = TensorBoardLogger(str(tmp_path), name="", version="")
    trainer = argparse.Namespace(is_global_zero=True, logger=logger, current_epoch=0, global_step=9, callbacks=[])
    callback = SampleToTensorBoard(dataset, features, every_n_epochs=2)
    shown = []
    for trainer.current_epoch in range(3):
        callback.on_train_epoch_end(cast(Any, trainer), cast(Any, SimpleNamespace(model=loaded.model)))
        logger.experiment.flush()
        shown.append(EventAccumulator(str(tmp_path)).Reload().Tags()["images"])
    assert shown == [[], [f"{MOTION}/{first}"], [f"{MOTION}/{first}"]]


def test_a_model_that_does_not_generate_is_trained_without_clips(tmp_path: Path) -> None:
    logger = TensorBoardLogger(str(tmp_path), name="", version="")
    trainer = argparse.Namespace(is_global_zero=True, logger=logger, current_epoch=0, global_step=9, callbacks=[])
    model = SimpleNamespace(outputs=[Window("motion", 5, 1)], generates=False)
    dataset = cast(Any, SimpleNamespace(sequence_ids=["s"]))
    feature = SimpleNamespace(source="motion", fps=20.0, extractors=[{"name": "expmap"}])
    callback = SampleToTensorBoard(dataset, cast(Any, {"motion": feature}), every_n_epochs=1)
    callback.on_train_epoch_end(cast(Any, trainer), cast(Any, SimpleNamespace(model=model)))
