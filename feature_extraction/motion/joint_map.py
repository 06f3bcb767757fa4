"""Which joint of one skeleton drives which joint of another: by a list of names, or by equal names."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from feature_extraction.motion.selection import find, plain
from feature_extraction.motion.skeleton import Skeleton

Names = Sequence[tuple[str, str]]
"""Pairs (name in the source, name in the target)."""
SUFFIXES = (".json", ".yaml", ".yml")


def match(source: Skeleton, target: Skeleton, names: Names | None = None) -> dict[int, int]:
    """Give for each joint of the target that is driven the source's joint which drives it, in the target's order.

    Without `names` joints drive those of the same name; prefixes ("mixamorig:") and case may differ. A source's joint
    may drive several. LookupError for a name that is not there; ValueError for a target's joint driven twice, and where
    nothing drives the target's root.
    """
    if names is None:
        known = {plain(name): j for j, name in reversed(list(enumerate(source.names)))}
        found = {j: known[plain(name)] for j, name in enumerate(target.names) if plain(name) in known}
    else:
        found = {}
        for one, other in names:
            j = find(other, target.names)
            if j in found:
                driver = source.names[found[j]]
                raise ValueError(f"the target's joint {target.names[j]!r} is driven twice: by {driver!r} and {one!r}")
            found[j] = find(one, source.names)
    if 0 not in found:
        raise ValueError(
            f"nothing drives the target's root {target.names[0]!r}; map one of the source's joints onto it, perhaps "
            f"its root: {source.names[0]}={target.names[0]}"
        )
    return dict(sorted(found.items()))


def read_names(text: str) -> list[tuple[str, str]]:
    """Read pairs of names: `A=B,C=D`, or the path of a JSON or YAML file {A: B, C: [D, E]}; A is the source's.

    FileNotFoundError for a file that is not there; ValueError for a text or file that is something else.
    """
    if not text.lower().endswith(SUFFIXES):
        return [_pair(part) for part in text.split(",") if part.strip()]
    try:
        data = yaml.safe_load(Path(text).read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{text} is neither JSON nor YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict) or not data:
        raise ValueError(f"{text} is no map of joints: names of the source with those of the target are wanted")
    pairs = [
        (one, other) for one, others in data.items() for other in (others if isinstance(others, list) else [others])
    ]
    for one, other in pairs:
        if not isinstance(one, str) or not isinstance(other, str):
            raise ValueError(f"{text}: {one!r}: {other!r} is no pair of joint names")
    return pairs


def _pair(text: str) -> tuple[str, str]:
    one, equals, other = (part.strip() for part in text.partition("="))
    if not (one and equals and other):
        raise ValueError(f"{text.strip()!r} is no pair of joints; SOURCE=TARGET is wanted, or a .json or .yaml file")
    return one, other
