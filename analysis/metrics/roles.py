"""Which joint of a skeleton plays which part of the body, by the names of SMPL's, Mixamo's and AIST++'s skeletons."""

from collections.abc import Sequence

from feature_extraction.motion.selection import plain
from feature_extraction.motion.smpl import MIXAMO, NAMES

ROLES = (
    *("root", "lhip", "rhip", "belly", "lknee", "rknee", "spine", "lankle", "rankle", "chest", "ltoes", "rtoes"),
    *("neck", "linshoulder", "rinshoulder", "head", "lshoulder", "rshoulder", "lelbow", "relbow", "lwrist", "rwrist"),
    *("lhand", "rhand"),
)
"""The joints of SMPL in their order, by the names of Fairmotion, which AIST++'s features use."""
STAND_INS = {"chest": ("spine2", "spine1", "spine"), "root": ("hip", "pelvis")}
"""What else may be called by a part, in lower case."""


def find_roles(joints: Sequence[str], wanted: Sequence[str] = ROLES) -> dict[str, int]:
    """Give the place among `joints` of every part of the body in `wanted` that is there.

    >>> find_roles(["mixamorig:Hips", "mixamorig:LeftFoot", "Tail"])
    {'root': 0, 'lankle': 1}
    """
    place = {plain(name): i for i, name in reversed(list(enumerate(joints)))}
    known = {role: (role, plain(smpl), plain(mixamo)) for role, smpl, mixamo in zip(ROLES, NAMES, MIXAMO, strict=True)}
    # "Spine" is another joint in each of these skeletons: where one has Mixamo's Hips, its other names are Mixamo's
    mixamo_only = "hips" in place
    found = {}
    for role in wanted:
        names = known[role][2:] if mixamo_only else known[role][:2]
        named = [name for name in (*names, *STAND_INS.get(role, ())) if name in place]
        if named:
            found[role] = place[named[0]]
    return found


def need_roles(joints: Sequence[str], wanted: Sequence[str], metric: str) -> list[int]:
    """Give the places of the wanted parts of the body; ValueError naming those that are missing."""
    found = find_roles(joints, wanted)
    missing = [role for role in wanted if role not in found]
    if missing:
        raise ValueError(
            f"{metric} needs the joints {', '.join(missing)}, and the skeleton has none called so; "
            f"it has {', '.join(list(joints)[:12])}, ..."
        )
    return [found[role] for role in wanted]
