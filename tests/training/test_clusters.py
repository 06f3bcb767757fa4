"""What docs/scaling.md says of clusters: its commands are understood, and runs that are started so are not lost."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import PROJECT
from tests.training.corpus import write_experiment
from training.options import parse
from training.run import Run
from training.train import main

PAGE = (PROJECT / "docs" / "scaling.md").read_text(encoding="utf-8")
SCRIPTS = [text for text in re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.M | re.S) if "training." in text]
SMALL: dict[str, str | float] = {
    "dhid": 8, "dropout": 0, "precision": "64-true", "num_sanity_val_steps": 0, "max_epochs": 20, "batch_size": 8,
    "optimizer": "sgd", "learning_rate": 1e-2,
}  # fmt: skip
"""Where a gradient is zero but for rounding, as that of a key's bias, Adam's step is as large as any other."""
TWO = ["--devices", "2", "--strategy", "ddp", "--continue_train"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda text: text.split()[0])
def test_a_script_of_the_page_is_bash_and_its_options_are_ours(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    [words] = re.findall(r"-m training\.train (.*)", script.replace("\\\n", " ")) or [""]
    if words:
        opt = parse(shlex.split(words))
        assert (opt.num_nodes, opt.devices, opt.continue_train) == (2, 8, True)


def test_the_page_has_both_ways_to_start_many_processes() -> None:
    assert [[name in text for name in ("torchrun", "#SBATCH")] for text in SCRIPTS][:2] == [
        [True, False],
        [False, True],
    ]


def environment(**more: str) -> dict[str, str]:
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    common = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(PROJECT), "MASTER_PORT": str(port)}
    return {**os.environ, **common, **more}


def wait_for_an_epoch(run: Run, processes: list[subprocess.Popen]) -> None:
    """Until the run has been saved, so that what follows meets it within its training."""
    while not run.record().get("epochs"):
        assert all(process.poll() is None for process in processes)
        time.sleep(0.05)


def assert_as_alone(run: Run, experiment: Path) -> None:
    """The run has the weights of one process that had twice the batch and was left alone."""
    assert run.state == "finished"
    assert main([str(experiment), "--experiment_name", "alone", "--batch_size", "16"]) == 0
    alone, found = (
        torch.load(each.checkpoints / "last.ckpt", weights_only=True)["state_dict"]
        for each in (Run(run.folder.parent / "alone"), run)
    )
    for name, value in alone.items():
        torch.testing.assert_close(found[name], value, rtol=1e-7, atol=1e-9, msg=name)


@pytest.mark.slow
def test_a_job_of_slurm_is_saved_and_queued_again_and_goes_on(tmp_path: Path) -> None:
    experiment, run = write_experiment(tmp_path, **SMALL), Run(tmp_path / "runs" / "toy")
    tool = tmp_path / "bin" / "scontrol"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nsleep 3\necho "$@" >>"{tmp_path}/asked"\n')
    tool.chmod(0o755)
    job = {
        "SLURM_JOB_ID": "4711", "SLURM_JOB_NAME": "train", "SLURM_NODELIST": "localhost", "SLURM_NNODES": "1",
        "SLURM_NODEID": "0", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2",
        "PATH": f"{tool.parent}:{os.environ['PATH']}",
    }  # fmt: skip

    def start() -> list[subprocess.Popen]:
        common = environment(**job)
        command = [sys.executable, "-m", "training.train", str(experiment), *TWO]
        ranks = ({"SLURM_PROCID": rank, "SLURM_LOCALID": rank} for rank in "01")
        return [subprocess.Popen(command, env={**common, **rank}) for rank in ranks]

    tasks = start()
    wait_for_an_epoch(run, tasks)
    tasks[1].send_signal(signal.SIGUSR1)
    assert tasks[1].wait(timeout=300) == 138
    assert (tmp_path / "asked").read_text() == "requeue 4711\n"
    assert tasks[0].wait(timeout=300) == 138
    assert (run.state, list(run.folder.glob("hpc_*"))) == ("stopped", [])
    assert [task.wait(timeout=300) for task in start()] == [0, 0]
    assert_as_alone(run, experiment)


@pytest.mark.slow
def test_what_torchrun_starts_is_saved_when_it_is_told_to_end_and_goes_on(tmp_path: Path) -> None:
    experiment, run = write_experiment(tmp_path, **SMALL), Run(tmp_path / "runs" / "toy")
    agent = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = [*agent, "-m", "training.train", str(experiment), *TWO]
    process = subprocess.Popen(command, env=environment())
    wait_for_an_epoch(run, [process])
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=300) != 0
    assert run.state == "stopped"
    subprocess.run(command, env=environment(), check=True, timeout=300)
    assert_as_alone(run, experiment)


@pytest.mark.slow
def test_a_bad_number_in_the_share_of_one_process_ends_all_with_the_same_line(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, **{**SMALL, "batch_size": 2})
    path = tmp_path / "data" / "s1.audio.npy"
    audio = np.load(path)
    audio[30, 2] = np.nan
    np.save(path, audio)
    command, common = [sys.executable, "-m", "training.train", str(experiment), *TWO], environment()
    ranks = [{"LOCAL_RANK": rank, "MASTER_ADDR": "localhost"} for rank in "01"]
    tasks = [subprocess.Popen(command, env={**common, **rank}, stderr=subprocess.PIPE, text=True) for rank in ranks]
    try:
        lines = [task.communicate(timeout=120)[1].splitlines()[-1] for task in tasks]
    finally:
        for task in tasks:
            task.kill()
    assert [task.returncode for task in tasks] == [2, 2]
    assert lines[0] == lines[1]
    assert "audio of the sequence s1 is nan in frame 30, column 2; look with" in lines[0]
