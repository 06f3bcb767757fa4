"""What models with a flow over each output window have in common when they generate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from torch import Tensor

from models.encoding import Encoders, encode, serves
from models.flows.bases import Generators
from models.nets.flow_head import FlowHead, FlowState
from models.nets.per_modality import PerModality
from models.roll import Step


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
    """A sample of each head's window, {modality: (batch, length, dim)}, and what the next step needs of this one."""
    if state is not None and not serves(encoders, step):
        state = RollState(None, {name: replace(head, kept=None) for name, head in state.heads.items()})
    latent, encoded = encode(encoders, inputs, step, None if state is None else state.encoders)
    samples, after = {}, {}
    for name, head in heads.items():
        before = None if state is None else state.heads[name]
        samples[name], after[name] = cast("FlowHead", head).sample_step(latent, before, temperature, generator)
    return samples, RollState(encoded, after)
