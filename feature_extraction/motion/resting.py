"""What joints do of which a feature says nothing: they rest at their means; and what rests for a whole corpus."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, Skeleton

WIDTH = 200  # characters of a list in a message


def folded(motion: Motion, selected: Sequence[int]) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Give local rotations (frames, joints, 4) to go with mean rotations (4) of the unselected joints.

    What an unselected joint turns beyond its mean goes to its children, so that they keep their directions.
    """
    parents = motion.skeleton.parents
    rotations = motion.rotations.copy()
    fill: dict[int, np.ndarray] = {}
    beyond: dict[int, np.ndarray] = {}
    for j in range(len(parents)):
        if parents[j] in beyond:
            rotations[:, j] = rotation.mul(beyond[parents[j]], rotations[:, j])
        if j not in selected:
            fill[j] = rotation.mean(rotations[:, j])
            if j in parents:
                beyond[j] = rotation.mul(rotation.inv(fill[j]), rotations[:, j])
    return rotations, fill


def resting_skeleton(motion: Motion, selected: Sequence[int]) -> Skeleton:
    """Give the skeleton in which moving joints that are not selected rest at their mean position."""
    skeleton = motion.skeleton
    offsets = skeleton.offsets.copy()
    for place, j in enumerate(skeleton.moving):
        if j not in selected:
            offsets[j] = motion.positions[:, place].mean(axis=0)
    return replace(skeleton, offsets=offsets, moving=tuple(j for j in skeleton.moving if j in selected))


def merge_skeletons(decodings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give, as plain JSON, the skeleton that stands for those of all sequences: their median bones.

    ValueError listing the sequences whose joint names or parents are not those of the most.
    """
    skeletons = {name: Skeleton.from_dict(decoding["skeleton"]) for name, decoding in decodings.items()}
    _agree(skeletons)
    return _median(list(skeletons.values())).to_dict()


def merge_rotations(rotations: Iterable[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    """Give joint -> its mean rotation (wxyz), from that of each sequence."""
    every = list(rotations)
    return {joint: rotation.mean(np.array([each[joint] for each in every])).tolist() for joint in every[0]}


def _agree(skeletons: Mapping[str, Skeleton]) -> None:
    trees = {name: (skeleton.names, skeleton.parents) for name, skeleton in skeletons.items()}
    usual, count = Counter(trees.values()).most_common(1)[0]
    odd = [name for name, tree in trees.items() if tree != usual]
    if odd:
        different = sorted(set(trees[odd[0]][0]) ^ set(usual[0]))
        raise ValueError(
            f"the joints of {shorten(', '.join(odd), WIDTH, placeholder=' ...')} are not those of the other {count} "
            f"sequences ({shorten(', '.join(different), WIDTH, placeholder=' ...') or 'other order or parents'}); "
            "put recordings of different skeletons into folders of their own"
        )


def _median(skeletons: Sequence[Skeleton]) -> Skeleton:
    first = skeletons[0]
    ends = [[joint for joint, _ in skeleton.end_sites] for skeleton in skeletons]
    end_sites = first.end_sites
    if first.end_sites and all(joints == ends[0] for joints in ends):
        places = np.median([[offset for _, offset in skeleton.end_sites] for skeleton in skeletons], axis=0)
        end_sites = tuple((joint, (x, y, z)) for joint, (x, y, z) in zip(ends[0], places.tolist(), strict=True))
    offsets = np.median([skeleton.offsets for skeleton in skeletons], axis=0)
    return replace(first, offsets=offsets, end_sites=end_sites)
