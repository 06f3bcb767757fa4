"""Models that go frame by frame: what one step reads and gives, and windows that span many steps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from models.windows import Window


def step_windows(
    inputs: Sequence[Window], outputs: Sequence[Window], input_seq_lens: str = "", output_seq_lens: str = "1"
) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """The windows of a single step, which gives one frame, from windows that span as many steps as outputs have frames.

    A window of ``length`` frames that spans n steps has length - n + 1 frames at each; ``input_seq_lens`` may say
    these, comma-separated. A `single` modality is read whole at each step. ValueError if the numbers do not agree, or
    if a step would read what it is to give.
    """
    lengths = {window.length for window in outputs}
    if len(lengths) > 1 or len({window.offset for window in outputs}) > 1:
        raise ValueError(
            "outputs that are given frame by frame need the same --output_lengths and --output_time_offsets"
        )
    if set(_numbers(output_seq_lens, "output_seq_lens", len(outputs)) or [1]) != {1}:
        raise ValueError(f"--output_seq_lens {output_seq_lens}: a step gives 1 frame")
    [steps] = lengths
    needed = [window.length if window.single else window.length - steps + 1 for window in inputs]
    given = _numbers(input_seq_lens, "input_seq_lens", len(inputs))
    for window, length, wanted in zip(inputs, needed, given or needed, strict=True):
        if length < 1 or length != wanted:
            fitting = wanted + steps - 1 if given else steps
            raise ValueError(
                f"{window.modality}: --input_lengths {window.length} with --output_lengths {steps} leaves each step "
                f"{max(length, 0)} frames{f', --input_seq_lens says {wanted}' if given else ''}; "
                f"make the input length {fitting}{'' if given else ' or more'}"
            )
    each_input = tuple(replace(window, length=length) for window, length in zip(inputs, needed, strict=True))
    each_output = tuple(replace(window, length=1) for window in outputs)
    _check_unseen(each_input, each_output)
    return each_input, each_output


def spanned_steps(windows: Sequence[Window], inputs: Mapping[str, Tensor]) -> int:
    """How many steps input windows (batch, length, dim) span; 1 if all are `single`. ValueError if they disagree."""
    steps = {
        window.modality: inputs[window.modality].shape[1] - window.length + 1 for window in windows if not window.single
    }
    if len(set(steps.values())) > 1:
        raise ValueError(f"the inputs span different numbers of steps: {steps}")
    return next(iter(steps.values()), 1)


def unfold(x: Tensor, window: Window, steps: int) -> Tensor:
    """What each step reads of a window: (batch, length, dim) -> (batch, steps, length of a step, dim)."""
    if window.single:
        return x.unsqueeze(1).expand(-1, steps, -1, -1)
    return x.unfold(1, window.length, 1).transpose(2, 3)


def _check_unseen(inputs: Sequence[Window], outputs: Sequence[Window]) -> None:
    given = {window.modality: window for window in outputs}
    for window in inputs:
        output = given.get(window.modality)
        if output is not None and window.stop > output.offset:
            raise ValueError(
                f"{window.modality}: a step reads frames [{window.offset}, {window.stop}), among them frame "
                f"{output.offset}, which it is to give; set --output_time_offsets to {window.stop} or more"
            )


def _numbers(text: str, option: str, count: int) -> list[int]:
    """Comma-separated whole numbers, one for all or one for each; none at all for an empty text."""
    parts = [part.strip() for part in str(text or "").split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts) or len(parts) not in (0, 1, count):
        raise ValueError(f"--{option} {text}: give one whole number, or one for each of {count} modalities")
    return [int(part) for part in parts] * (count if len(parts) == 1 else 1)
