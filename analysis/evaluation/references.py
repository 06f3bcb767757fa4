"""The rows that stand beside models: real motion, what is worse in a known way, and, where there is one, an oracle."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from analysis.evaluation.stage import Stage
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import System
from feature_extraction import store
from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion

TRAIN = store.SPLITS[0]
ORACLE_SEED = 1000
"""Dances from this seed on are those of the oracle; 0 is the corpus's own."""


def real_clips(stage: Stage, sequence_ids: Sequence[str]) -> list[Clip]:
    """The recorded motion of sequences; those without one are left out."""
    values = ((name, stage.real_values(name)) for name in sequence_ids)
    return [stage.clip(name, each) for name, each in values if each is not None]


def recorded(stage: Stage, split: str, sequence_ids: Sequence[str]) -> tuple[list[Clip], list[Clip]]:
    """The recorded clips that distances are taken from, and those of these sequences.

    The former are those of the train split, which metrics that learn are trained on, too; those of the other splits
    where that one is evaluated. ValueError where there are none.
    """
    others: list[str] = []
    for name in store.SPLITS[1:] if split == TRAIN else [TRAIN]:
        if store.split_path(stage.data_dir, name).is_file():
            others += store.read_split(stage.data_dir, name)
    reference = real_clips(stage, [name for name in others if name not in sequence_ids])
    if not reference:
        wanted = "outside of the train split" if split == TRAIN else "in the train split"
        raise ValueError(f"{stage.data_dir} has no recorded motion {wanted}; distances need some to be taken from")
    return reference, real_clips(stage, sequence_ids)


def references(stage: Stage, sequence_ids: Sequence[str], samples: int) -> Iterator[System]:
    """Real motion; another song's; a pose that is held; of the demo corpus other valid dances, and blends of two."""
    true = {name: values for name in sequence_ids if (values := stage.real_values(name)) is not None}
    if len(true) < len(sequence_ids):
        return
    yield System("real motion", (tuple(stage.clip(*each) for each in true.items()),), "real")
    names = list(true)
    if stage.truth and all(stage.song(name) for name in names):
        dances = [[_dance(stage, name, ORACLE_SEED + k) for name in names] for k in range(samples + 1)]
        oracle = tuple(_clips(stage, names, each) for each in dances[:-1])
        yield System("oracle: another valid dance", oracle, "oracle")
        blends = [[blend(one, other) for one, other in zip(*pair, strict=True)] for pair in pairwise(dances)]
        yield System(
            "blend of two valid dances", tuple(_clips(stage, names, each) for each in blends), "degraded", "blending"
        )
    if len(names) > 1:
        yield System("another song's real dance", (tuple(_mismatched(stage, true)),), "degraded", "mismatch")
    motions = [held(stage.motion(*each), round(stage.skip_s * stage.feature.fps)) for each in true.items()]
    yield System("a pose that is held", (_clips(stage, names, motions),), "degraded", "freezing")


def blend(one: Motion, other: Motion) -> Motion:
    """The mean of two motions of one skeleton: what the least squared error makes of two dances that are as likely."""
    return replace(
        one,
        rotations=rotation.slerp(one.rotations, other.rotations, 0.5),
        positions=(one.positions + other.positions) / 2,
    )


def held(motion: Motion, frame: int) -> Motion:
    """One pose of a motion, for as long as it lasts."""
    frames = np.full(motion.frames, min(frame, motion.frames - 1))
    return replace(motion, rotations=motion.rotations[frames], positions=motion.positions[frames])


def _dance(stage: Stage, name: str, seed: int) -> Motion:
    assert stage.truth is not None, "asked before"
    return stage.truth.dance(name, seed)


def _clips(stage: Stage, names: Sequence[str], motions: Sequence[Motion]) -> tuple[Clip, ...]:
    return tuple(stage.clip_of_motion(name, motion) for name, motion in zip(names, motions, strict=True))


def _mismatched(stage: Stage, recorded: dict[str, np.ndarray]) -> Iterator[Clip]:
    """For each sequence's music the recorded motion of the next sequence, as long as both last."""
    names = list(recorded)
    for music, dancer in zip(names, [*names[1:], names[0]], strict=True):
        frames = min(len(recorded[music]), len(recorded[dancer]))
        yield replace(stage.clip(dancer, recorded[dancer][:frames], music), sequence_id=music)
