"""Recordings that are there under several names: of the same content, or of the same course over time."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from feature_extraction.examine import AudioFacts, MotionFacts

ALIKE = 0.98
"""Two recordings of one length whose courses correlate so well seem to be one (converted ones have 0.96 to 1.0)."""
SAME_LENGTH = 0.02
BLOCK = 1024


def same_content(facts: Mapping[str, MotionFacts | AudioFacts]) -> list[list[str]]:
    """Give the names in groups, one for each content."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, each in facts.items():
        groups[each.content].append(name)
    return list(groups.values())


def same_course(facts: Mapping[str, MotionFacts | AudioFacts]) -> list[tuple[str, str]]:
    """Give the pairs of one length whose course is the same, as after a conversion."""
    names = list(facts)
    durations = np.array([each.duration_s for each in facts.values()])
    prints = np.array([each.fingerprint for each in facts.values()], dtype=np.float32)
    pairs = []
    for start in range(0, len(names), BLOCK):
        rows = slice(start, start + BLOCK)
        alike = (prints[rows] @ prints.T > ALIKE) & (np.abs(durations[rows, None] / durations - 1) < SAME_LENGTH)
        pairs += [(start + place, other) for place, other in np.argwhere(alike) if start + place < other]
    return [(names[one], names[other]) for one, other in pairs]
