"""AIST++: SMPL motion of street dances, to the music of the AIST Dance Video Database."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from data.conversion import Files
from data.downloading import Download
from data.recorded_pairs import RecordedPairs
from feature_extraction.motion import smpl
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import SPLITS, SUFFIXES

MUSIC = re.compile(r"m[A-Z]{2}\d+")
"""A piece of music: mBR0 is the first one of break."""
CAMERA = re.compile(r"_c(\d\d|All)_")
FRONT = "01"
"""The camera whose film the sound is taken from; each has the same."""
IGNORED = "ignore_list.txt"
"""The publication's list of sequences that could not be reconstructed well."""
OTHER_PICKLES = re.compile(r"keypoints.*")
"""Folders of pickles that have the names of the motions."""


class AistppCorpus(RecordedPairs):
    """gBR_sBM_cAll_d04_mBR0_ch01 and the like, the splits those for music (crossmodal) of the publication.

    A sequence's motion is in a pickle of SMPL poses at exactly 60 frames a second, its translations to be divided by
    its smpl_scaling; what is written is in metres. Its music is a file of the database named by the id in its name,
    mBR0.wav or .mp3, or the sound of its film; either begins with the dance and is cut where that ends. Sequences of
    the ignore list are in no split.
    The annotations can be downloaded, once the music or the films are in the folder `music`; no sha256 of them is
    published, so that what comes is compared with nothing.
    R. Li et al., AI Choreographer, arXiv 2101.08779; S. Tsuchida et al., AIST Dance Video Database, ISMIR 2019.
    """

    name_pattern = re.compile(r"g[A-Z]{2}_s[A-Z]{2}_cAll_d\d+_m[A-Z]{2}\d+_ch\d+")
    layout = (
        "motions/gBR_sBM_cAll_d04_mBR0_ch01.pkl, splits/crossmodal_train.txt and ignore_list.txt of AIST++, and the "
        "music music/mBR0.wav (or .mp3), or films gBR_sBM_c01_d04_mBR0_ch01.mp4, of the AIST Dance Video Database"
    )
    licence = "annotations CC BY 4.0; music and films for research only, by the terms of the AIST Dance Video Database"
    home = "https://google.github.io/aistplusplus_dataset, https://aistdancedb.ongaaccel.jp/database_download"
    downloads = (
        Download("https://storage.googleapis.com/aist_plusplus_public/20210308/fullset.zip", "aistpp_fullset.zip"),
    )
    put_first: ClassVar = {"audio": "music"}
    endings: ClassVar = {"motion": (".pkl",), "audio": (*SUFFIXES["audio"], ".mp4")}
    cuts_sound = True

    def name_of(self, path: Path, kind: str) -> str | None:
        """The sequence, whose film has the number of a camera in its name; or the music, which is shared by many."""
        if kind == "audio" and MUSIC.fullmatch(path.stem):
            return path.stem
        camera = CAMERA.search(path.stem)
        if not camera or camera[1] not in ("All", FRONT) or OTHER_PICKLES.fullmatch(path.parent.name):
            return None
        name = CAMERA.sub("_cAll_", path.stem)
        return name if self.name_pattern.fullmatch(name) else None

    def files(self, source: Path, made: Path) -> dict[str, Files]:
        """The files of the sequences, and music; ValueError for music in the corpus's own folder."""
        files = sorted(made.iterdir()) if made.is_dir() else []
        if music := [path for path in files if path.suffix.lower() in SUFFIXES["audio"] and MUSIC.fullmatch(path.stem)]:
            raise ValueError(
                f"{music[0]} would be a recording of its own, as it lies in the corpus's own folder; move the music "
                f"into {made / self.put_first['audio']}"
            )
        return super().files(source, made)

    def gathered(self, found: Mapping[str, Files]) -> dict[str, Files]:
        """The sequences that have motion, each with its music."""
        music = {name: files for name, files in found.items() if MUSIC.fullmatch(name)}
        return {name: music.get(music_of(name), {}) | files for name, files in found.items() if "motion" in files}

    def splits(self, names: Iterable[str], source: Path, seed: int = 0) -> dict[str, str | None]:
        """The published split of each sequence; FileNotFoundError where its lists are missing."""
        split_of = {name: split for split in SPLITS for name in _lines(source, f"crossmodal_{split}.txt", self.terms())}
        ignored = set(_lines(source, IGNORED, self.terms()))
        return {name: None if name in ignored else split_of.get(name) for name in names}

    def split_of(self, name: str) -> str | None:
        """Nothing: the splits are in lists."""
        return None

    def label_of(self, name: str) -> str:
        """The genre, as BR for break."""
        return name[1:3]

    @staticmethod
    def read_motion(path: Path) -> Motion:
        """Read a pickle of SMPL motion, in metres, on Mixamo's names."""
        return smpl.read_smpl(path, fps=smpl.FPS)


def music_of(name: str) -> str:
    """Give the id of a sequence's music.

    >>> music_of("gBR_sBM_cAll_d04_mBR0_ch01")
    'mBR0'
    """
    return name.split("_")[-2]


def _lines(source: Path, name: str, terms: str) -> list[str]:
    """Give the lines of the list of this name below a folder; ValueError where there are two that differ."""
    lists = {path: path.read_text(encoding="utf-8").split() for path in sorted(source.rglob(name))}
    if not lists:
        raise FileNotFoundError(
            f"{source} has no {name}, which is part of AIST++ and says what is in which split. {terms}"
        )
    (path, lines), *others = lists.items()
    if other := next((other for other, its in others if set(its) != set(lines)), None):
        raise ValueError(f"{path} and {other} differ; which is it? move one away")
    return lines
