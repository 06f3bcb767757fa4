"""What every model promises: options, a loss for a batch of windows, and samples."""

import argparse
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from models.roll import Step
from models.windows import Window


class BaseModel(nn.Module, ABC):
    """A network with a loss, that knows the windows it reads (``inputs``) and those it gives (``outputs``).

    A subclass is found by its file, ``models/foo_model.py`` holding ``FooModel``, and is built from the resolved
    options; below its constructor only named numbers are passed on. Training, devices and logging are none of its
    business: see ``training.module``.
    """

    order_sensitive: ClassVar[bool] = True
    """Whether the order of an input's frames matters to the loss."""
    generates: ClassVar[bool] = True
    """Whether the model can be rolled forward over a sequence."""
    goes_by_windows: ClassVar[bool] = False
    """Whether a roll keeps most new frames of a prediction even where they are fed back; else it keeps one."""
    goes_by_steps: ClassVar[bool] = False
    """Whether the windows are those of a step of one frame, and `losses` takes longer ones, that span any number."""
    foreseen_rows: ClassVar[int] = 8
    """So many windows, of all sequences of a batch together, a roll gives to `foresee` at a time.

    More of them fill a processor better and take more memory.
    """
    foreseen_steps: ClassVar[int] = 512
    """So many steps of a sequence a roll gives to `foresee` at a time at most."""
    predicts: ClassVar[bool] = False
    """Whether a call with inputs gives {output modality: (batch, length, dim)}, through which gradients flow."""
    gives_tokens: ClassVar[bool] = False
    """Whether the outputs may be discrete."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names that find this model."""
    sub_models: ClassVar[dict[str, str]] = {}
    """Option prefix -> the option that names a model held inside this one."""

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__()
        if not self.gives_tokens and (discrete := [window.modality for window in outputs if window.discrete]):
            raise ValueError(
                f"{', '.join(discrete)}: {opt.model} gives numbers, not words or labels; leave that out of "
                "--output_modalities, or set its --output_num_tokens to 0"
            )
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Add the options that this class reads to an argparse group."""

    @abstractmethod
    def losses(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The scalar ``loss`` to minimise and any parts of it worth a curve of their own.

        ``batch`` holds ``in_<modality>`` and ``out_<modality>``, each (batch, time, dim); it is not written to.
        """

    @abstractmethod
    def sample(
        self,
        inputs: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """The output windows that follow from the input windows, and the state for the next call.

        ``inputs`` maps each input modality (without ``in_``) to (batch, length, dim); the result maps each output
        modality to (batch, length, dim). ``generator`` is one for all or one for each row of the batch, so that a row's
        sample does not depend on the others. A deterministic model ignores ``temperature`` and ``generator``; a model
        without recurrent state returns None for it.
        """

    def sample_step(
        self,
        inputs: Mapping[str, Tensor],
        step: Step,
        *,
        temperature: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        state: Any = None,
    ) -> tuple[dict[str, Tensor], Any]:
        """`sample` in a roll, all steps of which are made with the same weights.

        A model that can spare work there overrides it: by computing no more frames than ``step`` asks for, by what it
        has foreseen, and by what it keeps in the state. The frames are the same but for rounding.
        """
        return self.sample(inputs, temperature=temperature, generator=generator, state=state)

    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What a step can have computed before its turn, together with other steps: name -> (batch, ...).

        ``inputs`` are its windows as far as they are known: frames still to be fed back are zeros.
        """
        return {}

    @property
    def feedback(self) -> tuple[str, ...]:
        """The modalities that are both read and given: generation feeds them back."""
        given = {window.modality for window in self.outputs}
        return tuple(window.modality for window in self.inputs if window.modality in given)
