"""Several recordings at a time: each gets what it would get alone, and one that fails does not stop the others."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from inference.generate import generate, main
from inference.material import Material
from inference.performer import Row, batches
from inference.recording import Recording, find_recordings
from tests.inference.conftest import MOTION

RATE = 16000


def song(folder: Path, name: str, seconds: float) -> Path:
    folder.mkdir(exist_ok=True)
    times = np.arange(round(seconds * RATE)) / RATE
    soundfile.write(folder / name, np.sin(2 * np.pi * 200 * times * (1 + times)), RATE)
    return folder / name


def test_each_song_of_a_folder_gets_the_motion_that_it_gets_alone(checkpoint: Path, tmp_path: Path) -> None:
    songs = [song(tmp_path / "songs", f"song{k}.wav", seconds) for k, seconds in enumerate((0.9, 0.4, 1.0, 0.95))]
    settings = {"render": [], "num_samples": 2, "max_length": 19}
    generate(checkpoint, str(tmp_path / "songs"), output_folder=tmp_path / "all", **settings)
    for path, frames in zip(songs, (18, 8, 19, 19), strict=True):
        for alone in generate(checkpoint, str(path), output_folder=tmp_path / "one", **settings):
            together = np.load(tmp_path / "all" / "tiny" / "predicted_mods" / alone.name)
            assert len(together) == frames
            np.testing.assert_allclose(together, np.load(alone), atol=1e-4)


def test_a_song_that_cannot_be_read_does_not_stop_the_others(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    song(tmp_path / "songs", "good.wav", 0.3)
    (tmp_path / "songs" / "bad.wav").write_text("not sound")
    arguments = [str(checkpoint), str(tmp_path / "songs"), "--output_folder", str(tmp_path), "--render", "bvh"]
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out.split()[-1].endswith("good.bvh")
    assert "failed: bad: " in printed.err


def test_samples_that_are_all_the_same_are_told_of(
    checkpoint: Path, corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "seeds.txt").write_text("s1\ns2\ns3\n")
    settings = {"output_folder": tmp_path, "render": [], "max_length": 3, "num_samples": 4}
    generate(checkpoint, "s0", seeds_file=tmp_path / "seeds.txt", **settings)
    assert "are the same" not in caplog.text
    generate(checkpoint, "s0", **settings)
    assert "the 4 samples of s0 are the same: nothing was drawn at random" in caplog.text


def test_a_folder_without_sound_is_named(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing to generate for in .*\.wav"):
        generate(checkpoint, str(tmp_path), output_folder=tmp_path)


def test_a_folder_with_songs_and_motions_means_the_songs(tmp_path: Path) -> None:
    song(tmp_path, "b.flac", 0.1)
    song(tmp_path, "a.wav", 0.1)
    (tmp_path / "seed.bvh").write_text("a motion")
    np.savez(tmp_path / "c.npz", X=np.zeros((4, 26)))
    np.savez(tmp_path / "sound.scaler.npz", mean=np.zeros(3))
    assert [each.sequence_id for each in find_recordings(str(tmp_path), None)] == ["a", "b", "c"]
    assert [each.sequence_id for each in find_recordings(str(tmp_path), None, audio_format="flac")] == ["b", "c"]


def row(frames: int, context: int = 5, place: int = 0) -> Row:
    material = Material(
        Recording(f"s{place}", None, {}),
        {"sound": np.zeros((frames, 2))},
        {},
        [{MOTION: np.zeros((context, 3))}],
        frames,
    )
    return Row(place, material, 0)


def test_a_batch_holds_rows_of_similar_length_and_equal_past() -> None:
    rows = [row(100), row(20), row(80), row(90, context=4), row(99), row(60)]
    found = [[(each.material.frames, len(each.past[MOTION])) for each in batch] for batch in batches(rows, size=2)]
    assert found == [[(90, 4)], [(100, 5), (99, 5)], [(80, 5), (60, 5)], [(20, 5)]]
