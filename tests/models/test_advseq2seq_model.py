"""The adversarial gesture model: who learns from what, and that the game comes to something."""

import argparse
from typing import Any

import pytest
import torch
from torch import Tensor

from models import create_model
from models.advseq2seq_model import Advseq2seqModel
from models.windows import Window
from training.options import parse

FRAMES, BEFORE, DIM = 6, 2, 3
POSES, PREVIOUS = Window("motion", DIM, FRAMES), Window("motion", DIM, BEFORE, offset=-BEFORE)
SOUND = Window("sound", 4, FRAMES + 4, offset=-2)


def options(*given: str) -> argparse.Namespace:
    return parse(
        [
            *("--experiment_name", "adversarial", "--model", "advseq2seq", "--discriminator_hidden=16"),
            *("--generator_encoder_hidden=8", "--generator_decoder_hidden=8", *given),
        ]
    )


def build(*given: str) -> Advseq2seqModel:
    torch.manual_seed(0)
    model = create_model(options(*given), (PREVIOUS, SOUND), (POSES,))
    assert isinstance(model, Advseq2seqModel)
    return model


def batch_of(size: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
    """Poses that the sound says nothing of."""
    windows: dict[str, Any] = {"in_motion": PREVIOUS, "in_sound": SOUND, "out_motion": POSES}
    return {key: torch.randn(size, each.length, each.dim, generator=generator) for key, each in windows.items()}


@pytest.mark.parametrize("generator_model", ["contextseq2seq", "wordsseq2seq"])
def test_each_player_learns_from_its_own_terms(generator_model: str) -> None:
    model = build(f"--generator_model={generator_model}").train()
    losses = model.losses(batch_of(5))
    players = {"generator": model.generator, "discriminator": model.discriminator}
    learns = {"loss": {*players}, "fooling": {"generator"}, "telling": {"discriminator"}, "r1": {"discriminator"}}
    for term, expected in learns.items():
        parameters = [(name, each) for name, player in players.items() for each in player.parameters()]
        gradients = torch.autograd.grad(
            losses[term], [each for _, each in parameters], allow_unused=True, retain_graph=True
        )
        found = {
            name
            for (name, _), gradient in zip(parameters, gradients, strict=True)
            if gradient is not None and gradient.any()
        }
        assert found == expected, term


def test_validation_measures_the_generator_alone() -> None:
    model, batch = build().eval(), batch_of(5)
    assert torch.equal(model.losses(batch)["loss"], model.generator.losses(batch)["loss"])
    with torch.inference_mode():
        assert model.train().losses(batch).keys() == model.generator.losses(batch).keys()


def test_the_penalty_is_the_squared_gradient_at_real_poses() -> None:
    model = build("--gradient_penalty=0").train().double()
    batch = {key: value.double() for key, value in batch_of(2).items()}
    penalty, step = model.losses(batch)["r1"], 1e-6
    inputs = {"motion": batch["in_motion"], "sound": batch["in_sound"]}

    def mean_logit(target: Tensor) -> Tensor:
        sequence = torch.cat([batch["in_motion"], target], dim=1)
        return model.discriminator(sequence, model._sound_of_frames(inputs))[:, BEFORE:].mean(1)

    squares = torch.zeros(2, dtype=torch.float64)
    for frame in range(FRAMES):
        for dim in range(DIM):
            nudge = torch.zeros_like(batch["out_motion"])
            nudge[:, frame, dim] = step
            target = batch["out_motion"]
            squares += ((mean_logit(target + nudge) - mean_logit(target - nudge)) / (2 * step)).square()
    torch.testing.assert_close(penalty, squares.mean(), rtol=1e-5, atol=0)


def test_the_discriminator_hears_the_sound_of_the_same_frames() -> None:
    model = build()
    sound = torch.arange(10.0).view(1, 10, 1).expand(1, 10, 4)
    heard = model._sound_of_frames({"motion": torch.zeros(1, BEFORE, DIM), "sound": sound})
    assert heard[0, :, 0].tolist() == list(range(8))


@pytest.mark.slow
def test_the_game_gives_motion_its_variety_back() -> None:
    """Where the sound does not tell the pose, the mean is the safest prediction; a discriminator sees through it."""
    safe, played = (spread_after_training(weight, steps=300) for weight in (0.0, 1.0))
    assert 3 * safe < played < 1.5


def spread_after_training(adversarial_weight: float, steps: int) -> float:
    """The standard deviation of poses predicted by a model that learned from ones whose deviation is 1."""
    model = build("--generator_beta=0", f"--adversarial_weight={adversarial_weight}").train()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        loss = model.losses(batch_of(32, generator))["loss"]
        assert loss.isfinite()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    batch = batch_of(256, generator)
    return model.sample({"motion": batch["in_motion"], "sound": batch["in_sound"]})[0]["motion"].std().item()


def test_another_generator_is_refused() -> None:
    with pytest.raises(ValueError, match="--generator_model transformer: give contextseq2seq or wordsseq2seq"):
        create_model(
            parse(["--experiment_name=adversarial", "--model=advseq2seq", "--generator_model=transformer"]),
            (PREVIOUS, SOUND),
            (POSES,),
        )
