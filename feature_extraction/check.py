"""The corpus doctor: says in one table what is wrong with a data folder before anyone trains on it."""

import argparse
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

import command
from feature_extraction.examine import Examination, Finding, Level, MotionFacts, examine
from feature_extraction.feature import few
from feature_extraction.mirroring import mirrored_id, original_id
from feature_extraction.parallel import workers
from feature_extraction.store import SPLITS, find_arrays, find_raw, read_split, split_path
from feature_extraction.twins import same_content, same_course

SHORTEST_S = 7.0
"""The longest windows of the field's models: 140 frames at 20 fps."""
SAME_BONE = 5e-4
BONE_SPREAD = 0.05
NO_BONE = 1e-3
"""A bone this short, measured by the longest one, has no length that could differ."""
PAIR_SPREAD_S = 1.0
MOST_ROWS = 60
HEADINGS = ("sequence", "split", "motion s", "fps", "sound s", "Hz", "findings")

Splits = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Checkup:
    """What is known of a folder: each sequence, the split lists, and what is wrong with the whole."""

    sequences: list[Examination]
    splits: dict[str, list[str]]
    findings: list[Finding]

    @property
    def all_findings(self) -> list[Finding]:
        """The findings of the whole and of each sequence."""
        return [*self.findings, *(finding for one in self.sequences for finding in one.findings)]

    @property
    def exit_code(self) -> int:
        """0, or 1 when there are errors; warnings may be meant."""
        return int(any(finding.level == "error" for finding in self.all_findings))


def check(data_dir: Path | str, *, shortest_s: float = SHORTEST_S, jobs: int = -1, progress: bool = True) -> Checkup:
    """Examine a folder: its recordings and arrays one by one, and how they go together."""
    data_dir = Path(data_dir)
    raw, arrays = find_raw(data_dir), find_arrays(data_dir)
    ids = sorted(raw.keys() | arrays.keys())
    if not ids:
        raise FileNotFoundError(f"nothing to check in {data_dir}: there are neither recordings nor arrays")
    with workers(jobs, len(ids), progress) as pool:
        arguments = [(name, raw.get(name, {}), arrays.get(name, {})) for name in ids]
        sequences = pool.each("checking", examine, arguments)
    splits = {split: read_split(data_dir, split) for split in SPLITS if split_path(data_dir, split).exists()}
    findings = [
        *_lists(sequences, splits),
        *_pairs(sequences, splits),
        *_lengths(sequences, shortest_s),
        *_skeletons(sequences),
        *_dims(sequences),
        *_twins(sequences, splits),
    ]
    return Checkup(sequences, splits, findings)


