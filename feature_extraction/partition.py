"""Which sequences of a corpus are held out: those that a regular expression finds, or some that are drawn."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

HELD_OUT = 0.1
"""The share of val, and of test, where a corpus brings no such list."""


def draw(
    sequence_ids: Iterable[str], shares: Mapping[str, float], seed: int = 0, group_regex: str | None = None
) -> dict[str, list[str]]:
    """Draw the splits of these shares, between 0 and 1; what is left is train: {"val": ids, "test": ids, "train": ids}.

    Sequences in which the first group of `group_regex` finds the same text stay in one split, so that shares are met
    as nearly as whole groups can. A share above 0 gets at least one group, and train is never empty. ValueError for
    shares that leave nothing, and for a regular expression that does not say where a sequence belongs.
    """
    ids = sorted(sequence_ids)
    if not all(0 <= share < 1 for share in shares.values()) or sum(shares.values()) >= 1:
        told = ", ".join(f"{split} {share:g}" for split, share in shares.items())
        raise ValueError(f"the shares are fractions that leave something for train: {told}")
    groups: dict[str, list[str]] = {}
    for sequence_id, group in zip(ids, _groups(ids, group_regex), strict=True):
        groups.setdefault(group, []).append(sequence_id)
    names = sorted(groups)
    left = [groups[names[place]] for place in np.random.default_rng(seed).permutation(len(names))]
    parts: dict[str, list[str]] = {}
    for split, share in shares.items():
        parts[split], left = _take(left, share, len(ids))
    return {**parts, "train": sorted(sequence_id for group in left for sequence_id in group)}


def choose(ids: Sequence[str], regexes: Mapping[str, str | None], seed: int) -> dict[str, list[str]]:
    """Give each split the ids that its regular expression finds; where it is None, draw a tenth of the others.

    ValueError where one finds nothing, or what another split has.
    """
    parts: dict[str, list[str]] = {}
    free = set(ids)
    for split, regex in regexes.items():
        if regex is not None:
            pattern = _compiled(f"--{split}_regex", regex)
            parts[split] = [sequence_id for sequence_id in ids if pattern.search(sequence_id)]
            if not parts[split] or not free.issuperset(parts[split]):
                fault = "matches what another split has" if parts[split] else "matches none"
                raise ValueError(f"--{split}_regex {regex!r} {fault} of the {len(ids)} sequences")
            free -= set(parts[split])
    left = [[ids[place]] for place in np.random.default_rng(seed).permutation(len(ids)) if ids[place] in free]
    for split in [split for split in regexes if split not in parts]:
        parts[split], left = _take(left, HELD_OUT, len(ids))
    return parts


def _take(groups: list[list[str]], share: float, total: int) -> tuple[list[str], list[list[str]]]:
    """Take whole groups, in their order, that come nearest to a share of `total`; give their sorted ids, and the rest.

    At least one is taken of a share above 0, and at least one is left.
    """
    wanted = max(1, round(share * total)) if share else 0
    taken: list[str] = []
    rest: list[list[str]] = []
    for place, group in enumerate(groups):
        last = not rest and place == len(groups) - 1
        nearer = abs(len(taken) + len(group) - wanted) < abs(len(taken) - wanted)
        if nearer and not last:
            taken += group
        else:
            rest.append(group)
    if wanted and not taken and len(rest) > 1:
        smallest = min(rest, key=len)
        rest.remove(smallest)
        taken = smallest
    return sorted(taken), rest


def _groups(ids: Sequence[str], regex: str | None) -> list[str]:
    if regex is None:
        return list(ids)
    pattern = _compiled("--by", regex)
    if not pattern.groups:
        raise ValueError(f"--by {regex!r} has no group: put what sequences share in brackets, as in '^(song[0-9]+)'")
    found = [pattern.search(sequence_id) for sequence_id in ids]
    if odd := [sequence_id for sequence_id, match in zip(ids, found, strict=True) if not match or match[1] is None]:
        raise ValueError(f"--by {regex!r} finds no group in {len(odd)} of the {len(ids)} sequences, one is {odd[0]!r}")
    return [match[1] for match in found if match]


def _compiled(option: str, regex: str) -> re.Pattern[str]:
    try:
        return re.compile(regex)
    except re.error as error:
        raise ValueError(f"{option} {regex!r} is no regular expression: {error}") from error
