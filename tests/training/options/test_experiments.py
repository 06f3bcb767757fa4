"""Experiments are found by name in any corpus folder and read with the lines they stand in."""

from pathlib import Path

import pytest

from training.options import experiments
from training.options.experiments import Setting, find_experiment, read_settings


@pytest.fixture
def hparams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of experiments in the place of the project's."""
    for name in ("dance/waltz", "dance/tango", "speech/talk", "speech/tango"):
        path = tmp_path / "hparams" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("seed: 1\n")
    monkeypatch.setattr(experiments, "HPARAMS_DIR", tmp_path / "hparams")
    return tmp_path / "hparams"


def test_an_experiment_is_found_in_any_corpus_folder(hparams: Path) -> None:
    assert find_experiment("waltz") == hparams / "dance" / "waltz.yaml"
    assert find_experiment("speech/talk") == hparams / "speech" / "talk.yaml"


def test_an_ambiguous_name_lists_the_candidates(hparams: Path) -> None:
    with pytest.raises(LookupError, match=r"2 experiments are called tango: dance/tango \(.*\), speech/tango \("):
        find_experiment("tango")
    assert find_experiment("speech/tango") == hparams / "speech" / "tango.yaml"


def test_an_unknown_name_gets_the_nearest(hparams: Path) -> None:
    with pytest.raises(LookupError, match=r"no experiment 'walz'; did you mean waltz"):
        find_experiment("walz")


def test_plugin_folders_hold_experiments_too(hparams: Path, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    (plugins / "salon").mkdir(parents=True)
    for path in (plugins / "polka.yaml", plugins / "salon" / "galop.yaml"):
        path.write_text("")
    assert find_experiment("polka", [plugins]) == plugins / "polka.yaml"
    assert find_experiment("salon/galop", [plugins]) == plugins / "salon" / "galop.yaml"


def test_a_file_is_its_own_name(hparams: Path) -> None:
    path = hparams / "dance" / "waltz.yaml"
    assert find_experiment(str(path)) == path
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml does not exist"):
        find_experiment("nowhere.yaml")


def settings(tmp_path: Path, text: str) -> list[Setting]:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    return read_settings(path)


@pytest.mark.parametrize(
    ("yaml", "text"),
    [
        ("7e-5", "7e-5"),
        ("0", "0"),
        ("no", "no"),
        ("1_000", "1_000"),
        ("00:30:00", "00:30:00"),
        ("67,85", "67,85"),
        ("[120, 140]", "120,140"),
        ("[[10, 0], [2, 1]]", "[[10,0],[2,1]]"),
        ('""', ""),
        ("null", None),
        ("", None),
        ("none", "none"),
    ],
)
def test_values_are_read_as_written(tmp_path: Path, yaml: str, text: str | None) -> None:
    [setting] = settings(tmp_path, f"# a comment\n\nkey: {yaml}\n")
    assert (setting.name, setting.text) == ("key", text)
    assert setting.where.endswith("x.yaml:3")


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert settings(tmp_path, "# nothing\n") == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [1", r"x\.yaml:2: this is not YAML"),
        ("a: 1\nb: {c: 2}", r"x\.yaml:2: the value of an option is a word"),
        ("- a\n- b", r"x\.yaml: an experiment is a list of `option: value` lines"),
        ("a: 1\n? [b, c]\n: 2", r"x\.yaml:2: an option's name is a word"),
    ],
)
def test_what_is_no_experiment_is_refused_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        settings(tmp_path, text + "\n")
