"""MoGlow: a flow over the next frame, whose coupling networks are recurrent."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.base_model import BaseModel
from models.flows.couplings import ChannelCoupling
from models.glow_options import add_glow_options, make_glow
from models.likelihood import bits_per_frame
from models.nets.per_modality import PerModality
from models.nets.sliding import Foreseen, SlidingWindow, SlidingWindows
from models.nets.words import embedded
from models.roll import Step
from models.steps import spanned_steps, step_windows, unfold
from models.windows import Window
from option_values import positive, share


class MoglowModel(BaseModel):
    """Glow over frames, conditioned on the last frames of all inputs (Henter et al., arXiv 1905.06598).

    It trains on windows that span many steps, with the true frames before each as its past and the state of its
    networks carried from step to step; `sample` goes on from the state of the call before. ``inputs`` and ``outputs``
    are the windows of one step. Several outputs are one vector to the flow, which learns how they go together.
    """

    goes_by_steps: ClassVar[bool] = True
    foreseen_rows: ClassVar[int] = 256
    """A step of a batch reads as many weights as that of a single sequence, so several pay for batches too."""
    foreseen_steps: ClassVar[int] = 8
    """The more there are, the more of what is fed back comes late."""

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, *step_windows(inputs, outputs, opt.input_seq_lens, opt.output_seq_lens))
        if not 0 <= opt.history_dropout < 1:
            raise ValueError(f"--history_dropout {opt.history_dropout}: it is a share, from 0 to less than 1")
        self.history_dropout = opt.history_dropout
        self.embeddings = PerModality(
            {window.modality: nn.Embedding(window.num_tokens, window.dim) for window in self.inputs if window.discrete}
        )
        self.flow = make_glow(
            opt,
            dim=sum(window.dim for window in self.outputs),
            conditioning_dim=sum(window.length * window.dim for window in self.inputs),
        )

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes of the networks and the kind of flow."""
        parser.add_argument("--dhid", type=positive, default=512, help="width of the coupling networks")
        parser.add_argument("--dropout", type=share, default=0.1, help="dropout between their layers")
        parser.add_argument(
            "--history_dropout",
            type=share,
            default=0.0,
            help="share of training steps that do not see the frames fed back, so that the other inputs are heard",
        )
        add_glow_options(parser)

    def condition(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """What each step reads, as one vector: {modality: (batch, length, dim)} -> (batch, steps, dim).

        In training mode some steps read zeros in place of what is fed back, the data dropout of the paper.
        """
        return self._read(inputs).written_out()

    def _read(self, inputs: Mapping[str, Tensor]) -> SlidingWindows:
        steps = spanned_steps(self.inputs, inputs)
        parts: list[SlidingWindow | Tensor] = []
        for window in self.inputs:
            x = inputs[window.modality]
            if window.discrete:
                x = embedded(cast("nn.Embedding", self.embeddings[window.modality]), x)
            shown = None
            if self.training and self.history_dropout and window.modality in self.feedback:
                shown = torch.rand_like(x[:, :1, :1].expand(-1, steps, -1)) >= self.history_dropout
            whole = unfold(x, window, steps).flatten(2) if window.single else None
            parts.append(SlidingWindow(x, window.length, shown) if whole is None else whole)
        return SlidingWindows(parts)

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The negative log likelihood in bits per frame; of several outputs, that of all together."""
        read = self._read({window.modality: batch[f"in_{window.modality}"] for window in self.inputs})
        x = torch.cat([batch[f"out_{window.modality}"] for window in self.outputs], dim=-1)
        # On processors most of the time would go into reading what is written out; elsewhere fused networks need it.
        conditioning = read if x.device.type == "cpu" else read.written_out()
        if self.training and not self.flow.initialised:
            self.flow.initialise(x, conditioning)
        bits = bits_per_frame(self.flow.log_prob(x, conditioning), x.shape[1])
        return {"loss": bits, **{f"nll_{window.modality}": bits for window in self.outputs if len(self.outputs) == 1}}

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The frame after the inputs, or as many frames as the inputs span steps, and the state of the networks."""
        conditioning = self.condition(inputs)
        dims = [window.dim for window in self.outputs]
        shape = (*conditioning.shape[:2], sum(dims))
        x, state = self.flow.sample_from(shape, conditioning, state, temperature, generator)
        parts = x.split(dims, dim=-1)
        return {window.modality: part for window, part in zip(self.outputs, parts, strict=True)}, state

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
        """`sample` by what is foreseen; the state is the inverse of the flow, made once, and that of the networks."""
        conditioning: Any = self._foreseen(inputs, step) if step.foreseen else self.condition(inputs)
        dims = [window.dim for window in self.outputs]
        inverse, before = state or (self.flow.fixed_inverse(sum(dims)), None)
        steps = spanned_steps(self.inputs, inputs)
        shape = (len(next(iter(inputs.values()))), steps, sum(dims))
        x, after = self.flow.sample_from(shape, conditioning, before, temperature, generator, inverse)
        parts = x.split(dims, dim=-1)
        return {window.modality: part for window, part in zip(self.outputs, parts, strict=True)}, (inverse, after)

    @torch.no_grad()
    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the first layer of each network gets of the windows of one step: most of the work, in one product."""
        weights = self._readings()
        if not weights:
            return {}
        read = self.condition(inputs)
        with torch.autocast(read.device.type, enabled=False):
            return {"projected": torch.stack([F.linear(read, weight.to(read)) for weight in weights], dim=1)}

    def _foreseen(self, inputs: Mapping[str, Tensor], step: Step) -> Foreseen:
        """What a step reads, most of it foreseen, and the newest frames fed back, which were not."""
        late, column = [], 0
        for window in self.inputs:
            column += window.length * window.dim
            if count := step.unforeseen.get(window.modality, 0):
                late.append((column - count * window.dim, inputs[window.modality][:, -count:].flatten(1).unsqueeze(1)))
        return Foreseen.by(self._readings(), step.foreseen["projected"].unbind(1), late)

    def _readings(self) -> list[Tensor]:
        """Of each coupling's network the weight that reads the conditioning; none where it is not apart."""
        couplings = [each for each in self.flow.transform.transforms if isinstance(each, ChannelCoupling)]
        weights = [cast("Tensor | None", coupling.net.reading) for coupling in couplings]
        return [weight for weight in weights if weight is not None]
