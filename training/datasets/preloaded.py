"""A corpus in the memory of a device, where the windows are cut out."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from models.windows import Window
from training.datasets.gather import Run, merge_windows


class DeviceGatherer:
    """Gathers batches as `WindowGatherer` does, from copies of all arrays on ``device``.

    ``arrays`` holds, per modality, the (frames, dim) array of each sequence. A batch is new memory each time.
    """

    def __init__(
        self,
        inputs: Sequence[Window],
        outputs: Sequence[Window],
        arrays: Mapping[str, Sequence[np.ndarray]],
        device: torch.device,
    ):
        self.runs = merge_windows(inputs, outputs)
        self._device = device
        self._tables = {run.modality: _table(arrays[run.modality], run.dtype, device) for run in self.runs}
        self._lengths = {run.modality: _on(device, [len(each) for each in arrays[run.modality]]) for run in self.runs}
        self._starts = {
            run.modality: _on(device, [0, *accumulate(len(each) for each in arrays[run.modality])][:-1])
            for run in self.runs
        }

    def gather(
        self, arrays: Mapping[str, Sequence[np.ndarray]], sequences: np.ndarray, anchors: np.ndarray
    ) -> dict[str, Tensor]:
        """Give the windows at each anchor, on the device; ``arrays`` are those that it has copies of."""
        places, starts = _on(self._device, sequences), _on(self._device, anchors)
        batch: dict[str, Tensor] = {}
        for run in self.runs:
            rows = self._rows(run, places, starts)
            batch |= {key: rows[:, frames] for key, frames in run.views}
        return batch

    def _rows(self, run: Run, places: Tensor, anchors: Tensor) -> Tensor:
        """The frames of a run, (batch, length, columns)."""
        first = torch.zeros_like(anchors) if run.single else anchors + run.offset
        frames = first[:, None] + torch.arange(run.length, device=self._device)
        lengths = self._lengths[run.modality][places][:, None]
        inside = frames.clamp(min=0).minimum(lengths - 1)
        rows = self._tables[run.modality][self._starts[run.modality][places][:, None] + inside]
        if run.padding:
            padding = torch.tensor(run.padding, dtype=rows.dtype, device=self._device)
            rows = torch.where((frames == inside)[..., None], rows, padding)
        return rows


def _table(arrays: Sequence[np.ndarray], dtype: np.dtype, device: torch.device) -> Tensor:
    """All frames of a modality, one sequence after the other."""
    table = torch.empty((sum(map(len, arrays)), arrays[0].shape[1]), dtype=torch.from_numpy(np.empty(0, dtype)).dtype)
    start = 0
    for array in arrays:
        table[start : start + len(array)] = torch.from_numpy(np.asarray(array, dtype))
        start += len(array)
    return table.to(device)


def _on(device: torch.device, numbers: Sequence[int] | np.ndarray) -> Tensor:
    return torch.as_tensor(np.asarray(numbers, np.int64)).to(device)
