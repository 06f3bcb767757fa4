"""The corpus tools: what they show and write, what they leave alone, and what they refuse in one line."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from feature_extraction import corpus_tools, covariance, store
from feature_extraction.combine import origins, split_lists
from feature_extraction.covariance import SecondMoments, moments_path, second_moments
from feature_extraction.extract import extract
from feature_extraction.label_features import read_labels
from feature_extraction.partition import draw
from tests.conftest import PROJECT
from tests.feature_extraction.small_corpus import contents, make_corpus

SPELLINGS = ("TestSeq001", "a.b c", "gBR_sBM_cAll_d04_mBR0_ch01", "Über 舞", "tail.expmap_20")
SINGERS = [
    f"{singer}_{take}" for singer, takes in {"anna": 6, "ben": 5, "cleo": 5, "dan": 4}.items() for take in range(takes)
]


def run(*arguments: str | Path) -> int:
    return corpus_tools.main([str(argument) for argument in arguments])


def refusal(*arguments: str | Path) -> str:
    """The one line on stderr of a command that refuses."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "feature_extraction.corpus_tools", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def recordings(folder: Path, *ids: str, text: bytes = b"") -> Path:
    """A folder of files that are named like recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    for sequence_id in ids:
        (folder / f"{sequence_id}.bvh").write_bytes(text + sequence_id.encode())
        (folder / f"{sequence_id}.WAV").write_bytes(text)
    return folder


def arrays(folder: Path, feature: str, *, seed: int = 0, dim: int = 4, offset: float = 0.0) -> np.ndarray:
    """Write arrays of three sequences, a and b in train and c in test; give the frames of train."""
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(dim, dim))
    values = [(offset + generator.normal(size=(n, dim)) @ mixing).astype(np.float32) for n in (50, 31, 20)]
    for sequence_id, each in zip("abc", values, strict=True):
        store.save_array(store.feature_path(folder, sequence_id, feature), each)
    store.save_splits(folder, {"train": ["a", "b"], "val": [], "test": ["c"]})
    return np.concatenate(values[:2]).astype(np.float64)


def test_names_are_listed_bare_whatever_their_spelling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path, *SPELLINGS)
    assert run("list", tmp_path, "--names") == 0
    assert capsys.readouterr().out.splitlines() == sorted(SPELLINGS)


def test_list_shows_what_each_sequence_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path, "a", "b")
    (tmp_path / "b.json").touch()
    for name in ("a.mel_20", "a.expmap_20", "a_mirrored.expmap_20", "alone.mel_20"):
        (tmp_path / f"{name}.npy").touch()
    store.save_splits(tmp_path, {"train": ["a"], "val": ["b"], "test": ["b", "gone"]})
    run("list", tmp_path)
    rows = [re.split(r"  +", line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["sequence", "split", "motion", "audio", "text", "features"],
        ["a", "train", ".bvh", ".WAV", "-", "expmap_20, mel_20"],
        ["a_mirrored", "train", "-", "-", "-", "expmap_20"],
        ["alone", "-", "-", "-", "-", "mel_20"],
        ["b", "val+test", ".bvh", ".WAV", ".json", "-"],
        ["gone", "test", "-", "-", "-", "is not there"],
        ["3 sequences; 1 in train, 1 in val, 2 in test"],
    ]


def test_split_draws_what_an_extraction_draws(tmp_path: Path) -> None:
    ids = [f"s{number}" for number in range(25)]
    recordings(tmp_path / "ours", *ids), (tmp_path / "theirs").mkdir()
    run("split", tmp_path / "ours", "--seed", "3")
    store.write_splits_if_absent(tmp_path / "theirs", ids, seed=3)
    assert split_lists(tmp_path / "ours") == split_lists(tmp_path / "theirs")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ids", [SPELLINGS, SINGERS])
def test_splits_are_disjoint_complete_and_of_the_shares(ids: list[str], seed: int) -> None:
    lists = draw(ids, {"val": 0.2, "test": 0.4}, seed)
    assert sorted(name for listed in lists.values() for name in listed) == sorted(ids)
    assert (len(lists["val"]), len(lists["test"])) == (0.2 * len(ids), 0.4 * len(ids))


@pytest.mark.parametrize("seed", range(5))
def test_sequences_of_one_group_stay_in_one_split(seed: int) -> None:
    lists = draw(SINGERS, {"val": 0.25, "test": 0.25}, seed, "^([a-z]+)_")
    singers = {split: {name.split("_")[0] for name in listed} for split, listed in lists.items()}
    assert [len(each) for each in singers.values()] == [1, 1, 2]
    assert len(set.union(*singers.values())) == 4
    assert sorted(name for listed in lists.values() for name in listed) == sorted(SINGERS)


def test_the_smallest_group_is_held_out_where_all_are_too_large() -> None:
    groups = {"large": 40, "small": 30, "larger": 50}
    ids = [f"{group}_{number}" for group, count in groups.items() for number in range(count)]
    for seed in range(6):
        lists = draw(ids, {"val": 0.1}, seed, "^([a-z]+)_")
        assert {name.split("_")[0] for name in lists["val"]} == {"small"}


def test_a_share_of_zero_is_an_empty_list_and_train_is_never_empty(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recordings(tmp_path, "a", "b")
    run("split", tmp_path, "--val", "0", "--test", "0.9")
    assert {split: len(ids) for split, ids in split_lists(tmp_path).items()} == {"train": 1, "val": 0, "test": 1}
    run("split", tmp_path, "--by", "^(.)", "--replace_existing")
    assert {split: len(ids) for split, ids in split_lists(tmp_path).items()} == {"train": 1, "val": 1, "test": 0}
    assert "nothing is left for test" in caplog.text


def test_lists_are_replaced_only_when_asked(tmp_path: Path) -> None:
    recordings(tmp_path, "a", "b", "c")
    store.split_path(tmp_path, "val").write_text("mine\n")
    before = contents(tmp_path)
    assert "base_filenames_val.txt already; --replace_existing" in refusal("split", tmp_path)
    assert contents(tmp_path) == before
    run("split", tmp_path, "--replace-existing")
    assert sorted(name for ids in split_lists(tmp_path).values() for name in ids) == ["a", "b", "c"]


def test_incomplete_pairs_are_in_no_list(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (recordings(tmp_path, "a", "b", "c") / "silent.bvh").touch()
    run("split", tmp_path)
    assert sorted(name for ids in split_lists(tmp_path).values() for name in ids) == ["a", "b", "c"]
    assert "in no list: silent" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "^a"], "has no group"),
        (["--by", "^(a)"], "finds no group in 1 of the 2 sequences, one is 'b'"),
        (["--by", "("], "is no regular expression"),
        (["--val", "0.5", "--test", "0.5"], "val 0.5, test 0.5"),
        (["--val", "-0.1"], "val -0.1"),
        (["--val", "nan"], "val nan"),
        (["--seed", "-1"], "non-negative"),
    ],
)
def test_a_split_that_cannot_be_is_refused(tmp_path: Path, arguments: list[str], said: str) -> None:
    recordings(tmp_path, "a", "b")
    with pytest.raises(ValueError, match=re.escape(said)):
        run("split", tmp_path, *arguments)
    assert split_lists(tmp_path) == {}


def test_a_name_that_a_list_cannot_hold_is_refused(tmp_path: Path) -> None:
    recordings(tmp_path, "a", "b ")
    with pytest.raises(ValueError, match="'b ' cannot stand in a list"):
        run("split", tmp_path)


@pytest.mark.parametrize("copy", [False, True])
def test_combine_brings_recordings_and_lists_together(tmp_path: Path, copy: bool) -> None:
    one, other = recordings(tmp_path / "one", "a", "b"), recordings(tmp_path / "other", "Über 舞.1")
    (one / "a.json").write_text("[]")
    (one / "a.mel_20.npy").touch()
    store.save_splits(one, {"train": ["b"], "val": ["a"], "test": ["Über 舞.1"]})
    store.save_splits(other, {"train": ["Über 舞.1"]})
    before = contents(one), contents(other)
    assert run("combine", tmp_path / "new" / "all", one, other, *["--copy"] * copy) == 0
    combined = contents(tmp_path / "new" / "all")
    lists = {name: combined.pop(name) for name in sorted(combined) if name.endswith(".txt")}
    assert combined == {
        name: text for folder in before for name, text in folder.items() if not name.endswith((".txt", ".npy"))
    }
    assert list(lists.values()) == [b"", "b\nÜber 舞.1\n".encode(), b"a\n"]
    assert (contents(one), contents(other)) == before
    assert (tmp_path / "new" / "all" / "a.bvh").is_symlink() is not copy
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["all"]


def test_classes_and_corpora_are_joined(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = recordings(tmp_path / "one", "a", "b, c")
    (one / "labels.csv").write_text('sequence,label\na,walk\n"b, c",run\ngone,walk\n')
    (one / "corpus.json").write_text('{"corpus": "Lafan1Corpus", "version": 1, "seed": 0}')
    part = recordings(tmp_path / "demo" / "dance", "a")
    (part.parent / "corpus.json").write_text('{"corpus": "DemoCorpus"}')
    run("combine", tmp_path / "both", one, part, "--prefix")
    assert read_labels(tmp_path / "both" / "labels.csv") == {"one_a": "walk", "one_b, c": "run"}
    assert "dance has no labels.csv: its sequences have no class" in caplog.text
    mine = recordings(tmp_path / "mine", "d")
    (mine / "labels.csv").write_text("d,waltz\n")
    run("combine", tmp_path / "all", tmp_path / "both", mine)
    assert read_labels(tmp_path / "all" / "labels.csv") == {"one_a": "walk", "one_b, c": "run", "d": "waltz"}
    assert origins(tmp_path / "all") == [("one", "Lafan1Corpus"), ("dance", "DemoCorpus"), ("mine", None)]


def test_sequences_of_one_name_are_refused_unless_prefixed(tmp_path: Path) -> None:
    one, other = recordings(tmp_path / "one", "a", "b"), recordings(tmp_path / "other", "b", text=b"other ")
    store.save_splits(one, {"train": ["a", "b"]}), store.save_splits(other, {"train": ["b"]})
    said = refusal("combine", tmp_path / "all", one, other)
    assert f"{one / 'b'} and {other / 'b'} would both be b; --prefix" in said
    assert not (tmp_path / "all").exists()
    run("combine", tmp_path / "all", one, other, "--prefix")
    assert corpus_tools.sequences(tmp_path / "all") == ["one_a", "one_b", "other_b"]
    assert store.read_split(tmp_path / "all", "train") == ["one_a", "one_b", "other_b"]
    assert (tmp_path / "all" / "other_b.bvh").read_bytes() == b"other b"


def test_folders_of_one_name_are_told_apart_by_no_prefix(tmp_path: Path) -> None:
    folders = [recordings(tmp_path / place / "dance", "a") for place in ("x", "y")]
    with pytest.raises(ValueError, match="would both be dance_a; rename one of the folders"):
        run("combine", tmp_path / "all", *folders, "--prefix")


def test_a_combined_folder_is_never_put_over_something(tmp_path: Path) -> None:
    one, other = recordings(tmp_path / "one", "a"), recordings(tmp_path / "other", "b")
    before = contents(other)
    assert "is there already" in refusal("combine", other, one)
    with pytest.raises(ValueError, match="not to be changed"):
        run("combine", one / "all", one, other)
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        run("combine", tmp_path / "all", one, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no recordings in .*empty"):
        run("combine", tmp_path / "all", one, tmp_path / "empty")
    assert (contents(other), sorted(path.name for path in one.iterdir())) == (before, ["a.WAV", "a.bvh"])


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OSError, match="disk full"):
        run("combine", tmp_path / "all", recordings(tmp_path / "one", "a"), "--copy")
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_lists_of_some_folders_only_are_refused(tmp_path: Path) -> None:
    one, other = recordings(tmp_path / "one", "a"), recordings(tmp_path / "other", "b")
    run("combine", tmp_path / "all", one, other)
    assert split_lists(tmp_path / "all") == {}
    run("split", one)
    with pytest.raises(ValueError, match=r"other has no train list .*corpus_tools split .*other"):
        run("combine", tmp_path / "more", one, other)


def test_a_combined_folder_is_extracted_and_its_sources_are_left(tmp_path: Path) -> None:
    folders = [make_corpus(tmp_path / name, 2) for name in ("one", "other")]
    before = [contents(folder) for folder in folders]
    run("combine", tmp_path / "all", *folders, "--prefix")
    report = extract(tmp_path / "all", folders[0] / "small.yaml", jobs=1, progress=False)
    assert (report.sequences, report.failed) == (4, {})
    assert [contents(folder) for folder in folders] == before
    assert run("moments", tmp_path / "all", "sound_scaled_20") == 0
    moments = SecondMoments.load(tmp_path / "all" / "sound_scaled_20.moments.npz")
    np.testing.assert_allclose(moments.mean, 0, atol=1e-6)
    population = np.diag(moments.covariance) * (moments.count - 1) / moments.count
    np.testing.assert_allclose(population, 1, rtol=1e-5)


@pytest.mark.parametrize("most_frames", [7, 65536])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_moments_are_those_of_all_frames_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_frames: int, offset: float
) -> None:
    monkeypatch.setattr(covariance, "MOST_FRAMES", most_frames)
    frames = arrays(tmp_path, "x_20", offset=offset)
    moments = second_moments(tmp_path, "x_20")
    assert moments.count == len(frames)
    np.testing.assert_allclose(moments.mean, frames.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(frames, rowvar=False), rtol=1e-10, atol=1e-12)


def test_moments_are_written_by_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = arrays(tmp_path, "x_20")
    run("moments", tmp_path, "x_20")
    run("moments", tmp_path, "x_20", "--split", "test")
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        f"{tmp_path / 'x_20.moments.npz'}: 81 frames of train",
        f"{tmp_path / 'x_20.moments_test.npz'}: 20 frames of test",
    ]
    with np.load(tmp_path / "x_20.moments.npz") as saved:
        assert sorted(saved) == ["count", "covariance", "mean"]
        assert (saved["count"], saved["mean"].dtype, saved["covariance"].dtype) == (len(frames), "f8", "f8")
    assert SecondMoments.load(moments_path(tmp_path, "x_20", "test")).count == 20


def test_moments_leave_out_what_lacks_the_feature(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    arrays(tmp_path, "x_20")
    store.save_splits(tmp_path, {"train": ["b", "gone"]})
    with caplog.at_level(logging.WARNING):
        assert second_moments(tmp_path, "x_20").count == 31
    assert "1 sequences of train have no x_20 and are left out: gone" in caplog.text


def test_a_feature_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    arrays(tmp_path, "expmap_20")
    assert "no feature 'expmaps_20'" in (said := refusal("moments", tmp_path, "expmaps_20"))
    assert "did you mean expmap_20?" in said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((3, 4), np.nan, np.float32), "not finite"),
        (np.zeros((3, 4), np.int64), "tokens or classes"),
        (np.zeros((3, 5), np.float32), "has 5 columns, a.x_20.npy 4"),
        (np.zeros(3, np.float32), "not (frames, dim)"),
        (np.zeros((0, 4), np.float32), "with some frames"),
    ],
)
def test_an_array_without_moments_is_named(tmp_path: Path, values: np.ndarray, said: str) -> None:
    arrays(tmp_path, "x_20")
    store.save_array(store.feature_path(tmp_path, "b", "x_20"), values)
    with pytest.raises(ValueError, match=rf"b\.x_20\.npy.*{re.escape(said)}"):
        run("moments", tmp_path, "x_20")
    assert not moments_path(tmp_path, "x_20").exists()


def test_too_little_for_a_covariance_is_refused(tmp_path: Path) -> None:
    arrays(tmp_path, "x_20")
    store.save_array(store.feature_path(tmp_path, "c", "x_20"), np.zeros((1, 4), np.float32))
    with pytest.raises(ValueError, match="one frame"):
        run("moments", tmp_path, "x_20", "--split", "test")
    with pytest.raises(ValueError, match="none of the 0 sequences"):
        run("moments", tmp_path, "x_20", "--split", "val")


@pytest.mark.parametrize("tool", [["list"], ["split"], ["moments", "x_20"]])
def test_an_absent_folder_is_named(tmp_path: Path, tool: list[str]) -> None:
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        run(tool[0], tmp_path / "nowhere", *tool[1:])
