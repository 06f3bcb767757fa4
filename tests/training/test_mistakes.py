"""A mistake of a user is one line that names the option and the nearest right name or what to do, and exit code 2."""

import logging
from pathlib import Path

import numpy as np
import pytest

import command
from tests.training.corpus import write_experiment
from training.train import main

LINE, FILE = "on the command line", "in the file"


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says of its only argument's mistake, after its exit code has been looked at."""
    with pytest.raises(SystemExit) as end:
        command.run(lambda: main(arguments))
    found = capsys.readouterr()
    assert end.value.code == 2
    [line] = [line for line in found.err.splitlines() if line.startswith("error: ")]
    assert found.err.endswith(f"{line}\n")
    assert "Traceback" not in found.err
    return line


@pytest.mark.parametrize("place", [LINE, FILE])
@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        pytest.param("dropuot", "0", ["--dropuot", "--dropout (of model transformer)"], id="unknown key"),
        pytest.param("num_glow_coupling_blocks", "2", ["belongs to model", "transflower"], id="another model's"),
        pytest.param("batch_size", "many", ["--batch_size", "'many'", "whole number"], id="wrong type"),
        pytest.param("dropout", "much", ["--dropout", "'much'"], id="no number"),
        pytest.param("optimizer", "adamm", ["--optimizer", "'adamm'", "'adam'"], id="no choice"),
        pytest.param("do_validation", "maybe", ["--do_validation", "'maybe'", "true nor false"], id="no flag"),
        pytest.param("precision", "bf17-mixed", ["precision", "bf17-mixed", "bf16-mixed"], id="no precision"),
        pytest.param("model", "transfromer", ["model", "'transfromer'", "did you mean transformer"], id="no model"),
        pytest.param("dataset_name", "multimodel", ["multimodal"], id="no data set"),
        pytest.param("data_dir", "nowhere", ["nowhere", "--data_dir"], id="no data"),
        pytest.param("input_modalities", "motion,audoi", ["audoi", "--input_modalities", "audio"], id="no modality"),
        pytest.param("output_lengths", "500", ["--output_lengths", "need"], id="no window"),
        pytest.param("input_lengths", "8,12,9", ["--input_lengths", "3", "2"], id="too many windows"),
        pytest.param("dins", "7,3", ["--dins", "7", "5"], id="other columns"),
        pytest.param("nhead", "3", ["--nhead", "--dhid", "multiple of 3"], id="heads"),
        pytest.param("weights_from", "nobody", ["--weights_from", "nobody"], id="no weights"),
        pytest.param("tpu_cores", "8", ["--tpu_cores", "--accelerator tpu"], id="of old scripts"),
    ],
)
def test_a_wrong_option_is_one_line_that_names_it(
    option: str, value: str, named: list[str], place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {option: value} if place == FILE else {}
    path = write_experiment(tmp_path, **options)
    line = told([str(path), *([] if place == FILE else [f"--{option}", value])], capsys)
    assert [name for name in named if name not in line] == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("--preload --num_workers 2", ["--preload true", "--num_workers 2", "leave one out"]),
        ("--rotary --no-rotary", ["no option --rotary", "--help"]),
        ("--learning_rate nan", ["--learning_rate: 'nan' is not a number"]),
        ("--lr_policy step --lr_decay_iters 0", ["--lr_decay_iters: '0' is not a number above 0"]),
        ("--model transflower --glow_bn_momentum 2", ["--glow_bn_momentum: '2' is not a number from 0 to 1"]),
        ("--accumulate_grad_batches 0", ["--accumulate_grad_batches: '0' is not a whole number from 1 on"]),
        ("--experiment_name ../other", ["--experiment_name ../other is a path", "--experiments_dir"]),
        ("--dropout 0 --dropout 0.5", ["--dropout is given twice"]),
        ("--strategy deepspeed_stage_2", ["eepspeed"]),
        ("--num_nodes 2 --max_steps many", ["--max_steps", "'many'"]),
    ],
)
def test_options_that_cannot_be_together_are_named(
    given: str, named: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = told([str(write_experiment(tmp_path)), *given.split()], capsys)
    assert [name for name in named if name not in line] == []


@pytest.mark.parametrize("name", ["quickstrat", "demo/quickstrat"])
def test_a_wrong_experiment_gets_the_nearest(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean" in (line := told([name], capsys))
    assert "quickstart" in line


def test_arrays_that_are_not_there_yet_are_told_how_to_be_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = write_experiment(tmp_path)
    for path in (tmp_path / "data").glob("*.npy"):
        path.unlink()
    assert "python -m feature_extraction.extract" in told([str(experiment)], capsys)


def test_a_machine_without_a_compiler_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    line = told([str(write_experiment(tmp_path)), "--compile"], capsys)
    assert "--compile needs a C++ compiler, and this machine has no g++" in line


def test_what_a_process_that_loads_finds_is_one_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {"input_modalities": "motion,audio,words", "input_types": "c,c,d", "input_num_tokens": "0,0,7"}
    experiment = write_experiment(tmp_path, **words, input_lengths="8,12,4", num_workers=1, num_sanity_val_steps=0)
    for name in ("s0", "s1", "s2", "v"):
        np.save(tmp_path / "data" / f"{name}.words.npy", np.full(60, 7))
    assert ".words.npy holds tokens 7 to 7; --input_num_tokens allows 0 to 6" in told([str(experiment)], capsys)


@pytest.fixture(autouse=True)
def _logs_as_before() -> None:
    logging.getLogger().setLevel(logging.WARNING)
