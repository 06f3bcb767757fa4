"""AdvSeq2Seq: a seq2seq gesture model that also has to pass for real before a discriminator."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from models import create_model
from models.base_model import BaseModel
from models.base_seq2seq import BaseSeq2Seq
from models.gesture_loss import gesture_losses
from models.nets.discriminator import PoseDiscriminator
from models.roll import Step
from models.sub_options import options_below
from models.windows import Window
from option_values import not_negative, positive


class Advseq2seqModel(BaseModel):
    """``--generator_model`` (contextseq2seq or wordsseq2seq) against a discriminator of pose sequences.

    The discriminator judges the predicted frames behind the previous poses, so that a seam shows, beside the sound of
    the same frames. Both play for the non-saturating logistic loss (Goodfellow et al., arXiv 1406.2661), regularised by
    R1, the squared gradient of the discriminator's logits at real poses (Mescheder et al., arXiv 1801.04406). With it
    the game converges locally where unregularised GANs and those with WGAN-GP go in circles, though both players
    move at once, one step each; so one optimiser trains both, and a run resumes exactly. Each player's terms reach its
    own weights only, and an adaptive optimiser does not care that the terms are added up; but clipping by the norm of
    all gradients (``--gradient_clip_val``) ties the length of one player's step to the other's.

    A generator without noise cannot give every likely motion, it is to give one that is. Its own loss, of which the
    game is ``--adversarial_weight``, keeps it at the recorded one. Validation measures the generator's loss alone: what
    discriminators of different epochs say cannot be compared.
    """

    goes_by_windows: ClassVar[bool] = True
    predicts: ClassVar[bool] = True
    foreseen_rows: ClassVar[int] = BaseSeq2Seq.foreseen_rows
    sub_models = {"generator_": "generator_model"}  # noqa: RUF012

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        generator = create_model(options_below(opt, "generator_"), inputs, outputs)
        if not isinstance(generator, BaseSeq2Seq):
            raise ValueError(f"--generator_model {opt.generator_model}: give contextseq2seq or wordsseq2seq")
        self.generator = generator
        self.windows = generator.windows
        self.adversarial_weight, self.gradient_penalty = opt.adversarial_weight, opt.gradient_penalty
        self.discriminator = PoseDiscriminator(self.windows.pose_dim, self.windows.sound_dim, opt.discriminator_hidden)

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Which generator, and the game that it plays."""
        add = parser.add_argument
        add("--generator_model", default="wordsseq2seq", help="the generator: contextseq2seq or wordsseq2seq")
        add(
            "--adversarial_weight",
            type=not_negative,
            default=0.1,
            help="weight of the discriminator's word for the generator",
        )
        add(
            "--gradient_penalty",
            type=not_negative,
            default=1.0,
            help="weight of R1, the discriminator's squared gradient",
        )
        add("--discriminator_hidden", type=positive, default=128, help="width of the discriminator")

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The generator's output windows: {modality: (batch, length, dim)}."""
        return self.generator(inputs)

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The generator's loss and, in training, the terms of both players."""
        inputs = {window.modality: batch[f"in_{window.modality}"] for window in self.inputs}
        prediction = torch.cat(list(self.generator(inputs).values()), dim=-1)
        target = self.windows.target(batch)
        parts = gesture_losses(prediction, target, self.generator.alpha, self.generator.beta)
        if not (self.training and torch.is_grad_enabled()):
            return parts
        with torch.autocast(prediction.device.type, enabled=False):
            game = self._game(inputs, prediction.to(target.dtype), target)
        played = self.adversarial_weight * game["fooling"] + game["telling"] + self.gradient_penalty / 2 * game["r1"]
        return {**parts, **game, "loss": parts["loss"] + played}

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The generator's prediction."""
        return self.generator.sample(inputs, temperature=temperature, generator=generator, state=state)

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
        """The generator's."""
        return self.generator.sample_step(inputs, step, temperature=temperature, generator=generator, state=state)

    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the generator foresees."""
        return self.generator.foresee(inputs)

    def _game(self, inputs: Mapping[str, Tensor], prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """What the generator loses by not fooling the discriminator, what this loses by not telling, and R1."""
        before, sound = self.windows.poses_before(inputs), self._sound_of_frames(inputs)
        frozen = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}

        def judged(poses: Tensor, weights: dict[str, Tensor] | None = None) -> Tensor:
            sequence = (torch.cat([before, poses], dim=1), sound)
            judge = self.discriminator
            logits = judge(*sequence) if weights is None else torch.func.functional_call(judge, weights, sequence)
            return logits[:, -poses.shape[1] :]

        real = target.detach().requires_grad_()
        real_logits = judged(real)
        [slope] = torch.autograd.grad(real_logits.mean(1).sum(), real, create_graph=True)
        return {
            "fooling": F.softplus(-judged(prediction, frozen)).mean(),
            "telling": F.softplus(judged(prediction.detach())).mean() + F.softplus(-real_logits).mean(),
            "r1": slope.square().sum((1, 2)).mean(),
        }

    def _sound_of_frames(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The sound of the previous and the predicted frames, (batch, time, sound_dim); the nearest where none is."""
        heard = self.windows.heard(inputs)
        first, stop = self.windows.before[0].offset, self.windows.poses[0].stop
        frames = torch.arange(first, stop, device=heard.device) - self.windows.sound[0].offset
        return heard[:, frames.clamp(0, heard.shape[1] - 1)]
