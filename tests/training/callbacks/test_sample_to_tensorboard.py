"""Clips become moving pictures that TensorBoard shows."""

import io
from types import SimpleNamespace

import numpy as np
from PIL import Image

from tests.feature_extraction.small_corpus import swaying
from training.callbacks.sample_to_tensorboard import GIF_FPS, HEIGHT, WIDTH, moving_picture


def test_a_clip_is_a_gif_as_long_as_the_motion() -> None:
    motion = swaying(0)
    feature = SimpleNamespace(decode=lambda values: motion)
    gif = Image.open(io.BytesIO(moving_picture(feature, np.zeros((motion.frames, 3)))))  # type: ignore[arg-type]
    assert (gif.format, gif.size, gif.info["duration"]) == ("GIF", (WIDTH, HEIGHT), 1000 / GIF_FPS)
    assert abs(gif.n_frames / GIF_FPS - motion.duration_s) <= 2 / GIF_FPS  # type: ignore[attr-defined]
