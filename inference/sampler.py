"""Roll a model forward over a sequence: windows in, the next frames out, and those fed back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.base_model import BaseModel
from models.windows import Window


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
    teacher_forcing: bool = False,
    state: Any = None,
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
            where there are too many, the first one repeated where there are too few, zeros where there is no seed.
        frames: how many to give, those before `start` included.
        start: the first frame to generate; the output before it is the end of the seed.
        temperature: scale of the randomness.
        generator: the source of the randomness, one for each row of the batch.
        frames_per_step: how many of the predicted frames are used at a time; by default 1 where the model reads what
            it gave, else all.
        teacher_forcing: let the model read the true frames in `features` in place of its own.
        state: recurrent state to start from.
        progress: called with the number of new frames after each step.

    Returns:
        modality -> (frames, dim), or (batch, frames, dim) where features or seeds have a batch axis.

    Raises:
        ValueError: if a modality is missing or of another dimension than the model's, if batch sizes differ, or if
            `frames_per_step` is more than the model predicts.
    """
    roll = _Roll(model, features, seeds or {}, frames, start, frames_per_step, teacher_forcing)
    generators = _one_for_each(roll.rows, generator)
    was_training = model.training
    model.eval()
    try:
        for now in roll.steps:
            predicted, state = model.sample(
                roll.inputs(now), temperature=temperature, generator=generators, state=state
            )
            fresh = roll.take(now, predicted)
            if progress:
                progress(fresh)
    finally:
        model.train(was_training)
    return roll.made if roll.batched else {modality: values[0] for modality, values in roll.made.items()}


def leading_frames(model: BaseModel) -> int:
    """Frames from a window's anchor to the first frame that is new: not yet known where the output is fed back."""
    known = {window.modality: window.stop for window in model.inputs}
    return max(max(window.offset, known.get(window.modality, window.offset)) for window in model.outputs)


def most_frames_at_a_time(model: BaseModel) -> int:
    """How many new frames one call of the model gives; a ValueError says so if there is none."""
    lead = leading_frames(model)
    most = min(window.stop for window in model.outputs) - lead
    if most < 1:
        outputs = ", ".join(f"{window.modality} [{window.offset}, {window.stop})" for window in model.outputs)
        raise ValueError(f"the outputs {outputs} hold no new frame: the first is {lead}; raise --output_time_offsets")
    return most


class _Roll:
    """The frames of all modalities, allocated once, and which of them a step reads and writes."""

    def __init__(
        self,
        model: BaseModel,
        features: Mapping[str, Any],
        seeds: Mapping[str, Any],
        frames: int,
        start: int,
        frames_per_step: int | None,
        teacher_forcing: bool,
    ):
        own = () if teacher_forcing else model.feedback
        truth = {w.modality: _tensor(model, w, features) for w in model.inputs if w.modality not in own}
        past = {w.modality: _tensor(model, w, seeds) for w in model.outputs if w.modality in seeds}
        self.batched, self.rows = _batch([*truth.values(), *past.values()])
        self.steps = range(start, frames, _step(model, frames_per_step))
        self._model, self._own, self._lead, self._start, self._frames = model, own, leading_frames(model), start, frames
        last = self.steps[-1] if self.steps else start
        # Of each input window the frames of all steps, without a gap: the first step's window begins at 0.
        self._read = {}
        for window in model.inputs:
            first, stop = start - self._lead + window.offset, max(last - self._lead + window.stop, frames)
            if window.modality not in model.feedback:
                self._read[window.modality] = self._joined(
                    _between(truth[window.modality], first, stop, window.padding)
                )
                continue
            before = _ending(past.get(window.modality), start - first, window)
            true = _between(truth[window.modality], start, stop) if teacher_forcing else None
            self._read[window.modality] = self._joined(before, _zeros(stop - start, window) if true is None else true)
        self.made = {}
        for window in model.outputs:
            before = _ending(past.get(window.modality), start, window)
            self.made[window.modality] = self._joined(before, _zeros(frames - start, window))

    def inputs(self, now: int) -> dict[str, Tensor]:
        """The input windows (batch, length, dim) of the step that gives frame `now`."""
        begin = now - self._start
        return {w.modality: self._read[w.modality][:, begin : begin + w.length] for w in self._model.inputs}

    def take(self, now: int, predicted: Mapping[str, Tensor]) -> int:
        """Keep the new frames of the predicted windows, and how many those are."""
        fresh = min(self.steps.step, self._frames - now)
        for window in self._model.outputs:
            values = predicted[window.modality][:, self._lead - window.offset :][:, :fresh]
            self.made[window.modality][:, now : now + fresh] = values
        for window in self._model.inputs:
            if window.modality in self._own:
                begin = now - self._start + self._lead - window.offset
                self._read[window.modality][:, begin : begin + fresh] = self.made[window.modality][:, now : now + fresh]
        return fresh

    def _joined(self, *parts: Tensor) -> Tensor:
        """Parts (1 or batch, frames, dim) one after the other, on the model's device."""
        device = next(self._model.parameters(), torch.empty(0)).device
        return torch.cat([part.to(device).expand(self.rows, -1, -1) for part in parts], dim=1)


