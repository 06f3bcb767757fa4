"""Networks by modality, with dots in the names."""

import torch
from torch import nn

from models.nets.per_modality import PerModality


def test_names_with_dots_are_found_listed_and_saved() -> None:
    nets = PerModality({"motion_29.97": nn.Linear(2, 3), "sound": nn.Linear(1, 1)})
    assert list(nets) == nets.keys() == ["motion_29.97", "sound"]
    assert [name for name, _ in nets.items()] == ["motion_29.97", "sound"]
    assert "motion_29.97" in nets
    assert "motion" not in nets
    again = PerModality({"motion_29.97": nn.Linear(2, 3), "sound": nn.Linear(1, 1)})
    again.load_state_dict(nets.state_dict())
    assert torch.equal(again["motion_29.97"].weight, nets["motion_29.97"].weight)
    del nets["motion_29.97"]
    assert nets.keys() == ["sound"]
