"""Which joints of a skeleton are left and right, limbs, trunk and head, read from names and bone lengths."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feature_extraction.motion.sides import side_of, sides_of, without_namespace

MIDDLE, LEFT, RIGHT = 0, 1, 2  # sides, as indices
INDEX = {"": MIDDLE, "l": LEFT, "r": RIGHT}
LIMB = 0.25  # an arm or a leg is at least this long, body heights
SHORTEST_BONE = 0.004  # body heights; shorter ones are only branching points
LONG_BONE = 0.6  # of the longest bone of its limb
# Bone lengths give the body's height whatever the pose and the unit: the longest path through the joints, from toes to
# fingers, is 1.42 to 1.58 times the height in people's skeletons.
PATH_PER_HEIGHT = 1.47
_UPPER_LIMB = re.compile(
    r"up(?:per)?[_ ]?(?:arm|leg)|thigh|shldr|(?<![a-z])(?:left|right|[lr])_?arm(?![a-z])", re.IGNORECASE
)


@dataclass(frozen=True)
class Tree:
    """Joints and end sites as one tree of points, parents before children."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    lengths: np.ndarray  # (points,) of the bone from the parent, in the skeleton's unit

    @property
    def reach(self) -> np.ndarray:
        """Longest path (points,) from each point down to a leaf."""
        reach = np.zeros(len(self.parents))
        for point in range(len(self.parents) - 1, 0, -1):
            parent = self.parents[point]
            reach[parent] = max(reach[parent], reach[point] + self.lengths[point])
        return reach

    @property
    def height(self) -> float:
        """Height of the body that these bones make, from the longest path through them; 1 where all lengths are 0."""
        reach, longest = np.zeros(len(self.parents)), 0.0
        for point in range(len(self.parents) - 1, 0, -1):
            parent, path = self.parents[point], reach[point] + self.lengths[point]
            longest = max(longest, reach[parent] + path)
            reach[parent] = max(reach[parent], path)
        return longest / PATH_PER_HEIGHT or 1.0

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each point; a point without a twin on the other side belongs to the middle."""
        return tuple(INDEX[side] for side in sides_of(self.names))

    def children(self, point: int) -> list[int]:
        """Points whose parent is `point`."""
        return [child for child, parent in enumerate(self.parents) if parent == point]

    def below(self, point: int) -> set[int]:
        """All points under `point`, itself left out."""
        found: set[int] = set()
        for child, parent in enumerate(self.parents):
            if parent == point or parent in found:
                found.add(child)
        return found

    def above(self, point: int) -> list[int]:
        """Points from `point` up to the root, both included."""
        path = [point]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
        return path


def side(name: str) -> int:
    """Side that a joint's name tells.

    >>> [side(name) for name in ("mixamorig:LeftArm", "rShin", "RHipJoint", "foot.R", "LowerBack")]
    [1, 2, 2, 2, 0]
    """
    return INDEX[side_of(name)]


def corners(tree: Tree) -> tuple[int, int, int, int] | None:
    """Points of left hip, right hip, left shoulder, right shoulder; None where there are not two limbs on each side."""
    limbs: dict[int, list[int]] = {LEFT: [], RIGHT: []}
    sides = tree.sides
    for point, parent in enumerate(tree.parents):
        if parent >= 0 and sides[point] != MIDDLE and sides[parent] == MIDDLE:
            corner = _limb_start(tree, point)
            if corner is not None:
                limbs[sides[point]].append(corner)
    if any(len(found) < 2 for found in limbs.values()):
        return None
    reach = tree.reach
    (left_hip, left_shoulder), (right_hip, right_shoulder) = (
        # The two longest are the leg and the arm, and legs hang nearer to the root than arms do.
        sorted(sorted(limbs[which], key=lambda point: reach[point])[-2:], key=lambda point: _depth(tree, point))
        for which in (LEFT, RIGHT)
    )
    return left_hip, right_hip, left_shoulder, right_shoulder


def trunk(tree: Tree, trunk_corners: Sequence[int]) -> set[int]:
    """Points whose bone from the parent lies inside the trunk, or above it where the root is not in the body."""
    return {point for corner in trunk_corners for point in tree.above(corner)}


def necks(tree: Tree, trunk_corners: Sequence[int]) -> list[int]:
    """Points in the middle whose bone rises from where the arms branch off, bones without length passed over."""
    sides, right_arm = tree.sides, set(tree.above(trunk_corners[3]))
    found, starts = [], [next(point for point in tree.above(trunk_corners[2]) if point in right_arm)]
    while starts:
        rising = [child for child in tree.children(starts.pop()) if sides[child] == MIDDLE]
        found += rising
        starts += [child for child in rising if tree.lengths[child] < SHORTEST_BONE * tree.height]
    return found


def stubs(tree: Tree, inside: set[int]) -> set[int]:
    """Points on a side that hang on the trunk and are no limbs: markers of the pelvis, breasts."""
    sides = tree.sides
    found: set[int] = set()
    for point in set(range(len(tree.parents))) - inside:
        if sides[point] != MIDDLE and tree.parents[point] in inside and sides[tree.parents[point]] == MIDDLE:
            found |= {point} | tree.below(point)
    return found


def head(tree: Tree) -> int | None:
    """The head's joint: the first named so that hangs below another joint."""
    for word in ("head", "face", "skull"):
        for point, name in enumerate(tree.names):
            if tree.parents[point] >= 0 and word in without_namespace(name).lower():
                return point
    return None


def _limb_start(tree: Tree, point: int) -> int | None:
    """Where the upper arm or thigh begins in the limb that hangs at `point`; None if it is too short for a limb.

    The name tells; where it does not, a limb ends with two long bones, whatever stands before and after them.
    """
    path, reach = [point], tree.reach
    while children := tree.children(path[-1]):
        path.append(max(children, key=lambda child: reach[child] + tree.lengths[child]))
    bones = tree.lengths[path[1:]]
    if bones.sum() < LIMB * tree.height:
        return None
    named = (start for start in path if _UPPER_LIMB.search(tree.names[start]))
    return next(named, path[np.flatnonzero(bones >= LONG_BONE * bones.max())[-2:][0]])


def _depth(tree: Tree, point: int) -> float:
    """Length of the path from the root down to `point`."""
    return float(sum(tree.lengths[above] for above in tree.above(point)[:-1]))
