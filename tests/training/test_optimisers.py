"""Schedules do to the learning rate what their names say."""

import math
from pathlib import Path

import pytest
import torch

from models import create_model
from models.flows.linear import Linear
from models.windows import Window
from tests.models.test_models_contract import options
from training.optimisers import (
    FUSED,
    PLATEAU_POLICIES,
    learning_rate_factor,
    make_optimiser,
    make_plateau_schedule,
    make_schedule,
)
from training.options.base import OPTIMISERS, POLICIES

TARGET = Window("motion", 5, 2, offset=8)


def rates(policy: str, epochs: int, steps_per_epoch: int, **options: float | list[float]) -> list[float]:
    """The learning rate of each step of a run, relative to the first option."""
    optimiser = make_optimiser("sgd", [torch.nn.Parameter(torch.zeros(1))], learning_rate=0.5)
    factor = learning_rate_factor(policy, epochs=epochs, **options)  # type: ignore[arg-type]
    schedule = make_schedule(optimiser, factor, steps_per_epoch)
    seen = []
    for _ in range(epochs * steps_per_epoch):
        seen.append(optimiser.param_groups[0]["lr"] / 0.5)
        optimiser.step()
        schedule.step()
    return seen


def descend(optimiser: torch.optim.Optimizer, x: torch.nn.Parameter, steps: int) -> None:
    """Make some steps down a parabola."""
    for _ in range(steps):
        optimiser.zero_grad()
        (x**2).sum().backward()
        optimiser.step()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_of_the_options_minimises_a_parabola(name: str) -> None:
    x = torch.nn.Parameter(torch.tensor([2.0]))
    rate = 10.0 if name == "adadelta" else 0.3  # the one that has a measure of its own for steps, and begins small
    descend(make_optimiser(name, [x], learning_rate=rate, momentum=0.5), x, 200)
    assert x.item() ** 2 < 0.01


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_steps_of_every_optimiser_shrink_with_its_learning_rate(name: str) -> None:
    def last_step(factor: float) -> float:
        x = torch.nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
        optimiser = make_optimiser(name, [x], learning_rate=0.01)
        descend(optimiser, x, 3)
        before = x.item()
        optimiser.param_groups[0]["lr"] *= factor
        descend(optimiser, x, 1)
        return abs(x.item() - before)

    assert last_step(0.0) == pytest.approx(0.0, abs=1e-12)
    assert 0.0 < last_step(0.01) < 0.02 * last_step(1.0)


def test_weight_decay_shrinks_what_has_no_gradient() -> None:
    x = torch.nn.Parameter(torch.tensor([1.0]))
    optimiser = make_optimiser("adamw", [x], learning_rate=0.1, weight_decay=0.5)
    x.grad = torch.zeros(1)
    optimiser.step()
    assert x.item() == pytest.approx(0.95)


def test_an_unknown_optimiser_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no --optimizer lion here; there are: adam, adamw"):
        make_optimiser("lion", [], learning_rate=0.1)


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy not in PLATEAU_POLICIES])
def test_every_policy_of_the_options_gives_rates_between_0_and_1(policy: str) -> None:
    seen = rates(policy, epochs=8, steps_per_epoch=5, warmup_epochs=2, nepoch_decay=4, lr_decay_milestones=[3, 6])
    assert all(0 <= rate <= 1 for rate in seen)
    assert len(set(seen)) > 1


def test_lambda_stays_then_falls_in_a_line_to_0() -> None:
    seen = rates("lambda", epochs=10, steps_per_epoch=2, nepoch_decay=5)
    assert seen[:11] == [1.0] * 11
    assert seen[15] == pytest.approx(0.5)
    assert rates("lambda", epochs=4, steps_per_epoch=1) == [1.0] * 4


def test_exponential_falls_by_the_factor_each_epoch() -> None:
    assert rates("exponential", epochs=3, steps_per_epoch=2, lr_decay_factor=0.25)[::2] == pytest.approx(
        [1, 0.25, 0.0625]
    )


def test_step_falls_at_each_multiple_and_multistep_at_milestones() -> None:
    assert rates("step", epochs=5, steps_per_epoch=1, lr_decay_iters=2, lr_decay_factor=0.5) == pytest.approx(
        [1, 1, 0.5, 0.5, 0.25]
    )
    assert rates("multistep", epochs=5, steps_per_epoch=1, lr_decay_milestones=[1, 4], lr_decay_factor=0.1) == (
        pytest.approx([1, 0.1, 0.1, 0.1, 0.01])
    )


def test_cosine_is_half_a_cosine_over_the_whole_run() -> None:
    expected = [0.5 * (1 + math.cos(math.pi * step / 12)) for step in range(12)]
    assert rates("cosine", epochs=4, steps_per_epoch=3) == pytest.approx(expected)


