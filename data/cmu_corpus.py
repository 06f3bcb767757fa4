"""The motion capture database of Carnegie Mellon University, motion alone, in Bruce Hahne's conversions to BVH."""

import re
from pathlib import Path
from typing import ClassVar

import numpy as np

from data.downloading import Download
from data.recorded_pairs import RecordedPairs
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import Motion


class CmuCorpus(RecordedPairs):
    """01_01 and the like: subject and trial.

    There is no published split: subjects whose number ends in 9 are tested on, in 4 validated on, so that nobody is in
    two lists. The class of a recording is its subject. Rates are those of the files, 120 frames a second as a rule;
    lengths are in a unit of their own. All three conversions (MotionBuilder-, Max- and DAZ-friendly) are understood,
    one at a time. The T-pose that they put before the first frame is left out. What is downloaded is the last state of
    its repository, and no sha256 is published: what comes is compared with nothing.
    """

    version = 2
    name_pattern = re.compile(r"\d{2,3}_\d{2,3}")
    layout = "data/001/01_01.bvh, ..."
    licence = 'free for all uses; "the data used in this project was obtained from mocap.cs.cmu.edu" is asked for'
    home = "https://mocap.cs.cmu.edu, as BVH https://github.com/una-dinosauria/cmu-mocap"
    downloads = (
        Download("https://codeload.github.com/una-dinosauria/cmu-mocap/zip/refs/heads/master", "cmu-mocap.zip"),
    )
    endings: ClassVar = {"motion": (".bvh",)}
    needs = ("motion",)
    drops_frames = True

    def split_of(self, name: str) -> str:
        """The split of the subject."""
        return {"9": "test", "4": "val"}.get(self.label_of(name)[-1], "train")

    def label_of(self, name: str) -> str:
        """The subject."""
        return name.partition("_")[0]

    @staticmethod
    def read_motion(path: Path) -> Motion:
        """Read a BVH file, without the T-pose that was put before its first frame."""
        return without_t_pose(read_bvh(path))


def without_t_pose(motion: Motion) -> Motion:
    """Give a motion without its first frame, where that is a T-pose put there (READMEFIRST of the conversions).

    In such a frame neither the root nor most of the joints are turned at all, some are by whole degrees; what was
    recorded after it turns the root.
    """
    still = np.isclose(motion.rotations[:2, :, 1:], 0.0).all(axis=-1)
    is_put_there = len(still) == 2 and still[0, 0] and not still[1, 0] and still[0].mean() > 0.5
    return motion.cut(1, motion.frames) if is_put_there else motion
