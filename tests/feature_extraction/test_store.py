"""Corpora lie where their names say, lists and arrays are written whole or not at all."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from feature_extraction import store


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"")


def test_a_sequence_id_is_a_file_name_without_its_last_ending(tmp_path: Path) -> None:
    touch(tmp_path, "a.b c.bvh", "a.b c.wav", "Über 舞.FLAC", "tail.expmap_20.bvh")
    assert list(store.find_raw(tmp_path)) == ["a.b c", "tail.expmap_20", "Über 舞"]
    assert store.find_raw(tmp_path)["a.b c"] == {"motion": tmp_path / "a.b c.bvh", "audio": tmp_path / "a.b c.wav"}


def test_transcripts_lists_arrays_and_hidden_files_are_no_sequences(tmp_path: Path) -> None:
    touch(tmp_path, "a.words.json", "a.json", "base_filenames_train.txt", "a.mel_20.npy", ".a.bvh", ".x.wav")
    (tmp_path / "folder.wav").mkdir()
    assert store.find_raw(tmp_path) == {}


def test_of_two_sound_files_the_lossless_one_counts(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "a.flac")
    assert store.find_raw(tmp_path)["a"]["audio"].name == "a.flac"


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        store.find_raw(tmp_path / "nowhere")


def test_arrays_are_found_by_feature_whatever_the_id(tmp_path: Path) -> None:
    for sequence_id in ("b", "a.b c", "x.mel_20"):
        store.save_array(store.feature_path(tmp_path, sequence_id, "mel_20"), np.zeros((2, 3), np.float32))
    store.save_array(store.feature_path(tmp_path, "b", "other_mel_20"), np.zeros((2, 3), np.float32))
    assert store.sequences_with(tmp_path, "mel_20") == ["a.b c", "b", "x.mel_20"]


def test_a_saved_array_comes_back_memory_mapped_and_equal(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    store.save_array(tmp_path / "a.npy", values)
    loaded = store.load_array(tmp_path / "a.npy")
    assert isinstance(loaded, np.memmap)
    assert not loaded.flags.writeable
    np.testing.assert_array_equal(loaded, values)


def test_a_broken_array_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY rubbish")
    with pytest.raises(ValueError, match=r"a\.npy"):
        store.load_array(tmp_path / "a.npy")


@pytest.mark.parametrize("frames", [60, 2000])
def test_an_array_that_does_not_fit_on_the_disk_is_an_error_and_no_file(tmp_path: Path, frames: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
    try:
        with pytest.raises(OSError, match=r"a\.npy"):
            store.save_array(tmp_path / "a.npy", np.zeros((frames, 4), np.float32))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_json_round_trips_and_nan_is_refused(tmp_path: Path) -> None:
    data = {"text": "Über", "numbers": [0.1, 1e-300], "nothing": None}
    store.save_json(tmp_path / "a.json", data)
    assert store.load_json(tmp_path / "a.json") == data
    with pytest.raises(ValueError, match="JSON"):
        store.save_json(tmp_path / "a.json", {"x": float("nan")})
    assert store.load_json(tmp_path / "a.json") == data


def test_what_fails_half_way_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_text("old")

    def write_half() -> None:
        with store.atomic_path(path) as temporary:
            assert temporary.suffix == ".mp4"
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["video.mp4"]


def test_only_our_own_leftovers_are_removed(tmp_path: Path) -> None:
    touch(tmp_path, f"{store.TEMPORARY_PREFIX}0123.npy", ".hidden", "a.tmp", "tmp-a.npy")
    with store.locked(tmp_path):
        assert sorted(file.name for file in tmp_path.iterdir()) == [".hidden", "a.tmp", "tmp-a.npy"]


def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    waiting = f"from feature_extraction.store import locked\nwith locked({str(tmp_path)!r}): print('in', flush=True)"
    with store.locked(tmp_path):
        second = subprocess.Popen(
            [sys.executable, "-c", waiting], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        assert "waiting" in second.stderr.readline()
        time.sleep(0.1)
        assert second.poll() is None
    assert second.communicate(timeout=10)[0] == "in\n"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_list_is_read_whole_with_or_without_a_final_newline(tmp_path: Path, ending: str) -> None:
    store.split_path(tmp_path, "val").write_bytes(f"\ufeffone\r\n\n two b\nlast.x{ending}".encode())
    assert store.read_split(tmp_path, "val") == ["one", "two b", "last.x"]


def test_an_absent_list_is_named_with_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"base_filenames_test\.txt.*feature_extraction\.extract"):
        store.read_split(tmp_path, "test")


def sizes(folder: Path) -> tuple[int, int, int]:
    train, val, test = (len(store.read_split(folder, split)) for split in store.SPLITS)
    return train, val, test


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (10, (8, 1, 1)), (40, (32, 4, 4)), (105, (85, 10, 10))],
)
def test_splits_are_disjoint_complete_and_a_tenth_each(
    tmp_path: Path, count: int, expected: tuple[int, int, int]
) -> None:
    ids = [f"s{number}" for number in range(count)]
    store.write_splits_if_absent(tmp_path, ids)
    assert sizes(tmp_path) == expected
    assert sorted(name for split in store.SPLITS for name in store.read_split(tmp_path, split)) == sorted(ids)


def test_splits_depend_on_the_ids_and_the_seed_alone(tmp_path: Path) -> None:
    ids = [f"s{number}" for number in range(50)]
    lists = []
    for folder, order, seed in (("a", ids, 0), ("b", ids[::-1], 0), ("c", ids, 1)):
        (tmp_path / folder).mkdir()
        store.write_splits_if_absent(tmp_path / folder, order, seed=seed)
        lists.append(store.read_split(tmp_path / folder, "val"))
    assert lists[0] == lists[1] != lists[2]


def test_lists_that_are_there_are_never_rewritten(tmp_path: Path) -> None:
    store.split_path(tmp_path, "train").write_text("mine")
    assert store.write_splits_if_absent(tmp_path, ["a", "b", "c"]) == []
    assert store.read_split(tmp_path, "train") == ["mine"]
    assert not store.split_path(tmp_path, "val").exists()


def test_a_test_list_of_ones_own_is_kept_out_of_the_others(tmp_path: Path) -> None:
    ids = [f"s{number}" for number in range(20)]
    store.split_path(tmp_path, "test").write_text("s3\ns4\ns5\ns6")
    store.write_splits_if_absent(tmp_path, ids)
    train, val = (set(store.read_split(tmp_path, split)) for split in ("train", "val"))
    assert not (train | val) & {"s3", "s4", "s5", "s6"}
    assert len(train | val) == 16


def test_lists_cut_short_by_a_kill_are_finished_as_they_would_have_been(tmp_path: Path) -> None:
    ids = [f"s{number}" for number in range(20)]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir(), cut.mkdir()
    store.write_splits_if_absent(whole, ids)
    store.split_path(cut, "val").write_bytes(store.split_path(whole, "val").read_bytes())
    store.write_splits_if_absent(cut, ids)
    for split in store.SPLITS:
        assert store.read_split(cut, split) == store.read_split(whole, split)


def test_regular_expressions_say_what_is_held_out(tmp_path: Path) -> None:
    ids = ["anna_1", "anna_2", "ben_1", "ben_2", "carl_1"]
    store.write_splits_if_absent(tmp_path, ids, val_regex="^ben", test_regex="carl")
    assert store.read_split(tmp_path, "train") == ["anna_1", "anna_2"]
    assert store.read_split(tmp_path, "val") == ["ben_1", "ben_2"]
    assert store.read_split(tmp_path, "test") == ["carl_1"]
    assert store.write_splits_if_absent(tmp_path, ids, val_regex="^ben", test_regex="carl") == []
    with pytest.raises(ValueError, match="never rewritten"):
        store.write_splits_if_absent(tmp_path, ids, val_regex="anna")


@pytest.mark.parametrize(("val_regex", "test_regex"), [("dora", None), ("ben", "_1"), ("(", None)])
def test_a_regular_expression_that_matches_nothing_or_twice_is_refused(
    tmp_path: Path, val_regex: str, test_regex: str | None
) -> None:
    with pytest.raises(ValueError, match="_regex"):
        store.write_splits_if_absent(tmp_path, ["anna_1", "ben_1"], val_regex=val_regex, test_regex=test_regex)
