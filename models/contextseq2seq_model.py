"""ContextSeq2Seq: gestures from the sound and the words around each frame."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.base_seq2seq import BaseSeq2Seq
from models.gesture_windows import check_context, gesture_windows
from models.nets.context import ContextEncoder
from models.nets.seq2seq import AttentiveDecoder
from models.nets.words import WordEncoder, compact, distinct, lists_of_words
from models.seq2seq_options import add_seq2seq_options
from models.windows import Window


class Contextseq2seqModel(BaseSeq2Seq):
    """A seq2seq network whose encoder joins, for each frame, the sound around it with the words around it.

    It is FineMotion's of the GENEA challenge 2020 (section 3.2). Its windows, for n poses from p before them: the poses
    as input, of length p and ending where the output begins; sound of length n + c - 1, of which predicted frame i
    reads the c frames from i on (c = 61 with --input_time_offsets -30 from the output's); and, unless it is to do
    without, words: lists of words (word_context) of the output's length and offset, or the word said in each frame
    (word_tokens) in a window that reaches beyond the output like the sound's.

    A frame's words are read to the last of them in one direction and to the first in the other.
    ``--published_word_state`` reads them as the published network did: padded to the longest list of the window, the
    padding being read, and of the backward direction no more than the last place.
    """

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.windows = gesture_windows(inputs, outputs)
        self.alpha, self.beta = opt.alpha, opt.beta
        self.published_word_state = opt.published_word_state
        dim = opt.encoder_hidden
        self.context = ContextEncoder(self.windows.sound_dim, dim, check_context(self.windows))
        words = self.windows.words
        self.words = WordEncoder(words.modality, words.num_tokens, words.dim) if words else None
        self.merge = nn.Linear(dim + (2 * words.dim if words else 0), dim)
        self.encoder = nn.GRU(dim, dim, opt.encoder_layers, batch_first=True, bidirectional=True)
        self.decoder = AttentiveDecoder(self.windows.pose_dim, opt.decoder_hidden, 2 * dim, (2 * dim,))

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes, and how words are read."""
        add_seq2seq_options(parser, encoder_layers=1)
        parser.add_argument(
            "--published_word_state",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="read words as the published weights want it; importing them sets it",
        )

    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the encoder makes of sound and words, which does not depend on the poses before."""
        parts = [self.context(self.windows.heard(inputs))]
        if self.words is not None and self.windows.words is not None:
            parts.append(self._read(self.words, inputs[self.windows.words.modality]))
        states, last = self.encoder(self.merge(torch.cat(parts, dim=-1)))
        return {"states": states, "last": torch.cat([last[-2], last[-1]], dim=-1)}

    def _read(self, encoder: WordEncoder, tokens: Tensor) -> Tensor:
        """What a frame's words say, (batch, frames, 2 dim); frames with the same words are read once."""
        lists, lengths = compact(lists_of_words(tokens, self.windows.frames).flatten(0, 1))
        rows, places = distinct(lists.unflatten(0, (len(tokens), -1)))
        if not self.published_word_state:
            return F.relu(encoder.summary(rows))[places]
        longest = lengths.view_as(places).amax(dim=1, keepdim=True).clamp(min=1).expand_as(places)
        padded = lengths.new_zeros(len(rows)).scatter(0, places.flatten(), longest.flatten())
        return F.relu(encoder.output_at(rows, padded))[places]
