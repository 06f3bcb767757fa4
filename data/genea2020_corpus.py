"""The corpus of the GENEA challenge 2020 as it was given out: Audio, Motion and Transcripts."""

import re

from data.recorded_pairs import FOUR_OF_THE_SPINE, RecordedPairs

VALIDATED = "Recording_001"
"""What the published gesture system validated on."""


class Genea2020Corpus(RecordedPairs):
    """Recording_001, ... to train and validate on, TestSeq001, ... to generate for; the names stay as they are."""

    name_pattern = re.compile(r"(Recording|TestSeq)_?\d+")
    layout = "Audio/Recording_001.wav, Motion/Recording_001.bvh and Transcripts/Recording_001.json"
    joint_map = FOUR_OF_THE_SPINE
    licence = "for research only, not to be passed on (Trinity Speech-Gesture dataset)"
    home = "agree to the licence at https://trinityspeechgesture.scss.tcd.ie"

    def split_of(self, name: str) -> str:
        """The published split."""
        if name.startswith("TestSeq"):
            return "test"
        return "val" if name == VALIDATED else "train"
