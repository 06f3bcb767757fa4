"""A larger corpus costs no more memory and no more time for a batch, and little more time to begin."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from training.datasets.multimodal_dataset import MultimodalDataset
from training.loaders import make_loader
from training.options import parse

FPS, MINUTES = 20, 3
"""Of each sequence."""
BATCHES = 100


@dataclass(frozen=True)
class Cost:
    """What a corpus takes: processor time (s) to begin and for a batch, and memory of the process's own (bytes).

    Whatever part of a file is read for the first time is mapped into the process, which takes about as long as copying
    it: ``batch_s`` is after that, ``first_s`` before.
    """

    begin_s: float
    first_s: float
    batch_s: float
    memory: int


def write_corpus(folder: Path, hours: float) -> None:
    """Sequences of the paper's features, 67 columns of motion and 85 of sound, of three minutes each."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    block = {name: rng.standard_normal((MINUTES * 60 * FPS, dim)).astype(np.float32) for name, dim in DIMS.items()}
    names = [f"seq_{number}" for number in range(round(hours * 60 / MINUTES))]
    for name in names:
        for modality, values in block.items():
            np.save(folder / f"{name}.{modality}.npy", values)
    (folder / "base_filenames_train.txt").write_text("\n".join(names))


DIMS = {"motion_20": 67, "audio_20": 85}
OPTIONS = (
    "--experiment_name size --input_modalities motion_20,audio_20 --input_lengths 120,140 --output_modalities "
    "motion_20 --output_lengths 20 --output_time_offsets 120 --batch_size 32 --data_dir"
)


def cost(folder: Path) -> Cost:
    """Open a corpus and take some batches of it."""
    opt = parse([*OPTIONS.split(), str(folder)])
    before, start = own_memory(), time.process_time()
    dataset = MultimodalDataset(opt, "train")
    loader = make_loader(dataset, opt)
    batches = iter(loader)
    next(batches)
    begin_s = time.process_time() - start
    first_s = per_batch(batches)
    for sequence_id in dataset.sequence_ids:
        for array in dataset.sequence(sequence_id).values():
            array[::4].sum()
    return Cost(begin_s, first_s, per_batch(iter(loader)), own_memory() - before)


def per_batch(batches: Iterator[dict[str, Tensor]]) -> float:
    """Processor time (s) of a batch."""
    start = time.process_time()
    for batch in islice(batches, BATCHES):
        assert len(batch["in_motion_20"]) == 32
    return (time.process_time() - start) / BATCHES


def own_memory() -> int:
    """Bytes of this process that are no file's."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        pytest.skip("this system does not tell what memory is a process's own")
    return 1024 * int(found[1])


@pytest.mark.slow
def test_neither_memory_nor_batches_grow_with_the_corpus(tmp_path: Path) -> None:
    write_corpus(tmp_path / "small", 1 / 6)
    write_corpus(tmp_path / "large", 2)
    cost(tmp_path / "small")  # imports and memory of batches
    small, large = cost(tmp_path / "small"), cost(tmp_path / "large")
    assert large.batch_s < 1.5 * small.batch_s
    assert large.memory < small.memory + 5e6
    assert large.begin_s < small.begin_s + 37 * 0.001
