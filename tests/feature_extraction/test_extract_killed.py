"""An extraction killed at any moment leaves a consistent folder, and the next one ends as if undisturbed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feature_extraction.feature import Feature
from feature_extraction.store import sequences_with
from tests.feature_extraction.small_corpus import MOTION, SOUND, add_pair, contents, make_corpus, run, values

EVERYTHING = """\
fps: 20
features:
  expmap: {source: motion, extractors: [{name: expmap, joints: all}], remove_constants: true, scale: standard}
  words: {source: text, extractors: [{name: word_tokens}]}
  sound: {source: audio, extractors: [{name: mel, n_mels: 8}], scale: standard, pca: 3}
"""


class KilledError(BaseException):
    """Stands for kill -9 inside one process: nothing in the project catches it."""


def assert_consistent(folder: Path) -> None:
    """Whatever lies beside a feature's JSON was made with it, of the unscaled array that is there."""
    for name in (MOTION, SOUND):
        if (folder / f"{name}.json").exists():
            feature = Feature.load(folder, name)
            for sequence_id in sequences_with(folder, name):
                unscaled = values(folder, sequence_id, feature.base)
                np.testing.assert_array_equal(
                    values(folder, sequence_id, name), feature.scale(feature.select(unscaled))
                )


def test_a_kill_at_any_change_of_the_folder_leaves_it_consistent_and_the_next_run_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = make_corpus(tmp_path / "start", 2)
    run(start)
    add_pair(start, "s0", 77)
    options: dict[str, Any] = {"joints": ["LeftArm", "LeftLeg"]}
    expected = made_by_run(start, tmp_path / "expected", options)
    changes = 0
    while True:
        folder = shutil.copytree(start, tmp_path / f"killed after {changes}")
        if not killed(folder, changes, options, monkeypatch):
            break
        assert_consistent(folder)
        run(folder, **options)
        assert contents(folder) == expected
        shutil.rmtree(folder)
        changes += 1
    assert changes > 30


@pytest.mark.slow
def test_a_kill_at_any_change_leaves_words_mirror_images_and_components_consistent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = make_corpus(tmp_path / "start", 2)
    (start / "small.yaml").write_text(EVERYTHING)
    for name in ("s0", "s1"):
        (start / f"{name}.tsv").write_text("0.1\t0.4\tone\n0.6\t0.9\ttwo\n")
    run(start, do_mirror=True)
    add_pair(start, "s0", 77)
    for name in ("s0", "s1"):
        (start / f"{name}.tsv").write_text("0.1\t0.4\tthree\n0.6\t0.9\tthree\n1.1\t1.4\ttwo\n")
    expected = made_by_run(start, tmp_path / "expected", {})
    changes = 0
    while killed(folder := shutil.copytree(start, tmp_path / f"killed after {changes}"), changes, {}, monkeypatch):
        if (folder / "words_20.json").exists():
            (vocabulary,) = [each["state"]["words"] for each in Feature.load(folder, "words_20").extractors]
            tokens = {name: values(folder, name, "words_20")[4, 0] for name in sequences_with(folder, "words_20")}
            said = "three" if "three" in vocabulary else "one"
            assert all(vocabulary[token - 2] == said for token in tokens.values())
        run(folder)
        assert contents(folder) == expected
        shutil.rmtree(folder)
        changes += 1
    assert changes > 30


def made_by_run(start: Path, folder: Path, options: dict[str, Any]) -> dict[str, bytes]:
    shutil.copytree(start, folder)
    run(folder, **options)
    return contents(folder)


def killed(folder: Path, after: int, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run until the folder was changed `after` times, then die; False when the run ended before that."""
    left = after

    def dying(change: Any) -> Any:
        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise KilledError
            return change(*arguments, **keywords)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", dying(os.replace))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        try:
            run(folder, **options)
        except KilledError:
            return True
    return False


@pytest.mark.parametrize(
    "arrays_written", [9, *(pytest.param(count, marks=pytest.mark.slow) for count in (1, 5, 13, 17))]
)
def test_kill_minus_nine_leaves_no_litter_and_the_next_run_the_same_bytes(tmp_path: Path, arrays_written: int) -> None:
    folder = make_corpus(tmp_path / "corpus")
    expected = made_by_run(folder, tmp_path / "expected", {})
    command = [sys.executable, "-m", "feature_extraction.extract", folder, "--recipe", folder / "small.yaml"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(list(folder.glob("*.npy"))) < arrays_written and process.poll() is None:
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert_consistent(folder)
    run(folder)
    assert contents(folder) == expected


@pytest.mark.slow
def test_two_hundred_files_killed_again_and_again_end_as_if_undisturbed(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", 100)
    for path in folder.glob("*.wav"):
        (folder / f"{path.stem}.tsv").write_text("0.1\t0.4\tone\n0.6\t0.9\ttwo\n")
    with (folder / "small.yaml").open("a") as file:
        file.write("  words: {source: text, extractors: [{name: word_tokens}]}\n")
    options = ["--recipe", folder / "small.yaml", "--do_mirror", "--jobs", "2"]
    command = [sys.executable, "-m", "feature_extraction.extract", folder, *options]
    every = made_by_run(folder, tmp_path / "expected", {"do_mirror": True, "jobs": 2})
    total = sum(name.endswith(".npy") for name in every)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while len(list(folder.glob("s*.npy"))) < share * total and process.poll() is None:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        before = {path: path.stat().st_mtime_ns for path in folder.glob("s*.npy")}
        assert len(before) < total, "it was killed before it was done"
    report = run(folder, do_mirror=True, jobs=2)
    assert report.computed <= total - len(before)
    assert contents(folder) == every
    assert all(path.stat().st_mtime_ns == time_ns for path, time_ns in before.items())
