"""Operations are counted as two for each product and sum."""

import torch
import torch.nn.functional as F
from torch import nn

from analysis.operations import count_operations
from models.nets.attend import attend


def test_a_linear_layer_takes_a_product_forward_and_one_for_its_weight() -> None:
    layer, x = nn.Linear(5, 7), torch.randn(3, 5)
    assert count_operations(lambda: layer(x)) == 2 * 3 * 5 * 7
    assert count_operations(lambda: layer(x).sum().backward()) == 2 * 2 * 3 * 5 * 7


def test_attention_takes_two_products_and_five_for_its_gradients_by_either_kernel() -> None:
    x = torch.randn(2, 4, 30, 8, requires_grad=True)
    product = 2 * 2 * 4 * 30 * 30 * 8
    rounded = x.bfloat16()
    assert count_operations(lambda: F.scaled_dot_product_attention(x, x, x)) == 2 * product
    assert count_operations(lambda: F.scaled_dot_product_attention(x, x, x).sum().backward()) == 7 * product
    assert count_operations(lambda: attend(rounded, rounded, rounded).sum().backward()) == 7 * product


def test_an_lstm_takes_its_products_and_twice_as_many_for_its_gradients() -> None:
    layer, x = nn.LSTM(10, 8), torch.randn(5, 3, 10)
    forward = 2 * 5 * 3 * 32 * (10 + 8)
    assert count_operations(lambda: layer(x)[0].sum().backward()) == 3 * forward
