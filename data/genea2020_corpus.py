"""The corpus of the GENEA challenge 2020 as it was given out: Audio, Motion and Transcripts."""

import re

from data.recorded_pairs import RecordedPairs

HELD_OUT = "Recording_001"
"""What the published gesture system validated on."""


class Genea2020Corpus(RecordedPairs):
    """Recording_001, ... to train and validate on, TestSeq001, ... to generate for; the names stay as they are."""

    name_pattern = re.compile(r"(Recording|TestSeq)_?\d+")
    layout = "Audio/Recording_001.wav, Motion/Recording_001.bvh and Transcripts/Recording_001.json"

    def split_of(self, name: str) -> str:
        """The published split."""
        if name.startswith("TestSeq"):
            return "test"
        return "val" if name == HELD_OUT else "train"
