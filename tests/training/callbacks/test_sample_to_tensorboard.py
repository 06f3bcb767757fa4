"""Clips become moving pictures that TensorBoard shows."""

import io

import numpy as np
from PIL import Image

from training.callbacks.sample_to_tensorboard import encode_gif


def test_a_gif_keeps_its_pictures_and_their_rate() -> None:
    pictures = [np.full((8, 10, 3), shade, np.uint8) for shade in (0, 90, 200)]
    gif = Image.open(io.BytesIO(encode_gif(pictures, fps=10)))
    assert (gif.size, gif.n_frames, gif.info["duration"]) == ((10, 8), 3, 100)  # type: ignore[attr-defined]
    gif.seek(1)
    assert np.asarray(gif.convert("RGB"))[0, 0].tolist() == [90, 90, 90]
