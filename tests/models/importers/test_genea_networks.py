"""The gesture networks of the reference (FineMotion, GENEA 2020), imported, give its numbers."""

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models import create_model
from models.base_seq2seq import BaseSeq2Seq
from models.gesture_loss import gesture_losses
from models.importers.genea_weights import Weights, chosen_words, context_weights, words_weights
from models.nets.per_modality import PerModality
from models.windows import Window
from training.options import parse

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "reference_gesture_models"
CONTEXT, WORDS, WORDS_WITH_CONTEXT = "context_seq2seq", "words_seq2seq_nocontext", "words_seq2seq_context"
NAMES = (CONTEXT, WORDS, WORDS_WITH_CONTEXT)
VOCABULARY = 22
PLACES = 61
each_network = pytest.mark.parametrize("name", NAMES)


class Apart(nn.Module):
    """Stands in for a context encoder where contexts do not overlap: (batch, frames, places, dim) of numbers."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, contexts: Tensor) -> Tensor:
        """Each context on its own, (batch, frames, dim)."""
        return self.encoder(contexts.flatten(0, 1)).view(*contexts.shape[:2], -1)


class Network:
    """One of the reference's, and ours with its weights, in float64 and eval mode."""

    def __init__(self, name: str):
        self.name = name
        self.arrays = dict(np.load(FOLDER / f"{name}.npz", allow_pickle=False))
        self.options: dict[str, Any] = json.loads(str(self.arrays["options_json"]))

    def tensor(self, key: str) -> Tensor:
        """An array of theirs, which have time first: (batch, time, ...) of (time, batch, ...)."""
        value = torch.from_numpy(self.arrays[key])
        value = value.double() if value.is_floating_point() else value
        return value.transpose(0, 1) if value.dim() > 1 and not key.startswith("state/") else value

    @property
    def words(self) -> Tensor:
        """Lists of ids of ours: (batch, frames, width), or (batch, 1, width) where a window has one list."""
        tokens = self.tensor("in/words")
        if self.name == CONTEXT:
            return tokens
        lengths = torch.from_numpy(self.arrays["in/words_lengths"])
        present = torch.arange(tokens.shape[1]) < lengths[:, None]
        return torch.where(present, tokens + 2, 0)[:, None]

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The inputs by modality."""
        return {"motion": self.tensor("in/prev_poses"), "sound": self.tensor("in/x"), "words": self.words}

    @cached_property
    def model(self) -> BaseSeq2Seq:
        """Ours."""
        options = self.options
        frames = self.arrays["out/poses"].shape[0]
        with_context = self.name != WORDS
        sound = Window("sound", options["encoder_input_dim"], frames + (PLACES - 1 if with_context else 0))
        words = Window(
            "words", 100, self.words.shape[1], discrete=True, num_tokens=VOCABULARY, columns=self.words.shape[2]
        )
        before = Window("motion", options["pose_dim"], options["previous_poses"], offset=-options["previous_poses"])
        model = "contextseq2seq" if self.name == CONTEXT else "wordsseq2seq"
        given = [f"--{side}_hidden={options[f'{side}_hidden']}" for side in ("encoder", "decoder")]
        given += ["--published_word_state"] if self.name == CONTEXT else [f"--with_context={with_context}"]
        opt = parse(["--experiment_name", "reference", "--model", model, *given])
        made = create_model(opt, (before, sound, words), (Window("motion", options["pose_dim"], frames),))
        state = {key.removeprefix("state/"): self.tensor(key) for key in self.arrays if key.startswith("state/")}
        made.double().eval().load_state_dict(
            (context_weights if self.name == CONTEXT else words_weights)(state, "words")
        )
        assert isinstance(made, BaseSeq2Seq)
        if with_context:
            made.context = Apart(made.context)  # theirs do not overlap, as they would in speech
        return made


def assert_exact(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@each_network
def test_poses_are_theirs_for_each_sample_alone(name: str) -> None:
    """Theirs depend on what shares the batch, by 0.09 to 0.16; ours in a batch are theirs alone."""
    network = Network(name)
    assert_exact(network.model(network.inputs)["motion"], network.tensor("res_alone/poses"))
    assert (network.tensor("res/poses") - network.tensor("res_alone/poses")).abs().max() > 0.05


@each_network
def test_windows_in_a_row_are_theirs_where_they_did_not_pad(name: str) -> None:
    network = Network(name)
    poses, inputs = network.tensor("chain/poses"), network.inputs
    frames, previous = poses.shape[1] // 3, inputs["motion"].shape[1]
    longest = (inputs["words"] != 0).sum(-1).amax(1)
    compared = [sample for sample in (1, 2) if longest[sample] == inputs["words"].shape[-1]]
    for sample in compared:
        start = sample * frames
        window = {key: value[sample : sample + 1] for key, value in inputs.items()}
        made, _ = network.model.sample(window | {"motion": poses[:, start - previous : start]})
        assert_exact(made["motion"], poses[:, start : start + frames])
    assert compared


@each_network
def test_the_loss_of_poses_is_theirs(name: str) -> None:
    network = Network(name)
    found = gesture_losses(network.tensor("res/poses"), network.tensor("out/poses"), 0.01, 1.0)
    assert_exact(found["loss"], network.tensor("res/loss"))
    assert_exact(found["l1"], network.tensor("res/loss_l1"))
    assert_exact(0.01 * found["continuity"], network.tensor("res/loss_continuity_weighted"))
    assert_exact(-found["variance"], network.tensor("res/loss_variance_weighted"))


@each_network
def test_parameters_are_as_many_as_theirs(name: str) -> None:
    network = Network(name)
    count = sum(parameter.numel() for parameter in network.model.parameters())
    added = 0 if name == CONTEXT else 2 * 100  # ours have no word and the unknown word
    assert count - added == json.loads(str(network.arrays["meta_json"]))["n_parameters"]


def test_their_first_word_stood_for_the_unknown_one() -> None:
    network = Network(WORDS)
    weights = words_weights({"word_embedder.weight": network.tensor("state/word_embedder.weight")}, "words")
    [table] = weights.values()
    assert torch.equal(table[1], table[2])
    assert torch.equal(table[2:], network.tensor("state/word_embedder.weight"))


def test_a_vocabulary_of_ones_own_keeps_the_words_that_are_known() -> None:
    table = torch.arange(5.0)[:, None]
    chosen = chosen_words(table, ["so", "is", "it"], ["it", "zebra", "so"], first=2)
    assert chosen[:, 0].tolist() == [0, 1, 4, 1, 2]


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a weight decoder\.gate\.bias belongs to no published network"):
        context_weights({"decoder.gate.bias": torch.zeros(1)}, "words")


@pytest.mark.parametrize(("name", "convert"), [(CONTEXT, context_weights), (WORDS, words_weights)])
def test_words_of_a_feature_with_a_dot_in_its_name_are_found(name: str, convert: Callable[..., Weights]) -> None:
    network = Network(name)
    state = {key.removeprefix("state/"): network.tensor(key) for key in network.arrays if key.startswith("state/")}
    own = PerModality({"words_29.97": torch.nn.Embedding(3, 2)}).state_dict()
    assert {f"words.embeddings.{key}" for key in own} <= convert(state, "words_29.97").keys()
