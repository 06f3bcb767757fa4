"""The study of gestures: whether the words that are said decide which gestures are made, and the sound when.

Models are trained on the demo corpus from several random seeds, with words and with sound alone. They hear new talks,
and the corpus's recogniser counts the gestures of keywords: with the true words, and with the same words in another
order at the same times, which tells what chance finds. Beats of the hands are counted where no keyword is near.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

import command
from analysis.gesture_trials import Talk, Trial, generate, judge, new_talks
from models import load_model
from option_values import natural, positive
from training import train
from training.run import Run

log = logging.getLogger(__name__)

WITH_WORDS, WITH_SOUND, POSES = "wordsseq2seq_demo", "speechencoder_demo", "dae_demo"
"""The experiments: a model that reads words and sound, one that reads sound alone, and the autoencoder in it."""
RESAMPLES = 10_000
HEAD = ("", "keywords with their gesture, %", "false alarms a minute", "beat, cm")


@dataclass(frozen=True)
class Condition:
    """One row of the table: what was counted for each training seed (rows) and talk (columns)."""

    name: str
    trials: Sequence[Sequence[Trial]]

    def values(self, field: str) -> np.ndarray:
        """One number of each trial, (seeds, talks)."""
        return np.array([[getattr(trial, field) for trial in row] for row in self.trials], dtype=float)

    @property
    def alarms_per_minute(self) -> float:
        """Gestures made in speech without keywords, over how long that lasts."""
        return 60 * self.values("false_alarms").sum() / self.values("free_s").sum()


def main(argv: Sequence[str] | None = None) -> int:
    """Train what is not trained yet, try all models, and print the table as Markdown."""
    opt = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    seeds = range(1, opt.seeds + 1)
    runs = {WITH_WORDS: [trained(WITH_WORDS, seed, opt) for seed in seeds]}
    poses = [trained(POSES, seed, opt) for seed in seeds]
    runs[WITH_SOUND] = [
        trained(WITH_SOUND, seed, opt, "--pose_checkpoint", str(run.folder))
        for seed, run in zip(seeds, poses, strict=True)
    ]
    talks = new_talks(opt.talks_seed, opt.talks)
    print(*report(try_all(runs, talks, opt.shuffles)), sep="\n")
    return 0


def trained(experiment: str, seed: int, opt: argparse.Namespace, *more: str) -> Run:
    """The finished run of an experiment with a random seed; it is trained, or trained on, if it is not there."""
    name = f"{experiment}_seed{seed}"
    where = ["--experiments_dir", str(opt.experiments_dir), "--data_dir", str(opt.data_dir)]
    train.main(
        [
            f"gesture/{experiment}",
            "--experiment_name",
            name,
            "--seed",
            str(seed),
            "--generate_at_end",
            "",
            *where,
            *more,
        ]
    )
    return Run(Path(opt.experiments_dir) / name)


def try_all(runs: Mapping[str, Sequence[Run]], talks: Sequence[Talk], shuffles: int) -> list[Condition]:
    """Every condition of the table: the corpus's own performances, and each model with true words and with others."""
    true = [talk.transcript for talk in talks]
    recorded = [[judge(talk, talk.performed(1), _rng(place)) for place, talk in enumerate(talks)]]
    found: dict[str, list[list[Trial]]] = {name: [] for name in ("words", "shuffled", "sound")}
    for seed, run in enumerate(runs[WITH_WORDS]):
        found["words"].append(_tried(run, talks, true))
        others = [
            [talk.shuffled(_rng(1, seed, times, place)) for place, talk in enumerate(talks)]
            for times in range(shuffles)
        ]
        found["shuffled"].append(_mean([_tried(run, talks, transcripts) for transcripts in others]))
    found["sound"] = [_tried(run, talks, true) for run in runs[WITH_SOUND]]
    return [
        Condition("the corpus's own motion", recorded),
        Condition("sound and words", found["words"]),
        Condition("sound and words, the words in another order", found["shuffled"]),
        Condition("sound alone", found["sound"]),
    ]


def report(conditions: Sequence[Condition]) -> list[str]:
    """The table, then the difference that the right words make, as lines of Markdown."""
    rows = [HEAD, ("---",) * len(HEAD)]
    for each in conditions:
        recall, beat = (_shown(each.values(name), scale) for name, scale in (("recall", 100), ("beat", 1)))
        rows.append((each.name, recall, f"{each.alarms_per_minute:.2f}", beat))
    _, words, shuffled, _ = conditions
    seeds, talks = words.values("recall").shape
    gain = words.values("recall") - shuffled.values("recall")
    return [
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        f"{talks} talks that were not trained on, {seeds} training seeds; 95 % intervals over both. With the true words"
        f" keywords have their gesture {_shown(gain, 100)} percentage points more often than with the others.",
    ]


def interval(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """A 95 % interval of the mean of (seeds, talks) values: both are drawn again, with replacement."""
    seeds, talks = values.shape
    rows = rng.integers(seeds, size=(RESAMPLES, seeds))
    columns = rng.integers(talks, size=(RESAMPLES, talks))
    means = values[rows[:, :, None], columns[:, None, :]].mean(axis=(1, 2))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _shown(values: np.ndarray, scale: float) -> str:
    low, high = interval(values, _rng(2))
    return f"{scale * values.mean():.1f} [{scale * low:.1f}, {scale * high:.1f}]"


def _tried(run: Run, talks: Sequence[Talk], transcripts: Sequence) -> list[Trial]:
    if run.best_checkpoint is None:
        raise FileNotFoundError(f"there is no checkpoint in {run.folder}; delete the folder and run the study again")
    motions = generate(load_model(run.best_checkpoint), talks, transcripts)
    return [judge(talk, motion, _rng(place)) for place, (talk, motion) in enumerate(zip(talks, motions, strict=True))]


def _mean(rows: Sequence[Sequence[Trial]]) -> list[Trial]:
    """For each talk the mean of what several trials of it have counted."""
    return [
        Trial(*np.mean([astuple(trial) for trial in trials], axis=0).tolist()) for trials in zip(*rows, strict=True)
    ]


def _rng(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(numbers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis.study gestures", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--seeds", type=positive, default=3, help="how often each model is trained (default: %(default)s)")
    add("--talks", type=positive, default=24, help="how many talks they hear, a minute each (default: %(default)s)")
    add(
        "--talks_seed",
        type=natural,
        default=1000,
        help="the seed that the talks are written with (default: %(default)s)",
    )
    add("--shuffles", type=positive, default=2, help="orders of the words of each talk (default: %(default)s)")
    add("--data_dir", default="data/demo/gesture", help="folder of the demo talks to train on, made if not there")
    add("--experiments_dir", default="training/experiments", help="folder of the runs")
    return parser


if __name__ == "__main__":
    command.run(main)
