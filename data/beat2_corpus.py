"""BEAT2: the English recordings of BEAT as SMPL-X bodies at 30 frames a second."""

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
"""The publication's list: id, and train, val, test or additional."""
FPS = 30.0


class Beat2Corpus(BeatCorpus):
    """2_scott_0_1_1 and the like: smplxflame_30/*.npz, wave16k/*.wav and textgrid/*.TextGrid under one name.

    The splits are those of train_test_split.csv; what it calls additional is in no list. Faces and fingers are left
    out; what is written is in metres, y up.
    H. Liu et al., EMAGE, arXiv 2401.00374.
    """

    layout = (
        "beat_english_v2.0.0/smplxflame_30/2_scott_0_1_1.npz, wave16k/2_scott_0_1_1.wav, "
        "textgrid/2_scott_0_1_1.TextGrid and train_test_split.csv"
    )
    home = "https://huggingface.co/datasets/H-Liu1997/BEAT2"
    endings: ClassVar = {"motion": (".npz",), "audio": (".wav",), "text": (".textgrid",)}
    joint_map: ClassVar[Names] = ()

    def splits(self, names: Iterable[str], source: Path) -> dict[str, str | None]:
        """The published split of each recording; FileNotFoundError where the list is missing."""
        path = next(iter(sorted(source.rglob(LIST))), None)
        if path is None:
            raise FileNotFoundError(f"{source} has no {LIST}, which says what is in which split. {self.terms()}")
        with path.open(encoding="utf-8-sig", newline="") as file:
            kinds = {row["id"]: row["type"] for row in csv.DictReader(file) if row.get("id") and row.get("type")}
        return {name: kinds[name] if kinds.get(name) in SPLITS else None for name in names}

    @staticmethod
    def read_motion(path: Path) -> Motion:
        """Read an npz of SMPL-X motion, in metres, on Mixamo's names."""
        has_rate = not smpl.read_arrays(path, smpl.RATES).keys().isdisjoint(smpl.RATES)
        return smpl.read_smpl(path, fps=None if has_rate else FPS)
