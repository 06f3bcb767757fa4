"""WordsSeq2Seq: gestures from sound and from the words said about the same time, each attended to."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.base_seq2seq import BaseSeq2Seq
from models.gesture_windows import check_context, gesture_windows
from models.nets.context import ContextGru
from models.nets.seq2seq import AttentiveDecoder
from models.nets.words import WordEncoder, compact, lists_of_words, places_of
from models.seq2seq_options import add_seq2seq_options
from models.windows import Window


class Wordsseq2seqModel(BaseSeq2Seq):
    """A seq2seq network that attends to the frames of sound, and apart from them to the words around the window.

    It is FineMotion's of the GENEA challenge 2020 (section 3.2). Its windows, for n poses from p before them: the poses
    as input, of length p and ending where the output begins; sound, of which every frame is encoded (the published
    network has the n frames of the output), or with ``--with_context`` the c frames from i on for predicted frame i, of
    n + c - 1; and, unless it is to do without, words: one list (word_context with a window_s) at the output's first
    frame, or the word said in each frame (word_tokens) of any window around it.
    """

    def __init__(self, opt: argparse.Namespace, inputs: Sequence[Window], outputs: Sequence[Window]):
        super().__init__(opt, inputs, outputs)
        self.windows = gesture_windows(inputs, outputs)
        self.alpha, self.beta = opt.alpha, opt.beta
        dim, dim_sound = opt.encoder_hidden, self.windows.sound_dim
        self.context = ContextGru(dim_sound, check_context(self.windows)) if opt.with_context else None
        self.enter = nn.Sequential(nn.Linear(dim_sound, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU())
        self.encoder = nn.GRU(dim, dim, opt.encoder_layers, batch_first=True, bidirectional=True)
        words = self.windows.words
        if opt.word_times and (words is None or words.width > 1):
            raise ValueError("--word_times: lists of words do not tell their times; name word_tokens as the input")
        times = words.length if words and opt.word_times else 0
        self.words = WordEncoder(words.modality, words.num_tokens, words.dim, times) if words else None
        memory_dims = (2 * dim, 2 * words.dim) if words else (2 * dim,)
        self.decoder = AttentiveDecoder(self.windows.pose_dim, opt.decoder_hidden, 2 * dim, memory_dims)

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Sizes, and what a frame of sound is."""
        add_seq2seq_options(parser, encoder_layers=2)
        parser.add_argument(
            "--word_times",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="let the network know when each word begins, which its list does not tell; words come as word_tokens",
        )
        parser.add_argument(
            "--with_context",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="encode the sound around each frame: its window is longer than the output by the context",
        )

    def foresee(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the encoders make of sound and words, which does not depend on the poses before."""
        heard = self.windows.heard(inputs)
        states, last = self.encoder(self.enter(heard if self.context is None else self.context(heard)))
        encoded = {"states": states, "last": torch.cat([last[-2], last[-1]], dim=-1)}
        if self.words is not None and self.windows.words is not None:
            tokens = lists_of_words(inputs[self.windows.words.modality], 1)[:, 0]
            encoded["words"], encoded["present"] = self.words(compact(tokens)[0], places_of(tokens))
        return encoded
