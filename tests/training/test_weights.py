"""Weights of another run begin a model: all, some, and never by accident."""

from pathlib import Path

import pytest
import torch

from inference.share import main as share
from models import create_model, load_model
from models.base_model import BaseModel
from tests.training.corpus import write_experiment
from training.datasets.multimodal_dataset import MultimodalDataset
from training.options import parse
from training.parts import find_checkpoint
from training.run import Run
from training.train import main
from training.weights import begin_with_weights


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("trained")
    assert main([str(write_experiment(folder)), "--max_epochs", "1"]) == 0
    return Run(folder / "runs" / "toy")


def fresh(trained: Run, *options: str) -> BaseModel:
    opt = parse([str(trained.hparams), *options])
    dataset = MultimodalDataset(opt)
    torch.manual_seed(5)
    return create_model(opt, dataset.inputs, dataset.outputs)


def taken(model: BaseModel, trained: Run) -> set[str]:
    """The first parts of the names of those weights that are the trained ones, and were not before."""
    assert trained.best_checkpoint is not None
    theirs = load_model(trained.best_checkpoint).model.state_dict()
    before = fresh(trained).state_dict()
    equal = {name for name, value in model.state_dict().items() if torch.equal(value, theirs[name])}
    return {name.split(".")[0] for name in equal if not torch.equal(before[name], theirs[name])}


def test_all_weights_or_some(trained: Run) -> None:
    assert trained.best_checkpoint is not None
    every = fresh(trained)
    begin_with_weights(every, trained.best_checkpoint)
    assert all(
        torch.equal(value, every.state_dict()[name])
        for name, value in load_model(trained.best_checkpoint).model.state_dict().items()
    )
    only, others = fresh(trained), fresh(trained)
    begin_with_weights(only, trained.best_checkpoint, only=["encoders"])
    assert taken(only, trained) == {"encoders"}
    begin_with_weights(others, trained.best_checkpoint, ignored=["encoders"])
    assert taken(others, trained) == taken(every, trained) - {"encoders"}


def test_weights_that_do_not_fit_are_named(trained: Run) -> None:
    assert trained.best_checkpoint is not None
    with pytest.raises(
        ValueError, match=r"motion.enter.weight is \(16, 5\) there and \(8, 5\) here.*--ignore_in_state"
    ):
        begin_with_weights(fresh(trained, "--dhid", "8"), trained.best_checkpoint)
    with pytest.raises(ValueError, match=r"no weight .* is wanted; correct --only_load_in_state_dict"):
        begin_with_weights(fresh(trained), trained.best_checkpoint, only=["decoder_of_words"])


def test_another_run_on_other_data_begins_with_them(trained: Run, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, learning_rate=1e-12)
    given = [str(experiment), "--max_epochs", "1", "--weights_from", str(trained.folder), "--experiment_name", "fine"]
    assert main(given) == 0
    run = Run(tmp_path / "runs" / "fine")
    assert run.last_checkpoint is not None
    assert trained.best_checkpoint is not None
    theirs = load_model(trained.best_checkpoint).model.state_dict()
    for name, value in load_model(run.last_checkpoint).model.state_dict().items():
        torch.testing.assert_close(value, theirs[name], rtol=0, atol=1e-8)


def test_a_shared_model_begins_a_run(trained: Run, tmp_path: Path) -> None:
    assert trained.best_checkpoint is not None
    assert share([str(trained.best_checkpoint), str(tmp_path / "given"), "--licence", "cc0-1.0"]) == 0
    found = find_checkpoint(str(tmp_path / "given"), "--weights_from")
    model = fresh(trained)
    begin_with_weights(model, found)
    assert taken(model, trained) == taken(load_model(trained.best_checkpoint).model, trained) != set()


def test_a_run_is_overwritten_when_asked_and_only_what_training_wrote(trained: Run, tmp_path: Path) -> None:
    given = [str(trained.hparams), "--experiments_dir", str(tmp_path), "--max_epochs"]
    assert main([*given, "2"]) == 0
    run = Run(tmp_path / "toy")
    (run.folder / "notes.txt").write_text("mine")
    before = set(run.folder.glob("events.*"))
    assert main([*given, "1", "--overwrite"]) == 0
    assert run.record()["epochs"] == 1
    assert (run.folder / "notes.txt").read_text() == "mine"
    assert len(list(run.folder.glob("events.*"))) == 1
    assert before.isdisjoint(run.folder.glob("events.*"))
