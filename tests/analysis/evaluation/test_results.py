"""The table, CSV and JSON of an evaluation."""

import csv
import json
from pathlib import Path

import pytest

import registry
from analysis.evaluation.results import Results, Row, find_metrics
from analysis.metrics.scoring import Score, System
from tests.analysis.metrics.dances import clips


@pytest.fixture
def results() -> Results:
    systems = [System("ours", (clips(2, 1),)), System("real motion", (clips(2),), "real")]
    nan = float("nan")
    rows = [
        Row(
            "fpd",
            registry.find("metric", "fpd")(),
            {"ours": Score(1.5, 1.0, 2.0), "real motion": Score(0.2)},
            (0.1, 0.5),
        ),
        Row(
            "nll",
            registry.find("metric", "nll")(),
            dict.fromkeys(("ours", "real motion"), Score(nan, note="none")),
            (nan, nan),
        ),
    ]
    return Results(systems, rows, {"seed": 0})


def test_the_table_has_a_column_for_each_system_and_leaves_out_empty_rows(results: Results) -> None:
    assert "2 sequences" in results.table()
    lines = results.table().splitlines()[2:]
    assert "ours" in lines[0]
    assert "real motion" in lines[0]
    assert "1.50 [1.00, 2.00]" in lines[1]
    assert not any(line.startswith("nll [") for line in lines)
    assert "nll: none" in lines


def test_json_and_csv_hold_every_score(results: Results, tmp_path: Path) -> None:
    paths = results.save(tmp_path / "out")
    data = json.loads(paths[0].read_text())
    assert data["metrics"]["fpd"]["scores"]["ours"] == {"value": 1.5, "interval": [1.0, 2.0], "note": ""}
    assert data["metrics"]["nll"]["scores"]["ours"]["value"] is None
    assert data["systems"][0]["sequences"] == ["song_00", "song_01"]
    rows = list(csv.DictReader(paths[1].open()))
    assert [(row["metric"], row["system"], row["value"]) for row in rows][:2] == [
        ("fpd", "ours", "1.5"),
        ("fpd", "real motion", "0.2"),
    ]


def test_metrics_are_found_by_name_and_variant() -> None:
    found = find_metrics("fpd, fpd:uncentred", {"fpd": {"few_samples": True}})
    assert list(found) == ["fpd", "fpd:uncentred"]
    assert found["fpd:uncentred"].variant == "uncentred"
    assert set(find_metrics("all", {})) == set(registry.names("metric"))
    with pytest.raises(LookupError, match="did you mean jerk"):
        find_metrics("jerks", {})
