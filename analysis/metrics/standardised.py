"""Feature vectors of whole clips, standardised by those of real motion: what FID and diversity are made of."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.spatial.distance import pdist

from analysis.metrics.base_metric import NOT_NEGATIVE, BaseMetric
from analysis.metrics.clip import Clip, positions_at
from analysis.metrics.frechet import frechet_distance, moments
from analysis.metrics.geometric import PUBLISHED_FPS, geometric_features
from analysis.metrics.kinetic import kinetic_features
from analysis.metrics.roles import ROLES, find_roles

FPS = 60.0
"""The rate of AIST++, at which its features are computed."""
TINY = 1e-10
PIECE_S = 2.0
"""The length of the pieces that clips are cut into, unless they are taken whole: short, so that there are many."""


def kinetic(clip: Clip, published: bool = False) -> np.ndarray:
    """Give 3 kinetic features for each of SMPL's joints that the clip has, of the joints' places from the first root.

    72 where there are 24. As Bailando has it, the root of the first frame is the origin: only the published variant
    is changed by that.
    """
    found = find_roles(clip.joints)
    places = list(dict.fromkeys(found[role] for role in ROLES if role in found)) or list(range(len(clip.joints)))
    return kinetic_features(positions_at(clip, FPS)[:, places], FPS, published=published)


def geometric(clip: Clip, published: bool = False) -> np.ndarray:
    """Give 32 geometric features."""
    return geometric_features(positions_at(clip, FPS), clip.joints, PUBLISHED_FPS if published else FPS)


FEATURES = {"kinetic": kinetic, "geometric": geometric}


class StandardisedMetric(BaseMetric):
    """A number of clips' feature vectors, each dimension divided by its deviation in the real set.

    Clips are cut into pieces of PIECE_S, since a set of whole ones is too small; `piece_s=0` takes them whole.
    Dimensions that are constant in the real set are left out; the variant `published` divides them by 1e-10, has the
    faults of AIST++'s features, and takes clips whole.
    """

    unit: ClassVar[str] = "standard deviations of real motion"
    bounds: ClassVar[tuple[float, float]] = NOT_NEGATIVE
    features: ClassVar[str]
    variants: ClassVar[tuple[str, ...]] = ("", "published")

    def __init__(self, variant: str = "", piece_s: float = PIECE_S, few_samples: bool = False):
        super().__init__(variant)
        self.piece_s = 0.0 if variant else piece_s
        self.few_samples = few_samples

    def describe(self, clip: Clip) -> np.ndarray:
        """Give the (pieces, dim) feature vectors of a clip."""
        if self.variant and abs(clip.fps - FPS) > 1e-6:
            raise ValueError(f"{self.title}, as published, is for {FPS:g} frames a second; the clips have {clip.fps:g}")
        pieces = clip.pieces(self.piece_s) if self.piece_s else [clip]
        if not pieces:
            raise ValueError(
                f"{self.title} takes pieces of {self.piece_s:g} s; {clip.sequence_id} lasts {clip.duration_s:.1f} s"
            )
        return np.stack([FEATURES[self.features](piece, bool(self.variant)) for piece in pieces])

    def standardise(self, sets: Sequence[np.ndarray], real: np.ndarray) -> list[np.ndarray]:
        """Give the sets in units of the real set's deviations from its mean."""
        mean, deviation = real.mean(axis=0), real.std(axis=0)
        if self.variant:
            return [(values - mean) / (deviation + TINY) for values in sets]
        varies = deviation > TINY * (1.0 + np.abs(mean))
        return [((values - mean) / np.where(varies, deviation, 1.0))[:, varies] for values in sets]

    def frechet(self, generated: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> float:
        """Give the Frechet distance of standardised vectors."""
        everything = np.concatenate(real)
        sets = self.standardise([np.concatenate(generated), everything], everything)
        return frechet_distance(*map(moments, sets), few_samples=self.few_samples)

    def spread(self, generated: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> float:
        """Give the mean distance between two standardised vectors; ValueError for a single one."""
        [vectors] = self.standardise([np.concatenate(generated)], np.concatenate(real))
        if len(vectors) < 2:
            raise ValueError(f"{self.title} needs two pieces; there is one")
        return float(pdist(vectors).mean())
