"""Mirrored sequences: their names, and where their arrays lie; what no mirror changes they share with the original."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from feature_extraction.store import feature_path, load_json, sequences_with

SUFFIX = "_mirrored"


def mirrored_id(sequence_id: str) -> str:
    """Give the name of a sequence's mirror image.

    >>> mirrored_id("song_3")
    'song_3_mirrored'
    """
    return sequence_id + SUFFIX


def original_id(sequence_id: str) -> str | None:
    """Give the name of the sequence that this one mirrors; None for a name that says nothing of a mirror."""
    return sequence_id.removesuffix(SUFFIX) if sequence_id.endswith(SUFFIX) else None


def is_shared(data_dir: Path, feature: str) -> bool:
    """Tell whether a mirrored sequence has the original's array of this feature: sound, text or a label."""
    try:
        description: Any = load_json(Path(data_dir) / f"{feature}.json")
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(description, dict) and description.get("source") not in (None, "motion")


def mirrored_ids(data_dir: Path, sequence_ids: Sequence[str], features: Sequence[str]) -> list[str]:
    """Give the mirror images of these sequences that have arrays of all these features, their own or shared ones."""
    own = [feature for feature in features if not is_shared(data_dir, feature)]
    if not own:
        return []
    present = set.intersection(*(set(sequences_with(data_dir, feature)) for feature in own))
    images = [mirrored_id(sequence_id) for sequence_id in sequence_ids]
    return [image for image in images if image in present.difference(sequence_ids)]


def array_path(data_dir: Path, sequence_id: str, feature: str, shared: bool) -> Path:
    """Give the path of a sequence's array; of a `shared` feature, a mirrored sequence has the original's."""
    path = feature_path(data_dir, sequence_id, feature)
    original = original_id(sequence_id)
    if shared and original and not path.is_file():
        return feature_path(data_dir, original, feature)
    return path
