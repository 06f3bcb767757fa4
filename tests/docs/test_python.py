"""The Python on the pages: it compiles, what it imports is there, and the model of the README trains."""

import ast
import importlib
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, Block, blocks
from tests.training.corpus import write_dances
from training.run import Run

PYTHON = [block for page in PAGES for block in blocks(page) if block.language == "python"]


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.where)
def test_what_python_imports_is_there(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_the_model_of_the_readme_trains(written: dict[str, str], tmp_path: Path) -> None:
    from training.train import main

    assert {Path(name).suffix for name in written} == {".py", ".yaml"}
    folder = Path(next(iter(written))).parent
    (tmp_path / "dances").mkdir()
    write_dances(tmp_path / "dances", frames=70)
    given = ["first", "--plugin_dir", str(folder), "--experiments_dir", str(tmp_path / "runs")]
    data = ["--data_dir", str(tmp_path / "dances"), "--corpus", "", "--recipe", ""]
    windows = ["--input_modalities", "motion,audio", "--output_modalities", "motion"]
    assert main([*given, *data, *windows, "--accelerator", "cpu", "--no-enable_progress_bar"]) == 0
    assert Run(tmp_path / "runs" / "first").state == "finished"
