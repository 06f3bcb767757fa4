"""One table of all stages: which machine, and for each number how fast matrices were multiplied meanwhile."""

import platform
import re

import pytest

from analysis import benchmark_all
from analysis.benchmark import STAGES, main
from analysis.benchmark_all import GENERATED, LEARNT, MOTION_AND_SOUND, PARTS, QUICK, Part
from analysis.benchmark_sizes import SIZES
from analysis.machine import machine

TINY = "--dhid 8 --nlayers 1 --nhead 2 --dhid_flow 8 --scales [[1,0]] --num_glow_coupling_blocks 1"
SHORT = (
    Part(
        "windows", "windows", "--batches 4 --sequences 3 --batch_size 8", ("gathered", "plain copy of the same bytes")
    ),
    Part("render", "render", "--seconds 1 --render bvh", ()),
)
LONG = (
    Part("features", "features", "--seconds 2 --repeats 1", MOTION_AND_SOUND),
    Part("train", "train", f"--model transflower --batch_size 2 --steps 1 {TINY}", LEARNT),
    Part("generate", "generate", f"--frames 3 {TINY}", GENERATED),
)


@pytest.mark.parametrize("parts", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)])
def test_each_number_has_a_line_with_the_rate_of_matrix_products(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, parts: tuple[Part, ...]
) -> None:
    monkeypatch.setattr(benchmark_all, "QUICK", parts)
    assert main(["all", "--quick"]) == 0
    first, *lines, _, _ = capsys.readouterr().out.splitlines()
    assert re.split(r"\s{2,}", first) == ["machine", machine()]
    rows = [re.split(r"\s{2,}", line) for line in lines]
    expected = [(part.name, name) for part in parts for name in part.rows or ("bvh",)]
    assert list(dict.fromkeys((part, name.partition(",")[0]) for part, name, *_ in rows)) == expected
    for *_, said, products in rows:
        number = re.search(r"([\d.,]+) (MB/s|frames/s|times real time|windows/s|GB|GB/s)", said)
        assert number, said
        assert float(number[1].replace(",", "")) > 0
        assert re.fullmatch(r"[1-9]\d* GFLOP/s", products)


@pytest.mark.parametrize("parts", [PARTS, QUICK])
def test_the_parts_are_of_stages_and_sizes_that_there_are(parts: tuple[Part, ...]) -> None:
    assert {part.stage for part in parts} == {"features", "windows", "train", "generate", "render"} <= set(STAGES)
    for part in parts:
        if named := re.search(r"--model (\w+) --size (\w+)", part.words):
            assert named.groups() in SIZES
            assert part.name == f"{part.stage} {named[1]}, {named[2]}"


def test_the_machine_is_named_with_what_decides_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)  # a GPU that nothing is measured on
    assert re.search(r"\d+ cores, \d+ GB, measured on the CPU; ", machine())
    assert f"Python {platform.python_version()}" in machine()
