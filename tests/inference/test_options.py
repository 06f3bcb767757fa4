"""The command line of generation, and the runs and checkpoints that it names."""

import os

import pytest

from inference.generate import generate
from inference.options import find_checkpoint, find_run, parse
from training.run import Run


def test_options_have_both_spellings(checkpoint):
    experiments = str(checkpoint.parents[2])
    opt = parse(["tiny", "s1", "--experiments-dir", experiments, "--no-generate-bvh", "--num-samples=2"])
    assert (opt["render"], opt["num_samples"], opt["sequence"]) == (["mp4"], 2, "s1")
    assert opt["checkpoint"] == checkpoint


def test_beside_a_checkpoint_one_word_is_the_sequence():
    opt = parse(["--checkpoint", "model.ckpt", "song.wav"])
    assert (opt["experiment"], opt["sequence"]) == ("", "song.wav")


def test_seeds_are_pairs():
    opt = parse(["--checkpoint", "model.ckpt", "--seeds", "motion,s1; pose,s2"])
    assert opt["seeds"] == {"motion": "s1", "pose": "s2"}
    with pytest.raises(SystemExit):
        parse(["--checkpoint", "model.ckpt", "--seeds", "s1"])


def test_an_unknown_run_is_answered_with_the_nearest(checkpoint):
    with pytest.raises(LookupError, match="did you mean tiny"):
        find_run("tinny", checkpoint.parents[2])


def test_a_checkpoint_is_chosen_by_its_age(tmp_path):
    run = Run(tmp_path)
    run.checkpoints.mkdir()
    for age, name in enumerate(["last.ckpt", "best.ckpt"]):
        (run.checkpoints / name).touch()
        os.utime(run.checkpoints / name, (1000 - age, 1000 - age))
    assert find_checkpoint(run).name == "last.ckpt"
    assert find_checkpoint(run, 0).name == "best.ckpt"
    assert find_checkpoint(run, -1).name == "last.ckpt"
    with pytest.raises(LookupError, match="holds 2 checkpoints"):
        find_checkpoint(run, 2)


def test_a_run_without_a_checkpoint_says_how_to_train(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"train\.sh"):
        find_checkpoint(Run(tmp_path / "new"))


def test_an_option_that_is_none_is_answered_with_the_nearest():
    with pytest.raises(LookupError, match="--temperatur is not understood; did you mean --temperature"):
        parse(["--checkpoint", "model.ckpt", "--temperatur", "2"])


@pytest.mark.parametrize("fps", ["-3", "fast", "inf"])
def test_a_frame_rate_is_a_number_above_zero(fps, capsys):
    with pytest.raises(SystemExit):
        parse(["--checkpoint", "model.ckpt", f"--fps={fps}"])
    assert "is no frame rate" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["some/model.ckpt", "shared"])
def test_a_checkpoint_or_shared_model_may_stand_for_the_run(tmp_path, model):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "config.json").touch()
    opt = parse([str(tmp_path / model), "song.wav"])
    assert (opt["checkpoint"], opt["experiment"], opt["sequence"]) == (str(tmp_path / model), "", "song.wav")


@pytest.mark.parametrize("words", ["--checkpoint model.ckpt song.wav", "model.ckpt song.wav"])
def test_a_single_model_has_no_checkpoints_to_choose_from(words):
    with pytest.raises(ValueError, match=r"--version_index .* of a run, and model\.ckpt is a single model"):
        parse([*words.split(), "--version_index", "0"])


def test_what_drives_another_skeleton_wants_one(checkpoint, tmp_path):
    for option in ({"joint_map": "Hips=pelvis"}, {"target_pose": 0}):
        with pytest.raises(ValueError, match="are for --target_skeleton"):
            generate(checkpoint, "s1", output_folder=tmp_path, **option)
    assert not list(tmp_path.iterdir())
