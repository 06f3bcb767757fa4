"""The notebook is stored without results, and all of it runs: from songs to a dance that is shown in it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from data import demo_songs
from data.demo_corpus import write_song
from tests.training.test_quickstart import SMALL

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_results(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert {cell["cell_type"] for cell in cells} == {"markdown", "code"}
    for cell in cells:
        assert cell.get("execution_count") is None
        assert not cell.get("outputs")
        assert not re.search(r"/(home|root|work|tmp|content)/", "".join(cell["source"]))


def with_values(notebook: Any, **values: Any) -> Any:
    """The notebook with other values in its cell of parameters."""
    [cell] = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    for name, value in values.items():
        cell.source, count = re.subn(rf"(?m)^{name} = .*$", lambda _, n=name, v=value: f"{n} = {v!r}", cell.source)
        assert count == 1, name
    return notebook


@pytest.mark.slow
def test_the_quickstart_runs_to_its_end(tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    (tmp_path / "dance").mkdir()
    for song, split in zip(demo_songs.compose(0)[:3], ("train", "val", "test"), strict=True):
        write_song(song, tmp_path / "dance")
        (tmp_path / "dance" / f"base_filenames_{split}.txt").write_text(f"{song.id}\n")
    notebook = with_values(
        nbformat.read(PROJECT / "notebooks" / "quickstart.ipynb", as_version=4),
        data=str(tmp_path / "dance"),
        runs=str(tmp_path / "runs"),
        results=str(tmp_path / "results"),
        frames=60,
        training=["--corpus", "", "--generate_at_end", "", *SMALL],
    )
    client = nbclient.NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": PROJECT / "notebooks"}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert any("srcdoc" in page and "three.js" in page for page in shown)
    said = "".join(output.get("text", "") for output in outputs)
    assert "5.0 s at 20 frames/s: joints x, y, z in (100, 21, 3)" in said
    for folder, suffix in (("bvh", "bvh"), ("videos", "mp4"), ("html", "html")):
        [path] = (tmp_path / "results" / "quickstart" / folder).glob(f"*.{suffix}")
        assert path.stat().st_size > 10_000
