"""Windows are copied once, out of any sequence, into memory that is used again."""

import gc
from pathlib import Path

import numpy as np
import pytest
import torch

from models.windows import Window
from training.datasets.buffers import BufferPool
from training.datasets.gather import WindowGatherer, merge_windows


def test_touching_windows_of_a_modality_are_one_run() -> None:
    inputs = [Window("motion", 3, 12), Window("audio", 2, 14)]
    runs = merge_windows(inputs, [Window("motion", 3, 4, offset=12)])
    found = {(run.modality, run.offset, run.length): dict(run.views) for run in runs}
    assert found == {
        ("motion", 0, 16): {"in_motion": slice(0, 12), "out_motion": slice(12, 16)},
        ("audio", 0, 14): {"in_audio": slice(0, 14)},
    }


def test_windows_with_a_gap_between_them_are_two_runs() -> None:
    runs = merge_windows([Window("motion", 3, 12)], [Window("motion", 3, 4, offset=13)])
    assert sorted((run.offset, run.length) for run in runs) == [(0, 12), (13, 4)]


def test_a_run_reaches_over_windows_inside_of_each_other() -> None:
    runs = merge_windows([Window("motion", 3, 20)], [Window("motion", 3, 4, offset=5)])
    assert [(run.offset, run.length, dict(run.views)) for run in runs] == [
        (0, 20, {"in_motion": slice(0, 20), "out_motion": slice(5, 9)})
    ]


def test_arrays_of_other_types_become_float32() -> None:
    arrays = {"motion": [np.arange(40, dtype=np.float64).reshape(20, 2)]}
    gatherer = WindowGatherer([Window("motion", 2, 3)], [])
    batch = gatherer.gather(arrays, np.array([0, 0]), np.array([4, 9]))
    assert batch["in_motion"].dtype == torch.float32
    np.testing.assert_array_equal(batch["in_motion"][1].numpy(), arrays["motion"][0][9:12])


def test_a_buffer_comes_back_when_its_last_view_is_gone() -> None:
    pool = BufferPool()
    lent = pool.lend((4, 3), np.dtype(np.float32))
    view = torch.from_numpy(lent)[1:, :2].transpose(0, 1)
    address = lent.ctypes.data
    del lent
    assert pool.lend((4, 3), np.dtype(np.float32)).ctypes.data != address
    del view
    gc.collect()
    assert address in {pool.lend((4, 3), np.dtype(np.float32)).ctypes.data for _ in range(2)}


def test_what_autograd_keeps_is_not_lent_again() -> None:
    pool = BufferPool()
    lent = pool.lend((2, 2), np.dtype(np.float32))
    lent[...] = 3.0
    weight = torch.ones(2, 2, requires_grad=True)
    product = weight * torch.from_numpy(lent)
    del lent
    pool.lend((2, 2), np.dtype(np.float32))[...] = 7.0
    product.sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[3.0, 3.0], [3.0, 3.0]]


def test_a_smaller_batch_uses_the_memory_of_a_larger_one() -> None:
    pool = BufferPool()
    address = pool.lend((8, 5), np.dtype(np.float32)).ctypes.data
    assert pool.lend((3, 5), np.dtype(np.float32)).ctypes.data == address
    assert pool.lend((8, 6), np.dtype(np.float32)).ctypes.data != address


@pytest.mark.parametrize("anchor", [-100, -7, -2, 0, 3, 11, 14, 90])
def test_padding_stands_where_a_window_reaches_out(anchor: int) -> None:
    source = np.random.default_rng(1).standard_normal((15, 2)).astype(np.float32)
    gatherer = WindowGatherer([Window("sound", 2, 7, -3, padding=(4.0, 5.0))], [])
    (found,) = gatherer.gather({"sound": [source]}, np.array([0]), np.array([anchor]))["in_sound"].numpy()
    frames = [source[t] if 0 <= t < 15 else (4.0, 5.0) for t in range(anchor - 3, anchor + 4)]
    np.testing.assert_array_equal(found, np.array(frames, np.float32))


def test_padded_windows_are_the_gesture_systems_context(parity: Path) -> None:
    with np.load(parity / "audio" / "features.npz") as arrays:
        sound, silence = arrays["genea_mfcc/speech"], arrays["genea_silence_mfcc"]
        anchors, expected = arrays["genea_context/frames"], arrays["genea_context/windows"]
    gatherer = WindowGatherer([Window("mfcc", 26, 61, -30, padding=tuple(silence))], [])
    batch = gatherer.gather({"mfcc": [sound.astype(np.float32)]}, np.zeros(len(anchors), int), anchors)
    np.testing.assert_array_equal(batch["in_mfcc"].numpy(), expected.astype(np.float32))
