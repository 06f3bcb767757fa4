"""Batches: complete, seeded, begun anywhere, and shared among processes."""

import numpy as np
import pytest

from training import batches
from training.batches import HeldOutBatches, TrainingBatches


def of_process(monkeypatch: pytest.MonkeyPatch, rank: int, processes: int) -> None:
    """From here on, be one of several processes."""
    monkeypatch.setattr(batches, "_place", lambda: (rank, processes))


def test_an_epoch_has_each_window_at_most_once_and_whole_batches_only() -> None:
    found = list(TrainingBatches(103, 10, seed=1))
    assert [len(each) for each in found] == [10] * 10 == [10] * len(TrainingBatches(103, 10, seed=1))
    assert len({item for each in found for item in each}) == 100


def test_an_epoch_goes_on_within_and_the_next_begins_at_its_beginning() -> None:
    whole = TrainingBatches(1000, 10, seed=1)
    whole.set_epoch(3)
    resumed = TrainingBatches(1000, 10, seed=1)
    resumed.go_on(3, 70)
    resumed.set_epoch(3)
    assert list(resumed) == list(whole)[70:]
    assert len(resumed) == 100
    resumed.set_epoch(4)
    whole.set_epoch(4)
    assert list(resumed) == list(whole)


def test_a_corpus_smaller_than_a_batch_is_one_batch() -> None:
    (found,) = TrainingBatches(7, 10, seed=0)
    assert sorted(found) == list(range(7))


@pytest.mark.parametrize("size", [64, 103, 5])
def test_processes_share_what_one_has_with_a_larger_batch(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    together = list(TrainingBatches(size, 8, seed=2))
    shares = []
    for rank in range(2):
        of_process(monkeypatch, rank, 2)
        shares.append(list(TrainingBatches(size, 4, seed=2)))
    if size >= 8:
        assert [one + other for one, other in zip(*shares, strict=True)] == together
    assert not {item for each in shares[0] for item in each} & {item for each in shares[1] for item in each}


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("size", [3, 16, 17, 33])
def test_held_out_windows_come_once_in_as_many_batches_for_each_process(
    size: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = []
    for rank in range(processes):
        of_process(monkeypatch, rank, processes)
        share = HeldOutBatches(size, 4)
        assert len(list(share)) == len(share)
        assert all(1 <= len(each) <= 4 for each in share)
        shares.append(list(share))
    assert len({len(share) for share in shares}) == 1
    assert sorted(np.concatenate([each for share in shares for each in share])) == list(range(size))


def test_single_held_out_windows_leave_no_process_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = []
    for rank in range(2):
        of_process(monkeypatch, rank, 2)
        shares.append(list(HeldOutBatches(5, 1)))
    assert shares == [[[0, 2], [4]], [[1], [3]]]


def test_too_many_processes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    of_process(monkeypatch, 0, 4)
    with pytest.raises(ValueError, match="3 windows are too few for 4 processes; lower --devices"):
        len(TrainingBatches(3, 8, seed=0))
    with pytest.raises(ValueError, match="lower --devices"):
        len(HeldOutBatches(3, 8))
