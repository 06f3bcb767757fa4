"""One grammar, one precedence: class default, then YAML, then command line."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest

from training.options import load_hparams, parse, save_hparams

PAIR = ("--experiment_name=x", "--dataset_name=toy", "--model=couple")


@pytest.fixture
def run(plugins: Path):
    """Parse an experiment of the plugin folder."""

    def parsed(*arguments: str) -> argparse.Namespace:
        return parse([*arguments, "--plugin_dir", str(plugins)])

    return parsed


def rewrite(plugins: Path, old: str, new: str) -> None:
    path = plugins / "ballroom" / "waltz.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_yaml_beats_the_default_and_the_command_line_beats_yaml(run) -> None:
    opt = run("waltz", "--batch_size", "8")
    assert (opt.width, opt.learning_rate, opt.batch_size) == (16, 7e-5, 8)


def test_zero_and_false_in_yaml_are_zero_and_false(run) -> None:
    opt = run("waltz")
    assert opt.dropout == 0.0
    assert opt.residual is False


def test_yaml_is_read_as_written(run) -> None:
    opt = run("waltz")
    assert opt.learning_rate == 7e-5
    assert opt.max_time == "00:00:30:00"
    assert opt.input_lengths == "120,140"
    assert opt.scales == "[[16,0]]"
    assert opt.sizes == [3, 4, 5]


@pytest.mark.parametrize("spelling", ["--batch-size=8", "--batch_size=8"])
def test_dashes_and_underscores_spell_the_same_option(run, spelling: str) -> None:
    assert run("waltz", spelling).batch_size == 8


def test_a_value_keeps_its_dashes(run) -> None:
    assert run("waltz", "--recipe=my-recipe").recipe == "my-recipe"


@pytest.mark.parametrize(
    ("argument", "truth"),
    [("--rotary", True), ("--rotary=no", False), ("--no-rotary", False), ("--no_rotary", False), ("--rotary=1", True)],
)
def test_flags_have_twins_and_take_words(run, argument: str, truth: bool) -> None:
    assert run("waltz", argument).rotary is truth


def test_an_option_has_its_other_names(run) -> None:
    assert run("waltz", "--lr", "0.5").learning_rate == 0.5


def test_null_is_none_where_none_is_a_value(run, plugins: Path) -> None:
    rewrite(plugins, "dropout: 0", "decay: null\ncheck_val_every_n_epoch:")
    opt = run("waltz")
    assert opt.decay is None
    assert opt.check_val_every_n_epoch is None


def test_null_is_refused_where_it_is_no_value(run, plugins: Path) -> None:
    rewrite(plugins, "dropout: 0", "dropout:")
    with pytest.raises(ValueError, match=r"waltz\.yaml:4: dropout cannot be null"):
        run("waltz")


def test_names_are_not_abbreviated(run) -> None:
    with pytest.raises(ValueError, match=r"no option --batch_siz: did you mean --batch_size \(of base\)"):
        run("waltz", "--batch_siz", "8")


def test_an_unknown_key_names_file_line_and_nearest_option_with_its_owner(run, plugins: Path) -> None:
    rewrite(plugins, "dropout: 0", "dropuot: 0")
    with pytest.raises(ValueError, match=r"waltz\.yaml:4: there is no option --dropuot: .*--dropout \(of model toy\)"):
        run("waltz")


def test_an_option_of_another_model_names_that_model(run) -> None:
    with pytest.raises(ValueError, match="--balance: it belongs to model pair"):
        run("waltz", "--balance", "1")


def test_a_value_of_the_wrong_type_names_file_and_line(run, plugins: Path) -> None:
    rewrite(plugins, "dropout: 0", "dropout: much")
    with pytest.raises(ValueError, match=r"waltz\.yaml:4: --dropout: invalid float value: 'much'"):
        run("waltz")


def test_a_key_that_stands_twice_names_both_lines(run, plugins: Path) -> None:
    rewrite(plugins, "dropout: 0", "lr: 1")
    with pytest.raises(ValueError, match=r"waltz\.yaml:6: learning_rate is set already, at .*waltz\.yaml:4"):
        run("waltz")


def test_the_twin_of_a_flag_is_no_key(run, plugins: Path) -> None:
    rewrite(plugins, "residual: false", "no_residual: true")
    with pytest.raises(ValueError, match=r"waltz\.yaml:5: .*write residual: false"):
        run("waltz")


@pytest.mark.parametrize(
    "arguments",
    [["--rotary", "--no-rotary"], ["--width", "1", "--width", "2"], ["--lr=1", "--learning_rate=2"]],
)
def test_two_values_for_one_option_are_a_contradiction(run, arguments: list[str]) -> None:
    with pytest.raises(ValueError, match="is given twice"):
        run("waltz", *arguments)


def test_the_same_value_twice_is_none(run) -> None:
    assert run("waltz", "--width", "2", "--width=2").width == 2


def test_a_stray_word_is_refused(run) -> None:
    with pytest.raises(ValueError, match="'tango' is not an option; the experiment's name comes first"):
        run("waltz", "tango")


@pytest.mark.parametrize("value", ["0", "-3", "some"])
def test_a_batch_has_at_least_one_window(run, value: str) -> None:
    with pytest.raises(ValueError, match=r"--batch_size: .* is not a whole number from 1 on"):
        run("waltz", f"--batch_size={value}")


def test_the_run_is_called_as_the_experiment_unless_named(run) -> None:
    assert run("waltz").experiment == "waltz"
    assert run("ballroom/waltz").experiment == "waltz"
    assert run("waltz", "--experiment_name", "waltz 2").experiment == "waltz 2"


def test_a_run_without_experiment_needs_a_name(run) -> None:
    with pytest.raises(ValueError, match="name an experiment"):
        run("--model", "toy", "--dataset_name", "toy")
    assert run("--model", "toy", "--dataset_name", "toy", "--experiment_name", "x").experiment == "x"


def test_models_within_a_model_have_prefixed_options(run) -> None:
    opt = run(*PAIR, "--mean_width=3", "--rest-rotary", "--no-mean-residual")
    assert (opt.mean_width, opt.rest_width) == (3, 16)
    assert (opt.mean_rotary, opt.rest_rotary) == (False, True)
    assert (opt.mean_residual, opt.rest_residual) == (False, True)


def test_a_model_that_holds_itself_is_refused(run) -> None:
    within = [f"--{'mean_' * depth}model=pair" for depth in range(1, 6)]
    with pytest.raises(ValueError, match="models hold one another"):
        run(*PAIR, *within)


def test_an_option_declared_twice_names_both_owners(run, plugins: Path) -> None:
    text = (plugins / "toy_dataset.py").read_text()
    (plugins / "toy_dataset.py").write_text(text.replace("--input_lengths", "--seed"))
    with pytest.raises(ValueError, match="--seed is declared by base and by dataset toy"):
        run("--dataset_name=toy", "--experiment_name=x")


def test_an_unknown_model_says_where_it_was_named(run, plugins: Path) -> None:
    rewrite(plugins, "model: toy", "model: toi")
    with pytest.raises(LookupError, match=r"waltz\.yaml:2: there is no model 'toi'.*did you mean toy"):
        run("waltz")


@pytest.mark.parametrize("name", ["tpu_cores", "plugins", "tpu-cores", "default_root_dir"])
def test_options_of_older_scripts_are_told_their_name_of_today(run, name: str) -> None:
    with pytest.raises(ValueError, match="today it is --"):
        run("waltz", f"--{name}", "8")


def test_resolved_options_are_saved_and_loaded(run, tmp_path: Path) -> None:
    opt = run("waltz", "--devices", "0,1")
    save_hparams(tmp_path / "hparams.yaml", opt)
    loaded = vars(load_hparams(tmp_path / "hparams.yaml"))
    assert loaded["devices"] == [0, 1]
    assert loaded == {name: value for name, value in vars(opt).items() if name in loaded}
    assert vars(opt).keys() - loaded.keys() == {
        "hparams_file",
        "continue_train",
        "do_tuning",
        "load_weights_only",
        "load_hparams",
        "overwrite",
        "skip_training",
    }
    assert [path.name for path in tmp_path.glob("*.yaml")] == ["hparams.yaml"]


def test_saved_options_are_an_experiment(run, tmp_path: Path) -> None:
    opt = run("waltz", "--devices", "0,1", "--width", "3")
    save_hparams(tmp_path / "hparams.yaml", opt)
    again = run(str(tmp_path / "hparams.yaml"))
    assert vars(again) == vars(opt)


def test_a_continued_run_keeps_its_options_and_the_command_line_counts(run, tmp_path: Path) -> None:
    folder = ["--experiments_dir", str(tmp_path)]
    (tmp_path / "waltz").mkdir()
    save_hparams(tmp_path / "waltz" / "hparams.yaml", run("waltz", "--width", "3", "--max_epochs", "5", *folder))
    again = run("waltz", "--continue_train", "--max_epochs", "9", *folder)
    assert (again.width, again.max_epochs, again.continue_train) == (3, 9, True)
    assert run("waltz", "--continue_train", "--no_load_hparams", *folder).width == 16


def test_a_run_without_saved_options_continues_with_its_experiment(run, tmp_path: Path) -> None:
    assert run("waltz", "--continue_train", "--experiments_dir", str(tmp_path)).dropout == 0


def test_relative_paths_are_the_callers_on_the_command_line_and_the_projects_in_files(
    run, plugins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(plugins, "dropout: 0", "data_dir: data/waltz")
    monkeypatch.chdir(tmp_path)
    project = Path(__file__).parents[3]
    assert Path(run("waltz").data_dir) == project / "data" / "waltz"
    assert Path(run("waltz").experiments_dir) == project / "training" / "experiments"
    assert Path(run("waltz", "--data_dir", "songs").data_dir) == tmp_path / "songs"


def test_help_shows_each_owner_apart_with_effective_values(run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run("waltz", "--help", "--width", "3")
    shown = capsys.readouterr().out
    assert stop.value.code == 0
    sections = [line for line in shown.splitlines() if re.match(r"\S.* options$", line)]
    assert sections == ["base options", "trainer options", "dataset toy options", "model toy options"]
    flat = " ".join(shown.split())
    assert "--width 3 width of the net [the command line; default 16]" in flat
    assert "waltz.yaml:4; default 0.1]" in flat
    assert "--[no-]residual false" in flat


def test_help_does_not_wait_for_lightning() -> None:
    code = "import sys; from training.options import parse\ntry: parse(['--help'])\nfinally: print(sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'pytorch_lightning'" not in done.stdout
