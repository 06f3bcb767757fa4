"""Clips of the demo corpus's dances, made without its sound, and what can be done to them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from analysis.evaluation.references import blend
from analysis.metrics.clip import Clip, Danced
from data import demo_dance, demo_songs
from data.demo_recognise import recognise, recognise_jumps
from feature_extraction.expmap_features import ExpmapFeatures
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.mirror import mirror
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion

FPS = 30.0
SECONDS = 12.0
UNMOVED = frozenset({"nll", "nll_bits"})
"""Metrics without effects: they are of recorded motion under a model, and there is none here to ask."""
BLENDED = 100
"""Dances are blended with those whose seed is so much greater."""


@dataclass(frozen=True)
class Dance:
    """A dance and the song it is danced to."""

    song: demo_songs.Song
    motion: Motion

    def clip(self, fps: float = FPS, seconds: float = SECONDS) -> Clip:
        """The clip of its beginning, as a recording at `fps` shows it, with what is recognised in it."""
        motion = resample(self.motion, fps).cut(0, round(seconds * fps))
        values = ExpmapFeatures(fps).encode(motion).values.astype(np.float64)
        beats = self.song.beats[self.song.beats < seconds - 1 / fps]
        known = {"danced": recognised(motion, self.song), "nats": 1.0, "bits": 1.0}
        return Clip.of_motion(self.song.id, motion, features=values, beats_s=beats, **known)


def recognised(motion: Motion, song: demo_songs.Song) -> Danced:
    """What is recognised in a dance, in the bars that it lasts for."""
    bars = int((song.bars[1:] * motion.fps <= motion.frames).sum())
    moves = recognise(motion, song.bars[: bars + 1])
    jumps = recognise_jumps(motion, [song.bars[bar] for bar in song.drops if bar < bars])
    return Danced(tuple(moves), demo_songs.STYLES[song.style], demo_songs.RETURN_PROBABILITY, tuple(jumps))


@cache
def dances(count: int, seed: int = 0) -> tuple[Dance, ...]:
    """Valid dances of the first songs; seed 0 is the corpus's own."""
    songs = demo_songs.compose(0)[:count]
    return tuple(Dance(song, demo_dance.dance(song, seed)) for song in songs)


@cache
def clips(count: int, seed: int = 0, fps: float = FPS, seconds: float = SECONDS) -> tuple[Clip, ...]:
    """Their clips."""
    return tuple(dance.clip(fps, seconds) for dance in dances(count, seed))


def noisy(motion: Motion) -> Motion:
    """Joints tremble: turns of 0.05 rad, anew in each frame."""
    rng = np.random.default_rng(0)
    shake = rotation.exp(0.05 * rng.standard_normal((motion.frames, len(motion.skeleton.names), 3)))
    return replace(motion, rotations=rotation.mul(motion.rotations, shake))


def frozen(motion: Motion) -> Motion:
    """The first pose, held."""
    return replace(
        motion,
        rotations=np.repeat(motion.rotations[:1], motion.frames, axis=0),
        positions=np.repeat(motion.positions[:1], motion.frames, axis=0),
    )


def reversed_in_time(motion: Motion) -> Motion:
    """From the end to the beginning."""
    return replace(motion, rotations=motion.rotations[::-1].copy(), positions=motion.positions[::-1].copy())


MOTION_CHANGES: dict[str, Callable[[Motion], Motion]] = {
    "translation": lambda motion: edit.shift(motion, (310.0, 0.0, -120.0)),
    "heading": lambda motion: edit.turn(motion, rotation.yaw(2.0)),
    "noise": noisy,
    "freezing": frozen,
    "reversal": reversed_in_time,
    "mirroring": mirror,
}


@cache
def changed(change: str, count: int, seed: int) -> tuple[Clip, ...]:
    """The clips of dances to which something was done."""
    made = dances(count, seed)
    if change == "frame_rate":
        return clips(count, seed, 2 * FPS)
    if change == "mismatch":
        others = made[1:] + made[:1]
        return tuple(replace(each, song=other.song).clip() for each, other in zip(made, others, strict=True))
    if change == "blending":
        others = dances(count, seed + BLENDED)
        return tuple(
            replace(one, motion=blend(one.motion, other.motion)).clip() for one, other in zip(made, others, strict=True)
        )
    short = (replace(each, motion=resample(each.motion, FPS).cut(0, round(SECONDS * FPS))) for each in made)
    return tuple(replace(each, motion=MOTION_CHANGES[change](each.motion)).clip() for each in short)
