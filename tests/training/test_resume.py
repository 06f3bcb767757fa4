"""A run that is killed goes on as if nothing had happened: the same losses, to the last digit, step for step."""

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.corpus import write_experiment
from tests.training.killed import Trial
from training.run import Run
from training.train import main

FLOW = {
    "model": "transflower",
    "dhid": 8,
    "dhid_flow": 8,
    "scales": '"[[2,0]]"',
    "num_glow_coupling_blocks": 1,
    "glow_norm_layer": "batchnorm",
}
VARIANTS: dict[str, dict[str, str | float]] = {
    "accumulated gradients": {"accumulate_grad_batches": 2, "save_every_n_steps": 1, "lr_policy": "plateau"},
    "limited by steps": {"max_steps": 20, "max_epochs": -1, "save_every_n_steps": 4},
    "worker processes": {"num_workers": 1, "save_every_n_steps": 3},
    "half precision": {"precision": "bf16-mixed", "save_every_n_steps": 3},
    "double precision": {"precision": "64-true", "save_every_n_steps": 3, "ema_decay": 0.9},
    "nero": {"optimizer": "nero", "learning_rate": 0.01, "save_every_n_steps": 3},
    "madgrad with momentum": {"optimizer": "madgrad", "momentum": 0.8, "save_every_n_steps": 3},
    "a warm-up": {"lr_policy": "LinearWarmupCosineAnnealing", "warmup_epochs": 1.5, "save_every_n_steps": 3},
}


def trials(folder: Path, **options: str | float) -> tuple[Trial, Trial]:
    """Two trials of one experiment: one that is left alone, and one that is resumed in a folder of its own."""
    given = [str(write_experiment(folder, log_every_n_steps=1, **options)), "--continue_train", "--experiments_dir"]
    return Trial([*given, str(folder / "whole")], folder / "whole.txt"), Trial(
        [*given, str(folder / "killed")], folder / "killed.txt"
    )


def assert_same(folder: Path, whole: Trial, killed: Trial) -> None:
    assert killed.losses() == whole.losses()
    one, other = (
        torch.load(folder / name / "toy" / "checkpoints" / "last.ckpt", weights_only=True)
        for name in ("whole", "killed")
    )
    assert one["state_dict"].keys() == other["state_dict"].keys()
    assert [
        name for name, value in one["state_dict"].items() if not torch.equal(value, other["state_dict"][name])
    ] == []
    assert one["lr_schedulers"] == other["lr_schedulers"]
    records = [Run(folder / name / "toy").record() for name in ("whole", "killed")]
    assert records[0] == records[1]


def test_a_killed_run_goes_on_step_for_step(tmp_path: Path) -> None:
    whole, killed = trials(tmp_path, max_epochs=2, val_check_interval=0.3, save_every_n_steps=2, ema_decay=0.9, **FLOW)
    assert whole.run()
    assert not killed.run(at_step=7)
    assert not killed.run(at_save=1)
    assert killed.run()
    assert_same(tmp_path, whole, killed)


def test_a_run_that_is_told_to_end_saves_its_step_and_does_none_twice(tmp_path: Path) -> None:
    whole, ended = trials(tmp_path, max_epochs=1, val_check_interval=0.5, accumulate_grad_batches=2, **FLOW)
    assert whole.run()
    # In the first of the two batches of a step, in the last before a validation, and in the epoch's last.
    for step, place in ((0, "0/1"), (1, "0/3"), (4, "0/8")):
        assert not ended.run(at_step=step, by=signal.SIGTERM)
        assert ended.steps()[-1] == place
    assert ended.run()
    assert ended.steps() == whole.steps()
    assert_same(tmp_path, whole, ended)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_so_it_does_whatever_the_options_are(name: str, tmp_path: Path) -> None:
    whole, killed = trials(tmp_path, **{"max_epochs": 3, "dhid": 8, **VARIANTS[name]})
    assert whole.run()
    assert not killed.run(at_step=5)
    assert not killed.run(at_save=1)
    assert not killed.run(at_step=7)
    assert killed.run()
    assert_same(tmp_path, whole, killed)


@pytest.mark.slow
def test_a_run_killed_at_random_moments_has_the_losses_of_one_left_alone(tmp_path: Path) -> None:
    whole, killed = trials(tmp_path, max_epochs=20, val_check_interval=0.5, save_every_n_steps=2, **FLOW)
    start = time.monotonic()
    assert whole.run()
    took_s = time.monotonic() - start
    rng = np.random.default_rng(0)
    kills = 0
    while not killed.run(after_s=rng.uniform(0.0, 0.06) * took_s if kills < 25 else -1):
        kills += 1
    assert kills >= 20
    assert len(killed.steps()) - len(whole.steps()) >= 10, "few kills fell between two checkpoints"
    assert_same(tmp_path, whole, killed)


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """No file may grow beyond the limit: what writing meets on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_previous_checkpoint_and_says_so(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, max_epochs=1)
    given = [str(experiment), "--max_epochs"]
    assert main([*given, "1"]) == 0
    run = Run(tmp_path / "runs" / "toy")
    assert run.last_checkpoint is not None
    before = run.last_checkpoint.read_bytes()
    refusal = r"/(last|best-\w+)\.ckpt could not be written .*disk"
    with small_files(len(before) // 2), pytest.raises(OSError, match=refusal):
        main([*given, "2", "--continue_train"])
    assert run.last_checkpoint.read_bytes() == before
    assert [path for path in run.checkpoints.iterdir() if path.name.startswith(".")] == []
    assert main([*given, "2", "--continue_train"]) == 0
    assert run.record()["epochs"] == 2


def test_other_batches_within_an_epoch_are_refused(tmp_path: Path) -> None:
    trial = Trial([str(write_experiment(tmp_path, save_every_n_steps=2)), "--continue_train"], tmp_path / "log.txt")
    assert not trial.run(at_step=3)
    with pytest.raises(ValueError, match=r"after 2 of the 9 batches of an epoch, which has 18 now; .*--batch_size"):
        main([*trial.arguments, "--batch_size", "8"])


def test_a_checkpoint_that_is_a_folder_is_not_begun_over(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path)
    (tmp_path / "runs" / "toy" / "checkpoints" / "last.ckpt").mkdir(parents=True)
    with pytest.raises(ValueError, match="is a folder, as DeepSpeed writes it"):
        main([str(experiment), "--continue_train"])
