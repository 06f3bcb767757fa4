"""How likely models find the same blocks of recorded motion, whatever their windows are."""

from collections.abc import Mapping

import numpy as np
import torch

from analysis.evaluation.trained import BATCH, Trained, batch_at, spanning

BLOCK = 20
"""Frames of a block."""
BEFORE = 40
"""Steps of real motion that a recurrent model has made before a block."""


def block_starts(first: int, frames: int) -> np.ndarray:
    """The first frames of successive blocks from the frame `first` on; a block's length of music follows the last."""
    return np.arange(first, frames - 2 * BLOCK + 1, BLOCK)


@torch.no_grad()
def bits_of_blocks(trained: Trained, arrays: Mapping[str, np.ndarray], modality: str, first: int) -> float | None:
    """-log2 p of a block given the real past, in bits a frame, a mean over `block_starts`; None without a likelihood.

    Transflower and its like give the joint density of a block in one piece. MoGlow and its like give that of any number
    of successive frames, each given those before: the block's is that of `BEFORE` frames and the block, less that
    of the frames before it alone. ValueError for a model of windows of another length, and where the first block has
    less past than the model reads.
    """
    starts = block_starts(first, min(len(values) for values in arrays.values()))
    if not len(starts):
        return None
    if not trained.performer.loaded.model.goes_by_steps:
        [output] = (window for window in trained.performer.loaded.outputs if window.modality == modality)
        if output.length != BLOCK:
            raise ValueError(f"{trained.name} gives {output.length} frames at a time; blocks of {BLOCK} are compared")
        return _bits(trained, arrays, modality, starts - output.offset)
    both = spanning(trained, BEFORE + BLOCK)
    anchors = starts - BEFORE - trained.performer.loaded.outputs[0].offset
    total, before = (_bits(each, arrays, modality, anchors) for each in (both, spanning(trained, BEFORE)))
    if total is None or before is None:
        return None
    return (total * (BEFORE + BLOCK) - before * BEFORE) / BLOCK


def _bits(trained: Trained, arrays: Mapping[str, np.ndarray], modality: str, anchors: np.ndarray) -> float | None:
    """The mean of the model's bits a frame over windows at these anchors."""
    loaded = trained.performer.loaded
    if (reach := min(anchors) + min(window.offset for window in (*loaded.inputs, *loaded.outputs))) < 0:
        raise ValueError(f"{trained.name} reads {-reach} frames more of the past than the first block has; skip more")
    total = 0.0
    for start in range(0, len(anchors), BATCH):
        some = anchors[start : start + BATCH]
        losses = loaded.model.losses(batch_at(trained, arrays, some))
        if f"nll_{modality}" not in losses:
            return None
        total += float(losses[f"nll_{modality}"]) * len(some)
    return total / len(anchors)
