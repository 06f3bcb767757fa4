"""Words on the frame grid: which one is spoken in each frame, and which ones lie within a window."""

import numpy as np

from feature_extraction.text.transcript import Transcript
from feature_extraction.text.vocabulary import NOTHING, PAD

SLACK_S = 1e-6
"""Times are decimals, frames are fractions: a word that ends where a window does lies within it."""


def spoken(transcript: Transcript, fps: float, frames: int) -> np.ndarray:
    """Give the place in the transcript of the word spoken in each frame: (frames,) int64, NOTHING in silence.

    It is the word that takes more of frame i's time [i - 1/2, i + 1/2) / fps than the others, the first of equals. A
    word that is shorter than a frame counts as long as one, so that it is not lost.
    """
    edges = (np.arange(frames + 1) - 0.5) / fps
    places = np.full(frames, NOTHING, dtype=np.int64)
    longest = np.full(frames, SLACK_S)
    for place, word in enumerate(transcript.words):
        end_s = max(word.end_s, word.start_s + 1 / fps)
        first, last = (min(round(time_s * fps), frames) for time_s in (word.start_s, end_s))
        touched = slice(max(first - 1, 0), min(last + 2, frames))
        taken = np.minimum(edges[1:][touched], end_s) - np.maximum(edges[:-1][touched], word.start_s)
        longer = taken > longest[touched] + SLACK_S
        longest[touched][longer] = taken[longer]
        places[touched][longer] = place
    return places


def apart(tokens: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Give the (frames,) tokens of `spoken` places with a frame of silence between a word and its own repetition.

    Without it a word said twice in a row would be one word that lasts. The frame is the last of the first word, or the
    first of the second where the first has no other; of two words with a frame each, one is left.

    >>> apart(np.array([5, 5, 5, 5, 7]), np.array([0, 0, 1, 1, 2])).tolist()
    [5, 0, 5, 5, 7]
    """
    parted = tokens.copy()
    for frame in np.flatnonzero((tokens[1:] == tokens[:-1]) & (places[1:] != places[:-1])):
        if parted[frame] != PAD:
            lasts = frame > 0 and places[frame - 1] == places[frame] and parted[frame - 1] != PAD
            parted[frame if lasts else frame + 1] = PAD
    return parted


def within(transcript: Transcript, from_s: np.ndarray, to_s: np.ndarray) -> np.ndarray:
    """Give the places of the words that lie wholly within each window [from_s, to_s], in their order.

    The result is (windows, most words of one) int64, filled up with NOTHING at the end of each row.
    """
    starts = np.array([word.start_s for word in transcript.words])
    ends = np.array([word.end_s for word in transcript.words])
    first = np.searchsorted(starts, from_s - SLACK_S)
    stop = np.searchsorted(starts, to_s + SLACK_S)
    places = first[:, None] + np.arange(max((stop - first).max(initial=0), 0))
    inside = (places < stop[:, None]) & (np.take(ends, places, mode="clip") <= to_s[:, None] + SLACK_S)
    order = np.argsort(~inside, axis=1, kind="stable")
    ordered = np.take_along_axis(np.where(inside, places, NOTHING), order, axis=1)
    return ordered[:, : inside.sum(axis=1).max(initial=0)]


def nearest(places: np.ndarray, transcript: Transcript, middles_s: np.ndarray, most: int) -> np.ndarray:
    """Keep, of each row of `within`, the `most` words nearest to its middle, the first of equals: (windows, most)."""
    if places.shape[1] <= most:
        return np.pad(places, ((0, 0), (0, most - places.shape[1])), constant_values=NOTHING)
    times = np.array([(word.start_s + word.end_s) / 2 for word in transcript.words])
    away = np.where(places == NOTHING, np.inf, np.abs(times[places] - middles_s[:, None]).round(6))
    kept = np.sort(np.argsort(away, axis=1, kind="stable")[:, :most], axis=1)
    return np.take_along_axis(places, kept, axis=1)