def test_cyclic_rises_and_falls_between_the_factor_and_1() -> None:
    seen = rates("cyclic", epochs=5, steps_per_epoch=1, lr_decay_iters=2, lr_decay_factor=0.2)
    assert seen == pytest.approx([0.2, 0.6, 1.0, 0.6, 0.2])


def test_linear_warmup_cosine_annealing_rises_in_a_line_and_falls_in_a_cosine() -> None:
    seen = rates("LinearWarmupCosineAnnealing", epochs=6, steps_per_epoch=1, warmup_epochs=2)
    falling = [0.5 * (1 + math.cos(math.pi * step / 4)) for step in range(4)]
    assert seen == pytest.approx([0, 0.5, *falling])


def test_plateau_falls_when_the_loss_does_not() -> None:
    optimiser = make_optimiser("adam", [torch.nn.Parameter(torch.zeros(1))], learning_rate=1.0)
    schedule = make_plateau_schedule(optimiser, factor=0.5, patience=2)
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0):
        schedule.step(loss)
    assert optimiser.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize("name", FUSED)
def test_one_kernel_does_what_many_do(name: str) -> None:
    found = []
    for fused in (False, True):
        x = torch.nn.Parameter(torch.linspace(-1, 2, 40).reshape(8, 5))
        optimiser = make_optimiser(name, [x], learning_rate=0.02, weight_decay=0.1, fused=fused)
        for _ in range(20):
            optimiser.zero_grad()
            (x**4).sum().backward()
            optimiser.step()
        found.append(x.detach())
    assert optimiser.param_groups[0]["fused"]
    torch.testing.assert_close(*found)


def test_madgrad_takes_the_steps_of_its_paper() -> None:
    x, lr, momentum = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64)), 0.1, 0.8
    optimiser = make_optimiser("madgrad", [x], learning_rate=lr, momentum=momentum)
    start = expected = x.detach().clone()
    s = v = torch.zeros(2, dtype=torch.float64)
    for k in range(5):
        gradient = 2 * expected
        s, v = s + lr * (k + 1) ** 0.5 * gradient, v + lr * (k + 1) ** 0.5 * gradient**2
        z = start - s / (v ** (1 / 3) + 1e-6)
        expected = momentum * expected + (1 - momentum) * z
        optimiser.zero_grad()
        (x**2).sum().backward()
        optimiser.step()
    torch.testing.assert_close(x.detach(), expected)


def test_nero_keeps_its_neurons_centred_and_of_unit_norm_and_steps_relatively() -> None:
    torch.manual_seed(0)
    weight, bias = torch.nn.Parameter(torch.randn(3, 6)), torch.nn.Parameter(torch.zeros(3))
    optimiser = make_optimiser("nero", [weight, bias], learning_rate=0.1)
    for scale in (1.0, 1e6):
        before = weight.detach().clone()
        optimiser.zero_grad()
        (scale * (weight.square() * torch.arange(6.0)).sum() + scale * bias.sum()).backward()
        optimiser.step()
        torch.testing.assert_close(weight.detach().mean(1), torch.zeros(3), atol=1e-6, rtol=0)
        torch.testing.assert_close(weight.detach().norm(dim=1), torch.ones(3))
        assert 0 < (weight.detach() - before).norm(dim=1).max() < 4
        if scale == 1:
            # The running mean is of this gradient alone, so that the relative gradient has norm 1.
            torch.testing.assert_close(bias.detach(), torch.full((3,), -0.1 * 0.01))


def test_nero_leaves_a_flow_invertible(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = create_model(options("moglow", tmp_path, dhid=8, glow_K=2), (Window("motion", 5, 8),), (TARGET,)).train()
    optimiser = make_optimiser("nero", model.parameters(), learning_rate=0.01)
    batch = {"in_motion": torch.randn(6, 8, 5), "out_motion": torch.randn(6, 2, 5)}
    losses = []
    for _ in range(5):
        losses.append(model.losses(batch)["loss"])
        optimiser.zero_grad()
        losses[-1].backward()
        optimiser.step()
    mixing = [module.weight for module in model.modules() if isinstance(module, Linear)]
    assert all(torch.linalg.det(weight).abs() > 0.5 for weight in mixing)
    assert losses[-1] < losses[0]


def test_nero_made_anew_goes_on_to_the_last_digit() -> None:
    torch.manual_seed(0)
    start = torch.randn(16, 7)

    def steps(weight: torch.nn.Parameter, optimiser: torch.optim.Optimizer, count: int) -> None:
        for _ in range(count):
            optimiser.zero_grad()
            (weight - start).pow(4).sum().backward()
            optimiser.step()

    whole, stopped = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    steps(whole, make_optimiser("nero", [whole], learning_rate=0.1), 6)
    before = make_optimiser("nero", [stopped], learning_rate=0.1)
    steps(stopped, before, 3)
    after = make_optimiser("nero", [stopped], learning_rate=0.1)
    after.load_state_dict(before.state_dict())
    steps(stopped, after, 3)
    assert torch.equal(whole, stopped)
