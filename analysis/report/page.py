"""The page itself: what was compared, the table, plots, players, and every setting that repeats the evaluation."""

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

from analysis.evaluation.results import Results, Row, digits, interval
from analysis.metrics.base_metric import HIGHEST, LOWEST
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import Score, unranked
from analysis.report.figures import figures
from analysis.report.frame import asset, framed
from analysis.report.players import player_data
from feature_extraction.store import save_text

PLAYED = 4
"""So many systems are shown side by side."""


def write_report(
    path: Path, results: Results, reference: Sequence[Clip], paired: Sequence[Clip], parents: Sequence[int]
) -> Path:
    """Write the report to one HTML file, in one step, and return its path.

    Args:
        path: of the file.
        results: of the evaluation.
        reference: real clips of other sequences, for the plots.
        paired: real clips of the sequences danced to.
        parents: of each joint, -1 for the root.
    """
    title = "Evaluation of " + ", ".join(each.name for each in results.systems if each.kind == "model")
    played = [each for each in results.systems if each.kind in ("model", "real", "oracle")][:PLAYED]
    notes = [*results.notes(), *_unranked(results)]
    body = [
        f"<p>{escape(results.summary())}</p>",
        "<h2>Metrics</h2>",
        _table(results),
        "<p>A value is the mean over sets of one motion for each sequence, below it the 95% interval of resampled "
        "sequences. The floor is where 99.9% of the values of equally many real sequences lie: what a perfect model "
        "gets. Bold: the best model. A metric with † finds something worse no worse than the oracle, and crowns "
        "nobody.</p>",
        f'<ul class="notes">{"".join(f"<li>{escape(note)}</li>" for note in notes)}</ul>',
        "<h2>Plots</h2>",
        f'<div class="plots">{"".join(figures(results.systems, reference, paired))}</div>',
        "<h2>Motion</h2>",
        '<div id="players"><select></select> <button type="button">Play</button> '
        '<input type="range" min="0" value="0" aria-label="frame"><div class="stage"></div></div>',
        "<h2>Settings</h2>",
        f"<pre>{escape(json.dumps(dict(results.settings), indent=2))}</pre>",
    ]
    data = player_data(played, parents).replace("</", "<\\/")
    scripts = f'<script type="application/json" id="player-data">{data}</script>\n<script>{asset("player.js")}</script>'
    save_text(path, framed(title, "\n".join(body), scripts))
    return path


def _table(results: Results) -> str:
    heads = "".join(
        f"<th>{escape(system.name)}<small>{len(system.samples)} × {len(system.samples[0])} clips</small></th>"
        for system in results.systems
    )
    rows = "".join(_row(row, results) for row in results.rows if any(_known(each) for each in row.scores.values()))
    return (
        f'<div class="scroll"><table><thead><tr><th>metric</th><th>best</th>{heads}<th>floor of real motion</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: Row, results: Results) -> str:
    winner = _winner(row, results)
    cells = []
    for system in results.systems:
        score = row.scores[system.name]
        shown = f"{digits(score.value)}<small>{interval(score.low, score.high)}</small>" if _known(score) else "–"
        mark = ' class="best"' if system.name == winner else ""
        cells.append(f'<td{mark} title="{escape(score.note)}">{shown}</td>')
    unfit = " †" if row.unfit else ""
    name = f"{escape(row.metric.title)}{unfit}<small>{escape(row.label)}, {escape(row.metric.unit)}</small>"
    head = f'<th title="{escape(row.metric.definition())}">{name}</th><td>{row.metric.best}</td>'
    return f"<tr>{head}{''.join(cells)}<td>{interval(*row.floor)}</td></tr>"


def _winner(row: Row, results: Results) -> str:
    """The model with the best value, where there are several; "" where none is best, or the metric is unfit to say."""
    models = [each.name for each in results.systems if each.kind == "model" and _known(row.scores[each.name])]
    real = next((row.scores[each.name].value for each in results.systems if each.kind == "real"), math.nan)
    if row.unfit or len(models) < 2 or (row.metric.best not in (LOWEST, HIGHEST) and math.isnan(real)):
        return ""
    values = {name: row.scores[name].value for name in models}
    if row.metric.best == LOWEST:
        return min(values, key=lambda name: values[name])
    if row.metric.best == HIGHEST:
        return max(values, key=lambda name: values[name])
    return min(values, key=lambda name: abs(values[name] - real))


def _unranked(results: Results) -> list[str]:
    """What metrics do not compare with the oracle, in words."""
    rows = (row for row in results.rows if any(_known(each) for each in row.scores.values()))
    found = ((row.label, unranked(row.metric, row.scores, results.systems)) for row in rows)
    return [
        f"{label} has no value to compare with the oracle's for: {', '.join(names)}" for label, names in found if names
    ]


def _known(score: Score) -> bool:
    return math.isfinite(score.value)
