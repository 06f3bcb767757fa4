"""Linear layers and LSTMs read sliding windows as if these were written out."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from models.nets.lstm import lstm
from models.nets.recurrent import CausalTransformerNet, FeedForwardNet, RecurrentNet
from models.nets.sliding import SlidingWindow, SlidingWindows


def made(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64, requires_grad=True)


def assert_same_with_gradients(one: Tensor, other: Tensor, given: Sequence[Tensor]) -> None:
    weights = made(*one.shape, seed=1)
    found, expected = (torch.autograd.grad((each * weights).sum(), given, retain_graph=True) for each in (one, other))
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(
    ("batch", "steps", "length", "dim", "by_frequencies"),
    [(9, 25, 20, 13, True), (9, 24, 20, 13, True), (2, 30, 25, 40, False), (4, 10, 7, 3, False), (3, 1, 9, 4, False)],
)
def test_a_projection_is_that_of_what_is_written_out(
    batch: int, steps: int, length: int, dim: int, by_frequencies: bool, hidden: bool
) -> None:
    x, weight = made(batch, steps + length - 1, dim), made(6, length * dim + 2)[:, 2:]
    window = SlidingWindow(x, length, (made(batch, steps, 1) > 0) if hidden else None)
    assert window.steps == steps
    assert_same_with_gradients(window.project(weight), window.written_out() @ weight.T, [x, weight])
    assert ("_kept_spectrum" in vars(window)) == by_frequencies


def test_what_was_read_without_gradients_is_read_again_with_them() -> None:
    x, weight = made(9, 44, 13), made(6, 20 * 13)
    window = SlidingWindow(x, 20)
    with torch.no_grad():
        window.project(weight)
    assert_same_with_gradients(window.project(weight), window.written_out() @ weight.T, [x, weight])


def test_parts_are_joined_in_order() -> None:
    x, whole, weight = made(2, 7, 3), made(2, 5, 4), made(6, 3 * 3 + 4)
    windows = SlidingWindows([SlidingWindow(x, 3), whole])
    written = windows.written_out()
    assert torch.equal(written[1, 2], torch.cat([x[1, 2:5].flatten(), whole[1, 2]]))
    assert_same_with_gradients(windows.project(weight), written @ weight.T, [x, whole, weight])


@pytest.mark.parametrize(
    "net",
    [
        lambda: RecurrentNet(3, 12, 5, kind="LSTM", dim=8, layers=2),
        lambda: RecurrentNet(3, 12, 5, kind="GRU", dim=8, layers=1),
        lambda: CausalTransformerNet(3, 12, 5, dim=8, layers=1, heads=2, context=3),
        lambda: FeedForwardNet(3, 12, 5, dim=8),
    ],
    ids=["LSTM", "GRU", "transformer", "FF"],
)
def test_networks_read_sliding_windows_as_if_written_out(net: type[nn.Module]) -> None:
    torch.manual_seed(0)
    module = net().double()
    x, windows = made(2, 6, 3), SlidingWindows([SlidingWindow(made(2, 9, 3, seed=2), 4)])
    found, expected = module(x, windows), module(x, windows.written_out())
    assert_same_with_gradients(found, expected, [x, *module.parameters()])


def test_an_lstm_goes_on_from_a_state_with_either_conditioning() -> None:
    torch.manual_seed(0)
    net = RecurrentNet(3, 12, 5, kind="LSTM", dim=8, layers=2).double()
    x, windows = made(2, 6, 3), SlidingWindows([SlidingWindow(made(2, 9, 3, seed=2), 4)])
    _, state = net.step(made(2, 4, 3, seed=3), made(2, 4, 12, seed=4), None)
    (found, after), (expected, same) = net.step(x, windows, state), net.step(x, windows.written_out(), state)
    torch.testing.assert_close((found, after), (expected, same), rtol=0, atol=1e-12)


def test_the_gradients_of_an_lstm_are_those_of_small_differences() -> None:
    given = made(5, 2, 12), made(12, 3, seed=1), made(2, 3, seed=2), made(2, 3, seed=3)
    assert torch.autograd.gradcheck(lstm, given)
