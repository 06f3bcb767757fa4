"""Trained models as systems: what they dance, generated where it is missing, and how likely they find what is real."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from analysis.evaluation.stage import Stage
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import System
from feature_extraction import store
from feature_extraction.feature import Feature, find_extractor
from inference.performer import Performer
from inference.reading import decoding, read_feature
from inference.recording import Recording
from models.likelihood import nats_per_dimension
from models.windows import Window, anchors

log = logging.getLogger(__name__)

STAMP = "generated.json"
BATCH = 32
Measure = Callable[["Trained", Mapping[str, np.ndarray], str], float | None]
"""Given a model, all arrays of a sequence and the modality of the motion: bits a frame; None without a likelihood."""
STRIDE_WINDOWS = 20
"""Frames between the windows whose likelihood is measured."""


@dataclass(frozen=True)
class Trained:
    """A trained model, by the name of its run."""

    name: str
    checkpoint: Path
    performer: Performer

    @property
    def motion(self) -> tuple[Window, Feature]:
        """The output that is motion; ValueError where there is none."""
        for window in self.performer.loaded.outputs:
            feature = self.performer.features.get(window.modality)
            if feature and any(find_extractor(each["name"]).reversible for each in feature.extractors):
                return window, feature
        raise ValueError(f"{self.name} gives no motion that can be decoded; there is nothing to evaluate")

    @property
    def context_s(self) -> float:
        """How long the recorded motion is that the model may begin with, in seconds."""
        loaded = self.performer.loaded
        lengths = [window.length for window in loaded.inputs if window.modality in loaded.model.feedback]
        return max(lengths, default=0) / self.motion[1].fps

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return sum(each.numel() for each in self.performer.loaded.model.parameters())


def generated(trained: Trained, sequence_ids: Sequence[str], folder: Path) -> dict[str, list[np.ndarray]]:
    """For each sequence the samples (frames, dim) of scaled motion; those that `folder` lacks are generated into it.

    A folder of another checkpoint, or of other settings, is not used: its samples are written anew.
    """
    modality = trained.motion[0].modality
    settings = trained.performer.settings
    folder.mkdir(parents=True, exist_ok=True)
    stamp = _stamp(trained)
    if not (folder / STAMP).is_file() or store.load_json(folder / STAMP) != stamp:
        for path in folder.glob("*.npy"):
            path.unlink()
        store.save_json(folder / STAMP, stamp)
    paths = {
        name: [store.feature_path(folder, f"{name}.sample{k + 1}", modality) for k in range(settings.num_samples)]
        for name in sequence_ids
    }
    missing = [name for name in sequence_ids if not all(path.is_file() for path in paths[name])]
    if missing:
        log.info("%s: generating %d motions for %d sequences", trained.name, settings.num_samples, len(missing))
        recordings = [each for name in missing for each in trained.performer.recordings(name)]
        materials = [trained.performer.material(each) for each in recordings]
        for material, samples in trained.performer.perform(materials):
            for path, sample in zip(paths[material.recording.sequence_id], samples, strict=True):
                store.save_array(path, sample[modality])
    return {name: [np.array(store.load_array(path)) for path in paths[name]] for name in sequence_ids}


def system(
    trained: Trained, stage: Stage, sequence_ids: Sequence[str], folder: Path, measure: Measure | None = None
) -> System:
    """The model's motion for the sequences, as many samples as its performer is set to give.

    The motion that `folder` lacks is generated into it; for `measure` see `likelihoods`.
    """
    _, feature = trained.motion
    likely = likelihoods(trained, stage, sequence_ids, measure)
    samples: list[list[Clip]] = []
    for name, arrays in generated(trained, sequence_ids, folder).items():
        for number, values in enumerate(arrays):
            if len(samples) <= number:
                samples.append([])
            if feature.to_dict() == stage.feature.to_dict():
                clip = stage.clip(name, values)
            else:
                motion = feature.decode(values, decoding(stage.recording(name), feature))
                clip = stage.clip_of_motion(name, motion)
            bits, nats = likely.get(name, (None, None))
            samples[number].append(replace(clip, bits=bits, nats=nats))
    return System(trained.name, tuple(map(tuple, samples)))


def likelihoods(
    trained: Trained, stage: Stage, sequence_ids: Sequence[str], measure: Measure | None = None
) -> dict[str, tuple[float, float]]:
    """For each sequence -log p of its recorded motion, given the recorded past.

    In bits for each frame of scaled features, and in nats for each unscaled dimension of one. Nothing for
    models without a likelihood, principal components, or sequences without recorded motion. `measure` gives the bits
    of a sequence; by default those are the mean of what the model logs, over windows from the end of what the stage
    skips on, so that all models are asked about the same stretch.
    """
    window, feature = trained.motion
    if feature.projection is not None:
        return {}
    found: dict[str, tuple[float, float]] = {}
    scale = feature.scaler.scale.tolist() if feature.scaler else [1.0] * feature.dim
    measure = measure or partial(_bits_per_frame, first=round(stage.skip_s * feature.fps))
    for name in sequence_ids:
        material = recorded_arrays(trained, stage.recording(name))
        bits = measure(trained, material, window.modality) if material else None
        if bits is not None:
            found[name] = bits, nats_per_dimension(bits, scale)
    return found


def recorded_arrays(trained: Trained, recording: Recording) -> Mapping[str, np.ndarray] | None:
    """All arrays that the model reads and gives, by modality; None for a recording that lacks one."""
    loaded = trained.performer.loaded
    arrays: dict[str, np.ndarray] = {}
    for window in (*loaded.inputs, *loaded.outputs):
        values = read_feature(recording, window, trained.performer.features.get(window.modality))
        if values is None:
            return None
        arrays[window.modality] = values
    return arrays


@torch.no_grad()
def _bits_per_frame(trained: Trained, arrays: Mapping[str, np.ndarray], modality: str, first: int) -> float | None:
    """The mean of what the model logs as bits per frame, over windows of one sequence; None where it logs none.

    The first window gives the frames from `first` on, where the model has read enough before. A model that goes by
    steps is given windows that span as many as in training.
    """
    if trained.performer.loaded.model.goes_by_steps:
        trained = spanning(trained, int(trained.performer.loaded.opt.output_lengths))
    loaded = trained.performer.loaded
    windows = (*loaded.inputs, *loaded.outputs)
    if any(window.padding or window.single or window.discrete for window in windows):
        return None
    frames = min(len(values) for values in arrays.values())
    [output] = (window for window in loaded.outputs if window.modality == modality)
    starts = np.array([each for each in anchors(windows, frames) if each + output.offset >= first][::STRIDE_WINDOWS])
    total = 0.0
    for place in range(0, len(starts), BATCH):
        some = starts[place : place + BATCH]
        losses = loaded.model.losses(batch_at(trained, arrays, some))
        if f"nll_{modality}" not in losses:
            return None
        total += float(losses[f"nll_{modality}"]) * len(some)
    return total / len(starts) if len(starts) else None


def spanning(trained: Trained, steps: int) -> Trained:
    """A model that goes by steps, with windows that span so many of them."""
    loaded = trained.performer.loaded

    def longer(window: Window) -> Window:
        return window if window.single else replace(window, length=window.length + steps - 1)

    spans = replace(loaded, inputs=tuple(map(longer, loaded.inputs)), outputs=tuple(map(longer, loaded.outputs)))
    return replace(trained, performer=type(trained.performer)(spans))


def batch_at(trained: Trained, arrays: Mapping[str, np.ndarray], starts: np.ndarray) -> dict[str, torch.Tensor]:
    """The batch of a model's windows at some anchors of one sequence, on the model's device."""
    loaded = trained.performer.loaded
    device = next(loaded.model.parameters()).device
    return {
        f"{side}_{window.modality}": torch.as_tensor(
            arrays[window.modality][starts[:, None] + window.offset + np.arange(window.length)], device=device
        )
        for side, group in (("in", loaded.inputs), ("out", loaded.outputs))
        for window in group
    }


def _stamp(trained: Trained) -> dict[str, object]:
    """What generated motion depends on."""
    settings = trained.performer.settings
    state = trained.checkpoint.stat() if trained.checkpoint.is_file() else None
    return {
        "checkpoint": str(trained.checkpoint.resolve()),
        "written": state.st_mtime_ns if state else 0,
        "num_samples": settings.num_samples,
        "seed": settings.seed,
        "temperature": trained.performer.temperature,
        "smooth": trained.performer.smooth,
        "frames_per_step": settings.frames_per_step or 0,
        "max_length": settings.max_length,
        "keep_seed": settings.keep_seed,
        "data_dir": str(Path(settings.data_dir).resolve()) if settings.data_dir else "",
    }
