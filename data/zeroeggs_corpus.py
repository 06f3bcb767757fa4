"""ZeroEGGS: monologues of one speaker in nineteen styles, with gestures at 60 frames a second."""

import re
from pathlib import Path
from typing import ClassVar

from data.downloading import Download
from data.recorded_pairs import FOUR_OF_THE_SPINE, RecordedPairs

VALIDATED = frozenset([5, 10, 15, 20, 25, 29, 33, 35, 38, 41, 44, 47, 50, 53, 56, 58, 61, 64, 65, 66, 67])
"""The recordings that the publication validates on (info.csv of its repository)."""
UNSEEN_STYLE = "Speech"
REPOSITORY = "https://github.com/ubisoft/ubisoft-laforge-ZeroEGGS/raw/main/data"


class ZeroeggsCorpus(RecordedPairs):
    """001_Neutral_0_x_1_0 and the like of the folder `clean`, in which motion and sound are aligned.

    Of each recording the original is taken: mirror images (..._mirror_x_1_0) and those at other speeds (..._x_0_9) are
    what extraction makes anew, and in the folder `original` motion and sound begin at different times. The publication
    has one list besides the training's; of that, the takes of the one style that is not trained on are test here.
    S. Ghorbani et al., ZeroEGGS, arXiv 2209.07556.
    """

    name_pattern = re.compile(r"(?P<number>\d{3})_(?P<style>[A-Za-z]+)_\d+_x_1_0")
    layout = "clean/001_Neutral_0_x_1_0.bvh and .wav, ..."
    joint_map = FOUR_OF_THE_SPINE
    licence = "CC BY-NC-ND 4.0"
    home = "https://github.com/ubisoft/ubisoft-laforge-ZeroEGGS"
    downloads = (
        Download(
            f"{REPOSITORY}/Zeggs_data.z01",
            "Zeggs_data.z01",
            "1e26f661887a19b32acb5014f412d93ea8ce3b8f6184bfb90d78a07764cdff33",
            1048576000,
        ),
        Download(
            f"{REPOSITORY}/Zeggs_data.z02",
            "Zeggs_data.z02",
            "3cc3bbe92aa5c90a4b4f0c4fbc0ba8fae7c9cceafb660b575a318c320cd6deb8",
            1048576000,
        ),
        Download(
            f"{REPOSITORY}/Zeggs_data.zip",
            "Zeggs_data.zip",
            "edfe4037e2bf45ffade7b50bb30fe0b2f1d8776f3e8440809d5a1d1fb457d8b4",
            672547515,
        ),
    )
    endings: ClassVar = {"motion": (".bvh",), "audio": (".wav",)}

    def name_of(self, path: Path, kind: str) -> str | None:
        """The recording, 001_Neutral_0."""
        return super().name_of(path, kind) and path.stem.removesuffix("_x_1_0")

    def split_of(self, name: str) -> str:
        """The published split."""
        if int(name[:3]) not in VALIDATED:
            return "train"
        return "test" if self.label_of(name) == UNSEEN_STYLE else "val"

    def label_of(self, name: str) -> str:
        """The style."""
        return name.split("_")[1]
