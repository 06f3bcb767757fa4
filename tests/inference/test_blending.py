"""What lies between two predictions is a pose between them, whatever numbers it is told in."""

from pathlib import Path

import numpy as np
import pytest
import torch

import registry
from feature_extraction.feature import Feature
from feature_extraction.motion import rotation
from feature_extraction.motion.joint_rotations import JointRotations
from inference.blending import feature_blends
from tests.inference.conftest import MOTION, SOUND

ROTATIONS = [name for name in registry.names("features") if issubclass(registry.find("features", name), JointRotations)]


@pytest.mark.parametrize("name", ROTATIONS)
def test_joints_turn_the_shorter_way_and_the_rest_goes_straight(name: str) -> None:
    """The two rotation vectors are far apart, the rotations near each other; the straight way would pass through 0."""
    extractor = registry.find("features", name)(20)
    axis = np.array([0.6, 0.0, 0.8])
    ends = [extractor.from_rotations(rotation.exp(angle * axis)[None]) for angle in (np.pi - 0.2, -np.pi + 0.1)]
    columns = ("Hips_dXposition", *(f"Arm_{part}" for part in extractor.parts))
    before, after = (np.concatenate([[[way]], values], axis=1) for way, values in zip((1.0, 3.0), ends, strict=True))
    blended = extractor.blend(before, after, np.array([0.5]), columns)
    expected = rotation.exp((np.pi - 0.05) * axis)
    found = extractor.to_rotations(blended[0, 1:])
    assert abs(np.sum(found * expected)) == pytest.approx(1.0, abs=1e-9)
    assert blended[0, 0] == 2.0


def test_predictions_are_mixed_by_their_share(corpus: Path) -> None:
    features = {name: Feature.load(corpus, name) for name in (MOTION, SOUND)}
    blends = feature_blends(features)
    assert set(blends) == {MOTION}
    generator = torch.Generator().manual_seed(0)
    before, after = (0.3 * torch.randn(2, 3, features[MOTION].dim, generator=generator) for _ in range(2))
    share = torch.tensor([0.0, 0.5, 1.0])[:, None]
    mixed = blends[MOTION](before, after, share)
    torch.testing.assert_close(mixed[:, 0], before[:, 0], rtol=0, atol=1e-4)
    torch.testing.assert_close(mixed[:, 2], after[:, 2], rtol=0, atol=1e-4)
    straight = torch.lerp(before, after, share)[:, 1]
    [way] = [index for index, name in enumerate(features[MOTION].columns) if name.endswith("dZposition")]
    torch.testing.assert_close(mixed[:, 1, way], straight[:, way], rtol=0, atol=1e-5)
    for row in (0, 1):
        alone = blends[MOTION](before[row : row + 1], after[row : row + 1], share)
        assert torch.equal(alone[0], mixed[row])
