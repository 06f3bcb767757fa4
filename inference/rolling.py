"""One step after another: sample a window, keep its new frames, cross-fade what two windows both predict."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.base_model import BaseModel
from models.compiler import require_compiler
from models.nets.flow_head import FlowHead
from models.nets.transformer import SHORT, EncoderLayer
from models.roll import Step

Blend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Given two predictions of the same frames, (batch, frames, dim), and the share of the second one, (frames, 1)."""

LAP = 4
"""Windows after windows share this part of their frames, which are cross-faded: without it, seams are seen."""
PRECISIONS = ("32", "bf16")


@dataclass(frozen=True)
class Manner:
    """How a model is rolled forward.

    `generators` has one for each row of the batch; `blends` says how to mix two predictions of a modality, linearly if
    it does not.
    """

    temperature: float = 1.0
    generators: torch.Generator | Sequence[torch.Generator] | None = None
    blends: Mapping[str, Blend] | None = None
    precision: str = "32"


class Roller:
    """Takes the steps of one roll: `state` and what is left of the last prediction go from one to the next.

    A step uses `frames` new frames. Where the model predicts more, up to `frames` - 1 of those left over are
    predicted again by the next step; from frame to frame the new prediction gets a larger share of the mixture.
    """

    def __init__(self, model: BaseModel, frames: int | None, manner: Manner, state: Any = None):
        self.lead = leading_frames(model)
        self.frames = _frames_per_step(model, frames)
        self._overlap = min(self.frames - 1, most_frames_at_a_time(model) - self.frames)
        self._model, self._manner, self._state = model, manner, state
        self._left: dict[str, Tensor] = {}
        self._moved = 0

    def step(
        self,
        inputs: Mapping[str, Tensor],
        foreseen: Mapping[str, Tensor] | None = None,
        unforeseen: Mapping[str, int] | None = None,
    ) -> dict[str, Tensor]:
        """The new frames, {modality: (batch, frames, dim)}, that follow from the input windows of the next step."""
        manner = self._manner
        stop = self.lead + self.frames + self._overlap
        step = Step(self._moved, stop, foreseen or {}, unforeseen or {})
        predicted, self._state = self._model.sample_step(
            inputs, step, temperature=manner.temperature, generator=manner.generators, state=self._state
        )
        self._moved = self.frames
        fresh = {}
        for window in self._model.outputs:
            name = window.modality
            values = predicted[name][:, self.lead - window.offset :].to(
                torch.long if window.discrete else torch.float32
            )
            new = values[:, : self.frames]
            if self._overlap and not window.discrete:
                new = self._faded(name, new)
                self._left[name] = values[:, self.frames : self.frames + self._overlap]
            fresh[name] = new
        return fresh

    def _faded(self, name: str, new: Tensor) -> Tensor:
        """The new frames, those that the step before predicted too mixed with what it predicted."""
        if name not in self._left:
            return new
        count = self._overlap
        share = torch.arange(1, count + 1, device=new.device)[:, None] / (count + 1)
        blend = (self._manner.blends or {}).get(name, torch.lerp)
        return torch.cat([blend(self._left[name], new[:, :count], share), new[:, count:]], dim=1)


def rounded(model: BaseModel, precision: str, rows: int = 1) -> BaseModel:
    """The model as it computes with this precision, one of `PRECISIONS`; a model of its own unless that is "32".

    In bf16 the weights of linear layers have 8 bits' precision, and so has what they multiply; sums are float32.
    Everything else, the flows' own arithmetic and recurrent networks too, stays float32, and so do the couplings of
    windows where ``rows`` of them have so few frames that it would be no faster.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"--precision {precision}: there is {' and '.join(PRECISIONS)}")
    if precision == "32":
        return model
    heads = [each for each in model.modules() if isinstance(each, FlowHead)]
    short = {part for head in heads if rows * head.window.length <= SHORT for part in head.flow.modules()}
    taken: dict[int, Any] = {}  # what stands in the copy for each tensor: the rounded one, or the very same
    for module in model.modules():
        less = isinstance(module, nn.Linear) and module not in short
        for weight in module.parameters(recurse=False):
            taken[id(weight)] = nn.Parameter(weight.to(torch.bfloat16), requires_grad=False) if less else weight
        taken |= {id(buffer): buffer for buffer in module.buffers(recurse=False)}
    return deepcopy(model, taken)


def compiled(model: BaseModel) -> None:
    """Let torch translate the layers of transformers for this machine, when they are first used with a shape.

    The model gives the same but for rounding. ValueError if there is no compiler of C++ where one is needed.
    """
    if device_of(model).type == "cpu":
        require_compiler()
    for layer in model.modules():
        if isinstance(layer, EncoderLayer) and layer._compiled_call_impl is None:
            layer.compile(dynamic=False)


def arithmetic(model: BaseModel, precision: str) -> AbstractContextManager[Any]:
    """The context in which a `rounded` model computes."""
    if precision == "32":
        return nullcontext()
    return torch.autocast(device_of(model).type, torch.bfloat16, cache_enabled=False)


def device_of(model: BaseModel) -> torch.device:
    """Where a model's weights are."""
    return next(model.parameters(), torch.empty(0)).device


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


def one_for_each(rows: int, generator: torch.Generator | Sequence[torch.Generator] | None) -> Any:
    """The generators of the rows, or the only one; ValueError if there are not as many."""
    if generator is None:
        return None
    generators = (generator,) if isinstance(generator, torch.Generator) else tuple(generator)
    if len(generators) != rows:
        raise ValueError(f"{len(generators)} generators were given for a batch of {rows}: it takes one for each row")
    return generators[0] if rows == 1 else generators


def _frames_per_step(model: BaseModel, wanted: int | None) -> int:
    most = most_frames_at_a_time(model)
    usual = most - most // LAP if model.goes_by_windows else 1 if model.feedback else most
    step = usual if wanted is None else wanted
    if not 1 <= step <= most:
        raise ValueError(f"--frames_per_step {step}: the model predicts {most} new frames at a time, so 1 to {most}")
    return step
