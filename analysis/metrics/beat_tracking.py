"""Scores of tracked beats against annotated ones, both in seconds and rising; the five of the MIR community.

Their conventions are those of mir_eval (Raffel et al., ISMIR 2014), after Davies, Degara and Plumbley, Evaluation
methods for musical audio beat tracking algorithms (Queen Mary University, C4DM-TR-09-06, 2009): so are the names.
"""

import numpy as np

from analysis.metrics.beats import distances

FIRST_S = 5.0
"""Beats before this do not count: trackers need to settle."""
WINDOW_S, CEMGIL_SIGMA_S = 0.07, 0.04
GOTO_ERROR, GOTO_MEAN, GOTO_DEVIATION, GOTO_PART = 0.35, 0.2, 0.2, 0.25
P_WINDOW, P_STEP_S = 0.2, 0.01
TOLERANCE = 0.175
BINS = 41


def evaluate_beats(annotated: np.ndarray, tracked: np.ndarray, first_s: float = FIRST_S) -> dict[str, float]:
    """Give all scores by name; 0 where either has no beats."""
    annotated, tracked = (np.asarray(beats)[np.asarray(beats) >= first_s] for beats in (annotated, tracked))
    if not len(annotated) or not len(tracked):
        return dict.fromkeys(SCORES, 0.0)
    values = (
        f_measure(annotated, tracked),
        *cemgil(annotated, tracked),
        goto(annotated, tracked),
        p_score(annotated, tracked),
        *continuity(annotated, tracked),
        information_gain(annotated, tracked),
    )
    return dict(zip(SCORES, values, strict=True))


SCORES = (
    *("F-measure", "Cemgil", "Cemgil Best Metric Level", "Goto", "P-score", "Correct Metric Level Continuous"),
    *("Correct Metric Level Total", "Any Metric Level Continuous", "Any Metric Level Total", "Information gain"),
)


def f_measure(annotated: np.ndarray, tracked: np.ndarray, window_s: float = WINDOW_S) -> float:
    """Give the harmonic mean of precision and recall, a beat of one matched with at most one of the other."""
    hits = matched(annotated, tracked, window_s)
    return 2.0 * hits / (len(annotated) + len(tracked)) if len(annotated) + len(tracked) else 0.0


def matched(annotated: np.ndarray, tracked: np.ndarray, window_s: float) -> int:
    """Give how many pairs can be made at most of instants no further apart than the window."""
    i = j = hits = 0
    while i < len(annotated) and j < len(tracked):
        if abs(annotated[i] - tracked[j]) <= window_s:
            i, j, hits = i + 1, j + 1, hits + 1
        elif annotated[i] < tracked[j]:
            i += 1
        else:
            j += 1
    return hits


def cemgil(annotated: np.ndarray, tracked: np.ndarray) -> tuple[float, float]:
    """Give the score of the annotated beats, and the best one of all metric levels; Cemgil et al. (JNMR 28, 2001)."""
    scores = [
        float(np.exp(-0.5 * (distances(beats, tracked) / CEMGIL_SIGMA_S) ** 2).sum() * 2 / (len(beats) + len(tracked)))
        for beats in metric_levels(annotated)
    ]
    return scores[0], max(scores)


def metric_levels(beats: np.ndarray) -> tuple[np.ndarray, ...]:
    """Give beats as they are, off the beat, twice as fast, and every other one from the first and the second."""
    double = np.interp(np.arange(0, len(beats) - 0.5, 0.5), np.arange(len(beats)), beats)
    return beats, double[1::2], double, beats[::2], beats[1::2]


def goto(annotated: np.ndarray, tracked: np.ndarray) -> float:
    """Give 1 where the longest stretch of right beats is a quarter of the song and steady, else 0.

    Goto and Muraoka, Issues in evaluating beat tracking systems (IJCAI workshop, 1997).
    """
    error = np.ones(len(annotated))
    for n in range(1, len(annotated) - 1):
        back, on = 0.5 * (annotated[n] - annotated[n - 1]), 0.5 * (annotated[n + 1] - annotated[n])
        near = tracked[(tracked >= annotated[n] - back) & (tracked < annotated[n] + on)]
        if len(near) == 1:
            offset = near[0] - annotated[n]
            error[n] = offset / (back if offset < 0 else on)
    wrong = np.flatnonzero(np.abs(error) > GOTO_ERROR)
    if len(wrong) < 3:
        stretch = error[wrong[0] + 1 : wrong[-1] - 1]
    else:
        longest = int(np.diff(wrong).argmax())
        start, stop = wrong[longest], wrong[longest + 1]
        if stop - start - 1 <= GOTO_PART * (len(annotated) - 2):
            return 0.0
        stretch = error[start : stop + 1]
    if len(stretch) < 2:
        return 0.0
    return float(np.abs(stretch).mean() < GOTO_MEAN and stretch.std(ddof=1) < GOTO_DEVIATION)


