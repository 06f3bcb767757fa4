"""The motion capture database of Carnegie Mellon University, motion alone, in Bruce Hahne's conversions to BVH."""

import re
from typing import ClassVar

from data.downloading import Download
from data.recorded_pairs import RecordedPairs


class CmuCorpus(RecordedPairs):
    """01_01 and the like: subject and trial.

    There is no published split: subjects whose number ends in 9 are tested on, in 4 validated on, so that nobody is in
    two lists. The class of a recording is its subject. Rates are those of the files, 120 frames a second as a rule;
    lengths are in a unit of their own. All three conversions (MotionBuilder-, Max- and DAZ-friendly) are understood,
    one at a time. What is downloaded is the last state of its repository, and no sha256 is published: what comes is
    compared with nothing.
    """

    name_pattern = re.compile(r"\d{2,3}_\d{2,3}")
    layout = "data/001/01_01.bvh, ..."
    licence = 'free for all uses; "the data used in this project was obtained from mocap.cs.cmu.edu" is asked for'
    home = "https://mocap.cs.cmu.edu, as BVH https://github.com/una-dinosauria/cmu-mocap"
    downloads = (
        Download("https://codeload.github.com/una-dinosauria/cmu-mocap/zip/refs/heads/master", "cmu-mocap.zip"),
    )
    endings: ClassVar = {"motion": (".bvh",)}
    needs = ("motion",)

    def split_of(self, name: str) -> str:
        """The split of the subject."""
        return {"9": "test", "4": "val"}.get(self.label_of(name)[-1], "train")

    def label_of(self, name: str) -> str:
        """The subject."""
        return name.partition("_")[0]
