"""What a model reads of a recording: stored arrays, or the raw files, words and labels among them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feature_extraction.feature import Feature
from inference.reading import read_class, read_feature
from inference.recording import find_recording
from models.windows import Window

RATE = 16000
WORDS = Window("words_20", dim=4, length=9, discrete=True, num_tokens=3)
STYLE = Window("style_20", dim=4, length=1, discrete=True, num_tokens=2, single=True)


def sound(folder: Path, name: str, seconds: float = 2.0) -> Path:
    path = folder / f"{name}.wav"
    soundfile.write(path, np.sin(np.arange(round(seconds * RATE)) / 9), RATE)
    return path


def tokens() -> Feature:
    extractor = {"name": "word_tokens", "state": {"words": ["so"]}}
    return Feature("words_20", "words_20", "text", 20, (extractor,), ("word",), (1,), ("word",))


def label() -> Feature:
    extractor = {"name": "label", "pattern": "[a-z]+", "state": {"classes": ["tango", "waltz"]}}
    return Feature("style_20", "style_20", "label", 20, (extractor,), ("label",), (1,), ("label",))


def test_the_transcript_beside_a_sound_file_belongs_to_it(tmp_path: Path) -> None:
    path = sound(tmp_path, "waltz [1]")
    (tmp_path / "waltz [1].tsv").write_text("0.5\t1.0\tso\n")
    (tmp_path / "waltz 1.tsv").write_text("not this one")
    recording = find_recording(str(path), None)
    words = read_feature(recording, WORDS, tokens())
    assert words is not None
    assert words.dtype == np.int64
    assert words.flatten().tolist() == [0] * 10 + [2] * 11 + [0] * 19


def test_without_a_transcript_there_are_no_words(tmp_path: Path) -> None:
    assert read_feature(find_recording(str(sound(tmp_path, "waltz")), None), WORDS, tokens()) is None


def test_a_mirror_image_has_the_originals_sound_and_words_and_not_its_motion(tmp_path: Path) -> None:
    sound(tmp_path, "waltz")
    (tmp_path / "waltz.bvh").write_text("its motion")
    (tmp_path / "waltz.tsv").write_text("0.5\t1.0\tso\n")
    np.save(tmp_path / "waltz_mirrored.pose_20.npy", np.zeros((40, 3), np.float32))
    recording = find_recording("waltz_mirrored", tmp_path, ["pose_20"])
    assert recording.raw == {"audio": tmp_path / "waltz.wav", "text": tmp_path / "waltz.tsv"}


def test_a_label_is_made_of_the_name(tmp_path: Path) -> None:
    recording = find_recording(str(sound(tmp_path, "waltz_7")), None)
    value = read_feature(recording, STYLE, label())
    assert value is not None
    assert value.tolist() == [[1]]


def test_a_class_can_be_given_by_name_or_number() -> None:
    assert [read_class(name, STYLE, label()).tolist() for name in ("tango", "waltz", "1")] == [[[0]], [[1]], [[1]]]
    assert read_class("0", STYLE, None).tolist() == [[0]]
    with pytest.raises(LookupError, match="no class 'walz' of style_20; did you mean waltz"):
        read_class("walz", STYLE, label())
    with pytest.raises(LookupError, match="there are: 0 to 1"):
        read_class("2", STYLE, None)


def test_a_name_without_a_known_class_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"'song'.*there are: tango, waltz; name one with --labels style_20,CLASS"):
        read_feature(find_recording(str(sound(tmp_path, "song_7")), None), STYLE, label())


def test_a_format_of_sounds_does_not_go_with_another_file(tmp_path: Path) -> None:
    path = sound(tmp_path, "waltz")
    assert find_recording(str(path), None, audio_format="wav").raw["audio"] == path
    with pytest.raises(
        ValueError, match=r"--audio_format mp3 is for sequences and folders, and .*waltz\.wav is a file"
    ):
        find_recording(str(path), None, audio_format="mp3")
