"""LaFAN1: locomotion, fights, falls and dances of five people, motion alone, at 30 frames a second."""

import re
from typing import ClassVar

from data.downloading import Download
from data.recorded_pairs import RecordedPairs

TESTED = "subject5"


class Lafan1Corpus(RecordedPairs):
    """dance1_subject1 and the like: theme, take, and who.

    Subject 5 is tested on, as in the publication; a tenth of the others' recordings is drawn to validate on, for which
    it has no list. The class of a recording is its theme. The skeleton has Mixamo's names but for LeftToe and
    RightToe; its zero pose is none, and how it rests is seen in the motion.
    F. G. Harvey et al., Robust motion in-betweening, SIGGRAPH 2020.
    """

    name_pattern = re.compile(r"[A-Za-z]+\d+_subject\d")
    layout = "lafan1/dance1_subject1.bvh, ..."
    licence = "CC BY-NC-ND 4.0"
    home = "https://github.com/ubisoft/ubisoft-laforge-animation-dataset"
    downloads = (
        Download(
            "https://github.com/ubisoft/ubisoft-laforge-animation-dataset/raw/master/lafan1/lafan1.zip",
            "lafan1.zip",
            "ea918082b500a5d158e9d3aa39039df04cd42e25f5c02fe8f7e88e8e9365a977",
            144051503,
        ),
    )
    endings: ClassVar = {"motion": (".bvh",)}
    needs = ("motion",)
    joint_map = (("LeftToe", "LeftToeBase"), ("RightToe", "RightToeBase"))
    draws_val = True

    def split_of(self, name: str) -> str:
        """The published split."""
        return "test" if name.endswith(TESTED) else "train"

    def label_of(self, name: str) -> str:
        """The theme, without the number of its take."""
        return re.sub(r"\d+$", "", name.partition("_")[0])
