"""The benchmark of generation tells the speed of each way, and compares it where the reference was measured."""

import pytest
import torch

from analysis.benchmark import main
from analysis.benchmark_generate import _compared, _fewest
from tests.analysis.test_benchmark import figure, printed

SMALL = "--dhid 16 --nlayers 1 --nhead 2 --dhid_flow 16 --scales [[1,0]] --num_glow_coupling_blocks 1"
FEW = ("--frames", "3", "--rows", "2", *SMALL.split())


def test_one_sequence_a_batch_and_a_stream_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = printed(capsys, "generate", "--causal", "--frames_per_step", "2", "--precision", "bf16", *FEW)
    for way in (
        "plain loop",
        "sampler",
        "2 sequences",
        "2 frames a step",
        "stream, 1 at a time",
        "stream, 2 at a time",
    ):
        assert figure(rows[way], "frames/s") > 0
    assert 0 < figure(rows["rounding"], "of the deviation") < 0.2
    assert figure(rows["matrix product in this process"], "GFLOP/s") > 0


def test_a_model_that_goes_by_windows_is_timed_by_windows(capsys: pytest.CaptureFixture[str]) -> None:
    small = "--model wordsseq2seq --encoder_hidden 8 --decoder_hidden 8 --frames 21 --rows 2"
    rows = printed(capsys, "generate", *small.split())
    assert "20 frames at a time" in rows["plain loop"]
    for way in ("plain loop", "sampler", "2 sequences", "stream, 20 at a time"):
        assert figure(rows[way], "frames/s") > 0


def test_the_fewest_frames_a_step_are_found_that_are_fast_enough(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[int] = []

    def at_once(frames: int) -> float:
        asked.append(frames)
        return 4.0 * frames**0.9

    assert _fewest(at_once, 1, 4.0, 20, wanted=20.0) == "6 frames a step give 20.06"
    assert asked == [5, 6]
    assert _fewest(at_once, 1, 4.0, 20, wanted=4.0) == "1 frames a step give 4"
    assert _fewest(at_once, 1, 4.0, 20, wanted=400.0).startswith("out of reach: 20 frames a step give 59.29")
    rows = printed(capsys, "generate", "--at_least", "0.001", *FEW)
    assert "1 frames a step" in rows["0.001 frames/s"]


def test_speeds_are_compared_at_an_equal_rate_of_products() -> None:
    table = dict(_compared(speed=106.0, rate=65e9, reference=53.0))
    assert table["sampler / the reference's"] == "2.00; 4.00 at an equal rate of products"
    assert _compared(1.0, 1.0, None) == []


def test_an_unknown_size_is_answered_with_those_there_are() -> None:
    with pytest.raises(LookupError, match="--model moglow --size paper"):
        main(["generate", "--model", "moglow", "--size", "tiny"])
    assert torch.get_num_threads() >= 1
