"""A trained model that turns recordings into motion, several of them at a time."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from feature_extraction.feature import Feature, few
from feature_extraction.motion.skeleton import Motion
from inference.blending import feature_blends
from inference.export import is_motion
from inference.material import Material, gather
from inference.postprocessing import Finish, smoothed
from inference.reading import decoding
from inference.recording import Recording, find_recordings
from inference.sampler import autoregress
from inference.settings import Settings
from models import LoadedModel
from models.windows import Window
from training.options.paths import home

log = logging.getLogger(__name__)

LEAST_OF_BATCH = 0.75
"""The shortest of a batch has at least this share of the longest's frames, which is how long all of them take."""

ALIKE = 1e-5
"""Scaled values that differ by less are the same motion."""

Sample = dict[str, np.ndarray]
"""Output modality -> (frames, dim) scaled values."""


@dataclass(frozen=True)
class Row:
    """One motion to generate: a material's sample of this number."""

    place: int
    material: Material
    number: int
    start: int = 0
    """The first frame that is generated; those before are the seed."""

    @property
    def past(self) -> dict[str, np.ndarray]:
        """The frames before the start."""
        return dict(self.material.pasts[self.number])

    @property
    def kind(self) -> tuple[object, ...]:
        """What the rows of a batch have in common: which arrays, how long a past, and where they start."""
        return tuple(sorted(self.material.read)), *sorted((k, len(v)) for k, v in self.past.items()), self.start


class Performer:
    """A loaded model with its features, and how to generate with it."""

    def __init__(self, loaded: LoadedModel, settings: Settings | None = None):
        if not loaded.model.generates:
            raise ValueError(f"the model {loaded.opt.model} is a part of others: it gives no motion by itself")
        self.loaded = loaded
        self.settings = settings or Settings()

    @cached_property
    def features(self) -> dict[str, Feature]:
        """Modality -> how it is made of raw files, and decoded."""
        features = {name: Feature.from_dict(each) for name, each in self.loaded.features.items()}
        if self.settings.use_scalers:
            return features
        if bound := [name for name, each in features.items() if each.scaler and each.projection]:
            raise ValueError(
                f"--no-use_scalers: {few(bound)} has principal components of scaled columns; leave that option out"
            )
        return {name: replace(feature, scaler=None) for name, feature in features.items()}

    @property
    def corpus(self) -> Path:
        """The folder of the sequences that are named by their ids."""
        folder = self.settings.data_dir or getattr(self.loaded.opt, "data_dir", "")
        return Path(folder) if self.settings.data_dir else home() / folder

    @property
    def temperature(self) -> float:
        """The scale of the randomness: as the settings say, or as the model's experiment says."""
        wanted = self.settings.temperature
        return getattr(self.loaded.opt, "temperature", 1.0) if wanted is None else wanted

    @property
    def smooth(self) -> bool:
        """Whether values are smoothed: as the settings say, or as the model's experiment says."""
        wanted = self.settings.smooth
        return getattr(self.loaded.opt, "smooth", False) if wanted is None else wanted

    def recordings(self, name: str) -> list[Recording]:
        """What a sequence id, the path of a file or that of a folder stands for; see `find_recordings`."""
        modalities = [window.modality for window in (*self.loaded.inputs, *self.loaded.outputs)]
        text_folder = Path(self.settings.text_folder) if self.settings.text_folder else None
        return find_recordings(name, self.corpus, modalities, self.settings.audio_format, text_folder)

    def material(self, recording: Recording) -> Material:
        """What the model is given for a recording; see `material.gather`."""
        loaded = self.loaded
        return gather(recording, loaded.model, self.features, loaded.seeds, self.corpus, self.settings)

    def motions(self, name: str) -> list[Motion]:
        """The motions generated for one sequence or sound file, one for each sample, finished as the settings say."""
        recording, *others = self.recordings(name)
        if others:
            raise ValueError(f"{name} holds {1 + len(others)} recordings; name one sequence or sound file of them")
        moving = [window.modality for window in self.loaded.outputs if is_motion(self.features.get(window.modality))]
        if not moving:
            raise ValueError("the model gives arrays that no extractor turns back into motion; `perform` gives those")
        feature, finish = self.features[moving[0]], Finish.of(self.settings)
        ((_, samples),) = self.perform([self.material(recording)])
        own = decoding(recording, feature)
        return [finish.generated(feature.decode(sample[moving[0]], own)) for sample in samples]

    def perform(
        self, materials: Sequence[Material], progress: Callable[[int, int], object] | None = None
    ) -> Iterator[tuple[Material, list[Sample]]]:
        """Each material with its samples, as soon as they are there: as many samples as the settings say.

        They have exactly as many frames as the material. No sample depends on what else is generated. `progress` takes
        the place of the bar: it is called with how many frames of a batch are finished, of how many.
        """
        rows = [
            Row(place, material, number, _start(material, number) if self.settings.keep_seed else 0)
            for place, material in enumerate(materials)
            for number in range(self.settings.num_samples)
        ]
        made: list[dict[int, Sample]] = [{} for _ in materials]
        for batch in batches(rows, self.settings.batch_size):
            for row, sample in zip(batch, self._generated(batch, progress), strict=True):
                made[row.place][row.number] = sample
                if len(made[row.place]) == self.settings.num_samples:
                    samples = [made[row.place].pop(number) for number in range(self.settings.num_samples)]
                    _tell_if_alike(samples, row.material.recording.sequence_id)
                    yield row.material, samples

    def _generated(self, rows: Sequence[Row], progress: Callable[[int, int], object] | None) -> list[Sample]:
        """One sample for each of the rows, which are of one kind."""
        settings, model = self.settings, self.loaded.model
        frames = [row.material.frames for row in rows]
        began = time.perf_counter()
        with tqdm(total=sum(frames), desc="generating", unit="frame", leave=False, disable=bool(progress)) as bar:
            made = autoregress(
                model,
                _conditioning(rows, {window.modality: window for window in (*model.outputs, *model.inputs)}),
                {name: np.stack([row.past[name] for row in rows]) for name in rows[0].past},
                frames=max(frames),
                start=rows[0].start,
                temperature=self.temperature,
                generator=[_noise(settings.seed + row.number) for row in rows],
                frames_per_step=settings.frames_per_step,
                blends=feature_blends(self.features),
                teacher_forcing=settings.teacher_forcing,
                precision=settings.precision,
                compile=settings.compile,
                progress=_Shown(progress or partial(_show, bar), frames, rows[0].start).advance,
            )
        seconds = time.perf_counter() - began
        log.info("%d frames in %.1f s, %.0f frames/s", sum(frames), seconds, sum(frames) / seconds)
        arrays = {name: values.cpu().numpy() for name, values in made.items()}
        after = smoothed if self.smooth else np.asarray
        return [{k: after(values[row, :count]) for k, values in arrays.items()} for row, count in enumerate(frames)]


