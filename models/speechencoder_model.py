"""SpeechEncoder: the code of each frame's pose from the sound around it, through a trained autoencoder's decoder."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import create_model
from models.base_autoencoder import BaseAutoencoder
from models.base_model import BaseModel
from models.nets.context import ContextEncoder
from models.poses import joined
from models.roll import Step
from models.sub_options import options_below
from models.windows import Window
from option_values import positive


class SpeechencoderModel(BaseModel):
    """Learns the codes that ``--pose_model`` (dae or vae, its options with the prefix pose_) has for poses.

    It is the system of Kucherenko et al. (2019) as FineMotion rebuilt it for GENEA 2020; generating goes through the
    pose model's decoder. Its windows, for n poses: sound of length n + c - 1, of which frame i reads the c frames from
    i on (c = 61 with --input_time_offsets -30 from the output's). Neither words nor previous poses are read.

    The pose model is trained first and named by ``--pose_checkpoint``, the file or the folder of its run; it stays as
    it is. Without one it is trained along, by its own loss beside the error of the codes.
    """

    sub_models = {"pose_": "pose_model"}  # noqa: RUF012
    foreseen_rows: ClassVar[int] = 512

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        pose_model = create_model(options_below(opt, "pose_"), (), outputs)
        if not isinstance(pose_model, BaseAutoencoder):
            raise ValueError(f"--pose_model {opt.pose_model} has no codes; dae and vae have")
        self.pose_model = pose_model
        self.trains_poses = not opt.pose_checkpoint
        self.pose_model.requires_grad_(self.trains_poses)
        read = {window.modality for window in outputs}
        self.sound = tuple(each for each in self.inputs if each.modality not in read and not each.discrete)
        self.context = ContextEncoder(sum(each.dim for each in self.sound), opt.encoder_hidden, self._context())
        self.out = nn.Linear(opt.encoder_hidden, self.pose_model.code_dim)

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """The width, and where the pose model comes from."""
        parser.add_argument("--encoder_hidden", type=positive, default=150, help="width of the speech encoder")
        parser.add_argument("--pose_model", default="dae", help="the autoencoder whose codes are learned: dae or vae")
        parser.add_argument("--pose_checkpoint", default="", help="checkpoint or run of it; empty: train it along")

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The codes (batch, frames, code_dim) of {modality: (batch, frames + context - 1, dim)}."""
        return self.out(self.context(joined(self.sound, inputs)))

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The mean squared error of the codes, and the pose model's own loss where it is trained along."""
        codes = self({window.modality: batch[f"in_{window.modality}"] for window in self.sound})
        with torch.no_grad():
            wanted = self.pose_model.encode({each.modality: batch[f"out_{each.modality}"] for each in self.outputs})
        error = F.mse_loss(codes, wanted)
        if not self.trains_poses:
            return {"loss": error}
        rebuilding = self.pose_model.losses(batch)["loss"]
        return {"loss": error + rebuilding, "codes": error, "poses": rebuilding}

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The decoded codes; there is nothing random in them."""
        return self.foresee(inputs), None

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
        """The poses that were foreseen; they follow from the sound alone."""
        return dict(step.foreseen) or self.foresee(inputs), None

    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The decoded codes."""
        return self.pose_model.decode(self(inputs))

    def _context(self) -> int:
        """How many frames of sound each pose follows from; ValueError if the windows do not give it."""
        frames = {window.length for window in self.outputs}
        heard = {(window.length, window.offset) for window in self.sound if not window.single}
        if len(frames) != 1 or len(heard) != 1:
            raise ValueError(
                "speechencoder reads sound: name one audio feature in --input_modalities, or several with the same "
                "--input_lengths and --input_time_offsets, and outputs of one length"
            )
        context = min(heard)[0] - min(frames) + 1
        if context < 1:
            raise ValueError(
                f"--input_lengths gives {min(heard)[0]} frames of sound for --output_lengths {min(frames)}; the output "
                "and the context around it are wanted"
            )
        return context
