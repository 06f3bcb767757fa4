"""Options that exclude each other are one line that names both."""

from pathlib import Path

import pytest

from training.options import parse


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("--preload --num_workers 2", ("preload true", "num_workers 2")),
        ("--ema_decay 0.99 --strategy fsdp", ("ema_decay 0.99", "strategy fsdp")),
        ("--do_tuning --devices 2", ("do_tuning true", "devices 2")),
        ("--do_tuning --gpus 4", ("do_tuning true", "gpus 4")),
        ("--do_tuning --gpus 0,1", ("do_tuning true", "gpus 0,1")),
        ("--do_tuning --num_nodes 2", ("do_tuning true", "num_nodes 2")),
        ("--continue_train --strategy deepspeed_stage_2", ("continue_train true", "strategy deepspeed_stage_2")),
        ("--min_steps 5 --max_steps 3", ("min_steps 5", "max_steps 3")),
    ],
)
def test_two_options_exclude_each_other(given: str, named: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="contradict each other; leave one out") as caught:
        parse(["quickstart", *given.split(), "--experiments_dir", str(tmp_path)])
    assert all(f"--{each} (the command line)" in str(caught.value) for each in named)
