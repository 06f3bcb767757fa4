"""What models with a flow over each output window have in common when they generate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor

from models.base_model import BaseModel
from models.encoding import Encoders, encode, foresee, serves
from models.flows.bases import Generators
from models.nets.flow_head import FlowHead, FlowState
from models.nets.per_modality import PerModality
from models.roll import Step
from models.windows import Window


@dataclass(frozen=True)
class RollState:
    """What a roll keeps from step to step, of the encoders and of the head of each output."""

    encoders: Any
    heads: Mapping[str, FlowState]


def sample_windows(
    encoders: Encoders,
    heads: PerModality,
    inputs: Mapping[str, Tensor],
    step: Step,
    state: RollState | None,
    temperature: float,
    generator: Generators,
) -> tuple[dict[str, Tensor], RollState]:
    """A sample of each head's frames that are read, {modality: (batch, frames, dim)}, and what the next step needs."""
    if state is not None and not serves(encoders, step):
        state = RollState(None, {name: replace(head, kept=None) for name, head in state.heads.items()})
    latent, encoded = encode(encoders, inputs, step, None if state is None else state.encoders)
    samples, after = {}, {}
    for name, head in cast("list[tuple[str, FlowHead]]", heads.items()):
        before = None if state is None else state.heads[name]
        wanted = step.wanted(head.window.offset, head.window.length)
        samples[name], after[name] = head.sample_step(latent, before, temperature, generator, wanted)
    return samples, RollState(encoded, after)


class WindowFlowModel(BaseModel):
    """Encoders of the inputs and, for each output window, a flow that they condition: how such a model generates."""

    encoders: Encoders
    heads: PerModality

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """One sample of the output windows for each row; ``temperature`` multiplies the flow's base sample."""
        latent = self.encoders(inputs)
        return {window.modality: head.sample(latent, temperature, generator) for window, head in self.each_head()}, None

    @torch.no_grad()
    def sample_step(
        self,
        inputs: Mapping[str, Tensor],
        step: Step,
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """`sample` by what is foreseen, the flow's inverse made once, and, if causal, the frames before kept."""
        return sample_windows(self.encoders, self.heads, inputs, step, state, temperature, generator)

    @torch.no_grad()
    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The encodings of what is not fed back."""
        return foresee(self.encoders, inputs, self.feedback)

    def each_head(self) -> list[tuple[Window, FlowHead]]:
        """Each output window and its head."""
        return [(window, cast("FlowHead", self.heads[window.modality])) for window in self.outputs]
