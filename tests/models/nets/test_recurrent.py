"""Networks with a state: passed and returned, never kept."""

from typing import Any

import pytest
import torch
from torch import nn

from models.flows.couplings import Recurrent
from models.nets.recurrent import CausalTransformerNet, FeedForwardNet, RecurrentNet

NETS: dict[str, Any] = {
    "LSTM": lambda: RecurrentNet(3, 4, 5, kind="LSTM", dim=8, layers=2),
    "GRU": lambda: RecurrentNet(3, 4, 5, kind="GRU", dim=8, layers=1),
    "transformer": lambda: CausalTransformerNet(3, 4, 5, dim=8, layers=2, heads=2, context=3),
}


@pytest.fixture(params=NETS)
def net(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    made: nn.Module = NETS[request.param]()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made.double()


def data(frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(frames)
    return tuple(torch.randn(2, frames, dim, generator=generator, dtype=torch.float64) for dim in (3, 4))  # type: ignore[return-value]


def test_a_sequence_in_pieces_is_what_it_is_as_a_whole(net: Any) -> None:
    x, conditioning = data(9)
    state, pieces = None, []
    for first, stop in ((0, 1), (1, 6), (6, 9)):
        piece, state = net.step(x[:, first:stop], conditioning[:, first:stop], state)
        pieces.append(piece)
    torch.testing.assert_close(torch.cat(pieces, dim=1), net(x, conditioning), rtol=0, atol=1e-12)


def test_a_call_leaves_nothing_behind(net: Any) -> None:
    x, conditioning = data(9)
    first = net(x, conditioning)
    net.step(*data(5), net.step(*data(4), None)[1])
    assert torch.equal(net(x, conditioning), first)


def test_the_past_matters_and_the_future_does_not(net: Any) -> None:
    x, conditioning = data(9)
    changed = x.clone()
    changed[:, 4] += 1
    moved = (net(x, conditioning) - net(changed, conditioning)).abs().amax(dim=(0, 2))
    assert (moved[:4] == 0).all()
    assert (moved[4:6] > 1e-6).all()


def test_a_causal_transformer_looks_back_as_far_as_its_layers_and_context_reach() -> None:
    torch.manual_seed(0)
    net = NETS["transformer"]().double()
    nn.init.normal_(net.leave.weight)
    x, conditioning = data(9)
    changed = x.clone()
    changed[:, 0] += 1
    moved = (net(x, conditioning) - net(changed, conditioning)).abs().amax(dim=(0, 2))
    assert (moved[:5] > 1e-9).all(), "two layers with a context of 3 frames reach 4 frames back"
    assert (moved[5:] < 1e-12).all()


def test_only_networks_with_a_state_are_recurrent() -> None:
    assert all(isinstance(make(), Recurrent) for make in NETS.values())
    assert not isinstance(FeedForwardNet(3, 4, 5, dim=8), Recurrent)


def test_networks_work_without_a_conditioning() -> None:
    x, _ = data(4)
    for net in (RecurrentNet(3, 0, 5, kind="LSTM", dim=8, layers=1), FeedForwardNet(3, 0, 5, dim=8)):
        assert net.double()(x).shape == (2, 4, 5)