def batches(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Groups of at most `size` rows that can be generated at the same time: of one kind, and of similar length."""
    batch: list[Row] = []
    for row in sorted(rows, key=lambda row: (str(row.kind), -row.material.frames)):
        fits = batch and row.kind == batch[0].kind
        if not (fits and len(batch) < size and row.material.frames >= LEAST_OF_BATCH * batch[0].material.frames):
            if batch:
                yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


class _Shown:
    """Tells how many frames are finished, of rows that have so many frames each."""

    def __init__(self, tell: Callable[[int, int], object], frames: Sequence[int], start: int):
        self._tell, self._frames, self._now = tell, frames, 0
        self.advance(start)

    def advance(self, fresh: int) -> None:
        """Say that each row has so many frames more."""
        self._now += fresh
        self._tell(sum(min(self._now, count) for count in self._frames), sum(self._frames))


def _show(bar: tqdm, finished: int, total: int) -> None:
    bar.update(finished - bar.n)


def _tell_if_alike(samples: Sequence[Sample], sequence_id: str) -> None:
    first, *others = samples
    if others and all(np.allclose(first[name], other[name], atol=ALIKE) for other in others for name in first):
        log.warning("the %d samples of %s are the same: nothing was drawn at random", len(samples), sequence_id)


def _noise(seed: int) -> torch.Generator:
    """Drawn on the processor whatever the model computes on: a seed means the same motion everywhere."""
    return torch.Generator("cpu").manual_seed(seed)


def _start(material: Material, number: int) -> int:
    """The first frame that is generated where the seed is kept."""
    return min([material.frames, *(len(values) for values in material.pasts[number].values())])


def _conditioning(rows: Sequence[Row], windows: dict[str, Window]) -> Sample:
    """What the rows read, stacked; shorter ones go on as in the sampler, with padding or their last frame."""
    return {
        name: np.stack(_equally_long([row.material.read[name] for row in rows], windows[name]))
        for name in rows[0].material.read
    }


def _equally_long(arrays: Sequence[np.ndarray], window: Window) -> list[np.ndarray]:
    if window.single:
        return [values[:1] for values in arrays]
    longest = max(map(len, arrays))
    after = [np.array(window.padding, values.dtype) if window.padding else values[-1] for values in arrays]
    return [
        np.concatenate([values, np.broadcast_to(frame, (longest - len(values), values.shape[1]))])
        for values, frame in zip(arrays, after, strict=True)
    ]
