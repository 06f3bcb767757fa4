"""The demo corpus: synthetic dances and gestures with known truth, the same for the same seed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data import demo_dance, demo_gestures, demo_motion, demo_music, demo_songs, demo_speech, demo_voice
from data.base_corpus import BaseCorpus
from data.demo_moves import moves
from data.demo_songs import Song
from data.demo_speech import Recording
from data.demo_truth import TRUTH_FILE
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import SPLITS, atomic_path, save_json, save_text, split_path

VECTORS_FILE = "word_vectors.txt"
"""Vectors of the vocabulary, in GloVe's format."""


class DemoCorpus(BaseCorpus):
    """Dances to songs, and gestures to speech, every cause of which is written down in truth.json.

    `data.demo_truth` reads the truth back and gives other valid dances; `data.demo_recognise` names what is danced.
    """

    parts: ClassVar[tuple[str, ...]] = ("dance", "gesture")
    last_file = TRUTH_FILE
    version = 1
    takes_source = False
    more_songs: ClassVar[int] = 0
    """How many songs there are to train on beside those of every demo corpus."""

    def terms(self) -> str:
        """A sentence about the licence and where the corpus comes from."""
        return "DemoCorpus: made by Terpsichore's own rules, without recordings of anyone; under its MIT licence"

    def write(self, directory: Path, *, seed: int, jobs: int, progress: bool) -> None:
        """Write sounds, motions, transcripts and split lists, then truth.json."""
        from feature_extraction.parallel import workers

        dances, talks = (directory / part for part in DemoCorpus.parts)
        for part in self.parts:
            (directory / part).mkdir(exist_ok=True)
        songs = demo_songs.compose(seed, self.more_songs)
        recordings = demo_speech.write_speeches(seed) if talks.name in self.parts else []
        with workers(jobs, len(songs) + len(recordings), progress) as pool:
            pool.each("making dances", write_song, [(song, dances) for song in songs])
            pool.each("making talks", write_recording, [(recording, talks) for recording in recordings])
        _write_splits(dances, songs)
        if recordings:
            write_vectors(talks / VECTORS_FILE, demo_speech.word_vectors(seed))
            _write_splits(talks, recordings)
        save_json(directory / TRUTH_FILE, {"seed": seed} | dance_facts(songs) | gesture_facts(recordings))


def write_song(song: Song, directory: Path) -> None:
    """Write a song's sound and its dance, where they are not there yet."""
    _write_sound(directory / f"{song.id}.flac", lambda: demo_music.synthesise(song), demo_music.SAMPLE_RATE)
    _write_motion(directory / f"{song.id}.bvh", lambda: demo_dance.dance(song, 0))


def write_recording(recording: Recording, directory: Path) -> None:
    """Write a recording's sound, transcript and gestures, where they are not there yet."""
    name = recording.id
    _write_sound(directory / f"{name}.flac", lambda: demo_voice.synthesise(recording), demo_voice.SAMPLE_RATE)
    save_text(directory / f"{name}.json", recording.transcript())
    _write_motion(directory / f"{name}.bvh", lambda: demo_gestures.gesticulate(recording, 0))


def write_vectors(path: Path, vectors: dict[str, np.ndarray]) -> None:
    """Write word vectors in GloVe's format: a word and its numbers on each line."""
    save_text(path, "".join(f"{word} {' '.join(f'{value:.5f}' for value in row)}\n" for word, row in vectors.items()))


def dance_facts(songs: Sequence[Song]) -> dict[str, Any]:
    """The dances' part of truth.json."""
    return {
        "songs": [song.to_dict() | {"moves": demo_dance.danced_moves(song, 0)} for song in songs],
        "moves": list(moves()),
        "styles": demo_songs.STYLES,
        "return_probability": demo_songs.RETURN_PROBABILITY,
        "noise": {
            "amplitude_spread": demo_dance.AMPLITUDE_SPREAD,
            "timing_sd_s": demo_dance.TIMING_SD_S,
            "joint_rms_degrees": round(float(np.degrees(demo_motion.JOINT_NOISE)), 6),
            "root_sd_cm": demo_motion.ROOT_NOISE,
            "time_constant_s": demo_motion.NOISE_TIME_S,
        },
    }


def gesture_facts(recordings: Sequence[Recording]) -> dict[str, Any]:
    """The gestures' part of truth.json."""
    plans = [demo_gestures.plan(recording, 0) for recording in recordings]
    return {
        "recordings": [
            recording.to_dict() | {"gestures": performed.gestures, "beats": performed.beats}
            for recording, performed in zip(recordings, plans, strict=True)
        ],
        "keywords": demo_speech.KEYWORDS,
        "gesture_probability": demo_gestures.GESTURE_PROBABILITY,
        "vocabulary": [*demo_speech.KEYWORDS, *demo_speech.OTHER_WORDS],
    }


def _write_sound(path: Path, make: Callable[[], np.ndarray], sample_rate: int) -> None:
    import soundfile

    if not path.exists():
        with atomic_path(path) as temporary:
            soundfile.write(temporary, make(), sample_rate, subtype="PCM_16")


def _write_motion(path: Path, make: Callable[[], Motion]) -> None:
    if not path.exists():
        write_bvh(path, make())


def _write_splits(directory: Path, sequences: Sequence[Song] | Sequence[Recording]) -> None:
    for split in SPLITS:
        ids = [sequence.id for sequence in sequences if sequence.split == split]
        save_text(split_path(directory, split), "".join(f"{sequence_id}\n" for sequence_id in ids))
