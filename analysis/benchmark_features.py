"""The speed of reading recordings, of each feature that is made of them, and of the way back to a BVH file."""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import registry
from analysis.benchmark_recordings import made_motion, made_sound
from analysis.timing import Table, processor_seconds
from feature_extraction.align import read_raw
from feature_extraction.audio import Audio
from feature_extraction.base_features import BaseFeatures, FeatureArray
from feature_extraction.feature import find_extractor
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.mirror import mirror
from feature_extraction.motion.resample import resample
from feature_extraction.motion.skeleton import Motion
from option_values import above_zero, positive

MEGABYTES, FRAMES, REAL_TIME = "MB/s", "frames/s", "times real time"
DANCE_MOTION, DANCE_AUDIO = "expmap", ("mel", "envelope", "beats")
"""The extractors of the dance recipe."""


class Rate(NamedTuple):
    """A speed in `unit`, and whose it is."""

    speed: float
    unit: str
    whose: str = "the reference"


REFERENCES = {
    "parse BVH": Rate(8, MEGABYTES),
    "dance motion": Rate(7100, FRAMES),
    "dance motion, mirrored too": Rate(4400, FRAMES),
    "decode and write BVH": Rate(2100, FRAMES),
    "mel": Rate(6000, REAL_TIME, "librosa"),
    "envelope": Rate(6000, REAL_TIME, "librosa"),
    "beats": Rate(1500, REAL_TIME, "librosa"),
    "chroma": Rate(34, REAL_TIME),
    "mfcc": Rate(790, REAL_TIME),
}
"""What others take for it: the reference implementations of the two systems that this project follows, and librosa.

Measured on one core of a machine whose two multiply float32 matrices at REFERENCE_MACHINE, with a walk of 1064 frames
and 23 joints (606 kB), and songs of a minute.
"""
REFERENCE_MACHINE = "130 GFLOP/s, 2 threads"


@dataclass
class Stages:
    """The table that grows as stages are timed."""

    repeats: int
    table: Table = field(default_factory=list)

    def time(self, stage: str, action: Callable[[], object], **amounts: float) -> None:
        """Add how fast `action` does its `megabytes`, `frames` and `seconds` of sound."""
        seconds = processor_seconds(action, self.repeats)
        units = {"megabytes": MEGABYTES, "frames": FRAMES, "seconds": REAL_TIME}
        rates = {units[name]: amount / seconds for name, amount in amounts.items()}
        speeds = ", ".join(f"{rate:,.0f} {unit}" for unit, rate in rates.items())
        self.table.append((stage, f"{1000 * seconds:.3g} ms", speeds, _compared(rates, REFERENCES.get(stage))))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare which recordings are read, and how often."""
    parser.add_argument("--bvh", type=Path, help="a BVH file (default: a random motion is made)")
    parser.add_argument("--audio", type=Path, help="a sound file (default: noise and tones are made)")
    parser.add_argument("--seconds", type=above_zero, default=60, help="length of the recordings that are made")
    parser.add_argument("--fps", type=above_zero, default=20, help="frames a second of the features")
    parser.add_argument("--repeats", type=positive, default=11, help="how often, at least, each stage is timed")


def measure(arguments: argparse.Namespace) -> Table:
    """Time each stage, in seconds of the processor, once it is warm.

    Sound comes first: a process that has held a song need not ask the system for the memory of each motion again.
    """
    stages = Stages(arguments.repeats)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bvh = arguments.bvh or made_motion(folder / "motion.bvh", arguments.seconds)
        audio = arguments.audio or made_sound(folder / "sound.wav", arguments.seconds)
        _measure_audio(stages, audio, arguments.fps)
        _measure_motion(stages, bvh, arguments.fps, folder / "written.bvh")
    return [*stages.table, ("the others' machine", "", f"matrix product, float32: {REFERENCE_MACHINE}")]


def _measure_motion(stages: Stages, path: Path, fps: float, target: Path) -> None:
    """Reading and the features count the frames of the file, the way back those of the features."""
    read = read_bvh(path)
    frames, motion, extractors = read.frames, resample(read, fps), dict(_extractors("motion", fps))
    stages.time("parse BVH", lambda: read_bvh(path), megabytes=path.stat().st_size / 1e6, frames=frames)
    stages.time(f"resample to {fps:g} fps", lambda: resample(read, fps), frames=frames)
    with suppress(ValueError):  # not every skeleton has two sides
        stages.time("mirror", lambda: mirror(motion), frames=frames)
    dance = extractors[DANCE_MOTION]

    def extract(mirrored: bool) -> None:
        raw = resample(read_bvh(path), fps)
        for each in (raw, mirror(raw)) if mirrored else (raw,):
            dance.encode(each)

    stages.time("dance motion", lambda: extract(mirrored=False), frames=frames)
    with suppress(ValueError):
        stages.time("dance motion, mirrored too", lambda: extract(mirrored=True), frames=frames)
    for name, extractor in extractors.items():
        stages.time(name, partial(extractor.encode, motion), frames=frames)
    for name, extractor in extractors.items():
        if extractor.reversible:
            stages.time(f"decode {name}", partial(_decode, extractor, extractor.encode(motion)), frames=motion.frames)
    stages.time("write BVH", lambda: write_bvh(target, motion), frames=motion.frames)
    array = dance.encode(motion)
    stages.time("decode and write BVH", lambda: write_bvh(target, _decode(dance, array)), frames=motion.frames)


def _measure_audio(stages: Stages, path: Path, fps: float) -> None:
    audio, extractors = read_raw(path, "audio", fps), dict(_extractors("audio", fps))
    assert isinstance(audio, Audio), "sound files hold sound"
    seconds = audio.duration_s

    def extract(*names: str) -> None:
        raw = read_raw(path, "audio", fps)
        for name in names:
            extractors[name].encode(raw)

    stages.time("read sound", extract, seconds=seconds)
    stages.time("dance audio", lambda: extract(*DANCE_AUDIO), seconds=seconds)
    for name, extractor in extractors.items():
        stages.time(name, partial(_encode_anew, extractor, audio), seconds=seconds)


def _encode_anew(extractor: BaseFeatures, audio: Audio) -> None:
    """Encode as if nothing had been made of this sound before."""
    extractor.encode(replace(audio))


def _decode(extractor: BaseFeatures, array: FeatureArray) -> Motion:
    return extractor.decode(array.values, array.columns, array.decoding)


def _extractors(source: str, fps: float) -> Iterator[tuple[str, BaseFeatures]]:
    """The extractors of a source, but for those that need what is not installed."""
    for name in registry.names("features"):
        if (extractor := find_extractor(name)).source == source:
            with suppress(LookupError):
                yield name, extractor(fps)


def _compared(rates: Mapping[str, float], reference: Rate | None) -> str:
    if reference is None:
        return ""
    speed, unit, whose = reference
    return f"{rates[unit] / speed:.1f} times {whose} ({speed:,g} {unit})"
