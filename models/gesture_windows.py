"""Which windows are previous poses, sound and words, for the models that give gestures a window at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.windows import Window


@dataclass(frozen=True)
class GestureWindows:
    """The windows of such a model by what they are for.

    ``poses`` are the outputs and ``before`` the same modalities just before them; ``sound`` are all inputs of numbers
    that are not fed back, side by side; ``words`` is one input of tokens, or none.
    """

    poses: tuple[Window, ...]
    before: tuple[Window, ...]
    sound: tuple[Window, ...]
    words: Window | None

    @property
    def frames(self) -> int:
        """How many frames are predicted."""
        return self.poses[0].length

    @property
    def sound_frames(self) -> int:
        """How many frames of sound are read."""
        return self.sound[0].length

    @property
    def pose_dim(self) -> int:
        """The numbers of a predicted frame."""
        return sum(window.dim for window in self.poses)

    @property
    def sound_dim(self) -> int:
        """The numbers of a frame of sound."""
        return sum(window.dim for window in self.sound)

    def poses_before(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The previous poses, (batch, time, pose_dim), of {modality: (batch, time, dim)}."""
        return torch.cat([inputs[window.modality] for window in self.before], dim=-1)

    def heard(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The sound, (batch, sound_frames, sound_dim), of {modality: (batch, time, dim)}."""
        return torch.cat([inputs[window.modality] for window in self.sound], dim=-1)

    def target(self, batch: Mapping[str, Tensor]) -> Tensor:
        """What is to be predicted, (batch, frames, pose_dim), of a batch of training."""
        return torch.cat([batch[f"out_{window.modality}"] for window in self.poses], dim=-1)

    def parted(self, x: Tensor) -> dict[str, Tensor]:
        """A prediction (batch, time, pose_dim) by modality."""
        parts = x.split([window.dim for window in self.poses], dim=-1)
        return {window.modality: part for window, part in zip(self.poses, parts, strict=True)}


def gesture_windows(inputs: Sequence[Window], outputs: Sequence[Window]) -> GestureWindows:
    """Sort the windows of a model by what they are for; ValueError saying which options would make them fit."""
    given = {window.modality: window for window in outputs}
    _check_equal(outputs, "output", "outputs")
    before = {window.modality: window for window in inputs if window.modality in given}
    for name, output in given.items():
        if name not in before:
            raise ValueError(f"{name}: the frames before it are read too; name it in --input_modalities as well")
        if before[name].stop != output.offset:
            raise ValueError(
                f"{name}: the input ends at frame {before[name].stop}, the output begins at {output.offset}; set "
                f"--input_time_offsets to {output.offset - before[name].length} for it, or give --previous_poses"
            )
    _check_equal(list(before.values()), "input", "the frames before the outputs")
    sound = tuple(window for window in inputs if window.modality not in given and not window.discrete)
    if not sound or any(window.single for window in sound):
        raise ValueError("this model reads sound: name an audio feature in --input_modalities")
    _check_equal(sound, "input", "the inputs of sound")
    return GestureWindows(tuple(outputs), tuple(before[name] for name in given), sound, _words(inputs))


def check_context(windows: GestureWindows) -> int:
    """How many frames of sound each predicted frame reads; ValueError if there are not enough."""
    context = windows.sound_frames - windows.frames + 1
    if context < 1:
        raise ValueError(
            f"--input_lengths gives {windows.sound_frames} frames of sound for --output_lengths {windows.frames}; "
            f"{windows.frames} and the frames of context on both sides are wanted, {windows.frames + 60} for 61 each"
        )
    return context


def _words(inputs: Sequence[Window]) -> Window | None:
    words = [window for window in inputs if window.discrete]
    if any(window.single for window in words) or len(words) > 1:
        names = ", ".join(window.modality for window in words)
        raise ValueError(f"this model reads one input of words and no labels, not {names}; leave out the others")
    return words[0] if words else None


def _check_equal(windows: Sequence[Window], side: str, what: str) -> None:
    if len({(window.offset, window.length) for window in windows}) > 1:
        names = ", ".join(window.modality for window in windows)
        raise ValueError(f"{what} ({names}) need the same --{side}_lengths and --{side}_time_offsets")
