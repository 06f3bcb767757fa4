"""Copy many windows out of many sequences into one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.windows import Window
from training.datasets.buffers import BufferPool


@dataclass(frozen=True)
class Run:
    """Touching or overlapping windows of one modality, which are copied once and given as views of the copy."""

    modality: str
    offset: int
    length: int
    columns: int
    dtype: np.dtype
    single: bool
    padding: tuple[float, ...]
    views: tuple[tuple[str, slice], ...]
    """Key in the batch, frames of the run."""


class WindowGatherer:
    """Gathers batches: ``{"in_<modality>": (batch, length, dim), "out_<modality>": ...}``, float32 or int64.

    Input and output windows of one modality that touch or overlap are views of the same memory, which is used again
    for a later batch as soon as no tensor refers to it. A batch is therefore safe to keep, and not to be written to.
    """

    def __init__(self, inputs: Sequence[Window], outputs: Sequence[Window]):
        self.runs = merge_windows(inputs, outputs)
        self._pool = BufferPool()

    def gather(
        self, arrays: Mapping[str, Sequence[np.ndarray]], sequences: np.ndarray, anchors: np.ndarray
    ) -> dict[str, Tensor]:
        """Give the windows at each anchor; ``arrays`` holds, per modality, the (frames, dim) array of each sequence."""
        batch: dict[str, Tensor] = {}
        places = sequences.tolist()
        for run in self.runs:
            sources = [arrays[run.modality][place] for place in places]
            starts = [0] * len(places) if run.single else (anchors + run.offset).tolist()
            rows = self._pool.lend((len(places), run.length, run.columns), run.dtype)
            length = run.length
            if run.padding:
                for row, source, start in zip(rows, sources, starts, strict=True):
                    _copy_padded(row, source, start, start + length, run.padding)
            else:
                windows = [source[start : start + length] for source, start in zip(sources, starts, strict=True)]
                np.concatenate(windows, out=rows.reshape(-1, run.columns))
            tensor = torch.from_numpy(rows)
            for key, frames in run.views:
                batch[key] = tensor[:, frames]
        return batch


def _copy_padded(row: np.ndarray, source: np.ndarray, start: int, stop: int, padding: tuple[float, ...]) -> None:
    """Copy frames [start, stop), the padding standing for those that the source does not have."""
    if start >= 0 and stop <= len(source):
        row[...] = source[start:stop]
        return
    first = max(start, 0)
    last = max(first, min(stop, len(source)))
    row[: first - start] = padding
    row[first - start : last - start] = source[first:last]
    row[last - start :] = padding


def merge_windows(inputs: Sequence[Window], outputs: Sequence[Window]) -> tuple[Run, ...]:
    """The fewest frames to copy: the windows of each modality, joined where they touch or overlap."""
    named = [(f"in_{window.modality}", window) for window in inputs]
    named += [(f"out_{window.modality}", window) for window in outputs]
    groups: list[list[tuple[str, Window]]] = []
    for key, window in sorted(
        named, key=lambda each: (each[1].modality, each[1].single, each[1].padding, each[1].offset)
    ):
        if groups and _touches(groups[-1], window):
            groups[-1].append((key, window))
        else:
            groups.append([(key, window)])
    return tuple(_run(group) for group in groups)


def _touches(group: list[tuple[str, Window]], window: Window) -> bool:
    first = group[0][1]
    if (first.modality, first.single, first.padding) != (window.modality, window.single, window.padding):
        return False
    return window.single or window.offset <= max(each.stop for _, each in group)


def _run(group: list[tuple[str, Window]]) -> Run:
    first = group[0][1]
    offset = 0 if first.single else first.offset
    starts = [0 if window.single else window.offset - offset for _, window in group]
    views = [(key, slice(start, start + window.length)) for (key, window), start in zip(group, starts, strict=True)]
    length = max(frames.stop for _, frames in views)
    dtype = np.dtype(np.int64 if first.discrete else np.float32)
    return Run(first.modality, offset, length, first.width, dtype, first.single, first.padding, tuple(views))
