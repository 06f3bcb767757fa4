"""The seq2seq gesture models: which windows they read, and how words count."""

import argparse
from typing import Any

import pytest
import torch
from torch import Tensor

from inference.sampler import autoregress
from models import create_model
from models.base_model import BaseModel
from models.windows import Window
from training.options import parse

FRAMES, BEFORE, CONTEXT, NUM_TOKENS = 4, 3, 5, 9
POSES = Window("motion", 3, FRAMES)
PREVIOUS = Window("motion", 3, BEFORE, offset=-BEFORE, padding=(0.0, 0.0, 0.0))
SOUND = Window("sound", 2, FRAMES + CONTEXT - 1, offset=-2, padding=(0.5, -0.5))
LISTS = Window("words", 6, FRAMES, discrete=True, num_tokens=NUM_TOKENS, padding=(0,) * 5, columns=5)
SAID = Window("words", 6, FRAMES + CONTEXT - 1, offset=-2, discrete=True, num_tokens=NUM_TOKENS, padding=(0,))
AROUND = Window("words", 6, 1, discrete=True, num_tokens=NUM_TOKENS, padding=(0,) * 5, columns=5)
MODELS = [
    ("contextseq2seq", {}, LISTS),
    ("contextseq2seq", {"published_word_state": True}, LISTS),
    ("contextseq2seq", {}, SAID),
    ("contextseq2seq", {}, None),
    ("wordsseq2seq", {}, AROUND),
    ("wordsseq2seq", {}, None),
    ("wordsseq2seq", {"with_context": True}, AROUND),
    ("wordsseq2seq", {"with_context": True}, SAID),
    ("wordsseq2seq", {"word_times": True}, SAID),
]
UNSAID = NUM_TOKENS - 1
"""A word that random inputs lack."""
each_model = pytest.mark.parametrize(("name", "given", "words"), MODELS)
with_words = pytest.mark.parametrize(("name", "given", "words"), [each for each in MODELS if each[2]])


def options(name: str, **given: Any) -> argparse.Namespace:
    opt = parse(["--experiment_name", "gestures", "--model", name, "--encoder_hidden=8", "--decoder_hidden=8"])
    vars(opt).update(given)
    return opt


def build(name: str, given: dict[str, Any], words: Window | None) -> BaseModel:
    torch.manual_seed(0)
    inputs = (PREVIOUS, SOUND, *([words] if words else []))
    return create_model(options(name, **given), inputs, (POSES,)).double().eval()


def inputs_of(model: BaseModel, size: int = 3) -> dict[str, Tensor]:
    """Random inputs with lists of words of all lengths, none among them."""
    generator = torch.Generator().manual_seed(1)
    inputs: dict[str, Tensor] = {}
    for window in model.inputs:
        shape = (size, window.length, window.width)
        if window.discrete:
            tokens = torch.randint(1, UNSAID, shape, generator=generator)
            lengths = torch.randint(0, window.width + 1, shape[:2], generator=generator)
            lengths[0] = 0
            inputs[window.modality] = tokens * (torch.arange(window.width) < lengths[..., None])
        else:
            inputs[window.modality] = torch.randn(shape, dtype=torch.float64, generator=generator)
    return inputs


@each_model
def test_a_row_is_predicted_as_if_it_were_alone(name: str, given: dict[str, Any], words: Window | None) -> None:
    model = build(name, given, words)
    inputs = inputs_of(model)
    together = model.sample(inputs)[0]["motion"]
    assert together.isfinite().all()
    for row in range(len(together)):
        alone, _ = model.sample({key: value[row : row + 1] for key, value in inputs.items()})
        torch.testing.assert_close(alone["motion"][0], together[row], rtol=0, atol=1e-12)


@with_words
def test_every_word_counts(name: str, given: dict[str, Any], words: Window) -> None:
    model = build(name, {**given, "published_word_state": False}, words)
    inputs = inputs_of(model)
    before = model.sample(inputs)[0]["motion"]
    for row, frame, place in (inputs["words"] != 0).nonzero().tolist():
        other = inputs["words"].clone()
        other[row, frame, place] = UNSAID
        changed = (model.sample(inputs | {"words": other})[0]["motion"] - before).abs().amax((1, 2))
        assert changed[row] > 1e-7
        assert changed.sum() == changed[row]


