"""BEAT2: recordings of BEAT as SMPL-X bodies at 30 frames a second."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from data.beat_corpus import BeatCorpus
from feature_extraction.motion import smpl
from feature_extraction.motion.joint_map import Names
from feature_extraction.motion.skeleton import Motion
from feature_extraction.store import SPLITS

LIST = "train_test_split.csv"
"""The publication's list of each language: id, and train, val, test or additional."""
FPS = 30.0


class Beat2Corpus(BeatCorpus):
    """2_scott_0_1_1 and the like: smplxflame_30/*.npz, wave16k/*.wav and textgrid/*.TextGrid under one name.

    The splits are those of train_test_split.csv, of all languages that are there; what it calls additional is in no
    list. Faces and fingers are left out; what is written is in metres, y up.
    H. Liu et al., EMAGE, arXiv 2401.00374.
    """

    layout = (
        "beat_english_v2.0.0/smplxflame_30/2_scott_0_1_1.npz, wave16k/2_scott_0_1_1.wav, "
        "textgrid/2_scott_0_1_1.TextGrid and train_test_split.csv"
    )
    home = "https://huggingface.co/datasets/H-Liu1997/BEAT2"
    endings: ClassVar = {"motion": (".npz",), "audio": (".wav",), "text": (".textgrid",)}
    joint_map: ClassVar[Names] = ()

    def splits(self, names: Iterable[str], source: Path, seed: int = 0) -> dict[str, str | None]:
        """The published split of each recording; FileNotFoundError without a list, ValueError for lists at odds."""
        paths = sorted(source.rglob(LIST))
        if not paths:
            raise FileNotFoundError(f"{source} has no {LIST}, which says what is in which split. {self.terms()}")
        kinds: dict[str, tuple[str, Path]] = {}
        for path in paths:
            for name, kind in _kinds(path).items():
                other, where = kinds.setdefault(name, (kind, path))
                if other != kind:
                    raise ValueError(f"{name} is {other} in {where} and {kind} in {path}; move one of the lists away")
        split_of = {name: kind for name, (kind, _) in kinds.items() if kind in SPLITS}
        return {name: split_of.get(name) for name in names}

    @staticmethod
    def read_motion(path: Path) -> Motion:
        """Read an npz of SMPL-X motion, in metres, on Mixamo's names."""
        has_rate = not smpl.read_arrays(path, smpl.RATES).keys().isdisjoint(smpl.RATES)
        return smpl.read_smpl(path, fps=None if has_rate else FPS)


def _kinds(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["id"]: row["type"] for row in csv.DictReader(file) if row.get("id") and row.get("type")}
