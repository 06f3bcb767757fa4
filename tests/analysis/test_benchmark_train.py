"""Training is timed at any size; the named sizes are those that the reference was measured at."""

import re

import pytest
import torch

from analysis.benchmark import main
from analysis.benchmark_sizes import SIZES
from analysis.benchmark_train import read_model
from models import create_model

MILLIONS = {
    ("transflower", "small"): 10.6,
    ("transflower", "paper"): 122.3,
    ("moglow", "paper"): 60.4,
    ("transglower", "small"): 12.3,
    ("transglower", "paper"): 230.9,
    ("residualflower2", "paper"): 112.4,
    ("transformer", "small"): 3.4,
    ("transformer", "paper"): 143.0,
    ("contextseq2seq", "paper"): 1.3,
    ("contextseq2seq", "large_batch"): 1.3,
    ("wordsseq2seq", "paper"): 1.6,
}
"""Parameters of the reference."""
TINY = "--dhid 8 --nlayers 1 --nhead 2 --dhid_flow 8 --scales [[1,0]] --num_glow_coupling_blocks 1 --batch_size 2"


@pytest.mark.parametrize("name", SIZES)
def test_a_named_size_has_as_many_parameters_as_the_reference(name: tuple[str, str]) -> None:
    """But for positions, which are no parameters there."""
    model, size = name
    opt, inputs, outputs = read_model(model, [], SIZES[model, size])
    with torch.device("meta"):
        parameters = dict(create_model(opt, inputs, outputs).named_parameters())
    count = sum(each.numel() for key, each in parameters.items() if not key.endswith("positions.vectors"))
    assert round(count / 1e6, 1) == MILLIONS[name]


def test_the_train_table_has_speed_memory_and_loss(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "--model", "transflower", "--precision", "bf16-mixed", "--steps", "1", *TINY.split()]
    assert main(words) == 0
    rows = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["batch"] == "2 windows: 120 x 67 motion, 140 x 85 sound give 20 x 67 motion"
    seconds = float(rows["training step"].split()[0])
    assert float(rows["speed"].split()[0]) == pytest.approx(2 / seconds, rel=0.01)
    most, before = (float(number) for number in re.findall(r"([\d.]+) GB", rows["peak memory"]))
    assert 0.1 < before <= most < 1
    first, last = (float(number) for number in re.findall(r"\d{2,}\.\d+", rows["loss"]))
    assert last != first
    products, rate = (float(number) for number in re.findall(r"([\d.]+) GFLOP", rows["products in a step"]))
    assert rate == pytest.approx(products / seconds, rel=0.05, abs=0.5)
    assert "1 threads" in rows["matrix product in this process"]


def test_the_trainers_step_is_timed_beside_the_bare_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trainer", "--model", "transflower", "--steps", "2", *TINY.split()]) == 0
    rows = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())
    real, bare = (float(rows[name].split()[0]) for name in ("step of the trainer", "bare step of the model"))
    assert real > bare > 0
    added = float(rows["what the trainer adds"].split()[0])
    assert added == pytest.approx(100 * (real / bare - 1), rel=0.02, abs=0.3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "name what is trained"),
        ("--model moglow --size huge", "--model moglow --size paper"),
        ("--model moglow --experiment demo/moglow", "leave out --model"),
        ("--model moglow --dihd 8", "dhid"),
        ("--model moglow --precision 16-true", "bf16-mixed"),
        ("--model moglow --gpus 1", "measured on the CPU here"),
        ("--model moglow --accelerator gpu", "measured on the CPU here"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(words: str, message: str) -> None:
    with pytest.raises((ValueError, LookupError), match=message):
        main(["train", *words.split()])
