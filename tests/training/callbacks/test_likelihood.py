"""Likelihoods are logged in units that do not depend on the scaling."""

import argparse
import math
from dataclasses import replace

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from feature_extraction.feature import Feature
from feature_extraction.scaler import Scaler
from models import create_model
from models.windows import Window
from training.callbacks.likelihood import Likelihood
from training.module import TrainingModule
from training.options import parse

INPUT, OUTPUT = Window("motion", 2, 4), Window("motion", 2, 3, offset=4)
MOTION = Feature("motion", "motion", "motion", 20.0, (), ("x", "y"), (2,), ("x", "y"))
SCALE = [0.5, 8.0]


def small_options() -> argparse.Namespace:
    arguments = "--model transflower --experiment_name x --dhid 8 --nlayers 1 --nhead 2 --num_glow_coupling_blocks 1"
    return parse([*arguments.split(), "--dhid_flow", "8", "--scales", "[[2,0]]"])


def logged(feature: Feature) -> dict[str, float]:
    """What one validation with this feature logs."""
    torch.manual_seed(0)
    opt = small_options()
    module = TrainingModule(create_model(opt, [INPUT], [OUTPUT]), opt, {})
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[Likelihood({"motion": feature})],
    )  # fmt: skip
    batches = [{"in_motion": torch.randn(size, 4, 2), "out_motion": torch.randn(size, 3, 2)} for size in (4, 4, 1)]
    trainer.validate(module, torch.utils.data.DataLoader(batches, batch_size=None), verbose=False)
    return {name: float(value) for name, value in trainer.callback_metrics.items()}


@pytest.mark.parametrize("scale", [None, SCALE])
def test_nats_per_dimension_follow_from_bits_per_frame_and_scale(scale: list[float] | None) -> None:
    scaler = Scaler(np.zeros(2), np.array(scale)) if scale else None
    found = logged(replace(MOTION, scaler=scaler))
    shift = sum(map(math.log, scale)) / 2 if scale else 0.0
    assert found["val_nats_per_dim_motion"] == pytest.approx(
        found["val_nll_motion"] * math.log(2) / 2 + shift, rel=1e-5
    )
