"""The sizes of models that the reference was measured at, and what is common to all models that are timed."""

from dataclasses import dataclass
from typing import Any

MOTION_DIM, SOUND_DIM = 67, 85
"""Columns of the dance recipe's motion, and of the published sound."""
COMMON = {
    "batch_size": 32,
    "gradient_clip_val": 10,
    "input_modalities": "motion,sound",
    "output_modalities": "motion",
    "input_lengths": "120,140",
    "output_lengths": 20,
    "output_time_offsets": 120,
}
"""The windows are those of the Transflower paper: 6 s of motion and 7 s of sound give a second of motion."""
SEQUENCES = {
    "moglow": {"input_lengths": "119,129", "output_lengths": 80, "output_time_offsets": 40},
    "transglower": {"input_lengths": "129,149", "output_lengths": 10},
}
"""What is different for models that go frame by frame, over as many steps as the output has frames."""

COUPLINGS = {
    "num_glow_coupling_blocks": 2,
    "glow_norm_layer": "batchnorm",
    "use_transformer_nn": True,
    "cond_concat_dims": True,
}
SMALL = {"dhid": 256, "nlayers": 4, "nhead": 8, "dropout": 0}
PAPER = {"dhid": 800, "nlayers": 12, "nhead": 10, "dropout": 0}
HALF_PAPER = {**PAPER, "nlayers": 6}


@dataclass(frozen=True)
class Size:
    """Options that make a model of a size that the reference was measured at, and what it took."""

    options: dict[str, Any]
    speed: float
    """Windows a second."""
    memory_gb: float | None = None


def _prefixed(prefix: str, options: dict[str, Any]) -> dict[str, Any]:
    return {prefix + name: value for name, value in options.items()}


SIZES = {
    ("transflower", "small"): Size({**SMALL, "scales": "[[8,0]]", "dhid_flow": 256, **COUPLINGS}, 20, 1.6),
    ("transflower", "paper"): Size({**PAPER, "scales": "[[16,0]]", **COUPLINGS}, 1.8, 8.9),
    ("moglow", "paper"): Size({"dhid": 128, "glow_K": 16, "num_layers": 2, "dropout": 0}, 7.2),
    ("transglower", "small"): Size({**SMALL, "glow_K": 8}, 8.5),
    ("transglower", "paper"): Size({**PAPER, "glow_K": 16}, 0.7),
    ("residualflower2", "paper"): Size(
        _prefixed("mean_", HALF_PAPER) | _prefixed("residual_", {**HALF_PAPER, "scales": "[[4,0],[4,0]]", **COUPLINGS}),
        1.6,
    ),
    ("transformer", "small"): Size(SMALL, 28),
    ("transformer", "paper"): Size({**PAPER, "dhid": 1200}, 0.65),
}
"""By our own measurements of the reference (transflower-lightning): float32, 32 windows a batch, two cores."""
REFERENCE_RATE = 130e9
"""What those two cores made of a product of float32 matrices, in operations a second."""
NAMES = tuple(f"--model {model} --size {size}" for model, size in SIZES)


def find_size(model: str, size: str) -> Size:
    """The size of this name; LookupError listing those that there are."""
    if (model, size) not in SIZES:
        raise LookupError(f"the reference was not measured at --model {model} --size {size}, but at {', '.join(NAMES)}")
    return SIZES[model, size]
