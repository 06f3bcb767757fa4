"""The gated convolutions see what they should, and nothing else."""

import pytest
import torch

from models.nets.coupling import CouplingNet
from models.nets.gated_convolution import GatedConvolution, sinusoids


def build(**given: object) -> GatedConvolution:
    torch.manual_seed(0)
    return GatedConvolution(5, 6, **({"dim": 8, "blocks": 2} | given)).double()  # type: ignore[arg-type]


def frames(length: int, dim: int = 5) -> torch.Tensor:
    return torch.randn(2, length, dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("length", [1, 3, 20])
def test_it_keeps_the_length(length: int, attention: bool) -> None:
    assert build(attention=attention)(frames(length)).shape == (2, length, 6)


def test_without_attention_a_frame_reaches_one_frame_further_with_each_convolution() -> None:
    net, x = build(attention=False), frames(20)
    changed = x.clone()
    changed[:, 10] += 1
    moved = (net(x) - net(changed)).abs().amax(dim=(0, 2)) > 0
    assert moved.nonzero().flatten().tolist() == list(range(6, 15))


def test_with_attention_a_frame_reaches_all() -> None:
    net, x = build(), frames(20)
    changed = x.clone()
    changed[:, 10] += 1
    assert ((net(x) - net(changed)).abs().amax(dim=(0, 2)) > 0).all()


def test_weights_are_normalised() -> None:
    """The length of a direction does not matter, only its gain does."""
    net, x = build(), frames(4)
    before = net(x)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("weight.original1"):
                parameter *= 3
    torch.testing.assert_close(net(x), before, rtol=0, atol=1e-12)


def test_all_parameters_can_be_trained() -> None:
    """In the published code attention wrote into a view of its input, and no gradient could be taken."""
    net = build()
    net(frames(4)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_heads_that_do_not_share_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match="a width of 8 cannot be shared among 3 heads"):
        build(heads=3)


@pytest.mark.parametrize("dim", [1, 2, 3, 8])
def test_sinusoids_are_sines_then_cosines(dim: int) -> None:
    table = sinusoids(7, dim)
    assert table.shape == (7, dim)
    count = dim // 2
    torch.testing.assert_close(
        table[:, :count].square() + table[:, count : 2 * count].square(), torch.ones(7, count, dtype=torch.float64)
    )
    if count:
        torch.testing.assert_close(table[:, 0], torch.arange(7, dtype=torch.float64).sin())


@pytest.mark.parametrize("along_time", [False, True])
def test_a_coupling_net_reads_both_and_gives_the_frames_of_x(along_time: bool) -> None:
    torch.manual_seed(0)
    net = CouplingNet(3, 4, lambda width: GatedConvolution(width, 6, dim=8, blocks=1), along_time=along_time).double()
    x, conditioning = frames(5, 3), frames(5, 4)
    given = net(x, conditioning)
    assert given.shape == (2, 5, 6)
    assert not torch.equal(net(x + 1, conditioning), given)
    assert not torch.equal(net(x, conditioning + 1), given)
