"""Left and right in the names of joints, in the field's spellings: `LeftArm`, `arm.L`, `b_l_arm`, `Bip01 L Thigh`."""

import re
from collections.abc import Collection, Sequence

SIDES = {"left": "right", "right": "left", "l": "r", "r": "l"}
SIDE_PATTERNS = (
    re.compile(r"left|right", re.IGNORECASE),  # LeftArm, left_arm, Arm_Left, mixamorig:RightHand
    re.compile(r"(?<![^_.:\- ])[lr](?![^_.:\- ])", re.IGNORECASE),  # arm.L, l_arm, arm_r, Bip01 L Thigh, arm.L.001
    re.compile(r"(?<![^_.:\- ])[lLrR](?=[A-Z][a-z])"),  # lShldr, LArm, mixamorig:RArm
    re.compile(r"(?<=[a-z0-9])[LR](?![^_.:\- ])"),  # armL, HandR
)
CAPITALS_PATTERN = re.compile(r"(?<![^_.:\- ])[lLrR](?=[A-Z][A-Z])")
"""LHIPJOINT, but ROOT and LOWERBACK too: this says a side only if the name on the other side is there."""


def split_side(name: str) -> tuple[str, str]:
    """Give the side that a joint's name tells, "l", "r" or "", and the rest of the name without its name space.

    >>> [split_side(name) for name in ("mixamorig:LeftArm", "b_r_foot", "LowerBack")]
    [('l', 'Arm'), ('r', 'b__foot'), ('', 'LowerBack')]
    """
    bare = without_namespace(name)
    for pattern in SIDE_PATTERNS:
        if match := pattern.search(bare):
            return match[0][0].lower(), bare[: match.start()] + bare[match.end() :]
    return "", bare


def side_of(name: str) -> str:
    """Give the side that a joint's name tells, "l", "r" or ""."""
    return split_side(name)[0]


def sides_of(names: Sequence[str]) -> list[str]:
    """Give the side of each joint of a skeleton; one without a twin on the other side belongs to the middle, ""."""
    bare = [without_namespace(name) for name in names]
    known = frozenset(bare)
    return [
        "" if twin_of(name, known) is None else side_of(name) or CAPITALS_PATTERN.findall(name)[0].lower()
        for name in bare
    ]


def twin_of(name: str, names: Collection[str]) -> str | None:
    """Give the one of the `names` that is this name on the other side; None for a joint that has no twin there."""
    others = (other for pattern in (*SIDE_PATTERNS, CAPITALS_PATTERN) for other in _other_sides(name, pattern))
    return next((other for other in others if other in names), None)


def possible_twins(name: str) -> list[str]:
    """Give the names that a joint's twin may have; none for a name that says no side."""
    return [other for pattern in SIDE_PATTERNS for other in _other_sides(name, pattern)]


def without_namespace(name: str) -> str:
    """Give a joint's name without its name space: of `mixamorig:Hips` it is `Hips`."""
    return name.rpartition(":")[2]


def _other_sides(name: str, pattern: re.Pattern[str]) -> list[str]:
    """Give the names with one of the sides that `pattern` finds exchanged, and with all of them."""
    found = list(pattern.finditer(name))
    single = [name[: match.start()] + _other_side(match) + name[match.end() :] for match in found]
    return [*single, *([pattern.sub(_other_side, name)] if len(found) > 1 else [])]


def _other_side(match: re.Match[str]) -> str:
    return _in_case_of(match[0], SIDES[match[0].lower()])


def _in_case_of(side: str, other: str) -> str:
    if side.isupper():
        return other.upper()
    return other.capitalize() if side[0].isupper() else other
