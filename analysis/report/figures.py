"""What the plots of a report show: numbers of clips, gathered for each system."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.metrics.beat_alignment_metric import SIGMA_S
from analysis.metrics.beats import distances, motion_beats
from analysis.metrics.clip import Clip
from analysis.metrics.derivatives import derivative_norms
from analysis.metrics.facing import facing
from analysis.metrics.scoring import System
from analysis.report import charts

CENTIMETRES = 100.0
BINS = 60
BEYOND = 0.99
"""Histograms end at this quantile of real motion."""
STEP_S, SMOOTH_S = 0.25, 1.0
POINTS = 250


def figures(systems: Sequence[System], reference: Sequence[Clip], paired: Sequence[Clip]) -> list[str]:
    """Give all plots, as SVG; clips whose positions are not finite are in none of them."""
    systems = [plotted for plotted in map(_finite, systems) if plotted.samples]
    reference, paired = ([clip for clip in clips if clip.is_finite("positions")] for clips in (reference, paired))
    if not systems or not reference:
        return []
    real = next((system.name for system in systems if system.kind == "real"), "")
    colours = charts.palette([system.name for system in systems], real)
    shown = [system for system in systems if system.kind != "degraded"]
    found = [
        _histogram(shown, reference, colours, 1, "speed of the joints", "cm/s"),
        _histogram(shown, reference, colours, 3, "jerk of the joints", "cm/s³"),
    ]
    if all(clip.beats_s is not None for system in systems for clip in system.samples[0]):
        found.append(_beats_over_time(systems, colours))
    if paired:
        found.append(_errors(systems, paired, colours, real))
    return [*found, _poses(shown, reference, colours)]


def _finite(system: System) -> System:
    """A system's samples without the clips whose positions are not finite, and without samples that have no others."""
    samples = (tuple(clip for clip in clips if clip.is_finite("positions")) for clips in system.samples)
    return replace(system, samples=tuple(clips for clips in samples if clips))


def _histogram(
    systems: Sequence[System], reference: Sequence[Clip], colours: dict[str, str], order: int, what: str, unit: str
) -> str:
    """Density of the norms of a derivative of all joints' positions."""
    norms = {system.name: _norms(system.samples[0], order) for system in systems}
    end = float(np.quantile(_norms(reference, order), BEYOND))
    edges = np.linspace(0.0, end, BINS + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    series = {
        name: (centres, np.histogram(values, edges)[0] / (len(values) * (edges[1] - edges[0])))
        for name, values in norms.items()
        if len(values)
    }
    return charts.lines(series, title=f"Distribution of the {what}", x=unit, y="density", colours=colours)


def _norms(clips: Sequence[Clip], order: int) -> np.ndarray:
    norms = [derivative_norms(clip.positions, clip.fps, order).ravel() for clip in clips]
    return np.concatenate(norms) * CENTIMETRES


def _beats_over_time(systems: Sequence[System], colours: dict[str, str]) -> str:
    """The score of the music's beats, by when in the clips they are."""
    end = max(clip.duration_s for system in systems for clip in system.samples[0])
    at = np.arange(0.0, end, STEP_S)
    series = {}
    for system in systems:
        instants, scores = [np.zeros(0)], [np.zeros(0)]
        for clip in (clip for clips in system.samples for clip in clips):
            beats = clip.beats_s if clip.beats_s is not None else np.zeros(0)
            instants.append(beats)
            scores.append(np.exp(-0.5 * (distances(beats, motion_beats(clip)) / SIGMA_S) ** 2))
        when = np.round(np.concatenate(instants) / STEP_S).astype(int)
        kept = when < len(at)
        sums, counts = (
            gaussian_filter1d(
                np.bincount(when[kept], weights, minlength=len(at)).astype(float), SMOOTH_S / STEP_S, mode="constant"
            )
            for weights in (np.concatenate(scores)[kept], None)
        )
        series[system.name] = at, np.where(counts > 1e-3, sums / np.maximum(counts, 1e-3), np.nan)
    return charts.lines(series, title="Beat alignment over time", x="s", y="mean score of beats", colours=colours)


def _errors(systems: Sequence[System], paired: Sequence[Clip], colours: dict[str, str], real: str) -> str:
    """For each joint how far it is, seen from the root, from where it was recorded at that time."""
    recorded = {clip.sequence_id: clip for clip in paired}
    heights = {}
    for system in systems:
        if system.name == real:
            continue
        errors = [
            np.linalg.norm(_from_root(clip, frames) - _from_root(recorded[clip.sequence_id], frames), axis=-1)
            for clips in system.samples
            for clip in clips
            if clip.sequence_id in recorded and (frames := min(clip.frames, recorded[clip.sequence_id].frames))
        ]
        if errors:
            heights[system.name] = (np.concatenate(errors).mean(axis=0) * CENTIMETRES).tolist()
    joints = [name.rpartition(":")[2] for name in paired[0].joints]
    title = "Distance of each joint from the recorded one"
    return charts.bars(joints, heights, title=title, y="cm", colours=colours)


def _from_root(clip: Clip, frames: int) -> np.ndarray:
    return facing(clip.positions[:frames], clip.joints)


def _poses(systems: Sequence[System], reference: Sequence[Clip], colours: dict[str, str]) -> str:
    """Poses along the two directions in which real ones vary most."""
    every = np.concatenate([_from_root(clip, clip.frames).reshape(clip.frames, -1) for clip in reference])
    mean = every.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(every, rowvar=False))
    series = {}
    for system in systems:
        poses = np.concatenate([_from_root(clip, clip.frames).reshape(clip.frames, -1) for clip in system.samples[0]])
        chosen = poses[np.linspace(0, len(poses) - 1, min(POINTS, len(poses))).astype(int)]
        along = (chosen - mean) @ vectors[:, -2:] * CENTIMETRES
        series[system.name] = along[:, 1], along[:, 0]
    return charts.points(
        series, title="Poses along the principal directions of real ones", x="cm", y="cm", colours=colours
    )
