"""Which joints of a skeleton a feature is made of."""

import difflib
import logging
from collections.abc import Sequence
from functools import lru_cache

from feature_extraction.motion.skeleton import Skeleton

logger = logging.getLogger(__name__)


def _both_sides(*names: str) -> tuple[str, ...]:
    return tuple(side + name for side in ("Left", "Right") for name in names)


ARMS = _both_sides("Shoulder", "Arm", "ForeArm", "Hand")
LEGS = _both_sides("UpLeg", "Leg", "Foot", "ToeBase")
SELECTIONS = {
    "default": ("Spine", "Spine1", "Neck", "Head", *ARMS, *LEGS),
    "gesture": ("Spine", "Spine1", "Spine2", "Spine3", "Neck", "Neck1", "Head", *ARMS),
}
"""The joints of dance (Mixamo's, without fingers) and of gesture (upper body); the root is always with them."""
ALL = "all"


def select(skeleton: Skeleton, joints: str | Sequence[str] = "default") -> tuple[int, ...]:
    """Give the indices of the selected joints in the skeleton's order, the root always among them.

    `joints` is "all", a name of SELECTIONS or a list of joint names. Names match whole, but for a prefix such as
    "mixamorig:" and for case. From a named selection the joints that are there are taken; if they are fewer than
    half, the skeleton is of another kind, and all of its joints are. LookupError for a listed joint that is missing.
    """
    return _select(skeleton.names, joints if isinstance(joints, str) else tuple(joints))


@lru_cache
def _select(names: tuple[str, ...], joints: str | tuple[str, ...]) -> tuple[int, ...]:
    """Select from joint names; cached, so that a corpus on one skeleton is told once what was chosen."""
    everything = tuple(range(len(names)))
    if joints == ALL:
        return everything
    if not isinstance(joints, str):
        return tuple(sorted({0, *(find(name, names) for name in joints)}))
    if joints not in SELECTIONS:
        raise LookupError(
            f"no selection of joints named {joints!r}: {ALL}, {', '.join(SELECTIONS)} or a list is wanted"
        )
    known = _known(names)
    wanted = SELECTIONS[joints]
    found = {known[plain(name)] for name in wanted if plain(name) in known}
    if len(found) < len(wanted) / 2:
        message = "%d of the %d joints of the selection %r are in the skeleton; all its %d joints are used"
        logger.warning(message, len(found), len(wanted), joints, len(names))
        return everything
    return tuple(sorted({0, *found}))


def plain(name: str) -> str:
    """Give a joint's name without prefix, in lower case.

    >>> plain("mixamorig:LeftArm")
    'leftarm'
    """
    return name.rpartition(":")[2].casefold()


def find(name: str, names: tuple[str, ...]) -> int:
    """Give the place of a joint among `names`: exactly as it is called, else but for prefix and case.

    LookupError naming the nearest ones.
    """
    known = _known(names)
    if name in names:
        return names.index(name)
    if plain(name) in known:
        return known[plain(name)]
    near = [names[known[match]] for match in difflib.get_close_matches(plain(name), known)]
    raise LookupError(f"no joint named {name!r} in the skeleton; there are {', '.join(near or names)}")


def _known(names: tuple[str, ...]) -> dict[str, int]:
    """Give the first joint of each plain name."""
    return {plain(name): j for j, name in reversed(list(enumerate(names)))}
