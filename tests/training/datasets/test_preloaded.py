"""Windows cut out on a device are those that are cut out of files."""

import numpy as np
import pytest
import torch

from models.windows import Window
from training.datasets.gather import WindowGatherer
from training.datasets.preloaded import DeviceGatherer

INPUTS = (
    Window("motion", 3, 6),
    Window("audio", 2, 9, offset=-4, padding=(0.5, -1.0)),
    Window("words", 4, 3, offset=2, discrete=True, num_tokens=7, columns=2),
    Window("style", 4, 1, discrete=True, num_tokens=5, columns=1, single=True),
)
OUTPUTS = (Window("motion", 3, 4, offset=8),)


def test_both_gatherers_give_the_same_batches() -> None:
    rng = np.random.default_rng(0)
    lengths = (15, 22, 30)
    arrays = {
        "motion": [rng.standard_normal((length, 3)) for length in lengths],
        "audio": [rng.standard_normal((length, 2)).astype(np.float32) for length in lengths],
        "words": [rng.integers(0, 7, (length, 2)) for length in lengths],
        "style": [rng.integers(0, 5, (1, 1)) for _ in lengths],
    }
    sequences, anchors = np.array([0, 2, 1, 2, 0]), np.array([0, 18, 7, 3, 3])
    expected = WindowGatherer(INPUTS, OUTPUTS).gather(arrays, sequences, anchors)
    found = DeviceGatherer(INPUTS, OUTPUTS, arrays, torch.device("cpu")).gather(arrays, sequences, anchors)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


@pytest.mark.parametrize("anchor", [-5, 25])
def test_frames_beyond_the_ends_are_padding(anchor: int) -> None:
    window = Window("audio", 1, 8, padding=(9.0,))
    arrays = {"audio": [np.arange(28, dtype=np.float32)[:, None]]}
    found = DeviceGatherer([window], [], arrays, torch.device("cpu")).gather(arrays, np.array([0]), np.array([anchor]))
    frames = np.arange(anchor, anchor + 8)
    expected = np.where((frames >= 0) & (frames < 28), frames, 9)
    assert found["in_audio"][0, :, 0].tolist() == expected.tolist()