@pytest.mark.parametrize("times", [False, True])
def test_when_a_word_is_said_is_known_by_word_times_alone(times: bool) -> None:
    model = build("wordsseq2seq", {"word_times": times}, SAID)
    inputs = inputs_of(model, size=1)
    early, late = (torch.zeros_like(inputs["words"]).index_fill(1, torch.tensor([at]), 3) for at in (1, 5))
    one, other = (model.sample(inputs | {"words": words})[0]["motion"] for words in (early, late))
    assert (not torch.equal(one, other)) == times


@pytest.mark.parametrize("words", [AROUND, None])
def test_words_without_times_do_not_tell_them(words: Window | None) -> None:
    with pytest.raises(ValueError, match=r"--word_times: lists .* name word_tokens"):
        build("wordsseq2seq", {"word_times": True}, words)


@with_words
def test_words_are_trained(name: str, given: dict[str, Any], words: Window) -> None:
    model = build(name, given, words).train()
    batch = {f"in_{key}": value for key, value in inputs_of(model).items()}
    model.losses(batch | {"out_motion": torch.randn(3, FRAMES, 3, dtype=torch.float64)})["loss"].backward()
    gradients = {key: parameter.grad for key, parameter in model.named_parameters()}
    assert [key for key, gradient in gradients.items() if gradient is None or not gradient.isfinite().all()] == []
    table = gradients["words.embeddings.words.weight"]
    assert table is not None
    assert (table[1:] != 0).any()


@each_model
def test_a_recording_is_given_window_by_window(name: str, given: dict[str, Any], words: Window | None) -> None:
    """As many frames as there are of sound, each window following on the one before, and a short one at the end."""
    model = build(name, given, words).float()
    generator = torch.Generator().manual_seed(2)
    frames = 3 * FRAMES + 1
    features = {"sound": torch.randn(frames, 2, generator=generator)}
    if words:
        features["words"] = torch.randint(0, NUM_TOKENS, (frames, words.columns), generator=generator)
    made = autoregress(model, features, frames=frames, frames_per_step=FRAMES)["motion"]
    assert made.shape == (frames, 3)
    before = torch.zeros(1, BEFORE, 3)
    for start in range(0, frames, FRAMES):
        inputs = {"motion": before, "sound": _cut(features["sound"], start, SOUND)}
        if words:
            inputs["words"] = _cut(features["words"], start, words)
        expected = model.sample(inputs)[0]["motion"][:, : frames - start]
        torch.testing.assert_close(made[start : start + FRAMES], expected[0], rtol=0, atol=1e-5)
        before = torch.cat([before, expected], dim=1)[:, -BEFORE:]


def _cut(values: Tensor, start: int, window: Window) -> Tensor:
    """The window of the anchor, its padding standing where the sequence has ended or not begun."""
    padding = torch.tensor(window.padding, dtype=values.dtype)
    rows = [
        values[frame] if 0 <= frame < len(values) else padding
        for frame in range(start + window.offset, start + window.stop)
    ]
    return torch.stack(rows)[None]


def test_several_outputs_are_predicted_side_by_side() -> None:
    face = Window("face", 2, FRAMES)
    inputs = (PREVIOUS, Window("face", 2, BEFORE, offset=-BEFORE), SOUND)
    model = create_model(options("wordsseq2seq"), inputs, (POSES, face))
    made, _ = model.sample({w.modality: torch.randn(2, w.length, w.dim) for w in inputs})
    assert {key: tuple(value.shape) for key, value in made.items()} == {"motion": (2, 4, 3), "face": (2, 4, 2)}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((SOUND,), "motion: the frames before it are read too; name it in --input_modalities"),
        ((Window("motion", 3, 3), SOUND), r"motion: the input ends at frame 3, .* begins at 0; .* to -3 for it"),
        ((PREVIOUS,), "reads sound: name an audio feature"),
        ((PREVIOUS, Window("sound", 2, 3)), r"3 frames of sound for --output_lengths 4; .*, 64 for 61 each"),
        ((PREVIOUS, SOUND, Window("pitch", 1, 8)), r"inputs of sound \(sound, pitch\) need the same --input_lengths"),
        ((PREVIOUS, SOUND, LISTS, Window("style", 2, 1, discrete=True, num_tokens=2, single=True)), "words, style"),
    ],
)
def test_windows_that_do_not_fit_are_refused(inputs: tuple[Window, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        create_model(options("contextseq2seq"), inputs, (POSES,))
