"""Frame i of the motion belongs to time i / fps of the sound, from the first frame to the last."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from torch import Tensor

from data import demo_songs
from data.demo_music import SAMPLE_RATE, synthesise
from feature_extraction.audio import read_audio, working_rate
from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from inference.performer import Performer
from inference.recording import Recording
from inference.settings import Settings
from models import LoadedModel
from models.base_model import BaseModel
from models.windows import Window

FPS, CONTEXT, AHEAD, GIVEN = 20, 12, 8, 4
RECIPE = """\
fps: 20
features:
  sound: {source: audio, extractors: [{name: envelope}]}
"""


class Echo(BaseModel):
    """Moves as the sound does: each frame that it gives is the sound's frame of the same time."""

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        raise NotImplementedError

    def sample(
        self, inputs: Mapping[str, Tensor], *, temperature: float = 1.0, generator: Any = None, state: Any = None
    ) -> tuple[dict[str, Tensor], Any]:
        own = slice(CONTEXT, CONTEXT + GIVEN)
        return {"motion": inputs["sound_20"][:, own]}, None


@pytest.fixture(scope="module")
def feature(tmp_path_factory: pytest.TempPathFactory) -> Feature:
    """The onset envelope of the demo corpus's songs."""
    folder = tmp_path_factory.mktemp("songs")
    write(folder / "a.wav", 3.0)
    (folder / "onsets.yaml").write_text(RECIPE)
    extract(folder, folder / "onsets.yaml", jobs=1, progress=False)
    return Feature.load(folder, "sound_20")


def write(path: Path, seconds: float, song: demo_songs.Song | None = None) -> Path:
    """The beginning of a song of the demo corpus, again and again."""
    sound = synthesise(song or demo_songs.compose(0)[0])
    soundfile.write(path, np.resize(sound, round(seconds * SAMPLE_RATE)), SAMPLE_RATE)
    return path


def echoed(feature: Feature, path: Path, frames_per_step: int) -> np.ndarray:
    """What the echo makes of a sound file, (frames,)."""
    inputs = Window("motion", 1, CONTEXT), Window("sound_20", 1, CONTEXT + AHEAD)
    output = Window("motion", 1, GIVEN, CONTEXT)
    model = Echo(argparse.Namespace(), inputs, [output])
    loaded = LoadedModel(
        model, argparse.Namespace(model="echo"), inputs, (output,), {"sound_20": feature.to_dict()}, {}
    )
    performer = Performer(loaded, Settings(frames_per_step=frames_per_step))
    ((_, (sample,)),) = performer.perform([performer.material(Recording(path.stem, None, {"audio": path}))])
    return sample["motion"][:, 0]


@pytest.mark.parametrize("seconds", [0.5, 1.52, 12.34, pytest.param(300.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("frames_per_step", [1, 3])
def test_each_frame_of_sound_gives_the_frame_of_motion_of_its_time(
    feature: Feature, tmp_path: Path, seconds: float, frames_per_step: int
) -> None:
    path = write(tmp_path / "song.wav", seconds)
    made = echoed(feature, path, frames_per_step)
    assert len(made) == np.ceil(round(seconds * FPS, 6))
    heard = feature.encode(read_audio(path, working_rate(FPS)[0]))[:, 0]
    np.testing.assert_allclose(made, heard, atol=1e-6)


@pytest.mark.slow
def test_the_motion_accents_the_beats_of_every_song_of_the_demo_corpus(feature: Feature, tmp_path: Path) -> None:
    for song in demo_songs.compose(0):
        path = write(tmp_path / f"{song.id}.wav", demo_songs.DURATION_S, song)
        made = echoed(feature, path, frames_per_step=1)
        beats = song.beats[song.beats < demo_songs.DURATION_S - 0.2]
        assert np.abs(nearest_accents(made, beats) - beats * FPS).max() <= 1.0, song.id


def nearest_accents(values: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """The frame of the highest value within a tenth of a second of each time."""
    reach = round(0.1 * FPS)
    found = []
    for time in times_s:
        begin = max(round(time * FPS) - reach, 0)
        found.append(begin + int(np.argmax(values[begin : round(time * FPS) + reach + 1])))
    return np.array(found)
