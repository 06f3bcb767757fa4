"""What metrics read of a stretch of motion: joint positions, features, the music's beats, and what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline

from feature_extraction.motion.resample import resampled_frames
from feature_extraction.motion.skeleton import Motion, Skeleton, joint_positions

PERSON_M = 1.7
UNITS_M = (1.0, 0.01, 0.0254)
"""Metres, centimetres and inches, in metres."""
SAME_RATE = 1e-6


@dataclass(frozen=True)
class Danced:
    """What is known of a dance of the demo corpus: the truth about the music, and what was recognised in the motion."""

    moves: tuple[str, ...]
    """The move recognised in each bar, or "none"."""
    probabilities: Mapping[str, float]
    """How often each move that suits the music is danced in the long run."""
    return_probability: float = 0.0
    """How often the move of two bars ago comes back."""
    jumps: tuple[bool, ...] = ()
    """For each drop of the music whether there was a jump."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of motion, which begins at time 0 of `beats_s`.

    `positions` are (frames, joints, 3) in metres, y up; `features` (frames, dim), unscaled.
    """

    sequence_id: str
    fps: float
    positions: np.ndarray
    joints: tuple[str, ...]
    features: np.ndarray | None = None
    beats_s: np.ndarray | None = None
    danced: Danced | None = None
    nats: float | None = None
    """-log p of the recorded motion under the model that danced, in nats for each dimension of unscaled features."""
    bits: float | None = None
    """The same in bits for each frame of scaled features."""

    @property
    def frames(self) -> int:
        """The number of frames."""
        return len(self.positions)

    @property
    def duration_s(self) -> float:
        """The time from the first frame to the last, in seconds."""
        return (self.frames - 1) / self.fps

    def is_finite(self, name: str) -> bool:
        """Whether a field holds finite numbers only; what was danced is no number."""
        values = getattr(self, name)
        return isinstance(values, Danced) or bool(np.isfinite(values).all())

    @classmethod
    def of_motion(cls, sequence_id: str, motion: Motion, *, metres: float | None = None, **more: object) -> "Clip":
        """Make the clip of a motion whose unit of length is `metres` long; None: guessed from the skeleton's height."""
        unit = metres_per_unit(motion.skeleton) if metres is None else metres
        places = joint_positions(motion) * unit
        return cls(sequence_id, motion.fps, places, motion.skeleton.names, **more)  # type: ignore[arg-type]

    def from_time(self, start_s: float) -> "Clip":
        """Give the clip from the first frame at or after an instant on; what was known of all of it stays."""
        first = int(np.ceil(start_s * self.fps - SAME_RATE))
        return self.cut(first, self.frames)

    def cut(self, start: int, stop: int) -> "Clip":
        """Give the frames [start, stop), with the beats in their time."""
        stop = min(stop, self.frames)
        features = self.features[start:stop] if self.features is not None else None
        beats = self.beats_s
        if beats is not None:
            beats = beats - start / self.fps
            beats = beats[(beats >= 0) & (beats <= (stop - start - 1) / self.fps)]
        return replace(self, positions=self.positions[start:stop], features=features, beats_s=beats)

    def pieces(self, length_s: float) -> list["Clip"]:
        """Give successive pieces of `length_s` seconds; a rest that is shorter is left out."""
        frames = round(length_s * self.fps)
        return [self.cut(start, start + frames) for start in range(0, self.frames - frames + 1, frames)]


def positions_at(clip: Clip, fps: float) -> np.ndarray:
    """Give the joint positions (frames, joints, 3) at another rate, by cubic splines; frame i is time i / fps."""
    if abs(clip.fps - fps) <= SAME_RATE:
        return clip.positions
    if clip.frames < 2:
        return clip.positions.copy()
    count = resampled_frames(clip.frames, clip.fps, fps)
    return CubicSpline(np.arange(clip.frames) / clip.fps, clip.positions)(np.arange(count) / fps)


def metres_per_unit(skeleton: Skeleton) -> float:
    """Guess the unit of a skeleton's lengths, in metres: of UNITS_M the one that makes its height most like a person's.

    >>> metres_per_unit(Skeleton(("Hips",), (-1,), np.zeros((1, 3)), ("ZXY",), ((0, (0.0, 170.0, 0.0)),)))
    0.01
    """
    return min(UNITS_M, key=lambda unit: abs(np.log(skeleton.height * unit / PERSON_M)))


def total_frames(clips: Sequence[Clip]) -> int:
    """Give the number of frames of all clips."""
    return sum(clip.frames for clip in clips)
