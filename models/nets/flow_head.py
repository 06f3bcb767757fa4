"""The distribution of one output window, given the encoded inputs."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from models.flows.bases import Generators
from models.flows.fixed import FixedInverse
from models.flows.flow import Flow
from models.nets.causal import CausalHead, Kept
from models.nets.cross_modal import CrossModalTransformer
from models.windows import Window


@dataclass(frozen=True)
class FlowState:
    """What a roll keeps of a head: the inverse of its flow, and the frames before, where the conditioner is causal."""

    inverse: FixedInverse
    kept: Kept | None


class FlowHead(nn.Module):
    """A flow conditioned on tokens that are made from the encoded inputs.

    With ``mean_dim`` a linear layer (from tokens of that width) reads a mean off the last tokens, as many as the window
    has frames, and the flow is the distribution of what deviates from it. These tokens condition the flow too, or they
    are the mean's ``own``. If no frame depends on those after it, ``grain`` says how many can be sampled apart from
    these, or a multiple of so many; 0 if all depend on all.
    """

    def __init__(
        self,
        window: Window,
        conditioner: CrossModalTransformer | CausalHead,
        flow: Flow,
        mean_dim: int = 0,
        own: bool = True,
        grain: int = 0,
    ):
        super().__init__()
        self.window = window
        self.own = own
        self.grain = grain
        self.conditioner = conditioner
        self.flow = flow
        self.mean = nn.Linear(mean_dim, window.dim) if mean_dim else None

    def condition(self, latent: Tensor) -> tuple[Tensor, Tensor | None]:
        """The conditioning (batch, its frames, dim) and the mean (batch, length, dim), if there is one."""
        return self._read(self.conditioner(latent), self.window.length)

    def _read(self, tokens: Tensor, length: int) -> tuple[Tensor, Tensor | None]:
        if self.mean is None:
            return tokens, None
        frames = tokens.shape[1] - length
        return tokens[:, :frames] if self.own else tokens, self.mean(tokens[:, frames:])

    def log_prob(self, x: Tensor, latent: Tensor, through_mean: bool = True) -> tuple[Tensor, Tensor | None]:
        """The log density of each window in nats, (batch,), and the mean squared error of the mean, if there is one.

        The first windows in training mode set what depends on data. Unless gradients go ``through_mean``, the mean and
        the tokens are constants to the flow.
        """
        conditioning, mean = self.condition(latent)
        rest = x if mean is None else x - mean
        if mean is not None and not through_mean:
            conditioning, rest = conditioning.detach(), x - mean.detach()
        if self.training and not self.flow.initialised:
            self.flow.initialise(rest.detach(), conditioning.detach())
        return self.flow.log_prob(rest, conditioning), None if mean is None else F.mse_loss(mean, x)

    def sample(self, latent: Tensor, temperature: float = 1.0, generator: Generators = None) -> Tensor:
        """Windows (batch, length, dim), one for each row of the latent."""
        conditioning, mean = self.condition(latent)
        shape = (len(latent), self.window.length, self.window.dim)
        rest = self.flow.sample(shape, conditioning, temperature, generator)
        return rest if mean is None else mean + rest

    def sample_step(
        self,
        latent: Tensor,
        state: FlowState | None,
        temperature: float = 1.0,
        generator: Generators = None,
        wanted: int | None = None,
    ) -> tuple[Tensor, FlowState]:
        """`sample` in a roll, at least as many of the first frames as are wanted, and what the next step needs."""
        first = self._first(wanted)
        if isinstance(self.conditioner, CausalHead):
            tokens, kept = self.conditioner.step(latent, None if state is None else state.kept, first)
        else:
            tokens, kept = self.conditioner(latent), None
        conditioning, mean = self._read(tokens, first or self.window.length)
        shape = (len(latent), self.window.length, self.window.dim)
        inverse = self.flow.fixed_inverse(self.window.dim) if state is None else state.inverse
        rest, _ = self.flow.sample_from(shape, conditioning, None, temperature, generator, inverse, first)
        return (rest if mean is None else mean + rest), FlowState(inverse, kept)

    def _first(self, wanted: int | None) -> int | None:
        """How many frames are sampled; None for all."""
        if wanted is None or not self.grain:
            return None
        count = -(-wanted // self.grain) * self.grain
        return count if count < self.window.length else None
