"""A whole recording, window after window: nothing is lost at its end, and where windows meet the motion goes on."""

import pytest
import torch

from inference.sampler import autoregress
from models import create_model
from models.base_model import BaseModel
from models.windows import Window
from tests.models.test_models_contract import options

PREVIOUS, PREDICTED, CONTEXT = 4, 8, 5
INPUTS = (
    Window("poses", 3, PREVIOUS, -PREVIOUS, padding=(0.0, 0.0, 0.0)),
    Window("sound", 2, PREDICTED + CONTEXT - 1, -(CONTEXT // 2), padding=(0.0, 0.0)),
)
OUTPUTS = (Window("poses", 3, PREDICTED),)


def sound_and_motion(frames: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """A swing whose pace the sound tells, (frames, 2), and poses that swing so, (frames, 3)."""
    pace = 0.2 + 0.1 * torch.rand(1, generator=generator)
    phase = pace * torch.arange(frames) + 6.3 * torch.rand(1, generator=generator)
    motion = 0.6 * torch.stack([phase.sin(), phase.cos(), (phase + 1).sin()], dim=1)
    return torch.stack([phase.sin(), phase.cos()], dim=1), motion


def batch(rows: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    parts: dict[str, list[torch.Tensor]] = {"in_poses": [], "in_sound": [], "out_poses": []}
    for _ in range(rows):
        sound, motion = sound_and_motion(40, generator)
        at = int(torch.randint(PREVIOUS, 40 - PREDICTED - CONTEXT, (), generator=generator))
        parts["in_poses"].append(motion[at - PREVIOUS : at])
        parts["in_sound"].append(sound[at - CONTEXT // 2 : at + PREDICTED + CONTEXT // 2])
        parts["out_poses"].append(motion[at : at + PREDICTED])
    return {key: torch.stack(values) for key, values in parts.items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    torch.manual_seed(0)
    sizes = {"encoder_hidden": 16, "encoder_layers": 1, "decoder_hidden": 24, "beta": 0.0}
    model = create_model(options("wordsseq2seq", tmp_path_factory.mktemp("seams"), **sizes), INPUTS, OUTPUTS).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(1)
    for _ in range(120):
        optimiser.zero_grad()
        model.losses(batch(16, generator))["loss"].backward()
        optimiser.step()
    return model.eval()


@pytest.mark.parametrize("frames", [3, PREDICTED, 5 * PREDICTED + 3])
def test_no_frame_of_the_tail_is_lost(trained: BaseModel, frames: int) -> None:
    sound, _ = sound_and_motion(frames, torch.Generator().manual_seed(2))
    made = autoregress(trained, {"sound": sound}, frames=frames)["poses"]
    silence = torch.zeros(2 * PREDICTED, 2)
    longer = autoregress(trained, {"sound": torch.cat([sound, silence])}, frames=frames + 2 * PREDICTED)["poses"]
    assert made.shape == (frames, 3)
    torch.testing.assert_close(made, longer[:frames])


def test_no_seam_is_larger_than_the_motions_own_change(trained: BaseModel) -> None:
    generator = torch.Generator().manual_seed(3)
    sound, motion = zip(*(sound_and_motion(10 * PREDICTED, generator) for _ in range(6)), strict=True)
    seeds = {"poses": torch.stack([each[:PREVIOUS] for each in motion])}
    made = autoregress(trained, {"sound": torch.stack(sound)}, seeds, frames=10 * PREDICTED)["poses"]
    steps = made.diff(dim=1).norm(dim=-1)
    seams = steps[:, PREDICTED - 1 :: PREDICTED]
    own = torch.stack(motion).diff(dim=1).norm(dim=-1)
    assert seams.median() < 1.25 * own.median()
    assert seams.max() < 2 * own.max()


def test_poses_are_carried_on_from_window_to_window(trained: BaseModel) -> None:
    """What a window begins with decides what it gives: windows that began anew would not know of the seed."""
    sound, _ = sound_and_motion(3 * PREDICTED, torch.Generator().manual_seed(4))
    one, other = (
        autoregress(trained, {"sound": sound}, {"poses": torch.full((PREVIOUS, 3), value)}, frames=3 * PREDICTED)[
            "poses"
        ]
        for value in (0.5, -0.5)
    )
    assert (one - other)[-1].abs().max() > 0
