"""The likelihood of blocks is of the same frames for every kind of model."""

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.evaluation.blocks import BEFORE, BLOCK, bits_of_blocks, block_starts
from analysis.evaluation.trained import Trained
from inference.performer import Performer
from models import LoadedModel
from models.base_model import BaseModel
from models.likelihood import bits_per_frame
from models.windows import Window

MOTION, DIM, FIRST, FRAMES = "motion", 3, 60, 230


class Walk(BaseModel):
    """Finds each frame to be normal about the frame before it: in windows, or frame by frame."""

    def __init__(self, inputs: Any, outputs: Any):
        super().__init__(argparse.Namespace(), inputs, outputs)
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        x = batch[f"out_{MOTION}"]
        first = batch[f"in_{MOTION}"][:, -x.shape[1] if self.goes_by_steps else -1]
        before = torch.cat([first.unsqueeze(1), x[:, :-1]], dim=1)
        log_prob = torch.distributions.Normal(before, 1.0).log_prob(x).sum(dim=(1, 2))
        return {f"nll_{MOTION}": bits_per_frame(log_prob, x.shape[1])}

    def sample(self, inputs: Mapping[str, Tensor], **_: Any) -> tuple[dict[str, Tensor], Any]:
        raise AssertionError("only likelihoods are asked for")


class Deterministic(Walk):
    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": torch.zeros(())}


class Steps(Walk):
    goes_by_steps = True


def trained(kind: type[Walk], inputs: list[Window], outputs: list[Window]) -> Trained:
    """A model with the windows that checkpoints hold: its own."""
    loaded = LoadedModel(kind(inputs, outputs), argparse.Namespace(), tuple(inputs), tuple(outputs), {}, {})
    return Trained("walk", Path("walk.ckpt"), Performer(loaded))


def windowed(context: int, length: int = BLOCK, kind: type[Walk] = Walk) -> Trained:
    return trained(kind, [Window(MOTION, DIM, context)], [Window(MOTION, DIM, length, context)])


def stepping(history: int) -> Trained:
    return trained(Steps, [Window(MOTION, DIM, history)], [Window(MOTION, DIM, 1, history)])


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return {MOTION: np.random.default_rng(0).normal(size=(FRAMES, DIM)).cumsum(axis=0).astype(np.float32)}


def expected(arrays: Mapping[str, np.ndarray]) -> float:
    """By the definition: each frame of each block."""
    values = arrays[MOTION].astype(float)
    frames = [frame for start in block_starts(FIRST, FRAMES) for frame in range(start, start + BLOCK)]
    change = values[frames] - values[np.array(frames) - 1]
    nats = 0.5 * (change**2 + math.log(2 * math.pi)).sum(axis=1)
    return float(nats.mean() / math.log(2))


def test_blocks_follow_one_another_and_leave_sound_after_the_last() -> None:
    assert block_starts(FIRST, FRAMES).tolist() == [60, 80, 100, 120, 140, 160, 180]
    assert not len(block_starts(FIRST, FIRST + BLOCK))


@pytest.mark.parametrize("model", [windowed(50), windowed(5), stepping(10), stepping(3)])
def test_every_model_is_asked_about_the_same_frames(model: Trained, arrays: dict[str, np.ndarray]) -> None:
    assert BEFORE + 10 <= FIRST
    assert bits_of_blocks(model, arrays, MOTION, FIRST) == pytest.approx(expected(arrays), rel=1e-5)


def test_a_deterministic_model_has_no_likelihood(arrays: dict[str, np.ndarray]) -> None:
    assert bits_of_blocks(windowed(50, kind=Deterministic), arrays, MOTION, FIRST) is None


def test_windows_of_another_length_are_refused(arrays: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="gives 10 frames at a time; blocks of 20"):
        bits_of_blocks(windowed(50, 10), arrays, MOTION, FIRST)


def test_a_sequence_too_short_for_a_block_has_none() -> None:
    assert bits_of_blocks(windowed(50), {MOTION: np.zeros((70, DIM), np.float32)}, MOTION, FIRST) is None


@pytest.mark.parametrize("model", [windowed(50), stepping(10)])
def test_a_block_without_the_past_that_the_model_reads_is_refused(
    model: Trained, arrays: dict[str, np.ndarray]
) -> None:
    """A frame before the first one would be one from the end."""
    with pytest.raises(ValueError, match="walk reads 20 frames more of the past than the first block has; skip more"):
        bits_of_blocks(model, arrays, MOTION, 30)
