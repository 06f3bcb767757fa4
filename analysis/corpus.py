"""The corpus command: statistics of a data folder and pictures of its sequences, as a page."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from tqdm import tqdm

import command
from analysis.metrics.clip import Clip
from analysis.report import charts
from analysis.report.frame import framed
from analysis.report.sequence_plots import beats_of, motion_plots, sound_plots
from feature_extraction import rhythm, store
from feature_extraction.audio import duration, fine_factor, read_audio, working_rate
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.resample import resample
from feature_extraction.onset import onset_strength
from option_values import natural
from training.options.grammar import spelt

log = logging.getLogger(__name__)

FPS = 20.0
"""Motion is looked at, and sound listened to, at this rate."""
OTHERS = "in no list"
COLOURS = {"train": charts.COLOURS[0], "val": charts.COLOURS[1], "test": charts.COLOURS[2], OTHERS: charts.COLOURS[7]}
FEWEST_BINS, BINS, BEYOND = 10, 50, 0.995


@dataclass(frozen=True)
class Facts:
    """What the page tells of one sequence."""

    sequence_id: str
    split: str
    duration_s: float
    speeds: np.ndarray
    """Mean speed of the joints in each frame, cm/s; empty without motion."""
    bpm: float
    """Of its sound; nan without."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page and print its path."""
    opt = _parser().parse_args([spelt(each) for each in (sys.argv[1:] if argv is None else argv)])
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data_dir = Path(opt.data_dir)
    raw = store.find_raw(data_dir)
    if not raw:
        raise ValueError(f"{data_dir} holds no motion and no sound; name a folder of .bvh and .wav files")
    unknown = sorted(set(opt.sequences) - set(raw))
    if unknown:
        raise LookupError(
            f"there is no sequence {unknown[0]!r} in {data_dir}; there are {', '.join(list(raw)[:5])}, ..."
        )
    splits = _splits(data_dir)
    some = dict(list(raw.items())[: opt.max_sequences or None])
    facts = [look(name, files, splits.get(name, OTHERS)) for name, files in tqdm(some.items(), desc="looking")]
    path = Path(opt.output or data_dir / "corpus.html")
    store.save_text(path, page(data_dir, facts, {name: raw[name] for name in opt.sequences or list(raw)[:2]}))
    print(path)
    return 0


def look(sequence_id: str, files: Mapping[str, Path], split: str) -> Facts:
    """Read a sequence's motion and sound."""
    speeds, length, bpm = np.zeros(0), 0.0, float("nan")
    if "motion" in files:
        motion = resample(read_bvh(files["motion"]), FPS)
        clip = Clip.of_motion(sequence_id, motion)
        length = motion.duration_s
        if clip.frames > 1:
            speeds = np.linalg.norm(np.diff(clip.positions, axis=0), axis=-1).mean(axis=1) * FPS * 100
    if "audio" in files:
        length = duration(files["audio"])
        onsets = onset_strength(read_audio(files["audio"], working_rate(FPS)[0]), FPS)
        bpm = rhythm.beats(onsets, fine_factor(FPS) * FPS)[0] or bpm
    return Facts(sequence_id, split, length, speeds, bpm)


def page(data_dir: Path, facts: Sequence[Facts], shown: Mapping[str, Mapping[str, Path]]) -> str:
    """The page: a table of the splits, distributions, the columns of each feature, and some sequences."""
    body = [
        "<h2>Splits</h2>",
        _split_table(facts),
        "<h2>Distributions</h2>",
        f'<div class="plots">{_plots(facts)}</div>',
    ]
    for name in _features(data_dir):
        body += [f"<h2>{escape(name)}</h2>", _column_table(data_dir, name)]
    for sequence_id, files in shown.items():
        beats = beats_of(files, FPS)
        pictures = [*motion_plots(files, beats), *sound_plots(files, beats, FPS)]
        body += [f"<h2>{escape(sequence_id)}</h2>", f'<div class="plots">{"".join(pictures)}</div>']
    return framed(f"The corpus {data_dir}", "\n".join(body))


