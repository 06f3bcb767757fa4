"""What the seq2seq gesture models have in common: all but their encoders."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from models.base_model import BaseModel
from models.gesture_loss import gesture_losses
from models.gesture_windows import GestureWindows
from models.nets.seq2seq import AttentiveDecoder, Memory
from models.roll import Step


class BaseSeq2Seq(BaseModel):
    """An encoder, which is a subclass's own, of what does not depend on the poses, and a decoder that starts from them.

    The prediction is deterministic and a window long; nothing of the target is fed to the decoder in training either.
    """

    goes_by_windows: ClassVar[bool] = True
    predicts: ClassVar[bool] = True
    foreseen_rows: ClassVar[int] = 48
    windows: GestureWindows
    decoder: AttentiveDecoder
    alpha: float
    beta: float

    @abstractmethod
    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the encoders make of sound and words.

        ``states`` (batch, slots, dim) and ``last`` (batch, dim) of the sound; where words are attended to on their own,
        ``words`` (batch, width, dim) and where there are any, ``present`` (batch, width).
        """

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The predicted output windows: {modality: (batch, length, dim)}."""
        return self.windows.parted(self._decoded(inputs, self.foresee(inputs), self.windows.frames))

    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The loss of the prediction and its parts, see `gesture_losses`."""
        inputs = {window.modality: batch[f"in_{window.modality}"] for window in self.inputs}
        prediction = self._decoded(inputs, self.foresee(inputs), self.windows.frames)
        return gesture_losses(prediction, self.windows.target(batch), self.alpha, self.beta)

    @torch.no_grad()
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The prediction; there is nothing random in it."""
        return self(inputs), None

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
        """The wanted part of the prediction, from what was encoded before its turn."""
        encoded = step.foreseen or self.foresee(inputs)
        frames = step.wanted(self.outputs[0].offset, self.windows.frames)
        return self.windows.parted(self._decoded(inputs, encoded, frames)), None

    def _decoded(self, inputs: Mapping[str, Tensor], encoded: Mapping[str, Tensor], frames: int) -> Tensor:
        memories = [Memory(encoded["states"])]
        if "words" in encoded:
            memories.append(Memory(encoded["words"], encoded["present"]))
        return self.decoder(self.windows.poses_before(inputs), encoded["last"], memories, frames)
