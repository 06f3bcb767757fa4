"""The encoder of contexts gives what a network on a copy of every context gives."""

import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import models.nets.context
import models.nets.places
from models.nets.context import ContextEncoder, ContextGru

BATCH, FRAMES, PLACES, DIM_IN, DIM = 3, 4, 7, 5, 6


class OnCopies(nn.Module):
    """The published network: every context is a copy, and batch normalisation is torch's own over places."""

    def __init__(self) -> None:
        super().__init__()
        dims = [(DIM_IN, DIM), (DIM, DIM), (DIM, DIM)]
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in dims)
        self.place_norms = nn.ModuleList(nn.BatchNorm1d(PLACES) for _ in dims)
        self.gru = nn.GRU(DIM, DIM, batch_first=True)
        self.norm = nn.BatchNorm1d(DIM)

    def forward(self, x: Tensor) -> Tensor:
        y = x.unfold(1, PLACES, 1).transpose(2, 3).flatten(0, 1)
        for layer, norm in zip(self.layers, self.place_norms, strict=True):
            y = F.relu(norm(layer(y)))
        return F.relu(self.norm(self.gru(y)[1][0])).unflatten(0, (BATCH, FRAMES))


def pair() -> tuple[ContextEncoder, OnCopies]:
    """Ours and the other with the same weights, in float64."""
    torch.manual_seed(0)
    ours, other = ContextEncoder(DIM_IN, DIM, PLACES).double(), OnCopies().double()
    for parameter in other.parameters():
        nn.init.normal_(parameter, std=0.5)
    for name, value in other.named_buffers():
        if name.endswith("var"):
            value.copy_(torch.rand_like(value) + 0.5)
    state = other.state_dict()
    ours.load_state_dict({name: state[name] for name in ours.state_dict()})
    return ours, other


def sound() -> Tensor:
    return torch.randn(
        BATCH, FRAMES + PLACES - 1, DIM_IN, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )


def test_contexts_are_encoded_as_copies_of_them_would_be() -> None:
    ours, other = pair()
    x = sound()
    torch.testing.assert_close(ours.eval()(x), other.eval()(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("together", [1, 2 * FRAMES, 100])
def test_where_nothing_is_trained_contexts_are_encoded_the_same(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of them at a time; the running statistics of the norms are not those of fresh ones."""
    monkeypatch.setattr(models.nets.context, "FORESEEN_TOGETHER", together)
    ours, other = pair()
    for name, value in other.named_buffers():
        if name.endswith("mean"):
            value.normal_()
    ours.load_state_dict({name: other.state_dict()[name] for name in ours.state_dict()})
    with torch.inference_mode():
        torch.testing.assert_close(ours.eval()(sound()), other.eval()(sound()), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kept_bytes", [0, 2**29])
@pytest.mark.parametrize("training", [True, False])
def test_gradients_and_statistics_are_those_of_copies(
    training: bool, kept_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not backward computes again what it needs."""
    monkeypatch.setattr(models.nets.places, "KEPT_BYTES", kept_bytes)
    ours, other = (net.train(training) for net in pair())
    x = sound().requires_grad_()
    weights = torch.randn(BATCH, FRAMES, DIM, dtype=torch.float64)
    found, expected = ours(x), other(x)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    wanted = dict(zip(["x", *dict(other.named_parameters())], _gradients(expected, weights, x, other), strict=True))
    for name, gradient in zip(["x", *dict(ours.named_parameters())], _gradients(found, weights, x, ours), strict=True):
        torch.testing.assert_close(gradient, wanted[name], rtol=0, atol=1e-10, msg=name)
    for name, value in ours.named_buffers():
        torch.testing.assert_close(value, other.get_buffer(name), rtol=0, atol=1e-12, msg=name)


@pytest.mark.parametrize("kept_bytes", [0, 2**29])
def test_nothing_is_kept_once_the_result_is_gone(kept_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.nets.places, "KEPT_BYTES", kept_bytes)
    made: list[weakref.ref[Tensor]] = []
    lerp = torch.lerp

    def watched(*tensors: Tensor) -> Tensor:
        made.append(weakref.ref(state := lerp(*tensors)))
        return state

    monkeypatch.setattr(torch, "lerp", watched)
    ours, _ = pair()
    y = ours.train()(sound())
    assert any(state() is not None for state in made)
    y.sum().backward()
    del y
    assert not any(state() is not None for state in made)


def test_under_autocast_products_are_rounded_and_nothing_else() -> None:
    """So that it is no further from the truth than PyTorch's own layers under autocast."""
    ours, other = (net.float().train() for net in pair())
    x = sound().float()
    exact = ours(x)
    with torch.autocast("cpu", torch.bfloat16):
        rounded, theirs = ours(x), other(x)
    assert 0 < (rounded - exact).abs().mean() <= (theirs - exact).abs().mean()
    rounded.sum().backward()
    assert rounded.dtype == torch.float32
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in ours.parameters())


def test_the_recurrent_layer_reads_every_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.nets.context, "TOGETHER", 5)
    torch.manual_seed(0)
    net, x = ContextGru(DIM_IN, PLACES).double(), sound()
    for frame in range(FRAMES):
        _, last = net.gru(x[:, frame : frame + PLACES])
        torch.testing.assert_close(net(x)[:, frame], last[0], rtol=0, atol=1e-12)


def _gradients(y: Tensor, weights: Tensor, x: Tensor, net: nn.Module) -> tuple[Tensor, ...]:
    return torch.autograd.grad((y * weights).sum(), [x, *net.parameters()])
