"""Models as folders of safetensors and JSON: the same motion, from anywhere, and nothing else is taken for one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from feature_extraction.combine import combine
from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from feature_extraction.motion.skeleton import joint_positions
from feature_extraction.recipe import parse_recipe
from inference.generate import generate, main
from inference.pretrained import load_pretrained, load_trained
from inference.share import main as share
from models import load_model
from tests.feature_extraction.small_corpus import add_pair, make_corpus
from tests.inference.conftest import MOTION, SOUND
from tests.inference.test_folders import song

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shared_model(checkpoint: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "dance"
    assert share([str(checkpoint), str(folder), "--licence", "cc-by-4.0", "--data", "five people who sway"]) == 0
    return folder


def test_the_folder_holds_the_model_and_all_that_it_needs(shared_model: Path, checkpoint: Path) -> None:
    loaded, original = load_trained(shared_model), load_model(checkpoint)
    assert loaded.inputs == original.inputs
    assert loaded.outputs == original.outputs
    assert loaded.features == original.features
    np.testing.assert_array_equal(loaded.seeds[MOTION], original.seeds[MOTION])
    for name, value in original.model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], value)
    assert not any(path.stat().st_mode & 0o044 != 0o044 for path in shared_model.rglob("*"))


def test_the_folder_gives_the_motion_that_the_checkpoint_gives(
    shared_model: Path, checkpoint: Path, tmp_path: Path
) -> None:
    path = song(tmp_path, "song.wav", 0.6)
    assert main([str(shared_model), str(path), "--output_folder", str(tmp_path / "one"), "--render", "bvh"]) == 0
    generate(checkpoint, str(path), output_folder=tmp_path / "two", render=["bvh"])
    made, expected = (tmp_path / folder / "tiny" / "bvh" / "song.bvh" for folder in ("one", "two"))
    assert made.read_bytes() == expected.read_bytes()


def test_three_lines_of_python_give_motion(shared_model: Path, tmp_path: Path) -> None:
    performer = load_pretrained(shared_model, num_samples=2)
    motions = performer.motions(str(song(tmp_path, "song.wav", 0.6)))
    assert [(motion.frames, motion.fps) for motion in motions] == [(12, 20.0)] * 2
    assert np.isfinite(joint_positions(motions[0])).all()


def test_another_machine_needs_nothing_but_the_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.ckpt"
    alone.write_bytes(checkpoint.read_bytes())
    song(tmp_path / "elsewhere", "song.wav", 0.4)
    command = [sys.executable, "-m", "inference.generate", str(alone), "song.wav", "--output_folder", "out"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONSAFEPATH": "1", "HOME": str(tmp_path)}
    done = subprocess.run(
        [*command, "--no-generate_video"], cwd=tmp_path / "elsewhere", env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "out/tiny/bvh/song.bvh"
    assert "frames/s" in done.stderr


def test_features_can_be_extracted_with_the_folder(shared_model: Path, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    add_pair(tmp_path / "new", "s0", 0)
    extract(tmp_path / "new", from_experiment=shared_model, jobs=1, progress=False)
    made = np.load(tmp_path / "new" / f"s0.{SOUND}.npy")
    np.testing.assert_allclose(made, np.load(corpus / f"s0.{SOUND}.npy"), atol=1e-5)


def test_the_card_says_what_people_and_hubs_want_to_know(shared_model: Path) -> None:
    card = (shared_model / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: terpsichore\nlicense: cc-by-4.0\n")
    for said in ("`transformer`", f"`{MOTION}`", "audio at 20 frames a second: mel", "five people who sway"):
        assert said in card
    assert 'load_pretrained("dance")' in card


def evaluated(folder: Path, checkpoint: Path) -> Path:
    """Results of ./evaluate.sh for a checkpoint, in a folder."""
    fpd = {"title": "", "definition": "", "unit": "1", "best": "lowest", "floor": [0.5, 1.25]}
    scores = {"last": {"value": 3.14159, "interval": [2.5, 4.5], "note": ""}, "real motion": {"value": 0.7}}
    silent = {"last": {"value": None, "interval": [None, None], "note": "no likelihood"}}
    metrics = {"fpd": {**fpd, "scores": scores}, "nll": {**fpd, "unit": "nats", "scores": silent}}
    settings = {"models": {"last": {"checkpoint": str(checkpoint)}}, "corpus": "data/five", "split": "test"}
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps({"settings": settings | {"num_samples": 5}, "metrics": metrics}))
    return folder


def test_the_card_has_what_the_evaluation_found(checkpoint: Path, tmp_path: Path) -> None:
    results = evaluated(tmp_path / "evaluation", checkpoint)
    assert share([str(checkpoint), str(tmp_path / "dance"), "--evaluation", str(results)]) == 0
    card = (tmp_path / "dance" / "README.md").read_text(encoding="utf-8")
    assert "On the test split of `five`, 5 motions for each sequence" in card
    assert "| fpd | 1 | 3.142 | 2.5 to 4.5 | 0.5 to 1.25 | lowest |" in card
    assert "| nll |" not in card


def test_results_of_another_checkpoint_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    results = evaluated(tmp_path / "evaluation", tmp_path / "other.ckpt")
    with pytest.raises(ValueError, match=r"other\.ckpt, not .*last\.ckpt; run \./evaluate\.sh last again"):
        share([str(checkpoint), str(tmp_path / "dance"), "--evaluation", str(results)])
    with pytest.raises(FileNotFoundError, match="--evaluation takes the folder"):
        share([str(checkpoint), str(tmp_path / "dance"), "--evaluation", str(tmp_path / "nowhere")])


def test_the_card_says_what_the_corpus_says_of_its_terms(checkpoint: Path, tmp_path: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    content["terpsichore"]["opt"]["data_dir"] = str(tmp_path / "genea" / "dance")
    torch.save(content, tmp_path / "model.ckpt")
    (tmp_path / "genea" / "dance").mkdir(parents=True)
    (tmp_path / "genea" / "corpus.json").write_text('{"corpus": "Genea2023Corpus", "version": 1, "seed": 0}')
    share([str(tmp_path / "model.ckpt"), str(tmp_path / "shared")])
    card = (tmp_path / "shared" / "README.md").read_text(encoding="utf-8")
    assert "## Training data\n\nGenea2023: CC BY-NC 4.0" in card
    assert "## Licence\n\nnot said" in card


def test_the_card_joins_the_terms_of_combined_corpora(checkpoint: Path, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("zeroeggs", "mine", "lafan1")]
    for folder in folders:
        folder.mkdir()
        (folder / f"{folder.name}.bvh").touch()
        if folder.name != "mine":
            (folder / "corpus.json").write_text(json.dumps({"corpus": f"{folder.name.title()}Corpus"}))
    combine(tmp_path / "all", folders)
    content = torch.load(checkpoint, weights_only=True)
    content["terpsichore"]["opt"]["data_dir"] = str(tmp_path / "all")
    torch.save(content, tmp_path / "model.ckpt")
    share([str(tmp_path / "model.ckpt"), str(tmp_path / "shared")])
    card = (tmp_path / "shared" / "README.md").read_text(encoding="utf-8")
    assert "\n- `zeroeggs`: Zeroeggs: CC BY-NC-ND 4.0; https://github.com" in card
    assert "\n- `mine`: not said by whoever shared the model\n- `lafan1`: Lafan1: CC BY-NC-ND 4.0" in card


def test_paths_of_the_training_machine_stay_there(checkpoint: Path, corpus: Path, tmp_path: Path) -> None:
    home, talks = tmp_path / "home" / "me", make_corpus(tmp_path / "talks", 1)
    home.mkdir(parents=True)
    (home / "glove.txt").write_text("so 2 3\n")
    (talks / "s0.tsv").write_text("0\t1\tso\n")
    spoken = {"name": "word_vectors", "vectors": str(home / "glove.txt")}
    recipe = {"fps": 20, "features": {"words": {"source": "text", "extractors": [spoken]}}}
    extract(talks, parse_recipe("spoken", recipe), jobs=1, progress=False)
    content = torch.load(checkpoint, weights_only=True)
    words = Feature.load(talks, "words_20").to_dict()
    content["terpsichore"]["features"]["words_20"] = words
    content["terpsichore"]["opt"]["plugin_dir"] = f"mine,{home / 'plugins'}"
    torch.save(content, tmp_path / "model.ckpt")
    assert share([str(tmp_path / "model.ckpt"), str(tmp_path / "dance")]) == 0
    files = [path for path in (tmp_path / "dance").rglob("*") if path.suffix in (".json", ".md")]
    assert {path.name for path in files} >= {"README.md", "config.json", f"{SOUND}.json", "words_20.json"}
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert str(corpus.parent) not in text, path.name
        assert str(tmp_path) not in text, path.name
    shared = load_trained(tmp_path / "dance").features["words_20"]
    assert shared["extractors"] == [words["extractors"][0] | {"vectors": "glove.txt"}]


def test_a_model_is_not_overwritten(shared_model: Path, checkpoint: Path) -> None:
    with pytest.raises(FileExistsError, match="holds a model already"):
        share([str(checkpoint), str(shared_model)])


def test_what_is_damaged_or_missing_is_named(shared_model: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no config\.json"):
        load_trained(tmp_path)
    weights = (shared_model / "model.safetensors").read_bytes()
    (shared_model / "model.safetensors").write_bytes(weights[:100])
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged"):
        load_trained(shared_model)
    (shared_model / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors is not there"):
        load_trained(shared_model)


def test_weights_of_another_size_are_refused(shared_model: Path) -> None:
    config = json.loads((shared_model / "config.json").read_text(encoding="utf-8"))
    config["options"]["dhid"] = 32
    (shared_model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ValueError, match="do not fit the model transformer"):
        load_trained(shared_model)
    config["format"] = "another"
    (shared_model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ValueError, match="not of the format"):
        load_trained(shared_model)


def test_options_that_came_after_a_checkpoint_have_their_defaults(checkpoint: Path, tmp_path: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    del content["terpsichore"]["opt"]["pre_norm"]
    torch.save(content, tmp_path / "old.ckpt")
    assert load_model(tmp_path / "old.ckpt").model is not None


def test_a_foreign_checkpoint_leads_out_of_no_folder(checkpoint: Path, tmp_path: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    content["terpsichore"]["opt"]["experiment"] = "../../outside"
    torch.save(content, tmp_path / "foreign.ckpt")
    path = str(song(tmp_path, "song.wav", 0.2))
    written = generate(tmp_path / "foreign.ckpt", path, output_folder=tmp_path / "a" / "b", render=[])
    assert {file.parent for file in written} == {tmp_path / "a" / "b" / "outside" / "predicted_mods"}
    content["terpsichore"]["outputs"][0]["modality"] = "../outside"
    torch.save(content, tmp_path / "foreign.ckpt")
    with pytest.raises(ValueError, match=r"'\.\./outside' is a path"):
        generate(tmp_path / "foreign.ckpt", path, output_folder=tmp_path / "a" / "b", render=[])
