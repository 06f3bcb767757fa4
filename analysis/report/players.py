"""Clips of several systems side by side, as data for the report's player."""

import base64
import json
from collections.abc import Sequence

import numpy as np

from analysis.metrics.scoring import System

FPS = 20.0
MILLIMETRES = 1000.0
MOST_S = 30.0
"""A player shows no more of a clip, to keep the page small."""


def player_data(systems: Sequence[System], parents: Sequence[int]) -> str:
    """Give as JSON what the player draws: for each sequence each system's first sample.

    Positions are from the root's mean place on the floor, in millimetres, as base64 of little-endian int16.
    """
    first = systems[0].samples[0]
    step = max(1, round(first[0].fps / FPS))
    sequences = [
        {
            "id": first[place].sequence_id,
            "clips": [
                {"system": system.name, **_encoded(system.samples[0][place].positions, step, first[place].fps)}
                for system in systems
                if place < len(system.samples[0])
            ],
        }
        for place in range(len(first))
    ]
    return json.dumps({"fps": first[0].fps / step, "parents": list(parents), "sequences": sequences})


def _encoded(positions: np.ndarray, step: int, fps: float) -> dict[str, object]:
    shown = positions[: round(MOST_S * fps) : step].copy()
    middle = shown[:, :1].mean(axis=0, keepdims=True)
    middle[..., 1] = shown[..., 1].min()
    limit = np.iinfo(np.int16).max
    whole = np.clip(np.round((shown - middle) * MILLIMETRES), -limit, limit).astype("<i2")
    return {"frames": len(whole), "positions": base64.b64encode(whole.tobytes()).decode("ascii")}
