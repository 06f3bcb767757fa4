"""What an evaluation found, as JSON, CSV and a table of text."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import registry
from analysis.metrics.base_metric import BaseMetric
from analysis.metrics.clip import total_frames
from analysis.metrics.scoring import Score, System
from feature_extraction.store import save_json, save_text


@dataclass(frozen=True)
class Row:
    """One metric: how it is called, each system's score, and what real motion itself gets."""

    label: str
    metric: BaseMetric
    scores: Mapping[str, Score]
    floor: tuple[float, float]
    unfit: Sequence[str] = ()
    """The degraded systems that it finds no worse than the oracle."""


@dataclass(frozen=True)
class Results:
    """An evaluation: systems, rows of scores, and the settings that repeat it."""

    systems: Sequence[System]
    rows: Sequence[Row]
    settings: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON; what is not known is null."""
        return {
            "settings": dict(self.settings),
            "systems": [_system(each) for each in self.systems],
            "metrics": {
                row.label: {
                    "title": row.metric.title,
                    "definition": row.metric.definition(),
                    "unit": row.metric.unit,
                    "best": row.metric.best,
                    "floor": [_number(value) for value in row.floor],
                    "no_worse_than_the_oracle": list(row.unfit),
                    "scores": {
                        name: {
                            "value": _number(score.value),
                            "interval": [_number(score.low), _number(score.high)],
                            "note": score.note,
                        }
                        for name, score in row.scores.items()
                    },
                }
                for row in self.rows
            },
        }

    def save(self, folder: Path) -> list[Path]:
        """Write results.json and results.csv; give their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        save_json(folder / "results.json", self.to_dict())
        save_text(folder / "results.csv", self.csv())
        return [folder / "results.json", folder / "results.csv"]

    def csv(self) -> str:
        """Give a line for each metric and system."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["metric", "unit", "best", "system", "value", "low", "high", "floor_low", "floor_high", "note"])
        for row in self.rows:
            for name, score in row.scores.items():
                numbers = (_number(each) for each in (score.value, score.low, score.high, *row.floor))
                writer.writerow([row.label, row.metric.unit, row.metric.best, name, *numbers, score.note])
        return file.getvalue()

    def table(self) -> str:
        """Give a table for people: a line for each metric, a column for each system and for the floor."""
        names = [system.name for system in self.systems]
        lines = [["", *names, "floor of real motion"]]
        for row in self.rows:
            if all(math.isnan(score.value) for score in row.scores.values()):
                continue
            mark = " †" if row.unfit else ""
            cells = [shown(row.scores[name]) for name in names]
            lines.append([f"{row.label}{mark} [{row.metric.unit}]", *cells, interval(*row.floor)])
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([self.summary(), "", *text, "", *self.notes()])

    def summary(self) -> str:
        """Give in words how much was compared with what."""
        said, first = self.settings, self.systems[0].samples[0]
        where = "outside of it" if said.get("split") == "train" else "of the train split"
        return (
            f"{len(first)} sequences of the {said.get('split', '')} split of {said.get('corpus', '')}, "
            f"{total_frames(first)} frames at {first[0].fps:g} a second, {len(first[0].joints)} joints; the first "
            f"{said.get('skipped_s', 0):g} s are left out. Distances are from {said.get('reference_clips', 0)} "
            f"recorded sequences {where}, {said.get('reference_frames', 0)} frames."
        )

    def notes(self) -> list[str]:
        """Give what has to be said beside the numbers."""
        unfit = [row for row in self.rows if row.unfit]
        notes = [f"{row.label} † finds no worse than the oracle: {', '.join(row.unfit)}" for row in unfit]
        for row in self.rows:
            reasons = sorted({score.note for score in row.scores.values() if score.note})
            if reasons and all(math.isnan(score.value) for score in row.scores.values()):
                notes.append(f"{row.label}: {reasons[0]}")
        return notes


def find_metrics(names: str, options: Mapping[str, Mapping[str, Any]]) -> dict[str, BaseMetric]:
    """Give metrics by their labels: "all", or a comma-separated list in which `fpd:uncentred` names a variant.

    `options` are those of single metrics, by name. LookupError for an unknown name or variant.
    """
    wanted = registry.names("metric") if names == "all" else [name.strip() for name in names.split(",") if name.strip()]
    found = {}
    for label in wanted:
        name, _, variant = label.partition(":")
        found[label] = registry.find("metric", name)(variant, **options.get(name, {}))
    return found


def shown(score: Score) -> str:
    """Give a score as a table shows it.

    >>> shown(Score(0.41237, 0.38, 0.44)), shown(Score(float("nan")))
    ('0.412 [0.380, 0.440]', '–')
    """
    if math.isnan(score.value):
        return "–"
    return f"{digits(score.value)} {interval(score.low, score.high)}".strip()


def interval(low: float, high: float) -> str:
    """Give an interval as a table shows it, "" where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f"[{digits(low)}, {digits(high)}]"


def digits(value: float) -> str:
    """Give a number with three digits that count.

    >>> digits(0.0123), digits(12.345), digits(98765.4)
    ('0.0123', '12.3', '98800')
    """
    if not value or not math.isfinite(value):
        return f"{value:g}"
    places = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:.{max(places, 0)}f}"


def _system(system: System) -> dict[str, Any]:
    first = system.samples[0]
    return {
        "name": system.name,
        "kind": system.kind,
        "samples": len(system.samples),
        "clips": len(first),
        "frames": total_frames(first),
        "sequences": [clip.sequence_id for clip in first],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
