"""Maps of attention: the weights are those that the layers use, and they make a page."""

from pathlib import Path

import pytest
import torch

from analysis.attention import attention_maps, main, weights
from analysis.evaluate import load
from models.nets.attention import SelfAttention
from models.nets.positions import Rotary
from tests.inference.conftest import CONTEXT, checkpoint, corpus

__all__ = ["checkpoint", "corpus"]  # the fixtures


@pytest.mark.parametrize("queries", [None, 3])
@pytest.mark.parametrize("rotary", [None, Rotary(torch.arange(5.0), 8)])
def test_weights_are_those_that_the_layer_uses(queries: int | None, rotary: Rotary | None) -> None:
    torch.manual_seed(0)
    layer, x = SelfAttention(16, 2).eval(), torch.randn(2, 5, 16)
    bias = torch.randn(queries or 5, 5)
    values = layer.query_key_value(x).chunk(3, dim=-1)[2].unflatten(-1, (2, -1)).transpose(1, 2)
    shares = weights(layer, x, queries, bias, rotary)
    gathered = layer.merge((shares @ values).transpose(1, 2).flatten(2))
    torch.testing.assert_close(gathered, layer(x, queries, bias, rotary), rtol=1e-4, atol=1e-5)


def test_every_layer_has_a_map_for_each_head(checkpoint: Path, corpus: Path) -> None:
    trained = load(str(checkpoint), Path("nowhere"), {"device": "cpu"})
    maps = attention_maps(trained, "s1", windows=3)
    assert len(maps) == sum(isinstance(each, SelfAttention) for each in trained.performer.loaded.model.modules())
    for shares in maps.values():
        assert shares.shape[0] == 2
        torch.testing.assert_close(torch.as_tensor(shares.sum(axis=-1)), torch.ones(shares.shape[:2]))
    assert {shares.shape[-1] for shares in maps.values()} >= {CONTEXT}


def test_the_command_writes_a_page(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "attention.html"
    assert main([str(checkpoint), "s1", "--windows", "2", "--output", str(path)]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    text = path.read_text()
    assert "mean of the heads" in text
    assert "http" not in text
