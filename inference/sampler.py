"""Roll a model forward over a sequence: windows in, the next frames out, and those fed back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from inference.arrays import as_tensor, batch_size, between, ending, zeros
from inference.rolling import (
    Blend,
    Manner,
    Roller,
    arithmetic,
    compiled,
    device_of,
    leading_frames,
    most_frames_at_a_time,
    one_for_each,
    rounded,
)
from models.base_model import BaseModel

__all__ = ["autoregress", "leading_frames", "most_frames_at_a_time"]


@torch.inference_mode()
def autoregress(
    model: BaseModel,
    features: Mapping[str, Any],
    seeds: Mapping[str, Any] | None = None,
    *,
    frames: int,
    start: int = 0,
    temperature: float = 1.0,
    generator: torch.Generator | Sequence[torch.Generator] | None = None,
    frames_per_step: int | None = None,
    blends: Mapping[str, Blend] | None = None,
    teacher_forcing: bool = False,
    state: Any = None,
    precision: str = "32",
    compile: bool = False,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Tensor]:
    """Generate `frames` frames of each output modality, from time 0 of the conditioning.

    Where a window reaches over an end of the conditioning, its padding stands there, or else the first or last frame
    is repeated. No frame of the output depends on conditioning outside the windows that the model declares, or on what
    else is in the batch.

    Args:
        model: what is rolled forward, in eval mode, on the device that it is on.
        features: modality -> (frames, dim) or (batch, frames, dim) array of what the model reads and does not give;
            with teacher forcing also of what it gives. A `single` modality has one frame.
        seeds: output modality -> (context, dim) or (batch, context, dim), the frames before `start`: the last ones
            where there are too many, the first one repeated where there are too few, zeros where there is no seed
            (or, in both cases, the window's padding).
        frames: how many to give, those before `start` included.
        start: the first frame to generate; the output before it is the end of the seed.
        temperature: scale of the randomness.
        generator: the source of the randomness, one for each row of the batch.
        frames_per_step: how many of the predicted frames are used at a time; by default 1 where the model reads what
            it gave, or else all, and three quarters where it goes by windows. Where two steps predict the same frames,
            these are cross-faded, see `Roller`.
        blends: modality -> how two predictions of it are mixed; linearly by default.
        teacher_forcing: let the model read the true frames in `features` in place of its own.
        state: recurrent state to start from.
        precision: of the arithmetic, see `rolling.arithmetic`.
        compile: translate the model for this machine first, see `rolling.compiled`.
        progress: called with the number of new frames after each step.

    Returns:
        modality -> (frames, dim), or (batch, frames, dim) where features or seeds have a batch axis.

    Raises:
        ValueError: if a modality is missing or of another dimension than the model's, if batch sizes differ, or if
            `frames_per_step` is more than the model predicts.
    """
    sequences = _Sequences(model, features, seeds or {}, frames, start, teacher_forcing)
    manner = Manner(temperature, one_for_each(sequences.rows, generator), blends)
    given, was_training = model, model.training
    model.eval()
    try:
        model = rounded(model, precision, sequences.rows)
        if compile:
            compiled(model)
        roller = Roller(model, frames_per_step, manner, state)
        with arithmetic(model, precision):
            for now, inputs, foreseen, unforeseen in _steps(model, sequences, roller.frames):
                fresh = sequences.take(now, roller.step(inputs, foreseen, unforeseen))
                if progress:
                    progress(fresh)
    finally:
        given.train(was_training)
    return sequences.made if sequences.batched else {name: values[0] for name, values in sequences.made.items()}


def _steps(
    model: BaseModel, sequences: "_Sequences", frames: int
) -> Iterator[tuple[int, dict[str, Tensor], dict[str, Tensor], dict[str, int]]]:
    """For each step the frame that it begins with, its windows, what is foreseen, and what was not."""
    turns = range(sequences.start, sequences.frames, frames)
    foresees = type(model).foresee is not BaseModel.foresee
    together = max(1, min(model.foreseen_steps, model.foreseen_rows // sequences.rows)) if foresees else 1
    for first in range(0, len(turns), together):
        coming = turns[first : first + together]
        foreseen: dict[str, Tensor] = {}
        if len(coming) > 1:
            windows = [sequences.inputs(now) for now in coming]
            stacked = {name: torch.stack([each[name] for each in windows], 1).flatten(0, 1) for name in windows[0]}
            foreseen = {name: x.unflatten(0, (-1, len(coming))) for name, x in model.foresee(stacked).items()}
        for turn, now in enumerate(coming):
            yield (
                now,
                sequences.inputs(now),
                {name: x[:, turn] for name, x in foreseen.items()},
                sequences.own_frames(turn * frames),
            )


class _Sequences:
    """The frames of all modalities, allocated once, and which of them a step reads and writes."""

    def __init__(
        self,
        model: BaseModel,
        features: Mapping[str, Any],
        seeds: Mapping[str, Any],
        frames: int,
        start: int,
        teacher_forcing: bool,
    ):
        own = () if teacher_forcing else model.feedback
        truth = {w.modality: as_tensor(model, w, features) for w in model.inputs if w.modality not in own}
        past = {w.modality: as_tensor(model, w, seeds) for w in model.outputs if w.modality in seeds}
        self.batched, self.rows = batch_size([*truth.values(), *past.values()])
        self.start, self.frames = start, frames
        self._model, self._own, self._lead = model, own, leading_frames(model)
        # Of each input window the frames of all steps, without a gap: the first step's window begins at 0.
        self._read = {}
        for window in model.inputs:
            first = start - self._lead + window.offset
            stop = max(frames - 1 - self._lead + window.stop, frames)
            if window.modality not in model.feedback:
                self._read[window.modality] = self._joined(between(truth[window.modality], first, stop, window.padding))
                continue
            before = ending(past.get(window.modality), start - first, window)
            true = between(truth[window.modality], start, stop) if teacher_forcing else None
            self._read[window.modality] = self._joined(before, zeros(stop - start, window) if true is None else true)
        self.made = {}
        for window in model.outputs:
            before = ending(past.get(window.modality), start, window)
            self.made[window.modality] = self._joined(before, zeros(frames - start, window))

    def inputs(self, now: int) -> dict[str, Tensor]:
        """The input windows (batch, length, dim) of the step that gives frame `now`."""
        begin = now - self.start
        return {w.modality: self._read[w.modality][:, begin : begin + w.length] for w in self._model.inputs}

    def own_frames(self, newest: int) -> dict[str, int]:
        """How many of the newest frames given are in each window fed back."""
        windows = [window for window in self._model.inputs if window.modality in self._own]
        return {w.modality: min(max(newest - (self._lead - w.stop), 0), w.length) for w in windows}

    def take(self, now: int, fresh: Mapping[str, Tensor]) -> int:
        """Keep the frames of a step, and how many those are: the last step's may be too many."""
        count = min(self.frames - now, *(values.shape[1] for values in fresh.values()))
        for name, values in fresh.items():
            self.made[name][:, now : now + count] = values[:, :count]
        for window in self._model.inputs:
            if window.modality in self._own:
                begin = now - self.start + self._lead - window.offset
                self._read[window.modality][:, begin : begin + count] = fresh[window.modality][:, :count]
        return count

    def _joined(self, *parts: Tensor) -> Tensor:
        """Parts (1 or batch, frames, dim) one after the other, on the model's device."""
        return torch.cat([part.to(device_of(self._model)).expand(self.rows, -1, -1) for part in parts], dim=1)
