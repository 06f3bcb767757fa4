"""Which joint of one skeleton drives which of another, guessed from what names mean: `lShldr` drives `LeftArm`."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from feature_extraction.motion.joint_map import Names, match
from feature_extraction.motion.selection import find, plain
from feature_extraction.motion.sides import split_side
from feature_extraction.motion.skeleton import Skeleton

NO_JOINT = re.compile(r"(?:end|nub|site|tip|top|roll|twist|ik|pole|target)$")
"""What a name ends with that is a helper, or the end of a bone."""
SIDED = (
    ("thumb", re.compile(r"thumb")),
    ("index", re.compile(r"index|fore?finger")),
    ("middle", re.compile(r"middle|mid$")),
    ("ring", re.compile(r"ring")),
    ("pinky", re.compile(r"pinky|pinkie|little")),
    ("toe", re.compile(r"toe(?:base|s)?$|ball$")),
    ("ankle", re.compile(r"ankle$")),
    ("foot", re.compile(r"foot$|feet$")),
    ("thigh", re.compile(r"up(?:per)?leg$|thigh$|femur$|hip$")),
    ("shin", re.compile(r"leg$|shin$|calf$|knee$|tibia$")),
    ("forearm", re.compile(r"(?:fore|lower|lo)arm$|elbow$")),
    ("upper arm", re.compile(r"arm$|shldr$|humerus$")),
    ("shoulder", re.compile(r"shoulder$")),
    ("collar", re.compile(r"clav|collar|scapula|inshoulder")),
    ("wrist", re.compile(r"wrist$")),
    ("hand", re.compile(r"hand$")),
)
CENTRAL = (
    ("head", re.compile(r"^(?:head|skull)$")),
    ("neck", re.compile(r"neck")),
    ("spine", re.compile(r"spine|abdomen|chest|torso|back|belly|waist|ribs|lumbar|thorax")),
    ("root", re.compile(r"hips?$|pelvis$")),
)
"""Parts of the body, on a side or in the middle, by what the letters of a name are; the first that fits counts."""

RIVALS = {"shoulder": "upper arm", "foot": "ankle", "ankle": "", "hand": "wrist", "wrist": ""}
ELSE = {
    "shoulder": ("upper arm", "collar"),
    "foot": ("foot", "toe"),
    "ankle": ("foot",),
    "hand": ("hand", "palm"),
    "wrist": ("hand",),
}
"""What a joint is by its name, first without and then with its rival on the same side."""

Part = tuple[str, str]
"""The side, "l", "r" or "", and the part of the body."""


@dataclass(frozen=True)
class Guess:
    """A map of joints, and what it leaves out."""

    joints: dict[int, int]
    """The target's joint -> the source's joint that drives it."""
    resting: tuple[str, ...]
    """The target's joints that nothing drives."""
    unused: tuple[str, ...]
    """The source's joints that drive nothing."""


def guess(source: Skeleton, target: Skeleton, names: Names = ()) -> Guess:
    """Map the joints of equal names, then those that are the same part of the body; `names` overrule both.

    Where one skeleton has more joints for a part (three of a spine for two) they share it out from the root on. The
    roots belong together.

    Raises:
        LookupError: if there is no joint of one of the `names`.
        ValueError: if `names` has a joint driven twice.
    """
    roots = [] if any(find(other, target.names) == 0 for _, other in names) else [(source.names[0], target.names[0])]
    given = match(source, target, [*roots, *names])
    parts, theirs = parts_of(target), parts_of(source)
    same = _by_name(source, target, parts, theirs)
    found = same | _by_part(parts, theirs, same) | given
    joints = dict(sorted(found.items()))
    return Guess(
        joints,
        tuple(name for j, name in enumerate(target.names) if j not in joints),
        tuple(name for j, name in enumerate(source.names) if j not in joints.values()),
    )


def parts_of(skeleton: Skeleton) -> dict[int, Part]:
    """The part of the body that each joint is, of those whose names tell.

    Some names mean what no other joint of the side means: a shoulder is where the arm begins, unless that is called an
    arm, then it is the collar bone; a foot ends the leg, unless there is an ankle.
    """
    found = {j: part for j, name in enumerate(skeleton.names) if (part := _part(name))}
    there = set(found.values())
    return {
        j: (side, ELSE[part][(side, RIVALS[part]) in there] if part in RIVALS else part)
        for j, (side, part) in found.items()
    }


def _part(name: str) -> Part | None:
    side, bare = split_side(name)
    letters = re.sub(r"[^a-z]", "", bare.lower())
    if NO_JOINT.search(letters):
        return None
    return next(((side, part) for part, word in (SIDED if side else CENTRAL) if word.search(letters)), None)


def _by_name(source: Skeleton, target: Skeleton, parts: dict[int, Part], theirs: dict[int, Part]) -> dict[int, int]:
    """Joints of the same name, as long as it means the same in both skeletons."""
    known = {plain(name): j for j, name in reversed(list(enumerate(source.names)))}
    same = {j: known[plain(name)] for j, name in enumerate(target.names) if plain(name) in known}
    return {j: other for j, other in same.items() if parts.get(j) == theirs.get(other)}


def _by_part(parts: dict[int, Part], theirs: dict[int, Part], same: dict[int, int]) -> dict[int, int]:
    """Joints of the same part: those that are called the same, if all of them are, else one after the other."""
    found: dict[int, int] = {}
    for part in set(parts.values()) & set(theirs.values()):
        own, other = _joints_of(part, parts), _joints_of(part, theirs)
        shares = {j: other[math.ceil((place + 1) * len(other) / len(own)) - 1] for place, j in enumerate(own)}
        found |= {j: same[j] for j in own} if same.keys() >= set(own) else shares
    return found


def _joints_of(part: Part, parts: dict[int, Part]) -> Sequence[int]:
    """The joints of a part, those nearer to the root first."""
    return [j for j, each in parts.items() if each == part]
