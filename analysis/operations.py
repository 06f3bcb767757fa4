"""How many operations the matrix products of something take, so that its speed can be told from the machine's."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, bmm_flop

aten = torch.ops.aten
Shape = tuple[int, ...]


def count_operations(action: Callable[[], object]) -> int:
    """The floating-point operations of all matrix products, convolutions, attentions and LSTM layers in it.

    A sum and a product are two. What is computed again for gradients counts again.
    """
    with FlopCounterMode(display=False, custom_mapping=PROCESSOR_KERNELS) as counter:
        action()
    return counter.get_total_flops()


def _attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    batch, heads, queries, dim = query
    sizes = (batch * heads, queries, dim), (batch * heads, dim, key[2]), (batch * heads, key[2], value[3])
    return bmm_flop(*sizes[:2]) + bmm_flop((batch * heads, queries, key[2]), sizes[2])


def _attention_backward(gradient: Shape, query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """Scores again, and two products for each of the forward ones."""
    return _attention(query, key, value) * 5 // 2


def _recurrent_layer(x: Shape, from_input: Shape, from_hidden: Shape, *_: Any, **__: Any) -> int:
    """Of x (time, batch, dim)."""
    return 2 * x[0] * x[1] * from_input[0] * (from_input[1] + from_hidden[1])


def _recurrent_layer_backward(*shapes: Any, **_: Any) -> int:
    return 2 * _recurrent_layer(*shapes)


PROCESSOR_KERNELS: dict[Any, Callable[..., int]] = {
    aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
    aten.mkldnn_rnn_layer: _recurrent_layer,
    aten.mkldnn_rnn_layer_backward: _recurrent_layer_backward,
}
"""Kernels that torch does not count by itself."""
