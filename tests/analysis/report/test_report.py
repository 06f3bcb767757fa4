"""The report is one page that needs no other file."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import registry
from analysis.evaluation.results import Results, Row
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import System, score
from analysis.report import charts
from analysis.report.figures import figures
from analysis.report.page import write_report
from tests.analysis.metrics.dances import changed, clips, dances

PICTURE = re.compile(r"<svg.*?</svg>", re.DOTALL)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    systems = [
        System("ours <&>", (clips(2, 1), clips(2, 2))),
        System("real motion", (clips(2),), "real"),
        System("frozen", (changed("freezing", 2, 1),), "degraded", "freezing"),
    ]
    metrics = {name: registry.find("metric", name)() for name in ("jerk", "beat_alignment")}
    rows = [
        Row(name, metric, score(metric, systems, clips(4)[2:], clips(2), resamplings=5), (0.1, 1.0))
        for name, metric in metrics.items()
    ]
    path = tmp_path_factory.mktemp("report") / "report.html"
    results = Results(systems, rows, {"seed": 0, "split": "test"})
    parents = dances(1)[0].motion.skeleton.parents
    return write_report(path, results, clips(4)[2:], clips(2), parents).read_text()


def test_it_asks_for_nothing_from_elsewhere(page: str) -> None:
    assert not re.search(r"""(?:src|href)\s*=|@import|url\(|fetch\(|https?://(?!www\.w3\.org)""", page)


def test_its_plots_are_well_formed(page: str) -> None:
    pictures = PICTURE.findall(page)
    assert len(pictures) == 5
    for picture in pictures:
        ElementTree.fromstring(picture)
    assert "nan" not in "".join(pictures)


def broken(clip: Clip) -> Clip:
    positions = clip.positions.copy()
    positions[5] = np.nan
    return replace(clip, positions=positions)


def test_plots_leave_out_what_is_not_finite_and_stand_what_is_short() -> None:
    real = System("real motion", (clips(2),), "real")
    rest = System("rest", ((clips(2, 1)[1],),))
    cases = {
        "one broken clip": (broken(clips(2, 1)[0]), clips(2, 1)[1]),
        "broken clips": tuple(map(broken, clips(2, 1))),
        "a frame": tuple(clip.cut(0, 1) for clip in clips(2, 1)),
    }
    for what, made in cases.items():
        pictures = figures([System("rest", (made,)), real], clips(4)[2:], clips(2))
        assert len(pictures) == 5, what
        assert "nan" not in "".join(pictures), what
        if what == "one broken clip":
            assert pictures == figures([rest, real], clips(4)[2:], clips(2))
    assert figures([System("rest", (cases["broken clips"],))], clips(4)[2:], clips(2)) == []


def test_what_is_not_compared_with_the_oracle_is_told(tmp_path: Path) -> None:
    systems = [
        System("oracle", (clips(2, 1),), "oracle"),
        System("frozen <&>", (changed("freezing", 2, 1),), "degraded", "freezing"),
    ]
    metric = registry.find("metric", "beat_offset")()
    row = Row("beat_offset", metric, score(metric, systems, (), (), resamplings=0), (0.1, 1.0))
    results = Results(systems, [row], {"seed": 0})
    said = write_report(tmp_path / "a.html", results, clips(4)[2:], (), dances(1)[0].motion.skeleton.parents)
    assert "<li>beat_offset has no value to compare with the oracle" in said.read_text()
    assert "frozen &lt;&amp;&gt;</li>" in said.read_text()


def test_names_are_escaped(page: str) -> None:
    assert "ours &lt;&amp;&gt;" in page
    assert "<th>ours <&>" not in page


def test_the_player_has_a_clip_of_each_model_and_real_motion(page: str) -> None:
    text = re.search(r'id="player-data">(.*?)</script>', page, re.DOTALL)
    assert text
    data = json.loads(text[1].replace("<\\/", "</"))
    assert [sequence["id"] for sequence in data["sequences"]] == ["song_00", "song_01"]
    assert [clip["system"] for clip in data["sequences"][0]["clips"]] == ["ours <&>", "real motion"]
    clip = data["sequences"][0]["clips"][0]
    assert len(clip["positions"]) == 4 * np.ceil(clip["frames"] * len(data["parents"]) * 3 * 2 / 3)


def test_ticks_are_round_and_inside() -> None:
    for low, high in ((0.0, 1.0), (-3.2, 17.0), (0.0, 1e-4), (5e5, 6e5)):
        found = charts.ticks(low, high)
        assert 3 <= len(found) <= 11
        assert low - 1e-9 <= found[0] < found[-1] <= high + 1e-9
