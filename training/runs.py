"""The command that lists the runs: their state, how far they are, and their best loss."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import command
from training.options.paths import home, readable
from training.run import Run, list_runs


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of the runs."""
    parser = argparse.ArgumentParser(prog="python -m training.runs", description=__doc__, allow_abbrev=False)
    parser.add_argument("--experiments_dir", type=Path, help="where they are")
    experiments_dir = parser.parse_args(argv).experiments_dir or home() / "training" / "experiments"
    runs = list_runs(experiments_dir)
    if not runs:
        print(f"there are no runs in {readable(experiments_dir)}")
        return 0
    rows = [("run", "state", "epochs", "best loss", "best checkpoint"), *(_row(run) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(run: Run) -> tuple[str, ...]:
    record = run.record()
    loss = record.get("best_loss")
    most = record.get("max_epochs") or 0
    epochs = f"{record.get('epochs', 0)}" + (f" of {most}" if most > 0 else "")
    best = readable(run.best_checkpoint) if run.best_checkpoint else "-"
    return run.name, run.state, epochs, "-" if loss is None else f"{loss:.4f}", best


if __name__ == "__main__":
    command.run(main)
