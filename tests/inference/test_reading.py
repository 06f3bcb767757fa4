"""What a model reads: files of features, words that are not there, and refusal of what it was not trained on."""

import logging
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tqdm import tqdm

from feature_extraction.feature import Feature
from feature_extraction.store import load_json, save_json
from inference.generate import generate
from inference.reading import read_feature
from inference.recording import Recording, find_recordings
from tests.inference.conftest import CONTEXT, MOTION, SOUND
from tests.inference.test_folders import song
from tests.inference.test_recording import WORDS, tokens


@pytest.fixture
def small(corpus: Path, tmp_path: Path) -> Path:
    """A copy of one sequence, to be spoilt."""
    folder = tmp_path / "small"
    folder.mkdir()
    for path in (*corpus.glob("s1.*"), *corpus.glob(f"{SOUND}.*"), *corpus.glob(f"{MOTION}.*")):
        shutil.copy(path, folder)
    return folder


def made(checkpoint: Path, sequence: str | Path, folder: Path, **settings: object) -> np.ndarray:
    return np.load(generate(checkpoint, str(sequence), output_folder=folder, render=[], **settings)[0])


@pytest.mark.parametrize("context", [0, 61])
def test_arrays_named_x_and_y_stand_for_sound_and_motion(
    checkpoint: Path, corpus: Path, tmp_path: Path, context: int
) -> None:
    x, y = (np.load(corpus / f"s1.{name}_20.npy") for name in ("sound", "expmap"))
    if context:
        padded = np.pad(x, ((context // 2, context // 2), (0, 0)))
        x = np.stack([padded[start : start + context] for start in range(len(x))])
    path = tmp_path / "data_001.npz"
    np.savez(path, X=x, Y=y)
    generated, recorded = made(checkpoint, path, tmp_path / "a"), made(checkpoint, "s1", tmp_path / "b")
    np.testing.assert_allclose(generated, recorded, atol=1e-4)
    kept = made(checkpoint, path, tmp_path / "c", keep_seed=True)
    np.testing.assert_allclose(kept[:CONTEXT], np.load(corpus / f"s1.{MOTION}.npy")[:CONTEXT], atol=1e-5)


def test_an_array_of_sound_alone_is_enough(checkpoint: Path, corpus: Path, tmp_path: Path) -> None:
    x = np.load(corpus / "s1.sound_20.npy")
    np.save(tmp_path / "TestSeq001.npy", x)
    assert len(made(checkpoint, tmp_path / "TestSeq001.npy", tmp_path)) == len(x)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [({"X": np.zeros((9, 5))}, r"X of .*sound_scaled_20 has 8 columns"), ({"Y": np.zeros((9, 8))}, "reads sound")],
)
def test_a_file_of_other_features_is_refused(
    checkpoint: Path, tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        made(checkpoint, tmp_path / "data.npz", tmp_path)


def test_a_file_that_holds_no_arrays_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_bytes(b"PK not an archive")
    with pytest.raises(ValueError, match=r"data\.npz is no file of features"):
        made(checkpoint, tmp_path / "data.npz", tmp_path)


def test_stored_arrays_of_other_columns_are_refused_where_there_is_no_sound(
    checkpoint: Path, small: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sidecar = small / "s1.sound_20.json"
    save_json(sidecar, load_json(sidecar) | {"columns": ["chroma_00", "chroma_01"]})
    extracted = made(checkpoint, "s1", tmp_path / "a", data_dir=small)
    assert "s1.sound_20.npy has 2 columns, the model was trained on 8; the raw file is extracted" in caplog.text
    np.testing.assert_allclose(extracted, made(checkpoint, "s1", tmp_path / "b"), atol=1e-4)
    (small / "s1.wav").unlink()
    with pytest.raises(ValueError, match=r"2 columns, the model was trained on 8 .*no audio file.*--from_experiment"):
        made(checkpoint, "s1", tmp_path, data_dir=small)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((20, 7), np.float32), r"\(20, 7\), the model wants \(frames, 8\): it is another set of features"),
        (np.full((20, 8), np.nan, np.float32), "not finite, in frame 0"),
        (np.zeros((0, 8), np.float32), "no frames"),
    ],
)
def test_arrays_that_the_model_cannot_read_are_refused(
    checkpoint: Path, small: Path, tmp_path: Path, values: np.ndarray, message: str
) -> None:
    np.save(small / f"s1.{SOUND}.npy", values)
    (small / "s1.sound_20.json").unlink()
    with pytest.raises(ValueError, match=rf"s1\.{SOUND}\.npy .*{message}"):
        made(checkpoint, "s1", tmp_path, data_dir=small)


def test_tokens_that_the_model_does_not_know_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "s1.words_20.npy", np.array([[0], [3]]))
    with pytest.raises(ValueError, match="tokens 0 to 3; the model knows 3"):
        read_feature(Recording("s1", tmp_path, {}), WORDS, tokens())


