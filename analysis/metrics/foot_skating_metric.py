"""Foot skating: how often a foot that stands on the floor slides."""

from collections.abc import Sequence
from typing import ClassVar

from analysis.metrics.base_metric import REAL, SAME, SHARE, UP, BaseMetric
from analysis.metrics.clip import Clip
from analysis.metrics.feet import ANKLE_HEIGHT_M, TOE_HEIGHT_M, floor_height, sliding
from analysis.metrics.roles import need_roles

FEET = (("lankle", "ltoes"), ("rankle", "rtoes"))
STANDING = 0.25
"""Ankle and toe heights are taken from their own lowest quarter: rigs differ in where the joints of a foot are."""


class FootSkatingMetric(BaseMetric):
    """Share of the frames with a foot on the floor in which it slides faster than 0.3 m/s.

    A foot touches the floor when ankle and toe are within 8 and 5 cm of the height they have when standing. After
    LODGE (arXiv:2403.10518); speeds are in metres per second whatever the frame rate, sideways ones count like others,
    and both feet of all clips are counted together.
    """

    title: ClassVar[str] = "foot skating"
    unit: ClassVar[str] = "share of contact"
    best: ClassVar[str] = REAL
    bounds: ClassVar[tuple[float, float]] = SHARE
    effects: ClassVar[dict[str, str]] = {
        "translation": SAME,
        "heading": SAME,
        "mirroring": SAME,
        "mismatch": SAME,
        "noise": UP,
    }

    def describe(self, clip: Clip) -> tuple[int, int]:
        """Give the numbers of frames of both feet with contact, and of those that slide."""
        contact = slides = 0
        for names in FEET:
            ankle, toe = (clip.positions[:, joint] for joint in need_roles(clip.joints, names, self.title))
            heights = floor_height(ankle[:, None]), floor_height(toe[:, None])
            there, moving = sliding(
                ankle,
                toe,
                clip.fps,
                ankle_height=heights[0] + ANKLE_HEIGHT_M / 2,
                toe_height=heights[1] + TOE_HEIGHT_M / 2,
            )
            contact, slides = contact + there, slides + moving
        return contact, slides

    def score(self, generated: Sequence[tuple[int, int]], real: Sequence[tuple[int, int]] = ()) -> float:
        """Give the share; nan where no foot ever touches the floor."""
        contact, slides = (sum(each) for each in zip(*generated, strict=True))
        return slides / contact if contact else float("nan")
