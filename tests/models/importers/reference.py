"""Small networks of the reference with their inputs and results, and our models with their weights."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models import create_model
from models.base_model import BaseModel
from models.importers.transflower_options import read_options
from models.importers.transflower_weights import convert
from training.datasets.window_options import read_windows

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "reference_models"
NAMES = sorted(path.stem for path in FOLDER.glob("*.npz"))
MIXTURES = {"transflower_mixture4", "transflowpp_noattn"}
"""Their samples were found by bisection, to 1e-10."""


class Reference:
    """One network, everything in ``dtype``."""

    def __init__(self, name: str, dtype: torch.dtype = torch.float64):
        self.name = name
        self.dtype = dtype
        self.arrays = dict(np.load(FOLDER / f"{name}.npz", allow_pickle=False))
        self.meta = self.json("meta_json")
        self.theirs: dict[str, Any] = self.json("options_json") | {"model": self.meta["model"]}

    def json(self, key: str) -> Any:
        """What is kept as text under a key."""
        return json.loads(str(self.arrays[key]))

    def tensor(self, key: str) -> Tensor:
        """An array, numbers in ``dtype``."""
        value = torch.from_numpy(np.asarray(self.arrays[key]))
        return value.to(self.dtype) if value.is_floating_point() else value

    @cached_property
    def state(self) -> dict[str, Tensor]:
        """Their state_dict."""
        return {key.removeprefix("state/"): self.tensor(key) for key in self.arrays if key.startswith("state/")}

    @cached_property
    def model(self) -> BaseModel:
        """Ours, with their weights, in eval mode."""
        opt = read_options(self.theirs, self.name)
        inputs, outputs, _ = read_windows(opt)
        model = create_model(opt, inputs, outputs).to(self.dtype).eval()
        model.load_state_dict(convert(self.state, model))
        return model

    @property
    def batch(self) -> dict[str, Tensor]:
        """The inputs and targets."""
        keys = [key for key in self.arrays if key.startswith(("in/", "out/"))]
        return {key.replace("/", "_"): self.tensor(key) for key in keys}

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The inputs by modality."""
        return {key.removeprefix("in_"): value for key, value in self.batch.items() if key.startswith("in_")}

    def gradients(self) -> Mapping[str, Tensor]:
        """Of our loss with respect to their parameters, through the import."""
        theirs = {
            key: value.clone().requires_grad_(value.is_floating_point() and not key.endswith("is_initialized"))
            for key, value in self.state.items()
        }
        weights = convert(theirs, self.model)
        loss = torch.func.functional_call(_Loss(self.model), {f"model.{k}": v for k, v in weights.items()}, self.batch)
        wanted = [key for key in self.json("grad/names_json")]
        found = torch.autograd.grad(loss, [theirs[key] for key in wanted], materialize_grads=True)
        return dict(zip(wanted, found, strict=True))


class _Loss(torch.nn.Module):
    def __init__(self, model: BaseModel):
        super().__init__()
        self.model = model

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        return self.model.losses(batch)["loss"]
