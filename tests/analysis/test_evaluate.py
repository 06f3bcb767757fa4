"""The evaluation command: a trained model and a corpus to a table, files and a report."""

import json
from pathlib import Path

import pytest
import torch

from analysis.evaluate import main
from tests.inference.conftest import checkpoint, corpus

__all__ = ["checkpoint", "corpus"]  # the fixtures


@pytest.fixture
def command_line(checkpoint: Path, tmp_path: Path) -> list[str]:
    return [str(checkpoint), "--skip_s", "0", "--num_samples", "2", "--output_folder", str(tmp_path / "out")]


def test_a_model_is_evaluated_and_generated_once(
    command_line: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = ["--metrics", "jerk,hellinger,beat_alignment,nll,pfc,fgd", "--resamplings", "5"]
    assert main([*command_line, *metrics]) == 0
    printed = capsys.readouterr().out
    assert "floor of real motion" in printed
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} >= {"results.json", "results.csv", "report.html", "generated"}
    data = json.loads((folder / "results.json").read_text())
    assert [system["name"] for system in data["systems"]][:2] == ["tiny_last", "real motion"]
    assert data["systems"][0]["samples"] == 2
    assert data["metrics"]["jerk"]["scores"]["tiny_last"]["value"] > 0
    assert data["metrics"]["hellinger"]["scores"]["real motion"]["value"] > 0
    assert "nats" in data["metrics"]["nll"]["scores"]["tiny_last"]["note"]
    arrays = sorted(folder.glob("generated/tiny_last/*.npy"))
    before = [path.stat().st_mtime_ns for path in arrays]
    assert main([*command_line, "--metrics", "jerk", "--no_report"]) == 0
    assert [path.stat().st_mtime_ns for path in arrays] == before
    assert main([*command_line, "--metrics", "jerk", "--no_report", "--seed", "1"]) == 0
    assert [path.stat().st_mtime_ns for path in arrays] != before


def test_all_models_dance_to_the_first_ones_corpus(command_line: list[str], checkpoint: Path, tmp_path: Path) -> None:
    elsewhere = torch.load(checkpoint, weights_only=True)
    elsewhere["terpsichore"]["opt"]["data_dir"] = str(tmp_path / "another")
    torch.save(elsewhere, tmp_path / "elsewhere.ckpt")
    quick = ["--metrics", "jerk", "--no_report", "--resamplings", "0"]
    assert main([command_line[0], str(tmp_path / "elsewhere.ckpt"), *command_line[1:], *quick]) == 0
    scores = json.loads((tmp_path / "out" / "results.json").read_text())["metrics"]["jerk"]["scores"]
    assert scores["elsewhere"]["value"] == scores["tiny_last"]["value"]


def test_mistakes_show_before_the_work(command_line: list[str], tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no metric 'jerks'"):
        main([*command_line, "--metrics", "jerks"])
    with pytest.raises(LookupError, match="no run 'nobody'"):
        main(["nobody", "--experiments_dir", str(tmp_path)])
    with pytest.raises(FileNotFoundError, match="no split list"):
        main([*command_line, "--split", "nothing"])
    with pytest.raises(FileNotFoundError, match="--data_dir"):
        main([*command_line, "--data_dir", str(tmp_path / "nowhere")])


def test_two_models_of_one_name_are_refused_and_checkpoints_are_called_after_their_runs(
    command_line: list[str], checkpoint: Path, tmp_path: Path
) -> None:
    quick = [*command_line[1:], "--metrics", "jerk", "--no_report", "--resamplings", "0"]
    there = [tmp_path / name / "checkpoints" / "last.ckpt" for name in ("one", "two")]
    twins = [tmp_path / name / "last.ckpt" for name in ("one", "two")]
    for path in (*there, *twins):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(checkpoint.read_bytes())
    with pytest.raises(ValueError, match=r"last.ckpt and .*last.ckpt are both called last; evaluate them one by one"):
        main([*map(str, twins), *quick])
    assert main([*map(str, there), *quick]) == 0
    scores = json.loads((tmp_path / "out" / "results.json").read_text())["metrics"]["jerk"]["scores"]
    assert {"one_last", "two_last"} < set(scores)
