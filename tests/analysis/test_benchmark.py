"""The benchmark of windows prints its table; gathering is as fast as the project wants it."""

import re

import pytest

from analysis.benchmark import main


def figures(text: str) -> dict[str, float]:
    """The numbers of the table."""
    return {
        "windows": float(re.search(r"([\d,]+) windows/s", text)[1].replace(",", "")),  # type: ignore[index]
        "ratio": float(re.search(r"([\d.]+) times as long", text)[1]),  # type: ignore[index]
        "product": float(re.search(r"float32\s+(\d+) GFLOP/s", text)[1]),  # type: ignore[index]
    }


def test_the_table_has_windows_copy_and_matrix_product(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["windows", "--batches", "4", "--sequences", "3", "--batch_size", "8"]) == 0
    assert all(value > 0 for value in figures(capsys.readouterr().out).values())


@pytest.mark.slow
def test_gathering_takes_less_than_twice_a_plain_copy_at_100_000_windows_a_second(
    capsys: pytest.CaptureFixture[str],
) -> None:
    best = {"windows": 0.0, "ratio": float("inf")}
    for _ in range(5):
        main(["windows"])
        found = figures(capsys.readouterr().out)
        best = {"windows": max(best["windows"], found["windows"]), "ratio": min(best["ratio"], found["ratio"])}
    assert best["windows"] > 100_000
    assert best["ratio"] < 2