def p_score(annotated: np.ndarray, tracked: np.ndarray) -> float:
    """Give how many pairs lie within a fifth of the median beat, over the greater number of beats.

    McKinney et al., Evaluation of audio beat tracking and music tempo extraction algorithms (JNMR 36, 2007).
    """
    if len(annotated) < 2 or len(tracked) < 2:
        return 0.0
    first = min(annotated[0], tracked[0])
    steps = [np.unique(np.ceil((beats - first) * round(1 / P_STEP_S)).astype(int)) for beats in (annotated, tracked)]
    reach = int(np.round(P_WINDOW * np.median(np.diff(steps[0]))))
    pairs = np.abs(steps[0][:, None] - steps[1]) <= reach
    return float(pairs.sum() / max(len(annotated), len(tracked)))


def continuity(annotated: np.ndarray, tracked: np.ndarray) -> tuple[float, float, float, float]:
    """Give the longest right stretch, all right beats, and both at the best metric level, as parts of all beats.

    Hainsworth, Techniques for the automated analysis of musical audio (Cambridge, 2004), section 2.3.3.
    """
    if len(annotated) < 2 or len(tracked) < 2:
        return 0.0, 0.0, 0.0, 0.0
    parts = []
    for beats in metric_levels(annotated):
        right = _right_beats(beats, tracked)
        total = max(len(beats), len(tracked))
        wrong = np.flatnonzero(~np.concatenate([[False], right, [False]]))
        parts.append(((np.diff(wrong).max() - 1) / total, right.sum() / total))
    longest, every = zip(*parts, strict=True)
    return float(longest[0]), float(every[0]), float(max(longest)), float(max(every))


def _right_beats(annotated: np.ndarray, tracked: np.ndarray) -> np.ndarray:
    """For each tracked beat whether it is near an unused annotated one and the beat before it as far as that one's."""
    used = np.zeros(len(annotated), dtype=bool)
    right = np.zeros(len(tracked), dtype=bool)
    for m, beat in enumerate(tracked):
        nearest = int(np.abs(beat - annotated).argmin())
        if used[nearest]:
            continue
        ahead = m == 0 or nearest == 0  # the first has none before it
        interval = _interval(annotated, nearest, ahead)
        phase = abs(beat - annotated[nearest]) / interval
        period = abs(1 - _interval(tracked, m, ahead) / interval)
        used[nearest] = right[m] = phase < TOLERANCE and period < TOLERANCE
    return right


def _interval(beats: np.ndarray, at: int, ahead: bool) -> float:
    ahead = ahead and at + 1 < len(beats)
    return beats[at + 1] - beats[at] if ahead else beats[at] - beats[at - 1]


def information_gain(annotated: np.ndarray, tracked: np.ndarray) -> float:
    """Give how far the histogram of timing errors is from an even one, the worse of both directions, 0 to 1."""
    if len(annotated) < 2 or len(tracked) < 2:
        return 0.0
    entropy = max(_error_entropy(annotated, tracked), _error_entropy(tracked, annotated))
    return float(1.0 - entropy / np.log2(BINS))


def _error_entropy(annotated: np.ndarray, tracked: np.ndarray) -> float:
    """The entropy, in bits, of the tracked beats' errors in units of the interval that they lie in."""
    lead = tracked[:, None] - annotated
    nearest = np.abs(lead).argmin(axis=1)
    error = lead[np.arange(len(tracked)), nearest]
    last = len(annotated) - 1
    start = np.where((error < 0) | (nearest == last), nearest - 1, nearest)
    interval = np.array([annotated[k + 1] - annotated[k] if k >= 0 else annotated[0] - annotated[-1] for k in start])
    part = np.mod(error / interval + 0.5, -1) + 0.5
    counts = np.histogram(part, np.linspace(-0.5, 0.5, BINS + 1))[0]
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum())
