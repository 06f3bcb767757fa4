"""The command that lists the runs: their state, where they stand, and their best loss."""

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import command
from training.options.paths import home, readable
from training.run import Run, list_runs

HEAD = ("run", "state", "epochs", "step", "best loss", "train loss", "saved", "best checkpoint")


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of the runs."""
    parser = argparse.ArgumentParser(prog="python -m training.runs", description=__doc__, allow_abbrev=False)
    parser.add_argument("--experiments_dir", type=Path, help="where they are")
    experiments_dir = parser.parse_args(argv).experiments_dir or home() / "training" / "experiments"
    runs = list_runs(experiments_dir)
    if not runs:
        print(f"there are no runs in {readable(experiments_dir)}")
        return 0
    rows = [HEAD, *(_row(run) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(run: Run) -> tuple[str, ...]:
    record = run.record()
    epochs = f"{record.get('epochs', 0)} of {record.get('max_epochs') or '?'}"
    saved = run.last_checkpoint
    return (
        run.name,
        run.state,
        epochs,
        str(record.get("steps", 0)),
        _loss(record.get("best_loss")),
        _loss(record.get("losses", {}).get("train_loss")),
        f"{datetime.fromtimestamp(saved.stat().st_mtime):%Y-%m-%d %H:%M}" if saved else "-",
        str(run.best_checkpoint or "-"),
    )


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    command.run(main)
