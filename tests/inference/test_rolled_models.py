"""Every model that generates, rolled forward: exact lengths, no look-ahead, nothing shared between rows."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import registry
from inference.rolling import PRECISIONS, Manner, Roller, leading_frames
from inference.sampler import autoregress
from models.base_model import BaseModel
from models.glow_options import NETWORKS
from models.residualflower2_model import Residualflower2Model
from tests.models.test_models_contract import MODELS, MOTION, SMALL, SOUND, TARGET, options
from training.options import parse

GENERATING = [name for name in MODELS if registry.find("model", name).generates]
KINDS: dict[str, dict[str, object]] = {
    "transformer, causal": {"causal": True},
    "transflower, causal": {"causal": True},
    **{f"moglow, {net}": {"network_model": net} for net in NETWORKS if net != "LSTM"},
}
"""Models that other options make roll in another way."""
PAIRS = [("transformer", "moglow"), ("moglow", "transflower"), ("moglow", "moglow"), ("transflower", "transglower")]
"""Means and residuals of which one or both go step by step."""


@pytest.fixture(params=[*GENERATING, *KINDS])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> BaseModel:
    name = request.param.partition(", ")[0]
    torch.manual_seed(0)
    opt = options(name, tmp_path, **SMALL, **KINDS.get(request.param, {}))
    return registry.find("model", name)(opt, (MOTION, SOUND), (TARGET,)).eval()


def sound(frames: int, rows: int = 1) -> Tensor:
    return torch.randn(rows, frames, SOUND.dim, generator=torch.Generator().manual_seed(frames))


def made(
    model: BaseModel, heard: Tensor, rows: tuple[int, ...] = (0,), seed: Tensor | None = None, precision: str = "32"
) -> Tensor:
    generators = [torch.Generator().manual_seed(row) for row in rows]
    seeds = None if seed is None else {MOTION.modality: seed}
    sounds = {SOUND.modality: heard}
    given = autoregress(model, sounds, seeds, frames=heard.shape[1], generator=generators, precision=precision)
    return given[MOTION.modality]


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


def test_half_as_precise_weights_give_nearly_the_same_motion(model: BaseModel) -> None:
    precise, rounded = (made(model, sound(10), precision=precision) for precision in PRECISIONS)
    assert rounded.dtype == torch.float32
    assert rounded.isfinite().all()
    assert (rounded - precise).abs().mean() < 0.1 * precise.std()


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


@pytest.mark.parametrize(("mean", "residual"), PAIRS)
@pytest.mark.parametrize("fed_back", [False, True])
@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_pair_gives_the_sum_of_what_each_gives_alone(
    mean: str, residual: str, fed_back: bool, count: int, tmp_path: Path
) -> None:
    """However far a step goes, and whether the fed-back frames end before the last frame of the window or not."""
    pair = ["--model", "residualflower2", "--mean_model", mean, "--residual_model", residual]
    opt = parse(["--experiment_name", "pair", "--data_dir", str(tmp_path), *pair])
    values = {prefix + key: value for prefix in ("mean_", "residual_") for key, value in SMALL.items()}
    vars(opt).update({key: value for key, value in values.items() if hasattr(opt, key)})
    torch.manual_seed(0)
    model = Residualflower2Model(opt, (MOTION, SOUND) if fed_back else (SOUND,), (TARGET,)).eval()
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)  # a new flow gives next to nothing
    features = {SOUND.modality: sound(11)} | ({MOTION.modality: torch.randn(1, 11, MOTION.dim)} if fed_back else {})

    def rolled(part: BaseModel) -> Tensor:
        step = 1 if part.goes_by_steps else count
        given = autoregress(part, features, frames=11, temperature=0.0, frames_per_step=step, teacher_forcing=fed_back)
        return given[MOTION.modality]

    torch.testing.assert_close(
        rolled(model), rolled(model.mean_model) + rolled(model.residual_model), rtol=0, atol=1e-5
    )
