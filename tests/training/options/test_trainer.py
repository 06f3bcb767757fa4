"""The Trainer's plain arguments are options with their types, and `--gpus` is understood."""

import argparse
import inspect
import logging
from pathlib import Path

import pytest

from training.options import parse, trainer_arguments
from training.options.trainer import DECIDED, OF_THE_RUN, PlainValue, arguments


@pytest.fixture
def run(plugins: Path):
    """Parse options of the toy experiment."""

    def parsed(*given: str) -> argparse.Namespace:
        return parse(["waltz", "--plugin_dir", str(plugins), *given])

    return parsed


@pytest.mark.parametrize(
    ("types", "text", "value"),
    [
        ({"int", "float"}, "1", 1),
        ({"int", "float"}, "1.0", 1.0),
        ({"int", "list[int]", "str"}, "0,1", [0, 1]),
        ({"int", "list[int]", "str"}, "auto", "auto"),
        ({"int", "bool"}, "1", 1),
        ({"int", "bool"}, "true", True),
        ({"bool", "warn"}, "warn", "warn"),
        ({"str"}, "00:01:00:00", "00:01:00:00"),
    ],
)
def test_a_plain_value_has_the_first_type_that_fits(types: set[str], text: str, value: object) -> None:
    read = PlainValue(frozenset(types), optional=False)(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("given", "precision"), [("16", "16-mixed"), ("bf16", "bf16-mixed"), ("64", "64-true"), ("16-true", "16-true")]
)
def test_a_precision_has_one_name(run, given: str, precision: str) -> None:
    assert run("--precision", given).precision == precision
    assert run().precision is None


def test_none_is_read_only_where_it_is_a_value() -> None:
    assert PlainValue(frozenset({"int"}), optional=True)("none") is None
    with pytest.raises(argparse.ArgumentTypeError, match="'none' is none of int"):
        PlainValue(frozenset({"int"}), optional=False)("none")


def test_defaults_are_the_installed_trainers() -> None:
    from pytorch_lightning import Trainer

    installed = inspect.signature(Trainer.__init__).parameters
    objects = {"self", "kwargs", "callbacks", "plugins", *DECIDED, *OF_THE_RUN}
    assert {argument.name: argument.default for argument in arguments()} == {
        name: parameter.default for name, parameter in installed.items() if name not in objects
    }
    assert all(argument.help for argument in arguments())


def test_the_trainer_accepts_what_the_options_resolve_to(run, tmp_path: Path) -> None:
    from pytorch_lightning import Trainer

    given = ["--accelerator=cpu", "--max_epochs=3", "--limit_val_batches=0.5", "--no-logger", "--max_time=00:00:01:00"]
    trainer = Trainer(**trainer_arguments(run(*given, "--no-enable_checkpointing", "--no-enable_progress_bar")))
    assert trainer.max_epochs == 3
    assert trainer.limit_val_batches == 0.5


@pytest.mark.parametrize("gpus", ["1", "-1", "0,1"])
def test_gpus_on_a_machine_without_is_one_warning(
    run, gpus: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with caplog.at_level(logging.WARNING):
        chosen = trainer_arguments(run("--gpus", gpus))
    assert (chosen["accelerator"], chosen["devices"]) == ("cpu", 1)
    assert [record.getMessage().count("no GPU") for record in caplog.records] == [1]


@pytest.mark.parametrize(("gpus", "devices"), [("2", 2), ("-1", -1), ("0,1", [0, 1])])
def test_gpus_are_devices(run, gpus: str, devices: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    chosen = trainer_arguments(run("--gpus", gpus))
    assert (chosen["accelerator"], chosen["devices"]) == ("gpu", devices)


def test_no_gpus_is_the_cpu(run) -> None:
    chosen = trainer_arguments(run("--gpus", "0"))
    assert (chosen["accelerator"], chosen["devices"]) == ("cpu", 1)


@pytest.mark.parametrize("rival", ["--devices=2", "--accelerator=cpu"])
def test_gpus_and_their_rivals_contradict_each_other(run, rival: str) -> None:
    with pytest.raises(ValueError, match=r"--gpus 1 \(the command line\) and .* contradict each other"):
        run("--gpus", "1", rival)


def test_the_command_lines_devices_beat_the_files_gpus(plugins: Path, run) -> None:
    with (plugins / "ballroom" / "waltz.yaml").open("a") as file:
        file.write("gpus: 4\n")
    assert run("--gpus", "1").gpus == 1
    assert (run("--devices", "2").gpus, run("--devices", "2").devices) == (None, 2)


def test_epochs_that_cannot_be_are_a_contradiction(run) -> None:
    with pytest.raises(ValueError, match=r"min_epochs 5 .* and --max_epochs 3 .* contradict"):
        run("--min_epochs", "5", "--max_epochs", "3")
