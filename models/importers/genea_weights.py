"""The weights of FineMotion's seq2seq networks (GENEA challenge 2020) under the names that they have here."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from models.nets.per_modality import PerModality

Weights = dict[str, Tensor]

CONTEXT_NAMES = {
    r"encoder\.context_highway\.(\d)\.linear": r"context.layers.\1",
    r"encoder\.context_highway\.(\d)\.batch_norm": r"context.place_norms.\1",
    r"encoder\.context_gru": "context.gru",
    r"encoder\.batch_norm": "context.norm",
    r"encoder\.words_gru": "words.gru",
    r"encoder\.merge_layer": "merge",
    r"encoder\.rnn": "encoder",
}
WORDS_NAMES = {
    r"encoder\.context_gru": "context.gru",
    r"encoder\.highway": "enter",
    r"encoder\.rnn": "encoder",
    r"word_encoder": "words.gru",
    r"decoder\.word_attention\.enc_to_dec": "decoder.attentions.1.project",
}
DECODER_NAMES = {
    r"decoder\.enc_dec_linear": "decoder.enter",
    r"decoder\.rnn": "decoder.gru",
    r"decoder\.linear": "decoder.leave",
    r"decoder\.attention\.enc_to_dec": "decoder.attentions.0.project",
}


def context_weights(state: Mapping[str, Tensor], words: str) -> Weights:
    """The state dict of a published ContextSeq2Seq as one of `Contextseq2seqModel`, which calls its words ``words``.

    Its vocabulary begins as ours, with no word and the unknown word.
    """
    return _renamed(state, {r"embedder": f"words.embeddings.{PerModality.key(words)}"} | CONTEXT_NAMES | DECODER_NAMES)


def words_weights(state: Mapping[str, Tensor], words: str) -> Weights:
    """The state dict of a published WordsSeq2Seq as one of `Wordsseq2seqModel`, which calls its words ``words``.

    Its vocabulary has neither no word nor an unknown word; its first word stood for both, and does so here.
    """
    embeddings = f"words.embeddings.{PerModality.key(words)}"
    weights = _renamed(state, {r"word_embedder": embeddings} | WORDS_NAMES | DECODER_NAMES)
    table = f"{embeddings}.weight"
    weights[table] = torch.cat([weights[table][:1], weights[table][:1], weights[table]])
    return weights


def chosen_words(table: Tensor, published: Sequence[str], wanted: Sequence[str], first: int) -> Tensor:
    """The rows of an embedding for another vocabulary: (first + published, dim) -> (first + wanted, dim).

    The ``first`` rows stay, a word that the published network did not know is its unknown one, row ``first`` - 1.
    """
    places = {word: place for place, word in enumerate(published, first)}
    return table[[*range(first), *(places.get(word, first - 1) for word in wanted)]]


def _renamed(state: Mapping[str, Tensor], names: Mapping[str, str]) -> Weights:
    weights = {}
    for name, value in state.items():
        if name.endswith("num_batches_tracked") and "place_norms" in _new(name, names):
            continue
        weights[_new(name, names)] = value
    return weights


def _new(name: str, names: Mapping[str, str]) -> str:
    for theirs, ours in names.items():
        if re.match(rf"{theirs}\.", name):
            return re.sub(rf"^{theirs}\.", f"{ours}.", name)
    raise ValueError(f"a weight {name} belongs to no published network of this kind")
