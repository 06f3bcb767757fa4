"""Generation as a library call."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from feature_extraction.feature import Feature
from feature_extraction.projection import Projection
from inference import performer
from inference.performer import Performer
from inference.settings import Settings
from models import load_model
from tests.inference.conftest import SOUND
from tests.inference.test_folders import song


def test_motion_is_smoothed_as_the_settings_or_the_experiment_say(checkpoint):
    loaded = load_model(checkpoint)
    smooth = dataclasses.replace(loaded, opt=type(loaded.opt)(**vars(loaded.opt), smooth=True))
    assert not Performer(loaded).smooth
    assert Performer(smooth).smooth
    assert not Performer(smooth, Settings(smooth=False)).smooth


def test_the_randomness_is_the_settings_or_the_experiments_or_1(checkpoint):
    loaded = load_model(checkpoint)
    calm = dataclasses.replace(loaded, opt=type(loaded.opt)(**vars(loaded.opt), temperature=0.6))
    assert Performer(loaded).temperature == 1.0
    assert Performer(calm).temperature == 0.6
    assert Performer(calm, Settings(temperature=0.0)).temperature == 0.0


def test_it_tells_how_many_frames_of_all_are_finished(checkpoint):
    performer = Performer(load_model(checkpoint), Settings(num_samples=2, max_length=5, frames_per_step=2))
    (recording,) = performer.recordings("s0")
    told = []
    list(performer.perform([performer.material(recording)], lambda finished, total: told.append((finished, total))))
    assert told == [(0, 10), (4, 10), (8, 10), (10, 10)]


def test_motions_are_of_one_recording(checkpoint, tmp_path):
    for name in ("one.wav", "two.wav"):
        song(tmp_path, name, 0.4)
    with pytest.raises(ValueError, match="holds 2 recordings; name one sequence or sound file of them"):
        Performer(load_model(checkpoint)).motions(str(tmp_path))


def test_principal_components_of_scaled_columns_keep_their_scaler(checkpoint):
    loaded = load_model(checkpoint)
    feature = Feature.from_dict(loaded.features[SOUND])
    projection = Projection(np.zeros(feature.dim), np.eye(feature.dim))
    components = loaded.features | {SOUND: dataclasses.replace(feature, projection=projection).to_dict()}
    assert Performer(dataclasses.replace(loaded, features=components)).features[SOUND].scaler
    with pytest.raises(ValueError, match=f"--no-use_scalers: {SOUND} has principal components of scaled columns"):
        _ = Performer(dataclasses.replace(loaded, features=components), Settings(use_scalers=False)).features


def test_noise_is_the_processors_whatever_the_model_computes_on(checkpoint, monkeypatch: pytest.MonkeyPatch):
    """So a seed means the same motion on a GPU; `meta` stands for any other device here."""
    drawn: list[Any] = []

    def asked(*_: Any, generator: Any, **__: Any) -> None:
        drawn.extend(generator)
        raise InterruptedError

    monkeypatch.setattr(performer, "autoregress", asked)
    loaded = load_model(checkpoint)
    loaded.model.to("meta")
    elsewhere = Performer(loaded, Settings(num_samples=2, seed=5))
    with pytest.raises(InterruptedError):
        elsewhere.motions("s1")
    assert [(each.device.type, each.initial_seed()) for each in drawn] == [("cpu", 5), ("cpu", 6)]
