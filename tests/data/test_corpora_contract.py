"""What every corpus that others have recorded does with its download; a new data/*_corpus.py is tested on arrival."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import registry
from data import make
from data.downloading import Download
from data.recorded_pairs import DOWNLOADS, REPORT, RecordedPairs
from feature_extraction.check import check
from feature_extraction.combine import combine
from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import fk, joint_positions, local_positions
from feature_extraction.recipe import parse_recipe
from feature_extraction.store import SPLITS, find_raw, load_json, read_split
from models import create_model
from tests.data.conftest import Make
from tests.data.miniatures import FIRST, WRITE, moving, packed
from training.datasets.base_dataset import collated
from training.datasets.multimodal_dataset import MultimodalDataset
from training.options import parse

RECORDED = [name for name in registry.names("corpus") if issubclass(registry.find("corpus", name), RecordedPairs)]
DOWNLOADED = [name for name in RECORDED if registry.find("corpus", name).downloads]
MOTION, SOUND = "pose_cr_scaled_20", "sound_scaled_20"
SHORTEST_S = 1.5
BONES_ALONG_X = {"lafan1", "zeroeggs"}
"""Corpora whose zero pose is none: how they rest is known as well as a swaying person shows it."""
SOURCES = {"motion": "pose", "audio": "sound"}
FEATURES = {
    "pose": {
        "source": "motion",
        "extractors": [{"name": "expmap", "joints": "all"}],
        "remove_constants": True,
        "scale": "standard",
    },
    "sound": {"source": "audio", "extractors": [{"name": "mel", "n_mels": 8}], "scale": "standard"},
}


def recipe(folder: Path) -> object:
    """A small recipe of what a folder has."""
    there = {source for files in find_raw(folder).values() for source in files}
    return parse_recipe(
        "small", {"fps": 20, "features": {SOURCES[s]: FEATURES[SOURCES[s]] for s in SOURCES if s in there}}
    )


def loss_of_a_step(folder: Path) -> float:
    """Extract, and train a small transformer for one step down the gradient; the loss after it."""
    report = extract(folder, recipe(folder), jobs=1, progress=False)
    assert not report.failed
    inputs = [feature for feature in (MOTION, SOUND) if feature in report.features]
    given = ["--model", "transformer", "--data_dir", str(folder), "--input_modalities", ",".join(inputs)]
    given += ["--input_lengths", ",".join(["8"] * len(inputs)), "--output_modalities", MOTION, "--output_lengths", "4"]
    given += [
        "--output_time_offsets",
        "8",
        "--dhid",
        "8",
        "--nlayers",
        "1",
        "--nhead",
        "2",
        "--dropout",
        "0",
        "--experiment_name",
        "x",
    ]
    opt = parse(given)
    torch.manual_seed(0)
    data = MultimodalDataset(opt, "train")
    model = create_model(opt, data.inputs, data.outputs)
    batch = collated(data.__getitems__(range(4)))
    before = model.losses(batch)["loss"]
    before.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 1e-3 * (parameter.grad if parameter.grad is not None else 0.0)
    after = model.losses(batch)["loss"].item()
    assert after < before.item()
    return after


def test_every_recorded_corpus_has_a_miniature() -> None:
    assert sorted(WRITE) == RECORDED


@pytest.mark.parametrize("name", RECORDED)
def test_its_licence_and_home_are_told(name: str) -> None:
    corpus = registry.find("corpus", name)
    assert corpus.licence
    assert "https://" in corpus.home or name == "folder"
    assert all(each.url.startswith("https://") for each in corpus.downloads)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_a_download_that_was_half_unpacked_is_unpacked_to_the_end(
    name: str, made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, folder, source = registry.find("corpus", name), tmp_path / "made", tmp_path / "all"
    WRITE[name](source)
    (folder / DOWNLOADS).mkdir(parents=True)
    for place in corpus.put_first.values():
        (source / place).rename(folder / place)
    monkeypatch.setattr(corpus, "downloads", (Download("http://nowhere.invalid/all.zip", "all.zip"),))
    (folder / DOWNLOADS / "all.zip").write_bytes(packed(source))
    with zipfile.ZipFile(io.BytesIO(packed(source))) as archive:
        first = [member for member in archive.namelist() if FIRST[name] in member]
        archive.extractall(folder / DOWNLOADS, first)
    with pytest.raises(FileNotFoundError, match=r"download is not all unpacked\. .*--accept_licence"):
        make.main([name, str(folder)])
    assert make.main([name, str(folder), "--jobs", "1", "--accept_licence"]) == 0
    wanted = {split: read_split(made(name), split) for split in SPLITS}
    assert {split: read_split(folder, split) for split in SPLITS} == wanted
    (folder / REPORT).unlink()
    assert make.main([name, str(folder), "--jobs", "1"]) == 0


@pytest.mark.parametrize("canonical", [False, True], ids=["as_it_is", "canonical"])
@pytest.mark.parametrize("name", RECORDED)
def test_check_finds_nothing_wrong(name: str, canonical: bool, made: Make) -> None:
    folder = made(name, canonical)
    checkup = check(folder, shortest_s=SHORTEST_S, jobs=1, progress=False)
    told = [finding.text for finding in checkup.all_findings if finding.level != "note"]
    absent = ("pairs missing", "in no split list")  # what the miniature lacks on purpose
    assert [text for text in told if not text.startswith(absent)] == []
    assert checkup.exit_code == 0
    lists = {split: read_split(folder, split) for split in SPLITS}
    assert all(lists.values())
    assert load_json(folder / "pairing.json")["unreadable"] == {}


@pytest.mark.parametrize("name", RECORDED)
def test_features_extract_and_a_training_step_runs(name: str, made: Make) -> None:
    assert np.isfinite(loss_of_a_step(made(name)))


@pytest.mark.parametrize("name", RECORDED)
def test_on_the_canonical_skeleton_the_motion_is_the_same(name: str, made: Make) -> None:
    put = read_bvh(made(name, True) / f"{FIRST[name]}.bvh")
    original = moving(0, put.fps, put.duration_s)
    order = [put.skeleton.index(joint) for joint in original.skeleton.names]
    assert len(order) == len(put.skeleton.names)
    places, wanted = joint_positions(put)[:, order], joint_positions(original)
    off_cm, off_degrees = (3.0, 20.0) if name in BONES_ALONG_X else (1e-3, 1e-3)
    np.testing.assert_allclose(places - places[:, :1], wanted - wanted[:, :1], atol=off_cm)
    turned, expected = (fk(m.rotations, local_positions(m), m.skeleton.parents)[0] for m in (put, original))
    off = np.degrees(np.linalg.norm(rotation.log(rotation.mul(rotation.inv(expected), turned[:, order])), axis=-1))
    assert off.max() < off_degrees


def test_corpora_on_the_canonical_skeleton_are_trained_on_together(made: Make, tmp_path: Path) -> None:
    folders = [made(name, True) for name in ("aistpp", "zeroeggs", "genea2023", "folder")]
    combine(tmp_path / "all", folders)
    assert np.isfinite(loss_of_a_step(tmp_path / "all"))
    columns = []
    for folder in folders:
        extract(folder, recipe(folder), sources=("motion",), jobs=1, progress=False)
        columns.append(Feature.load(folder, MOTION).columns)
    assert columns[0] == columns[1] == columns[2] == columns[3] == Feature.load(tmp_path / "all", MOTION).columns
