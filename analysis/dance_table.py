"""What the study of dances has found, as tables and as what can be claimed by them."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.cells import Found
from analysis.evaluation.results import digits
from analysis.metrics.base_metric import HIGHEST, LOWEST

FIRST = "transflower"
RIVALS = {
    "transformer": "deterministic",
    "transflower, short": "of a short memory",
    "transflower, no positions": "without positions",
    "moglow": "frame by frame",
}
"""Whom the first is claimed to beat, and what they are."""
COLUMNS = 5
"""Metrics side by side."""
NOTHING = "–"
Table = list[list[str]]


@dataclass(frozen=True)
class Trained:
    """One system: how it was trained, and for each seed its held-out loss and its scores by metric."""

    parameters: int
    step_s: float
    steps: int
    rates: Mapping[float, float]
    """Learning rate -> held-out loss of its trial."""
    temperature: float | None
    frames_per_step: int | None
    """How many of the predicted frames are used at a time; none of a model that goes frame by frame."""
    losses: Sequence[float]
    scores: Sequence[Found]

    def values(self, metric: str) -> list[float]:
        """The score of each seed; those without one are left out."""
        return [value for each in self.scores if (value := each[metric]["value"]) is not None]


@dataclass(frozen=True)
class Claim:
    """By how many pairs of seeds the first is better than a rival, by one metric that is fit to say."""

    rival: str
    metric: str
    won: int
    pairs: int


@dataclass(frozen=True)
class Outcome:
    """All that was found: `references` as `dance_cells.judge_references` gives it, `settings` what was asked."""

    systems: Mapping[str, Trained]
    references: Found
    settings: Mapping[str, Any]

    def to_dict(self) -> Found:
        """Give everything as plain JSON."""
        return {
            "settings": dict(self.settings),
            "systems": {name: asdict(each) for name, each in self.systems.items()},
            "references": self.references,
            "claims": [asdict(claim) for claim in self.claims()],
        }

    @property
    def fit(self) -> list[str]:
        """The metrics by which something can be claimed: those that find all that is worse worse than the oracle."""
        [oracle] = [each for each, kind in self.references["kinds"].items() if kind == "oracle"] or [""]
        if not oracle:
            return []
        scores = self.references["scores"][oracle]
        return [
            name
            for name, metric in self.references["metrics"].items()
            if not metric["unfit"] and scores[name]["value"] is not None
        ]

    def claims(self) -> list[Claim]:
        """The first against each rival, by each metric that is fit."""
        found = []
        for rival, metric in itertools.product(RIVALS, self.fit):
            if rival in self.systems and FIRST in self.systems:
                ours, theirs = (self._badness(name, metric) for name in (FIRST, rival))
                pairs = list(itertools.product(ours, theirs))
                if pairs:
                    found.append(Claim(rival, metric, sum(one < other for one, other in pairs), len(pairs)))
        return found

    def _badness(self, system: str, metric: str) -> list[float]:
        """How far each seed is from the best: of metrics that are best like real motion, from the oracle's value."""
        values, best = self.systems[system].values(metric), self.references["metrics"][metric]["best"]
        if best in (LOWEST, HIGHEST):
            return [value if best == LOWEST else -value for value in values]
        [oracle] = [each for each, kind in self.references["kinds"].items() if kind == "oracle"]
        right = self.references["scores"][oracle][metric]["value"]
        return [abs(value - right) for value in values]


def tables(outcome: Outcome) -> dict[str, str]:
    """The files that say it: `table.txt` for people, `table.md` the same in Markdown."""
    metrics = list(outcome.references["metrics"])
    parts = [_trainings(outcome)]
    parts += [_scores(outcome, list(some)) for some in _chunks(metrics, COLUMNS)]
    said = [*_notes(outcome), *_verdicts(outcome)]
    return {
        "table.txt": "\n\n".join([*map(_aligned, parts), "\n".join(said)]) + "\n",
        "table.md": "\n\n".join([*map(_markdown, parts), "\n".join(f"- {each}" for each in said)]) + "\n",
    }


def _trainings(outcome: Outcome) -> Table:
    """Parameters, steps, minutes and learning rate of each system."""
    rows: Table = [["", "parameters", "s a step", "steps", "minutes", "learning rate"]]
    rows[0] += ["held-out loss", "seeds", "temperature", "frames per step"]
    for name, each in outcome.systems.items():
        rate = f"{min(each.rates, key=each.rates.__getitem__):g}" if each.rates else NOTHING
        minutes = f"{each.steps * each.step_s / 60:.1f}"
        losses = _several(each.losses)
        rows.append([name, f"{each.parameters:,}", f"{each.step_s:.2f}", str(each.steps), minutes, rate, losses])
        manner = (each.temperature, each.frames_per_step)
        rows[-1] += [str(len(each.losses)), *(NOTHING if value is None else f"{value:g}" for value in manner)]
    return rows


def _scores(outcome: Outcome, metrics: Sequence[str]) -> Table:
    """A row for each system, reference, and the floor; a column for each of some metrics."""
    known = outcome.references["metrics"]
    rows: Table = [["", *(f"{name} [{known[name]['unit']}]{' †' * bool(known[name]['unfit'])}" for name in metrics)]]
    for name, each in outcome.systems.items():
        rows.append([name, *(_several(each.values(metric)) for metric in metrics)])
    for name, scores in outcome.references["scores"].items():
        values = (scores[metric]["value"] for metric in metrics)
        rows.append([name, *(NOTHING if value is None else digits(value) for value in values)])
    floors = (known[metric]["floor"] for metric in metrics)
    limits = [NOTHING if None in each else f"{digits(each[0])} to {digits(each[1])}" for each in floors]
    return [*rows, ["floor of real motion", *limits]]


def _several(values: Sequence[float]) -> str:
    """The mean of some seeds, with the lowest and highest.

    >>> _several([1.0, 2.0, 3.0]), _several([4.0]), _several([])
    ('2.00 (1.00 to 3.00)', '4.00', '–')
    """
    if not values:
        return NOTHING
    spread = f" ({digits(min(values))} to {digits(max(values))})" if len(values) > 1 else ""
    return f"{digits(statistics.fmean(values))}{spread}"


def _notes(outcome: Outcome) -> list[str]:
    """What each metric cannot tell."""
    unfit = {name: each["unfit"] for name, each in outcome.references["metrics"].items() if each["unfit"]}
    return [
        f"{name} † is unfit for claims: it finds no worse than the oracle {', '.join(each)}"
        for name, each in unfit.items()
    ]


def _verdicts(outcome: Outcome) -> list[str]:
    """Of each rival by which metrics the first beats it: in all pairs of seeds, in some, in none."""
    said = []
    for rival, claims in itertools.groupby(outcome.claims(), key=lambda claim: claim.rival):
        found = list(claims)
        parts = {
            "better in every pair of seeds": [each.metric for each in found if each.won == each.pairs],
            "better in some": [
                f"{each.metric} ({each.won} of {each.pairs})" for each in found if 0 < each.won < each.pairs
            ],
            "better in none": [each.metric for each in found if not each.won],
        }
        told = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)
        said.append(f"{FIRST} against {rival} ({RIVALS[rival]}): {told}")
    return said


def _chunks(names: Sequence[str], size: int) -> list[Sequence[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


def _aligned(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)


def _markdown(table: Table) -> str:
    head, *rows = table
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
