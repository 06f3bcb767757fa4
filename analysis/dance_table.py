"""What the study of dances has found, as tables and as what can be claimed by them."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, product, starmap
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

    def values(self, metric: str) -> list[float | None]:
        """The score of each seed; none where the metric has none."""
        return [each[metric]["value"] for each in self.scores]


@dataclass(frozen=True)
class Claim:
    """In how many pairs of seeds the first is better than a rival, by one metric that is fit to say.

    A seed without a score is not better than any.
    """

    rival: str
    metric: str
    won: int
    apart: int
    """How many of those won are further apart than the songs are: the intervals over them do not overlap."""
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
        for rival, metric in product(RIVALS, self.fit):
            if rival in self.systems and FIRST in self.systems:
                ours, theirs = ([each[metric] for each in self.systems[name].scores] for name in (FIRST, rival))
                pairs = list(product(ours, theirs))
                won = [pair for pair in pairs if self._badness(pair[0], metric) < self._badness(pair[1], metric)]
                if pairs:
                    found.append(Claim(rival, metric, len(won), sum(starmap(_apart, won)), len(pairs)))
        return found

    def _badness(self, score: Found, metric: str) -> float:
        """How far a score is from the best: the lower the better, also where the best is like real motion."""
        value, known = score["value"], self.references["metrics"][metric]
        if value is None:
            return math.inf
        signs = {LOWEST: 1.0, HIGHEST: -1.0}
        return signs[known["best"]] * value if known["best"] in signs else abs(value - known["ideal"])


def _apart(one: Found, other: Found) -> bool:
    """Whether the intervals of two scores do not overlap; scores without intervals are not apart."""
    first, second = (each.get("interval") or [None] for each in (one, other))
    if None in (*first, *second):
        return False
    return bool(first[0] > second[1] or first[1] < second[0])


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


def _several(values: Sequence[float | None]) -> str:
    """The mean of some seeds, with the lowest and highest, and how many have none.

    >>> _several([1.0, 2.0, 3.0]), _several([4.0]), _several([None]), _several([4.0, None])
    ('2.00 (1.00 to 3.00)', '4.00', '–', '4.00, 1 without')
    """
    known = [value for value in values if value is not None]
    if not known:
        return NOTHING
    spread = f" ({digits(min(known))} to {digits(max(known))})" if len(known) > 1 else ""
    missing = f", {len(values) - len(known)} without" if len(known) < len(values) else ""
    return f"{digits(statistics.fmean(known))}{spread}{missing}"


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
    for rival, claims in groupby(outcome.claims(), key=lambda claim: claim.rival):
        found = list(claims)
        pairs = found[0].pairs
        every = f"in all {pairs} pairs of seeds" if pairs > 1 else "in the one pair of seeds that there is"
        parts = {
            f"better {every}, by more than songs differ": [each.metric for each in found if each.apart == pairs],
            f"better {every}": [each.metric for each in found if each.apart < each.won == pairs],
            "better in some": [f"{each.metric} ({each.won})" for each in found if 0 < each.won < pairs],
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