def _split_table(facts: Sequence[Facts]) -> str:
    rows = []
    for split in (split for split in COLOURS if any(each.split == split for each in facts)):
        group = [each for each in facts if each.split == split]
        lengths = np.array([each.duration_s for each in group])
        tempi = np.array([each.bpm for each in group if np.isfinite(each.bpm)])
        cells = [split, len(group), f"{lengths.sum() / 60:.1f}", f"{np.median(lengths):.1f}"]
        cells += [f"{lengths.min():.1f} to {lengths.max():.1f}", f"{np.median(tempi):.0f}" if len(tempi) else "–"]
        rows.append("".join(f"<td>{escape(str(cell))}</td>" for cell in cells))
    heads = ("split", "sequences", "minutes", "median s", "shortest to longest s", "median bpm")
    return _html_table(heads, rows)


def _plots(facts: Sequence[Facts]) -> str:
    groups = {split: [each for each in facts if each.split == split] for split in COLOURS}
    plots = {
        ("Mean speed of the joints", "cm/s"): {
            split: np.concatenate([np.zeros(0), *(each.speeds for each in group)]) for split, group in groups.items()
        },
        ("Length of the sequences", "s"): {
            split: np.array([each.duration_s for each in group]) for split, group in groups.items()
        },
        ("Tempo of the sound", "beats a minute"): {
            split: np.array([each.bpm for each in group if np.isfinite(each.bpm)]) for split, group in groups.items()
        },
    }
    return "".join(_distribution(values, *names) for names, values in plots.items() if any(map(len, values.values())))


def _distribution(values: Mapping[str, np.ndarray], title: str, unit: str) -> str:
    every = np.concatenate(list(values.values()))
    low, high = float(every.min()), float(np.quantile(every, BEYOND))
    if high <= low:
        return ""  # all are equal: the table of the splits has said so
    edges = np.linspace(low, high, min(BINS, max(FEWEST_BINS, len(every) // 4)) + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    series = {
        split: (centres, np.histogram(each, edges)[0] / (len(each) * (edges[1] - edges[0])))
        for split, each in values.items()
        if len(each)
    }
    return charts.lines(series, title=title, x=unit, y="density", colours=COLOURS)


def _features(data_dir: Path) -> list[str]:
    """The unscaled features that are stored: those with a description beside each array."""
    found = store.find_arrays(data_dir)
    names = {name for arrays in found.values() for name in arrays}
    first = {name: next(one for one, arrays in found.items() if name in arrays) for name in names}
    return sorted(name for name in names if store.sidecar_path(data_dir, first[name], name).is_file())


def _column_table(data_dir: Path, name: str) -> str:
    """Mean, deviation and range of each column over all sequences."""
    found = {one: arrays[name] for one, arrays in store.find_arrays(data_dir).items() if name in arrays}
    columns = store.load_json(store.sidecar_path(data_dir, next(iter(found)), name)).get("columns", [])
    values = np.concatenate([np.asarray(store.load_array(path), dtype=float) for path in found.values()])
    rows = [
        f"<td>{escape(str(column))}</td>" + "".join(f"<td>{number:.4g}</td>" for number in numbers)
        for column, *numbers in zip(
            columns, values.mean(axis=0), values.std(axis=0), values.min(axis=0), values.max(axis=0), strict=False
        )
    ]
    summary = f"{len(found)} sequences, {len(values)} frames, {values.shape[1]} columns"
    table = _html_table(("column", "mean", "deviation", "least", "greatest"), rows)
    return f"<details><summary>{summary}</summary>{table}</details>"


def _html_table(heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"


def _splits(data_dir: Path) -> dict[str, str]:
    lists = {split: store.split_path(data_dir, split) for split in store.SPLITS}
    return {
        name: split for split, path in lists.items() if path.is_file() for name in store.read_split(data_dir, split)
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.corpus",
        description="Statistics of a data folder, and what its sequences look and sound like, as a page.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("data_dir", help="folder of .bvh and sound files, with or without features")
    add("sequences", nargs="*", default=[], help="those that are shown in detail; by default the first two")
    add("--max_sequences", type=natural, default=200, help="so many are looked at for the statistics, 0 for all")
    add("--output", default="", help="path of the page; by default corpus.html in the folder")
    return parser


if __name__ == "__main__":
    command.run(main)
