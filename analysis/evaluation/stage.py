"""From a model's numbers, or a motion, to the clip that metrics read: decoded, cut, with its music and its moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.metrics.clip import Clip, Danced, metres_per_unit
from feature_extraction import rhythm
from feature_extraction.audio import fine_factor, read_audio, working_rate
from feature_extraction.feature import Feature
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion
from feature_extraction.onset import onset_strength
from inference.reading import decoding, read_feature
from inference.recording import Recording, find_recordings
from models.windows import Window

if TYPE_CHECKING:
    from data.demo_songs import Song
    from data.demo_truth import Truth


@dataclass(frozen=True)
class Stage:
    """The corpus that models are compared on, and the feature that their motion is brought to."""

    data_dir: Path
    feature: Feature
    window: Window
    skip_s: float = 0.0
    """What is not looked at, at the beginning of every clip: the context of the model with the longest one."""
    metres: float | None = None
    """A unit of the skeleton's lengths, in metres; None: guessed."""

    @cached_property
    def truth(self) -> "Truth | None":
        """What is known about the demo corpus, where this is a part of it."""
        if not (self.data_dir.parent / "truth.json").is_file():
            return None
        # the corpora are not installed with the library: without one, nobody needs what makes them
        from data.demo_truth import Truth

        return Truth.load(self.data_dir.parent)

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """The parent of each joint of a decoded motion, -1 for the root."""
        return self.feature.decode(np.zeros((1, self.feature.dim))).skeleton.parents

    def song(self, sequence_id: str) -> "Song | None":
        """The song of the demo corpus that a sequence is danced to."""
        return self.truth.songs.get(sequence_id) if self.truth else None

    def recording(self, sequence_id: str) -> Recording:
        """The files of a sequence."""
        [recording] = find_recordings(sequence_id, self.data_dir, [self.window.modality])
        return recording

    def real_values(self, sequence_id: str) -> np.ndarray | None:
        """The recorded motion's (frames, dim) scaled values; None where it was not recorded."""
        return read_feature(self.recording(sequence_id), self.window, self.feature)

    def motion(self, sequence_id: str, values: np.ndarray) -> Motion:
        """The motion of scaled values, on the sequence's own skeleton."""
        return self.feature.decode(values, decoding(self.recording(sequence_id), self.feature))

    def clip(self, sequence_id: str, values: np.ndarray, music: str = "") -> Clip:
        """The clip of scaled values, danced to a sequence's music (by default its own)."""
        clip = self._clip(sequence_id, self.motion(sequence_id, values), music or sequence_id)
        return replace(clip, features=self.feature.unscale(values)).from_time(self.skip_s)

    def clip_of_motion(self, sequence_id: str, motion: Motion, music: str = "") -> Clip:
        """The clip of a motion of another model's representation, or of none, at any rate."""
        motion = resample(motion, self.feature.fps)
        values = self.feature.encode(motion)
        clip = self._clip(sequence_id, motion, music or sequence_id)
        return replace(clip, features=self.feature.unscale(values)).from_time(self.skip_s)

    def beats(self, sequence_id: str) -> np.ndarray | None:
        """The beats of a sequence's music, in seconds: the truth where known, else tracked; None without sound."""
        song = self.song(sequence_id)
        if song is not None:
            return song.beats
        audio = self.recording(sequence_id).raw.get("audio")
        return _tracked_beats(audio, self.feature.fps) if audio else None

    def _clip(self, sequence_id: str, motion: Motion, music: str) -> Clip:
        metres = metres_per_unit(motion.skeleton) if self.metres is None else self.metres
        beats = self.beats(music)
        if beats is not None:
            beats = beats[beats <= (motion.frames - 1) / motion.fps]
        return Clip.of_motion(
            sequence_id, motion, metres=metres, beats_s=beats, danced=self._danced(motion, self.song(music))
        )

    def _danced(self, motion: Motion, song: "Song | None") -> Danced | None:
        """What is recognised in a dance to a song of the demo corpus, in the bars after what is skipped."""
        if song is None:
            return None
        from data.demo_recognise import recognise, recognise_jumps
        from data.demo_songs import RETURN_PROBABILITY, STYLES

        counted = [bar for bar in range(len(song.bars) - 1) if self._counts(song.bars[bar : bar + 2], motion)]
        moves = np.array(recognise(motion, song.bars))[counted].tolist()
        drops = [song.bars[bar] for bar in song.drops if bar in counted]
        return Danced(tuple(moves), STYLES[song.style], RETURN_PROBABILITY, tuple(recognise_jumps(motion, drops)))

    def _counts(self, bar: Sequence[float] | np.ndarray, motion: Motion) -> bool:
        return bar[0] >= self.skip_s and bar[1] * motion.fps <= motion.frames


@lru_cache(maxsize=1024)
def _tracked_beats(audio: Path, fps: float) -> np.ndarray:
    """The beats tracked in a sound file, in seconds."""
    onsets = onset_strength(read_audio(audio, working_rate(fps)[0]), fps)
    rate = fine_factor(fps) * fps
    _, found = rhythm.beats(onsets, rate)
    return (found + 0.5) / rate - 0.5 / fps
