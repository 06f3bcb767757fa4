"""The chain can be entered midway: arrays of a model, or of extraction, become the motion that they mean."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.extract import extract
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import joint_positions
from inference.decode import main
from inference.generate import generate
from tests.inference.conftest import MOTION
from tests.inference.test_folders import song


@pytest.fixture
def decoded(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs the command; the BVH files that it writes."""

    def run(*arguments: object) -> list[Path]:
        assert main([*map(str, arguments), "--output_folder", str(tmp_path / "out"), "--no-generate-video"]) == 0
        return [Path(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_what_was_generated_is_written_again(checkpoint: Path, tmp_path: Path, decoded) -> None:
    path = song(tmp_path, "song.wav", 0.4)
    written = generate(checkpoint, str(path), output_folder=tmp_path, render=["bvh"], num_samples=2)
    again = decoded(tmp_path / "tiny" / "predicted_mods", "--features", checkpoint, "--audio", tmp_path)
    assert [path.name for path in again] == ["song.sample1.bvh", "song.sample2.bvh"]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written if path.suffix == ".bvh"]


@pytest.mark.parametrize("samples", [1, 2])
def test_a_sequences_motion_is_written_again_with_its_own_bones(
    checkpoint: Path, tmp_path: Path, decoded, samples: int
) -> None:
    written = generate(checkpoint, "s1", output_folder=tmp_path, render=["bvh"], num_samples=samples)
    again = decoded(tmp_path / "tiny" / "predicted_mods", "--features", checkpoint)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written if path.suffix == ".bvh"]
    path = song(tmp_path, "s1.wav", 0.4)
    written = generate(checkpoint, str(path), output_folder=tmp_path, render=["bvh"])
    (again,) = decoded(tmp_path / "tiny" / "predicted_mods" / f"s1.{MOTION}.npy", "--features", checkpoint)
    assert again.read_bytes() == written[-1].read_bytes()


def test_features_of_a_broken_frame_rate_are_found(corpus: Path, tmp_path: Path, decoded) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for path in (*corpus.glob("s*.bvh"), *corpus.glob("small.yaml")):
        shutil.copy(path, folder)
    extract(folder, folder / "small.yaml", sources=["motion"], fps=29.97, jobs=1, progress=False)
    assert [path.name for path in decoded(folder)] == [f"s{number}.bvh" for number in range(5)]


@pytest.mark.parametrize("feature", [MOTION, "expmap_20"])
def test_extracted_features_become_the_recording_again(corpus: Path, tmp_path: Path, decoded, feature: str) -> None:
    (path,) = decoded(corpus / f"s1.{feature}.npy")
    (scaled,) = decoded(corpus / f"s1.{MOTION}.npy")
    assert path.name == "s1.bvh"
    np.testing.assert_allclose(joint_positions(read_bvh(path)), joint_positions(read_bvh(scaled)), atol=1e-3)


def test_an_array_of_any_name_is_of_the_only_motion_of_a_run(checkpoint: Path, corpus: Path, tmp_path, decoded) -> None:
    shutil.copy(corpus / f"s1.{MOTION}.npy", tmp_path / "pred.npy")
    (tmp_path / "run" / "features").mkdir(parents=True)
    for path in (*corpus.glob(f"{MOTION}.*"), *corpus.glob("sound_scaled_20.*")):
        shutil.copy(path, tmp_path / "run" / "features")
    (path,) = decoded(tmp_path / "pred.npy", "--features", tmp_path / "run", "--smooth", "--fps", 60)
    motion = read_bvh(path)
    assert (path.name, motion.frames) == ("pred.bvh", 3 * (len(np.load(tmp_path / "pred.npy")) - 1) + 1)


def test_a_whole_corpus_is_its_motions(corpus: Path, decoded) -> None:
    assert [path.name for path in decoded(corpus)] == [f"s{number}.bvh" for number in range(5)]


def test_mistakes_are_named(corpus: Path, tmp_path: Path, decoded) -> None:
    with pytest.raises(FileNotFoundError, match="no array"):
        decoded(tmp_path / "gone.npy", "--features", corpus)
    with pytest.raises(FileNotFoundError, match=r"no \.npy files"):
        decoded(tmp_path, "--features", corpus)
    np.save(tmp_path / "pred.npy", np.zeros((4, 3)))
    with pytest.raises(FileNotFoundError, match="describes no feature"):
        decoded(tmp_path / "pred.npy")
    with pytest.raises(ValueError, match=r"pred\.npy is \(4, 3\); .* has \(frames, "):
        decoded(tmp_path / "pred.npy", "--features", corpus)
    with pytest.raises(FileNotFoundError, match="--audio"):
        decoded(corpus / f"s1.{MOTION}.npy", "--audio", tmp_path / "gone.wav")