def test_without_scalers_arrays_are_taken_and_given_as_they_are(checkpoint: Path, corpus: Path, tmp_path: Path) -> None:
    settings = {"output_folder": tmp_path, "render": [], "use_scalers": False, "keep_seed": True}
    scaled, unscaled = (np.load(path) for path in generate(checkpoint, "s1", **settings))
    feature = Feature.load(corpus, MOTION)
    np.testing.assert_allclose(feature.select(unscaled), scaled, atol=1e-6)
    recorded = np.load(corpus / "s1.expmap_20.npy")
    np.testing.assert_allclose(unscaled[:CONTEXT], recorded[:CONTEXT], atol=1e-4)


def test_transcripts_of_another_folder_are_found_by_name_or_number(tmp_path: Path) -> None:
    sounds = [song(tmp_path / "sound", name, 0.2) for name in ("talk.wav", "data_001.wav", "data_10.wav")]
    words = tmp_path / "text"
    words.mkdir()
    for name in ("talk.json", "talk.tsv", "Recording_001.json", "Recording_010.tsv", "other_10.tsv"):
        (words / name).write_text("")
    (sounds[0].parent / "talk.tsv").write_text("")
    found = [find_recordings(str(path), None, text_folder=words)[0].raw.get("text") for path in sounds]
    assert found == [words / "talk.json", words / "Recording_001.json", None]
    with pytest.raises(FileNotFoundError, match="no folder of transcripts"):
        find_recordings(str(sounds[0]), None, text_folder=tmp_path / "gone")


def test_a_frame_rate_for_the_files_keeps_the_time(checkpoint: Path, tmp_path: Path) -> None:
    from feature_extraction.motion.bvh import read_bvh

    path = str(song(tmp_path, "song.wav", 1.0))
    written = generate(checkpoint, path, output_folder=tmp_path, render=["bvh"], fps=60.0)
    assert len(np.load(written[0])) == 20
    motion = read_bvh(written[-1])
    assert (motion.frames, motion.fps) == (58, pytest.approx(60, rel=1e-4))


def test_a_full_disk_leaves_no_half_file(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr("inference.performer.tqdm", partial(tqdm, disable=True))  # pytest writes its words into a file
    path = str(song(tmp_path, "song.wav", 1.0))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, limits[1]))
    try:
        with pytest.raises(OSError, match=r"song\..*\.npy"):
            generate(checkpoint, path, output_folder=tmp_path / "out", render=[])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each for each in (tmp_path / "out").rglob("*") if each.is_file()] == []


def test_words_that_are_not_there_are_silence(
    checkpoint: Path, corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    from inference.material import gather
    from inference.settings import Settings
    from models import load_model

    caplog.set_level(logging.INFO)
    model = load_model(checkpoint).model
    model.inputs = (*model.inputs, WORDS)
    features = {name: Feature.load(corpus, name) for name in (MOTION, SOUND)} | {"words_20": tokens()}
    (recording,) = find_recordings(str(song(tmp_path, "talk.wav", 0.5)), None)
    material = gather(recording, model, features, {}, corpus, Settings())
    assert torch.equal(torch.as_tensor(material.read["words_20"]), torch.zeros(10, 1, dtype=torch.long))
    assert "talk has no transcript: the motion is made as if no word was said" in caplog.text
    model.inputs = tuple(window for window in model.inputs if window.modality != SOUND)
    with pytest.raises(FileNotFoundError, match="words alone, and talk has no transcript"):
        gather(recording, model, features, {}, corpus, Settings())