def table(checkup: Checkup) -> list[str]:
    """Give the lines to print: a row for each sequence (of many: for those with findings), then the whole."""
    sequences = checkup.sequences
    shown = sequences if len(sequences) <= MOST_ROWS else [one for one in sequences if one.findings]
    rows = [HEADINGS, *(_row(one, checkup.splits) for one in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    lines = [_aligned(row, widths) for row in rows]
    if len(shown) < len(sequences):
        lines.append(f"... and {len(sequences) - len(shown)} sequences without findings of their own")
    return [*lines, *(_told(finding) for finding in checkup.findings), _summary(checkup)]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 1 when there are errors."""
    parser = argparse.ArgumentParser(
        prog="python -m feature_extraction.check",
        description="Say what is wrong with a data folder: unreadable files, NaN, silence, speed spikes, missing "
        "pairs, split leaks, joints and bones that differ. Exit code: 0, or 1 when there are errors.",
        allow_abbrev=False,
    )
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="the data folder")
    parser.add_argument("--data_dir", "--data-dir", type=Path, metavar="DIR", help="the same, as an option")
    parser.add_argument(
        "--shortest",
        type=float,
        default=SHORTEST_S,
        metavar="S",
        help="seconds that a sequence should have (%(default)s)",
    )
    parser.add_argument("--jobs", type=int, default=-1, metavar="N", help="processes (default: one for each core)")
    options = parser.parse_args(argv)
    if (options.folder is None) == (options.data_dir is None):
        parser.error("give one data folder")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    checkup = check(options.folder or options.data_dir, shortest_s=options.shortest, jobs=options.jobs)
    print("\n".join(table(checkup)))
    return checkup.exit_code


def _lists(sequences: Sequence[Examination], splits: Splits) -> Iterator[Finding]:
    known = {one.sequence_id for one in sequences}
    for split, names in splits.items():
        if unknown := [name for name in names if name not in known]:
            yield Finding(f"{split} lists sequences that are not there: {few(unknown)}", "error")
    for one, other in combinations(splits, 2):
        if both := sorted(set(splits[one]) & set(splits[other])):
            yield Finding(f"split leak: in {one} and {other}: {few(both)}", "error")
    if not splits.get("train", True):
        yield Finding("the train list is empty", "error")
    listed = {*(name for names in splits.values() for name in names)}
    if splits and (unlisted := sorted(known - listed - set(map(mirrored_id, listed)))):
        yield Finding(f"in no split list: {few(unlisted)}")


def _pairs(sequences: Sequence[Examination], splits: Splits) -> Iterator[Finding]:
    listed = {name for names in splits.values() for name in names}
    to_generate = set(splits.get("test", ())).difference(*(names for split, names in splits.items() if split != "test"))
    kinds = {"motion": {one.sequence_id for one in sequences if "motion" in one.sources}}
    kinds["sound"] = {one.sequence_id for one in sequences if "audio" in one.sources}
    kinds["transcript"] = {one.sequence_id for one in sequences if "text" in one.sources}
    for kind, other in (("motion", "sound"), ("sound", "motion"), ("sound", "transcript")):
        if kinds[other] and (alone := sorted(kinds[kind] - kinds[other])):
            text = f"pairs missing: {kind} and no {other} in {few(alone)}"
            wanted = listed - to_generate if kind == "sound" else listed  # what is generated for needs no motion
            harmless = other == "transcript" or wanted.isdisjoint(alone)
            yield Finding(text, "warning" if harmless else "error")


def _lengths(sequences: Sequence[Examination], shortest_s: float) -> Iterator[Finding]:
    pairs = [
        (one.sequence_id, one.motion.duration_s, one.audio.duration_s) for one in sequences if one.motion and one.audio
    ]
    uneven = [name for name, motion_s, audio_s in pairs if abs(motion_s - audio_s) > PAIR_SPREAD_S]
    if uneven:
        yield Finding(f"motion and sound differ by more than {PAIR_SPREAD_S:g} s in {few(uneven)}")
    short = [one.sequence_id for one in sequences if 0 < one.duration_s < shortest_s]
    if short:
        yield Finding(f"shorter than {shortest_s:g} s: {few(short)}")


def _skeletons(sequences: Sequence[Examination]) -> Iterator[Finding]:
    motions = {one.sequence_id: one.motion for one in sequences if one.motion}
    if not motions:
        return
    kinds = Counter((motion.joints, motion.parents) for motion in motions.values())
    usual = kinds.most_common(1)[0][0]
    alike = {name: motion for name, motion in motions.items() if (motion.joints, motion.parents) == usual}
    if odd := sorted(motions.keys() - alike):
        yield Finding(f"{len(kinds)} different skeletons, each needs a folder; the odd ones: {few(odd)}", "error")
    yield from _roots(alike)
    yield from _bones(alike)
    yield from _still(alike)


def _roots(motions: Mapping[str, MotionFacts]) -> Iterator[Finding]:
    """Roots that never move, in whose place features take a joint below; in all sequences it should be the same."""
    roots = Counter(motion.root for motion in motions.values())
    first = next(iter(motions.values())).joints[0]
    if roots.keys() != {first}:
        usual = roots.most_common(1)[0][0]
        yield Finding(f"the root {first} never moves; features take a joint below it for the root: {usual}", "note")
        if odd := sorted(name for name, motion in motions.items() if motion.root != usual):
            yield Finding(f"{usual} is the first joint to move, but not in {few(odd)}; leave these out", "error")


def _bones(motions: Mapping[str, MotionFacts]) -> Iterator[Finding]:
    lengths = np.stack([motion.bone_lengths for motion in motions.values()])
    lengths[:, (lengths <= NO_BONE * lengths.max()).any(axis=0)] = 1.0
    spread = np.ptp(lengths, axis=0) / np.median(lengths, axis=0)
    bone = int(spread.argmax())
    if spread[bone] > SAME_BONE:
        name = next(iter(motions.values())).joints[bone]
        level: Level = "warning" if spread[bone] > BONE_SPREAD else "note"
        yield Finding(f"bone lengths differ by up to {spread[bone]:.1%} ({name})", level)


def _still(motions: Mapping[str, MotionFacts]) -> Iterator[Finding]:
    """Joints that never turn are no fault (fingers, as a rule); one that is still in a few sequences only may be."""
    count = Counter(joint for motion in motions.values() for joint in motion.still)
    always = sorted(joint for joint in count if count[joint] == len(motions))
    if always:
        yield Finding(f"constant channels: joints that never turn: {few(always)}", "note")
    seldom = {joint for joint in count if 2 * count[joint] <= len(motions)}
    lost = {name: sorted(motion.still & seldom) for name, motion in motions.items() if motion.still & seldom}
    if lost:
        told = [f"{name} ({few(joints, 3)})" for name, joints in lost.items()]
        yield Finding(f"constant channels: joints that turn elsewhere never turn in {few(told)}")


def _dims(sequences: Sequence[Examination]) -> Iterator[Finding]:
    for feature in sorted({feature for one in sequences for feature in one.dims}):
        dims = {one.sequence_id: dim for one in sequences if (dim := one.dims.get(feature)) is not None}
        usual = Counter(dims.values()).most_common(1)
        if odd := [f"{name} ({dim})" for name, dim in dims.items() if dim != usual[0][0]]:
            text = f"{feature} has {usual[0][0]} columns, but not in {few(odd)}; extract again"
            yield Finding(text, "error")
        images = any(_is_image(one) and feature in one.dims for one in sequences)
        lacking = [one for one in sequences if one.dims and feature not in one.dims]
        if missing := [one.sequence_id for one in lacking if images or not _is_image(one)]:
            yield Finding(f"{feature} is missing for {few(missing)}")


def _is_image(one: Examination) -> bool:
    """Tell a mirrored sequence, which has arrays of motion only and shares the others."""
    return not one.sources and original_id(one.sequence_id) is not None


def _twins(sequences: Sequence[Examination], splits: Splits) -> Iterator[Finding]:
    """Recordings that are there under several names; an error across splits, but for a song with several dances."""
    split_of = {name: split for split, names in splits.items() for name in names}
    danced = any(one.motion for one in sequences)
    for kind in ("motion", "audio"):
        facts = {one.sequence_id: getattr(one, kind) for one in sequences if getattr(one, kind)}
        same = same_content(facts)
        yield from _told_twins(f"the same {kind}", same, split_of, "warning" if kind == "audio" and danced else "error")
        alike = same_course({names[0]: facts[names[0]] for names in same})
        yield from _told_twins(f"as it seems the same {kind}", alike, split_of, "warning")


def _told_twins(
    text: str, groups: Sequence[Sequence[str]], split_of: Mapping[str, str], leak: Level
) -> Iterator[Finding]:
    across: dict[bool, list[str]] = {True: [], False: []}
    for names in groups:
        if len(names) > 1:
            told = [f"{name} ({split_of.get(name, '-')})" for name in names[:4]] + ["..."] * (len(names) > 4)
            across[len({split_of[name] for name in names if name in split_of}) > 1].append(" = ".join(told))
    if across[True]:
        yield Finding(f"split leak: {text}: {few(across[True])}", leak)
    if across[False]:
        yield Finding(f"{text}: {few(across[False])}")


def _row(one: Examination, splits: Splits) -> tuple[str, ...]:
    name = (original_id(one.sequence_id) if _is_image(one) else None) or one.sequence_id
    split = "+".join(split for split, ids in splits.items() if name in ids) or "-"
    motion = (f"{one.motion.duration_s:.2f}", f"{one.motion.fps:.6g}") if one.motion else ("-", "-")
    audio = (f"{one.audio.duration_s:.2f}", f"{one.audio.sample_rate:.6g}") if one.audio else ("-", "-")
    return (one.sequence_id, split, *motion, *audio, "; ".join(_told(finding) for finding in one.findings))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names go left, numbers right."""
    cells = [
        cell.ljust(width) if place < 2 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=False))
    ]
    return "  ".join([*cells, row[-1]]).rstrip()


def _told(finding: Finding) -> str:
    return f"{finding.level}: {finding.text}"


def _summary(checkup: Checkup) -> str:
    motion_s = sum(one.motion.duration_s for one in checkup.sequences if one.motion)
    audio_s = sum(one.audio.duration_s for one in checkup.sequences if one.audio)
    levels = Counter(finding.level for finding in checkup.all_findings)
    lengths = f"{motion_s / 60:.1f} min of motion, {audio_s / 60:.1f} min of sound"
    return f"{len(checkup.sequences)} sequences, {lengths}: {levels['error']} errors, {levels['warning']} warnings"


if __name__ == "__main__":
    command.run(main)
