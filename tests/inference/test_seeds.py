"""What a motion begins with: named, drawn from a file, or stored in the checkpoint."""

from pathlib import Path

import numpy as np
import pytest

from inference.generate import generate
from inference.seeds import drawn_seeds, read_pairs
from inference.settings import Settings
from tests.inference.conftest import MOTION


def drawn(path: Path, number: int = 8, **settings: object) -> list[dict[str, str]]:
    return drawn_seeds(Settings(seeds_file=path, num_samples=number, **settings), "song", path.parent, ("pose", "face"))


def test_each_sample_draws_a_seed_of_its_own_however_many_there_are(tmp_path: Path) -> None:
    path = tmp_path / "seeds.txt"
    path.write_text("a\nb\nc\nd\n\n")
    many = drawn(path)
    assert {each["pose"] for each in many} == set("abcd")
    assert all(each["pose"] == each["face"] for each in many)
    assert drawn(path, 3) == many[:3]
    assert drawn(path, 3, seed=1) == many[1:4]


def test_a_line_may_name_a_sequence_for_each_modality(tmp_path: Path) -> None:
    path = tmp_path / "seeds.txt"
    path.write_text("pose,a; face,b")  # no newline at the end
    assert drawn(path, 1) == [{"pose": "a", "face": "b"}]
    assert drawn(path, 1, seeds={"face": "c"}) == [{"pose": "a", "face": "c"}]


def test_a_seeds_file_may_be_named_from_the_corpus_and_must_hold_something(tmp_path: Path) -> None:
    (tmp_path / "seeds.txt").write_text("a")
    assert drawn_seeds(Settings(seeds_file="seeds.txt"), "song", tmp_path, ("pose",)) == [{"pose": "a"}]
    (tmp_path / "seeds.txt").write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        drawn(tmp_path / "seeds.txt")
    with pytest.raises(FileNotFoundError, match=r"--seeds_file: there is no .*gone\.txt"):
        drawn(tmp_path / "gone.txt")


def test_pairs_of_another_form_are_refused() -> None:
    for text in ("pose", "pose,", ",a"):
        with pytest.raises(ValueError, match="modality,sequence"):
            read_pairs(text)


def test_samples_begin_with_what_was_drawn_for_them(checkpoint: Path, corpus: Path, tmp_path: Path) -> None:
    listed = tmp_path / "seeds.txt"
    listed.write_text("s1\ns2\ns3\n")
    settings = {"output_folder": tmp_path, "render": [], "keep_seed": True, "num_samples": 4}
    written = generate(checkpoint, "s0", seeds_file=listed, **settings)
    firsts = [np.load(path)[0] for path in written if MOTION in path.name]
    recorded = {name: np.load(corpus / f"{name}.{MOTION}.npy")[0] for name in ("s1", "s2", "s3")}
    wanted = drawn_seeds(Settings(seeds_file=listed, num_samples=4), "s0", corpus, (MOTION,))
    assert len({each[MOTION] for each in wanted}) > 1
    for first, each in zip(firsts, wanted, strict=True):
        np.testing.assert_allclose(first, recorded[each[MOTION]], atol=1e-5)


def test_a_motion_file_of_ones_own_can_begin_the_motion(checkpoint: Path, corpus: Path, tmp_path: Path) -> None:
    def made(seed: str) -> np.ndarray:
        seeds = {MOTION: seed}
        return np.load(generate(checkpoint, "s0", output_folder=tmp_path / "out", render=[], seeds=seeds)[0])

    np.testing.assert_allclose(made(str(corpus / "s2.bvh")), made("s2"), atol=1e-3)
