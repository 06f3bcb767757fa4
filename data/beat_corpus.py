"""BEAT: thirty speakers, eight emotions, speech and conversation, with gestures at 120 frames a second."""

import re
from typing import ClassVar

from data.recorded_pairs import FOUR_OF_THE_SPINE, RecordedPairs
from feature_extraction.motion.joint_map import Names

LONG = frozenset([1, 2, 3, 4, 6, 7, 8, 9, 11, 21])
"""The speakers who were recorded for four hours; the others for one."""
EMOTIONS = ("neutral", "happiness", "anger", "sadness", "contempt", "surprise", "fear", "disgust")
LAST_OF_EMOTION = (64, 72, 80, 86, 94, 102, 110, 118)
"""The number of each emotion's last take of speech."""
TEST = {
    "long": {(0, take) for take in (*range(1, 9), 65, 73, 81, 87, 95, 103, 111)} | {(1, 1)},
    "short": {(0, take) for take in (*range(1, 5), 65, 73, 81, 87, 95, 103, 111)} | {(1, 1)},
}
VAL = {
    "long": {(0, take) for take in (*range(57, 65), 72, 80, 86, 94, 102, 110, 118)} | {(1, 12)},
    "short": {(0, take) for take in range(5, 9)},
}
"""(kind of recording, number of the take) of the long and the short speakers' validation and test."""
ENGLISH = (0, 1)
"""The kinds of recording with published splits: speech and conversation in English."""


class BeatCorpus(RecordedPairs):
    """1_wayne_0_1_1 and the like: speaker, name, kind of recording, first and last take.

    Words come from the TextGrid; the .json are faces and are left alone. The splits are those of the publication's
    readme; takes of the one-hour speakers that it halves between val and test are whole in test, and recordings in
    other languages, for which it has no split, are trained on. The class of a recording is its emotion.
    H. Liu et al., BEAT, arXiv 2203.05297.
    """

    name_pattern = re.compile(r"(?P<speaker>\d+)_(?P<who>[a-z]+)_(?P<kind>\d)_(?P<first>\d+)_(?P<last>\d+)")
    layout = "beat_english_v0.2.1/1/1_wayne_0_1_1.bvh, .wav and .TextGrid, ..."
    licence = "CC BY-NC 4.0"
    home = "https://pantomatrix.github.io/BEAT has the links"
    endings: ClassVar = {"motion": (".bvh",), "audio": (".wav",), "text": (".textgrid",)}
    joint_map: ClassVar[Names] = (
        *FOUR_OF_THE_SPINE,
        ("RArm", "RightArm"),
        ("RArm1", "RightForeArm"),
        ("LArm", "LeftArm"),
        ("LArm1", "LeftForeArm"),
    )
    upright = True

    def split_of(self, name: str) -> str | None:
        """The published split."""
        speaker, kind, first, _ = numbers(name)
        length = "long" if speaker in LONG else "short"
        if kind not in ENGLISH:
            return "train"
        if (kind, first) in TEST[length]:
            return "test"
        return "val" if (kind, first) in VAL[length] else "train"

    def label_of(self, name: str) -> str:
        """The emotion; conversation is neutral."""
        return emotion_of(name)


def numbers(name: str) -> tuple[int, int, int, int]:
    """Give speaker, kind of recording, first and last take of a recording.

    >>> numbers("1_wayne_0_65_65")
    (1, 0, 65, 65)
    """
    speaker, _, kind, first, last = name.split("_")
    return int(speaker), int(kind), int(first), int(last)


def emotion_of(name: str) -> str:
    """Give the emotion that a recording's number stands for (the readme of BEAT): conversation is neutral.

    >>> emotion_of("1_wayne_0_65_65"), emotion_of("1_wayne_1_12_12")
    ('happiness', 'neutral')
    """
    _, kind, first, _ = numbers(name)
    if kind % 2:
        return EMOTIONS[0]
    later = [emotion for emotion, last in zip(EMOTIONS, LAST_OF_EMOTION, strict=True) if first <= last]
    return later[0] if later else EMOTIONS[-1]
