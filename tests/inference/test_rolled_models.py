"""Every model that generates, rolled forward: exact lengths, no look-ahead, nothing shared between rows."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import registry
from inference.rolling import Manner, Roller, leading_frames
from inference.sampler import autoregress
from models.base_model import BaseModel
from tests.models.test_models_contract import MODELS, MOTION, SMALL, SOUND, TARGET, options

GENERATING = [name for name in MODELS if registry.find("model", name).generates]
CAUSAL = ["transformer, causal", "transflower, causal"]


@pytest.fixture(params=[*GENERATING, *CAUSAL])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> BaseModel:
    name, *causal = request.param.split(", ")
    torch.manual_seed(0)
    opt = options(name, tmp_path, **SMALL, **dict.fromkeys(causal, True))
    return registry.find("model", name)(opt, (MOTION, SOUND), (TARGET,)).eval()


def sound(frames: int, rows: int = 1) -> Tensor:
    return torch.randn(rows, frames, SOUND.dim, generator=torch.Generator().manual_seed(frames))


def made(model: BaseModel, heard: Tensor, rows: tuple[int, ...] = (0,), seed: Tensor | None = None) -> Tensor:
    generators = [torch.Generator().manual_seed(row) for row in rows]
    seeds = None if seed is None else {MOTION.modality: seed}
    return autoregress(model, {SOUND.modality: heard}, seeds, frames=heard.shape[1], generator=generators)[
        MOTION.modality
    ]


def test_n_frames_of_sound_give_n_frames_of_motion(model: BaseModel) -> None:
    for frames in (1, 3, 10):
        motion = made(model, sound(frames))
        assert motion.shape == (1, frames, MOTION.dim)
        assert motion.isfinite().all()


def test_no_frame_depends_on_sound_beyond_the_declared_window(model: BaseModel) -> None:
    frames, changed = 24, 17
    heard, other = sound(frames), sound(frames)
    other[:, changed:] += 3
    step = Roller(model, None, Manner()).frames
    first = changed - (SOUND.stop - leading_frames(model)) + 1
    first -= first % step  # frames of one step share a window
    differs = (made(model, heard) != made(model, other)).any(dim=2)[0]
    assert not differs[:first].any()
    assert differs[first:].any()


def test_a_row_does_not_depend_on_what_shares_its_batch(model: BaseModel) -> None:
    heard, seed = sound(10, rows=3), torch.randn(3, 12, MOTION.dim, generator=torch.Generator().manual_seed(5))
    together = made(model, heard, (0, 1, 2), seed)
    alone = made(model, heard[1:2], (1,), seed[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=0, atol=1e-5)
    assert (together[0] != together[1]).any()


def test_what_a_roll_spares_changes_nothing(model: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    spared = made(model, sound(12))
    monkeypatch.setattr(type(model), "sample_step", BaseModel.sample_step)
    torch.testing.assert_close(made(model, sound(12)), spared, rtol=0, atol=1e-5)
