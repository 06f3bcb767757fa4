"""Lists of words, of different lengths, through a recurrent layer in both directions."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from models.nets.per_modality import PerModality

NO_WORD = 0
"""The id of no word."""


def compact(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Move the words of each list to its front: (lists, width) ids -> (lists, longest) ids, (lists,) numbers of words.

    The longest list sets the new width, which is at least 1.
    """
    return _at_the_front(tokens, tokens), (tokens != NO_WORD).sum(1)


def places_of(tokens: Tensor) -> Tensor:
    """Where in its list each word of `compact` stood: (lists, width) ids -> (lists, longest), zeros behind words."""
    return _at_the_front(torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens), tokens)


def distinct(lists: Tensor) -> tuple[Tensor, Tensor]:
    """Keep one of equal neighbours: (batch, frames, width) -> (rows, width), and the (batch, frames) places in them."""
    begins = torch.ones(lists.shape[:2], dtype=torch.bool, device=lists.device)
    begins[:, 1:] = (lists[:, 1:] != lists[:, :-1]).any(-1)
    return lists[begins], begins.flatten().cumsum(0).sub(1).view(lists.shape[:2])


def lists_of_words(tokens: Tensor, frames: int) -> Tensor:
    """What each of the last so many rows of a window reads: (batch, length, columns) -> (batch, frames, width).

    Rows of several columns are lists already, and there has to be one for each frame. A single column is the word said
    in each frame: a frame reads the words of length - frames + 1 rows, and a word that lasts counts once. ValueError if
    the rows do not go round.
    """
    length, columns = tokens.shape[1:]
    if (columns > 1 and length != frames) or length < frames:
        raise ValueError(f"{length} rows of {columns} words are no lists for {frames} frames")
    if columns > 1:
        return tokens
    lists = tokens[:, :, 0].unfold(1, length - frames + 1, 1)
    goes_on = lists[..., 1:] == lists[..., :-1]
    return torch.cat([lists[..., :1], lists[..., 1:].masked_fill(goes_on, NO_WORD)], dim=-1)


def embedded(table: nn.Embedding, tokens: Tensor) -> Tensor:
    """The vector of each row's word: (batch, rows, columns) ids -> (batch, rows, dim).

    Of several columns, a list of words, it is the mean of the words' vectors; zeros where there is none.
    """
    vectors = table(tokens)
    if tokens.shape[-1] == 1:
        return vectors.squeeze(-2)
    present = (tokens != NO_WORD)[..., None]
    return (vectors * present).sum(-2) / present.sum(-2).clamp(min=1)


class WordEncoder(nn.Module):
    """Embeddings of words through a GRU in both directions, each list on its own.

    ``name`` is the modality that the embedding is kept under. The output has ``2 * dim`` numbers, those of the forward
    direction first. With ``places``, a word's embedding is added to one of where in a window of that many frames it
    begins: a list alone does not tell when its words are said.
    """

    def __init__(self, name: str, num_tokens: int, dim: int, places: int = 0):
        super().__init__()
        self.name = name
        self.times = nn.Embedding(places, dim) if places else None
        self.embeddings = PerModality({name: nn.Embedding(num_tokens, dim)})
        self.gru = nn.GRU(dim, dim, batch_first=True, bidirectional=True)

    def forward(self, tokens: Tensor, places: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Every word's output, (lists, width, 2 dim), zeros after the last word; and where words are, (lists, width).

        ``tokens`` (lists, width) are ids, words first, and ``places`` the frames of the window that they begin at.
        """
        present = tokens != NO_WORD
        packed = self._packed(tokens, present.sum(1).clamp(min=1), places)
        states, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=tokens.shape[1])
        return states * present[..., None], present

    def summary(self, tokens: Tensor) -> Tensor:
        """The last state of each direction, (lists, 2 dim); zeros for a list without words."""
        lengths = (tokens != NO_WORD).sum(1)
        _, (forward, backward) = self.gru(self._packed(tokens, lengths.clamp(min=1)))
        return torch.cat([forward, backward], dim=1) * (lengths > 0)[:, None]

    def output_at(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """The output at the last of so many places, (lists, 2 dim), absent words being read as words.

        That is how the published network took its summary: of the backward direction it saw one word only.
        """
        states, _ = pad_packed_sequence(self.gru(self._packed(tokens, lengths))[0], batch_first=True)
        return states[torch.arange(len(tokens), device=tokens.device), lengths - 1]

    def _packed(self, tokens: Tensor, lengths: Tensor, places: Tensor | None = None) -> nn.utils.rnn.PackedSequence:
        embedded = self.embeddings[self.name](tokens)
        if self.times is not None and places is not None:
            embedded = embedded + self.times(places)
        return pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)


def _at_the_front(x: Tensor, tokens: Tensor) -> Tensor:
    """What stands where words are, moved to the front, and zeros behind: twice (lists, width) -> (lists, longest)."""
    present, beyond = tokens != NO_WORD, tokens.shape[1]
    order = (present.cumsum(1) - 1).masked_fill(~present, beyond)
    moved = x.new_zeros(len(x), beyond + 1).scatter_(1, order, x)
    return moved[:, : max(1, int(present.sum(1).max()))]
