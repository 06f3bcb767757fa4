"""Cells are done once, in the order of their needs, and a failure costs no more than what depends on it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from analysis.cells import Cell, Found, kept, kept_result, run


def note(folder: Path, asked: Found) -> Found:
    """Work that leaves a trace of each call."""
    with (folder / "calls").open("a") as file:
        file.write(f"{asked['name']}\n")
    if asked.get("fails"):
        raise ValueError("it does not work")
    return {"value": asked["value"], "said": "done"}


def linger(folder: Path, asked: Found) -> Found:
    (folder / "pid").write_text(str(os.getpid()))
    time.sleep(60)
    return {}


def fixed(name: str, value: int, *needs: str, fails: bool = False) -> Cell:
    return Cell(name, note, lambda _: {"name": name, "value": value, "fails": fails}, needs)


def total(name: str, *needs: str) -> Cell:
    def ask(found: Mapping[str, Found]) -> Found:
        if not found:
            raise ValueError("nothing to add up")
        return {"name": name, "value": sum(each["value"] for each in found.values())}

    return Cell(name, note, ask, needs)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().split()


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    cells = [fixed("a", 1), fixed("b", 2), total("c", "a", "b")]
    assert run(cells, tmp_path, 0)["c"]["value"] == 3
    assert run(cells, tmp_path, 0)["c"]["value"] == 3
    assert calls(tmp_path) == ["a", "b", "c"]


def test_what_is_asked_otherwise_is_done_anew_with_all_that_depends_on_it(tmp_path: Path) -> None:
    run([fixed("a", 1), fixed("b", 2), total("c", "a")], tmp_path, 0)
    assert run([fixed("a", 5), fixed("b", 2), total("c", "a")], tmp_path, 0)["c"]["value"] == 5
    assert calls(tmp_path) == ["a", "b", "c", "a", "c"]


def test_a_failure_leaves_the_rest_and_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cells = [fixed("a", 1, fails=True), fixed("b", 2), total("c", "a", "b"), total("d", "a")]
    found = run(cells, tmp_path, 0)
    assert {name: each["value"] for name, each in found.items()} == {"b": 2, "c": 2}
    assert "a failed: it does not work" in caplog.text
    assert "d failed: nothing to add up" in caplog.text
    run(cells, tmp_path, 0)
    assert calls(tmp_path).count("a") == 2
    assert calls(tmp_path).count("b") == 1


def test_a_result_is_that_of_what_was_asked(tmp_path: Path) -> None:
    run([fixed("folder/a", 1)], tmp_path, 0)
    assert kept_result(tmp_path, "folder/a", {"name": "folder/a", "value": 1, "fails": False}) is not None
    assert kept_result(tmp_path, "folder/a", {"name": "folder/a", "value": 2, "fails": False}) is None
    assert json.loads((tmp_path / "cells" / "folder" / "a.json").read_text())["found"]["value"] == 1


def test_what_is_there_can_be_read_without_any_work(tmp_path: Path) -> None:
    cells = [fixed("a", 1), fixed("b", 2), total("c", "a", "b")]
    run(cells[:1], tmp_path, 0)
    assert list(kept(cells, tmp_path)) == ["a"]
    assert calls(tmp_path) == ["a"]


@pytest.mark.slow
def test_processes_share_the_cells_and_end_with_the_main_one(tmp_path: Path) -> None:
    found = run([fixed(name, place) for place, name in enumerate("abcd")], tmp_path, 2)
    assert [found[name]["value"] for name in "abcd"] == [0, 1, 2, 3]
    code = (
        "from pathlib import Path; from analysis.cells import Cell, run; from tests.analysis.test_cells import linger;"
        f"run([Cell('a', linger, lambda _: {{}})], Path({str(tmp_path)!r}), 1)"
    )
    root = Path(__file__).resolve().parents[2]
    main = subprocess.Popen([sys.executable, "-c", f"if __name__ == '__main__': exec({code!r})"], cwd=root)
    deadline = time.monotonic() + 50
    while not (tmp_path / "pid").is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    main.send_signal(signal.SIGKILL)
    main.wait()
    worker = Path("/proc") / (tmp_path / "pid").read_text()
    while worker.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not worker.exists()
