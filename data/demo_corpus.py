"""The demo corpus: synthetic dances and gestures with known truth, the same for the same seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data import demo_dance, demo_motion, demo_music, demo_songs
from data.base_corpus import BaseCorpus
from data.demo_moves import moves
from data.demo_recognise import recognise
from data.demo_truth import TRUTH_FILE, Truth
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import SPLITS, atomic_path, save_json, save_text, split_path


class DemoCorpus(BaseCorpus):
    """Dances to songs and gestures to speech whose every cause is written down in truth.json."""

    parts = ("dance", "gesture")
    last_file = TRUTH_FILE
    version = 1

    truth: ClassVar[Callable[[Path | str], Truth]] = Truth.load
    recognise = staticmethod(recognise)

    def write(self, directory: Path, *, seed: int, jobs: int | None, progress: bool) -> None:
        """Write sounds, motions and split lists, then truth.json."""
        from joblib import Parallel, delayed
        from tqdm import tqdm

        songs = demo_songs.compose(seed)
        for part in self.parts:
            (directory / part).mkdir(exist_ok=True)
        work = [delayed(write_song)(song, directory / "dance") for song in songs]
        done = Parallel(n_jobs=jobs or -1, return_as="generator_unordered")(work)
        for _ in tqdm(done, desc="demo corpus", total=len(work), unit="file", disable=not progress):
            pass
        _write_splits(directory / "dance", [(song.id, song.split) for song in songs])
        save_json(directory / TRUTH_FILE, {"seed": seed} | dance_facts(songs))


def write_song(song: demo_songs.Song, directory: Path) -> None:
    """Write a song's sound and its dance, where they are not there yet."""
    _write_sound(directory / f"{song.id}.flac", lambda: demo_music.synthesise(song), demo_music.SAMPLE_RATE)
    _write_motion(directory / f"{song.id}.bvh", lambda: demo_dance.dance(song, 0))


def dance_facts(songs: list[demo_songs.Song]) -> dict[str, Any]:
    """The dances' part of truth.json."""
    return {
        "songs": [song.to_dict() | {"moves": demo_dance.danced_moves(song, 0)} for song in songs],
        "moves": list(moves()),
        "styles": demo_songs.STYLES,
        "return_probability": demo_songs.RETURN_PROBABILITY,
        "noise": {
            "amplitude_spread": demo_dance.AMPLITUDE_SPREAD,
            "timing_sd_s": demo_dance.TIMING_SD_S,
            "joint_rms_degrees": float(np.degrees(demo_motion.JOINT_NOISE)),
            "root_sd_cm": demo_motion.ROOT_NOISE,
            "time_constant_s": demo_motion.NOISE_TIME_S,
        },
    }


def _write_sound(path: Path, make: Callable[[], np.ndarray], sample_rate: int) -> None:
    import soundfile

    if not path.exists():
        with atomic_path(path) as temporary:
            soundfile.write(temporary, make(), sample_rate, subtype="PCM_16")


def _write_motion(path: Path, make: Callable[[], Motion]) -> None:
    if not path.exists():
        write_bvh(path, make())


def _write_splits(directory: Path, sequences: list[tuple[str, str]]) -> None:
    for split in SPLITS:
        save_text(split_path(directory, split), "".join(f"{name}\n" for name, where in sequences if where == split))