def _step(model: BaseModel, wanted: int | None) -> int:
    most = most_frames_at_a_time(model)
    step = (1 if model.feedback else most) if wanted is None else wanted
    if not 1 <= step <= most:
        raise ValueError(f"--frames_per_step {step}: the model predicts {most} new frames at a time, so 1 to {most}")
    return step


def _tensor(model: BaseModel, window: Window, arrays: Mapping[str, Any]) -> Tensor:
    """The array of a window's modality as (batch, frames, dim), or (frames, dim) where it has no batch axis."""
    if window.modality not in arrays:
        raise ValueError(f"{type(model).__name__} needs {window.modality}, got {', '.join(arrays) or 'nothing'}")
    values = torch.as_tensor(arrays[window.modality], dtype=torch.long if window.discrete else torch.float32)
    dim = 1 if window.discrete else window.dim
    if values.dim() not in (2, 3) or values.shape[-1] != dim or not values.shape[-2]:
        raise ValueError(f"{window.modality} is {tuple(values.shape)}; the model wants (frames, {dim})")
    return values[..., :1, :] if window.single else values


def _batch(arrays: Sequence[Tensor]) -> tuple[bool, int]:
    """Whether any of the arrays has a batch axis, and the size of the batch."""
    sizes = {len(values) for values in arrays if values.dim() == 3}
    if len(sizes) > 1:
        raise ValueError(f"features and seeds come in batches of different sizes, {sorted(sizes)}")
    return bool(sizes), max(sizes, default=1)


def _between(values: Tensor, first: int, stop: int, padding: Sequence[float] = ()) -> Tensor:
    """Frames [first, stop) of an array, continued in both directions by padding, else by its first and last frame."""
    index = torch.arange(first, max(stop, first), device=values.device)
    inside = index.clamp(0, values.shape[-2] - 1)
    found = values.index_select(-2, inside)
    if padding:
        found[..., index != inside, :] = torch.tensor(padding, dtype=values.dtype, device=values.device)
    return found


def _ending(values: Tensor | None, count: int, window: Window) -> Tensor:
    """The last `count` frames of an array, its first frame repeated where it is shorter; zeros where there is none."""
    if values is None:
        return _zeros(count, window)
    return _between(values, values.shape[-2] - count, values.shape[-2])


def _zeros(count: int, window: Window) -> Tensor:
    dim, dtype = (1, torch.long) if window.discrete else (window.dim, torch.float32)
    return torch.zeros(max(count, 0), dim, dtype=dtype)


def _one_for_each(rows: int, generator: torch.Generator | Sequence[torch.Generator] | None) -> Any:
    if generator is None:
        return None
    generators = (generator,) if isinstance(generator, torch.Generator) else tuple(generator)
    if len(generators) != rows:
        raise ValueError(f"{len(generators)} generators were given for a batch of {rows}: it takes one for each row")
    return generators[0] if rows == 1 else generators
