"""Plots of one sequence over time: where its body is and how fast, and what its sound is like."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from analysis.metrics.beats import motion_beats
from analysis.metrics.clip import Clip
from analysis.metrics.roles import find_roles
from analysis.report import charts
from feature_extraction import rhythm
from feature_extraction.audio import fine_factor, read_audio, working_rate
from feature_extraction.mel_features import MelFeatures
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.onset import onset_strength

PARTS = {
    "root": "hips",
    "head": "head",
    "lwrist": "left hand",
    "rwrist": "right hand",
    "ltoes": "left toes",
    "rtoes": "right toes",
}
UP_AXIS = 1


def beats_of(files: Mapping[str, Path], fps: float) -> np.ndarray:
    """Give the beats tracked in a sequence's sound, in seconds; none without sound."""
    if "audio" not in files:
        return np.zeros(0)
    rate = fine_factor(fps) * fps
    _, found = rhythm.beats(onset_strength(read_audio(files["audio"], working_rate(fps)[0]), fps), rate)
    return (found + 0.5) / rate - 0.5 / fps


def motion_plots(files: Mapping[str, Path], beats: np.ndarray) -> list[str]:
    """Give the heights of the parts of the body, its path, and the speed of its joints; none without motion."""
    if "motion" not in files:
        return []
    clip = Clip.of_motion("", read_bvh(files["motion"]))
    times = np.arange(clip.frames) / clip.fps
    found = find_roles(clip.joints, tuple(PARTS)) or {"root": 0}
    heights = {PARTS[part]: (times, clip.positions[:, joint, UP_AXIS] * 100) for part, joint in found.items()}
    colours = dict(zip(heights, charts.COLOURS, strict=False))
    marks = beats[beats <= clip.duration_s].tolist()
    plots = [charts.lines(heights, title="Heights", x="s", y="cm", colours=colours, y_from=None, marks=marks)]
    if clip.frames > 2:
        speed = np.linalg.norm(np.diff(clip.positions, axis=0), axis=-1).mean(axis=1) * clip.fps * 100
        series = {"mean speed of the joints": (times[:-1] + 0.5 / clip.fps, speed)}
        title = f"Speed; {len(motion_beats(clip)) / clip.duration_s:.2f} motion beats a second, the music's as lines"
        plots.append(
            charts.lines(
                series, title=title, x="s", y="cm/s", colours=dict.fromkeys(series, charts.COLOURS[0]), marks=marks
            )
        )
    path = {"path of the hips": (clip.positions[:, 0, 0] * 100, clip.positions[:, 0, 2] * 100)}
    plots.append(
        charts.points(path, title="Path over the floor", x="cm", y="cm", colours=dict.fromkeys(path, charts.COLOURS[0]))
    )
    return plots


def sound_plots(files: Mapping[str, Path], beats: np.ndarray, fps: float) -> list[str]:
    """Give the onset strength and the mel bands of a sequence's sound; none without sound."""
    if "audio" not in files:
        return []
    audio = read_audio(files["audio"], working_rate(fps)[0])
    onsets = onset_strength(audio, fps)
    times = (np.arange(len(onsets)) + 0.5) / (fine_factor(fps) * fps) - 0.5 / fps
    series = {"onset strength": (times, onsets)}
    colours = dict.fromkeys(series, charts.COLOURS[0])
    strength = charts.lines(
        series, title="Onset strength, tracked beats as lines", x="s", y="dB", colours=colours, marks=beats.tolist()
    )
    mel = MelFeatures(fps).encode(audio).values
    caption = f"mel bands, the lowest below, over {audio.duration_s:.1f} s"
    return [strength, charts.heat_map(mel.T[::-1], caption, width=560, height=240)]
