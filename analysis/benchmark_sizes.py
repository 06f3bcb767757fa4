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
    "transglower": {"input_lengths": "122,142", "output_lengths": 3},
}
"""What is different for models that go frame by frame, over as many steps as the output has frames.

The steps of transglower were not written down: with more than three the reference would have been faster than products
of matrices are on its machine.
"""

COUPLINGS = {
    "num_glow_coupling_blocks": 2,
    "glow_norm_layer": "batchnorm",
    "use_transformer_nn": True,
    "cond_concat_dims": True,
}
SMALL = {"dhid": 256, "nlayers": 4, "nhead": 8, "dropout": 0}
PAPER = {"dhid": 800, "nlayers": 12, "nhead": 10, "dropout": 0}
HALF_PAPER = {**PAPER, "nlayers": 6}
GESTURES = {
    "input_modalities": "motion,sound,words",
    "input_types": "c,c,d",
    "input_num_tokens": "0,0,5000",
    "dins": "45,26,100",
    "douts": 45,
    "output_lengths": 20,
    "output_time_offsets": 0,
}
"""A second of upper-body poses from the half second before, 26 MFCC and the words of a vocabulary of 5,000."""
AROUND_FRAMES = {**GESTURES, "input_lengths": "10,80,80", "input_time_offsets": "-10,-30,-30"}
"""Each frame reads the 61 frames of sound and of words around it."""
AROUND_WINDOWS = {**GESTURES, "input_lengths": "10,20,100", "input_time_offsets": "-10,0,-40"}
"""The words are those from 2 s before the window to 2 s after it."""
WORD_FRAMES = 7
"""How long a word lasts in random windows, at 20 frames/s."""


@dataclass(frozen=True)
class Size:
    """Options that make a model of a size that the reference was measured at, and what it took."""

    options: dict[str, Any]
    speed: float | None
    """Windows a second; None where only the memory was measured."""
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
    ("contextseq2seq", "paper"): Size({**AROUND_FRAMES, "batch_size": 50}, 46.5),
    ("contextseq2seq", "large_batch"): Size({**AROUND_FRAMES, "batch_size": 512}, None, 10),
    ("wordsseq2seq", "paper"): Size({**AROUND_WINDOWS, "batch_size": 512}, 310),
}
"""By our own measurements of the references (transflower-lightning, 32 windows a batch; FineMotion's gestures for GENEA
2020, 20 frames a window): float32, two cores."""
REFERENCE_RATE = 130e9
"""What those two cores made of a product of float32 matrices, in operations a second."""
NAMES = tuple(f"--model {model} --size {size}" for model, size in SIZES)


def find_size(model: str, size: str) -> Size:
    """The size of this name; LookupError listing those that there are."""
    if (model, size) not in SIZES:
        raise LookupError(f"the reference was not measured at --model {model} --size {size}, but at {', '.join(NAMES)}")
    return SIZES[model, size]
