"""A place in which the README's commands can be run: a copy of the project, a small demo corpus, a reader's files."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from data import demo_songs, demo_speech
from data.demo_corpus import VECTORS_FILE, write_recording, write_song, write_vectors
from tests.data.miniatures import WORDS, WRITE
from tests.docs.pages import PROJECT

LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "experiments", "generated", "build")
"""What a copy of the project does without, beside corpora."""
SONGS = {"song_00": "train", "song_01": "train", "song_28": "val", "song_34": "test", "song_38": "test"}
TALKS = ("train", "train", "val", "test")
VECTOR_WIDTH = 100
"""Numbers of a word in glove.6B.100d.txt."""


def make_workplace(folder: Path) -> Path:
    """Copy the project into a folder, with what its README takes for granted beside it."""
    project = folder / "project"
    shutil.copytree(PROJECT, project, ignore=_left_behind)
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    _write_songs(project / "data" / "demo" / "dance")
    _write_talks(project / "data" / "demo" / "gesture")
    _write_own_files(project)
    _write_genea_files(project)
    return project


def run(folder: Path, words: Sequence[str], python_path: str = "") -> str:
    """Run a command in a folder and give what it prints; AssertionError where it fails."""
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix, "OMP_NUM_THREADS": "1", "PYTHONPATH": python_path}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _left_behind(folder: str, names: list[str]) -> set[str]:
    corpora = {name for name in names if Path(folder) == PROJECT / "data" and not name.endswith(".py")}
    return set(LEFT_BEHIND(folder, names)) | corpora


def _write_songs(folder: Path) -> None:
    folder.mkdir(parents=True)
    for song in demo_songs.compose(0):
        if song.id in SONGS:
            write_song(song, folder)
    for split in ("train", "val", "test"):
        ids = [name for name, of in SONGS.items() if of == split]
        (folder / f"base_filenames_{split}.txt").write_text("\n".join(ids) + "\n")


def _write_talks(folder: Path) -> None:
    folder.mkdir(parents=True)
    recordings = demo_speech.write_speeches(0)[: len(TALKS)]
    for recording in recordings:
        write_recording(recording, folder)
    write_vectors(folder / VECTORS_FILE, demo_speech.word_vectors(0))
    for split in sorted(set(TALKS)):
        ids = [each.id for each, of in zip(recordings, TALKS, strict=True) if of == split]
        (folder / f"base_filenames_{split}.txt").write_text("\n".join(ids) + "\n")


def _write_own_files(project: Path) -> None:
    """Songs, a talk with its words, a rig, and pairs in data/mine."""
    dances, talks, own, mine = (
        project / "data/demo/dance",
        project / "data/demo/gesture",
        project / "path/to",
        project / "data/mine",
    )
    (own / "songs").mkdir(parents=True)
    mine.mkdir()
    rate = 22050
    sound = np.sin(2 * np.pi * 220 * np.arange(3 * rate) / rate) * (np.arange(3 * rate) % (rate // 2) < 2000)
    for path in (own / "song.mp3", own / "songs" / "one.wav", own / "songs" / "two.flac", project / "song.wav"):
        soundfile.write(path, 0.5 * sound, rate)
    talk = next(talks.glob("*.bvh"))
    soundfile.write(own / "talk.wav", *soundfile.read(talk.with_suffix(".flac")))
    shutil.copy(talk.with_suffix(".json"), own / "talk.json")
    shutil.copy(dances / "song_00.bvh", own / "rig.bvh")
    for number, name in enumerate(SONGS):
        shutil.copy(dances / f"{name}.bvh", mine / f"sequence{number}.bvh")
        shutil.copy(dances / f"{name}.flac", mine / f"sequence{number}.flac")
    for ending in ("bvh", "flac"):
        shutil.copy(dances / f"song_38.{ending}", mine / f"the_basement.{ending}")


def _write_genea_files(project: Path) -> None:
    """What someone has who comes from FineMotion's system: the challenge's folders, word vectors, features, a talk."""
    WRITE["genea2020"](project / "data")
    for name in ("Audio/TestSeq001.wav", "Transcripts/TestSeq001.json"):
        (project / "data" / name).unlink()
    vectors = [f"{word} {'0.5 ' * VECTOR_WIDTH}".strip() for word, *_ in WORDS]
    (project / "glove.6B.100d.txt").write_text("\n".join(vectors) + "\n")
    np.savez(project / "data_001.npz", X=np.random.default_rng(0).standard_normal((40, 26)).astype(np.float32))
    shutil.copy(project / "path/to/talk.wav", project / "talk.wav")
