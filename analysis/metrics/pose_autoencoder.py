"""A small autoencoder of windows of poses, trained the same way each time: what FGD measures in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feature_extraction.npz import read_named
from feature_extraction.store import atomic_path

LATENT, HIDDEN = 32, 256
STEPS, BATCH, RATE = 400, 128, 1e-3
STRIDE = 5
"""Frames between the windows that are trained on."""


@dataclass(frozen=True, eq=False)
class PoseEncoder:
    """The encoder half: two layers, (windows, dim) to (windows, LATENT), of standardised windows."""

    mean: np.ndarray
    scale: np.ndarray
    weights: tuple[np.ndarray, np.ndarray]
    biases: tuple[np.ndarray, np.ndarray]
    error: float
    """Mean squared error of the reconstruction of the training windows, in units of their variance."""

    def encode(self, windows: np.ndarray) -> np.ndarray:
        """Give the latent vectors (windows, LATENT), float64."""
        hidden = (windows - self.mean) / self.scale @ self.weights[0].T + self.biases[0]
        return np.maximum(hidden, 0.0) @ self.weights[1].T + self.biases[1]

    def save(self, path: Path) -> None:
        """Write the encoder as npz, in one step."""
        arrays = {"mean": self.mean, "scale": self.scale, "error": np.array(self.error)}
        arrays |= {f"weight{i}": weight for i, weight in enumerate(self.weights)}
        arrays |= {f"bias{i}": bias for i, bias in enumerate(self.biases)}
        with atomic_path(path) as temporary:
            np.savez(temporary, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> "PoseEncoder":
        """Read an encoder from its npz file; ValueError naming it when it is none."""
        names = ("mean", "scale", "weight0", "weight1", "bias0", "bias1", "error")
        mean, scale, weight0, weight1, bias0, bias1, error = read_named(path, *names)
        return cls(mean, scale, (weight0, weight1), (bias0, bias1), float(error))


def train_encoder(windows: np.ndarray, *, seed: int = 0, steps: int = STEPS) -> PoseEncoder:
    """Train an autoencoder on (windows, dim) and give its encoder; the same for the same windows, seed and steps.

    Squared error of standardised windows, Adam. It runs in one thread, so that sums are taken in the same order on any
    number of cores, and leaves torch's own random state as it was.
    """
    import torch
    from torch import nn

    windows = np.asarray(windows, dtype=np.float64)
    mean, scale = windows.mean(axis=0), windows.std(axis=0)
    scale = np.where(scale > 1e-6 * max(float(scale.max()), np.finfo(float).tiny), scale, 1.0)
    data = torch.tensor((windows - mean) / scale, dtype=torch.float32)
    dim = data.shape[1]
    with _one_thread(), torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        encoder = nn.Sequential(nn.Linear(dim, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, LATENT))
        net = nn.Sequential(encoder, nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, dim))
        optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
        for _ in range(steps):
            batch = data[torch.randint(len(data), (BATCH,))]
            optimiser.zero_grad()
            nn.functional.mse_loss(net(batch), batch).backward()
            optimiser.step()
        with torch.no_grad():
            error = float(nn.functional.mse_loss(net(data), data))
        layers = [layer for layer in encoder if isinstance(layer, nn.Linear)]
        weights, biases = (
            tuple(getattr(layer, name).detach().numpy().astype(np.float64) for layer in layers)
            for name in ("weight", "bias")
        )
    return PoseEncoder(mean, scale, (weights[0], weights[1]), (biases[0], biases[1]), error)


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
