"""Generate as one listens: frames of sound in, poses out."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from inference.arrays import as_tensor, ending, zeros
from inference.rolling import Blend, Manner, Roller, arithmetic, device_of, one_for_each, rounded
from models.base_model import BaseModel
from models.windows import Window


class Stream:
    """Gives for the frames pushed in what `sampler.autoregress` gives for all of them at once.

    A pose comes as soon as the last frame that its window reads is there, `latency` frames later; `finish` gives those
    that are left, as many poses as frames in all. Memory does not grow with the stream. A model with ``--causal``
    computes each frame once; any other model computes its whole windows at each step.

    >>> stream = Stream(model, {"motion": seed})  # doctest: +SKIP
    >>> for frame in sound:  # doctest: +SKIP
    ...     poses = stream.push({"sound": frame[None]})["motion"]
    >>> poses = stream.finish()["motion"]  # doctest: +SKIP
    """

    def __init__(
        self,
        model: BaseModel,
        seeds: Mapping[str, Any] | None = None,
        *,
        labels: Mapping[str, Any] | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        frames_per_step: int | None = None,
        blends: Mapping[str, Blend] | None = None,
        precision: str = "32",
    ):
        """Begin a stream with a model in eval mode.

        Args:
            model: what gives the poses.
            seeds: output modality -> (context, dim), the frames before the first; see `sampler.autoregress`.
            labels: `single` modality -> (1, dim), what holds for the whole stream.
            temperature: scale of the randomness.
            generator: the source of the randomness.
            frames_per_step: how many poses to give at a time; more cost less, and come later.
            blends: modality -> how two predictions of it are mixed; linearly by default.
            precision: of the arithmetic, see `rolling.arithmetic`.
        """
        self._model, self._precision = rounded(model.eval(), precision), precision
        self._roller = Roller(self._model, frames_per_step, Manner(temperature, one_for_each(1, generator), blends))
        self._heard = [w for w in model.inputs if w.modality not in model.feedback and not w.single]
        if not self._heard:
            raise ValueError("the model reads nothing that could be pushed; use inference.sampler")
        self._labels = {
            w.modality: as_tensor(model, w, labels or {}).expand(1, w.length, -1) for w in model.inputs if w.single
        }
        self._tracks: dict[str, _Track] = {}
        for window in model.inputs:
            if window.modality in model.feedback:
                past = as_tensor(model, window, seeds) if seeds and window.modality in seeds else None
                before = self._roller.lead - window.offset
                self._tracks[window.modality] = _Track(ending(past, before, window), -before)
        self._come = self._next = self._given = 0
        self._waiting: dict[str, list[Tensor]] = {window.modality: [] for window in model.outputs}
        self._finished = False

    @property
    def latency(self) -> int:
        """How many frames after its own a pose comes: as many as the model hears ahead."""
        return max(max(window.stop for window in self._heard) - self._roller.lead - 1, 0)

    @torch.inference_mode()
    def push(self, frames: Mapping[str, Any]) -> dict[str, Tensor]:
        """Hear frames {modality: (count, dim)} of all that is read and not fed back; the poses that are ready.

        ValueError if they do not fit the model or each other, or come after the end.
        """
        fresh = {window.modality: as_tensor(self._model, window, frames) for window in self._heard}
        shapes = {name: tuple(values.shape) for name, values in fresh.items()}
        if any(len(shape) != 2 for shape in shapes.values()) or len({shape[0] for shape in shapes.values()}) > 1:
            raise ValueError(f"frames that are pushed together are as many of each modality, not {shapes}")
        if self._finished:
            raise ValueError("the stream is finished; begin a new one")
        for frame in range(next(iter(shapes.values()))[0]):
            self._hear({name: values[frame : frame + 1] for name, values in fresh.items()}, self._come)
            self._come += 1
        return self._ready(self._come - self.latency)

    @torch.inference_mode()
    def finish(self) -> dict[str, Tensor]:
        """The poses that are left. What would come after the last frame is padded as at the end of a recording."""
        self._finished = True
        time = self._come
        while self._next < self._come:
            last = {w.modality: self._tracks[w.modality].frames[-1:] for w in self._heard}
            self._hear({w.modality: _beyond(w, last[w.modality]) for w in self._heard}, time)
            time += 1
        return self._ready(self._come)

    def _hear(self, frames: Mapping[str, Tensor], time: int) -> None:
        """Take in the frame of this time, and the step that it is enough for."""
        for window in self._heard:
            frame = frames[window.modality]
            if not time:
                before = max(self._roller.lead - window.offset, 0)
                self._tracks[window.modality] = _Track(_beyond(window, frame).expand(before, -1), -before)
            self._tracks[window.modality].append(frame)
        if time >= self._next + self.latency:
            self._step()

    def _step(self) -> None:
        """Make the next poses, and forget what no later step reads."""
        first = {window.modality: self._next - self._roller.lead + window.offset for window in self._model.inputs}
        inputs = self._labels | {
            w.modality: self._tracks[w.modality].window(first[w.modality], w.length)
            for w in self._model.inputs
            if not w.single
        }
        device = device_of(self._model)
        with arithmetic(self._model, self._precision):
            fresh = self._roller.step({name: values.to(device) for name, values in inputs.items()})
        self._next += self._roller.frames
        for name, values in fresh.items():
            self._waiting[name] += values[0].split(1)
            if name in self._model.feedback:
                self._tracks[name].append(values[0])
        for name, track in self._tracks.items():
            track.forget(first[name] + self._roller.frames)

    def _ready(self, until: int) -> dict[str, Tensor]:
        """The poses before this frame that have not been given yet."""
        count = max(until - self._given, 0)
        self._given += count
        ready = {}
        for window in self._model.outputs:
            waiting = self._waiting[window.modality]
            ready[window.modality] = torch.cat([zeros(0, window).to(device_of(self._model)), *waiting[:count]])
            del waiting[:count]
        return ready


class _Track:
    """The frames of one modality that a step may still read, (count, dim), from the one at ``start`` on."""

    def __init__(self, frames: Tensor, start: int):
        self.frames, self.start = frames, start

    def append(self, frames: Tensor) -> None:
        self.frames = torch.cat([self.frames.to(frames.device), frames])

    def window(self, first: int, length: int) -> Tensor:
        """(1, length, dim)"""
        return self.frames[None, first - self.start : first - self.start + length]

    def forget(self, before: int) -> None:
        """Let go of the frames before this one that have come, but for the last: it stands beyond the end."""
        count = max(min(before - self.start, len(self.frames) - 1), 0)
        self.frames, self.start = self.frames[count:], self.start + count


def _beyond(window: Window, nearest: Tensor) -> Tensor:
    """The frame, (1, dim), that stands beyond an end of a recording: padding, or else the nearest one."""
    return torch.tensor([window.padding]).to(nearest) if window.padding else nearest
