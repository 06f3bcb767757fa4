"""A coupling network at a single frame is what its few products say."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from models.nets.coupling import CouplingNet
from models.nets.transformer import TransformerEncoder


def net(along_time: bool = False, **options: Any) -> CouplingNet:
    torch.manual_seed(0)

    def body(width: int) -> TransformerEncoder:
        return TransformerEncoder(width, 6, 5, **{"dim": 8, "layers": 2, "heads": 2, "in_order": True, **options})

    made = CouplingNet(3, 4, body, along_time=along_time).double().eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made


@pytest.mark.parametrize(
    "options", [{}, {"learned_positions": False, "rotary": True}, {"pair_bias": True, "layers": 1, "feedforward": 12}]
)
def test_it_is_the_network_at_its_first_frame(options: dict[str, Any]) -> None:
    coupling = net(**options)
    x, conditioning = torch.randn(7, 5, 3).double(), torch.randn(7, 5, 4).double()
    lone = coupling.alone()
    assert lone is not None
    given = lone(x[:, 0], F.linear(conditioning[:, 0], lone.reading, lone.shift))
    torch.testing.assert_close(given, coupling(x, conditioning)[:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", [{"pre_norm": True}, {"in_order": False}, {"along_time": True}])
def test_no_other_network_is_taken_for_it(options: dict[str, Any]) -> None:
    assert net(**options).alone() is None
