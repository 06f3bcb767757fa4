"""Windows over the aligned features of a corpus: any number of input and output modalities."""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from feature_extraction import store
from feature_extraction.mirroring import mirrored_ids
from models.windows import Window, anchors, needed_frames
from option_values import natural, positive
from training.datasets.base_dataset import BaseDataset
from training.datasets.corpus import Corpus, open_corpus
from training.datasets.described import padded, token_vectors, with_tokens
from training.datasets.gather import WindowGatherer
from training.datasets.preloaded import DeviceGatherer
from training.datasets.window_options import read_windows
from training.options.paths import Folder

log = logging.getLogger(__name__)


class MultimodalDataset(BaseDataset):
    """Items (sequence, anchor) of ``<sequence_id>.<modality>.npy`` files, which stay memory-mapped.

    An input of length l and offset o is frames [t + o, t + o + l) of its modality, an output likewise; every anchor t
    at which all windows fit is an item, or every ``--stride``-th of a sequence, in the order of the split list. The
    arrays of a sequence have equal lengths, or are cut in memory with ``--fix_lengths``.

    Words and labels, as extraction has made them, are discrete windows. So a system that reads previous poses, sound
    around each frame and the words of each frame has, with p poses before and n to predict: poses of length p and
    offset -p, padded with their mean; sound of length n + 60 and offset -30, padded with silence; lists of words of
    length n and offset 0, padded with silence, each row the ids of a frame's words and 0 after them.
    """

    def __init__(self, opt: argparse.Namespace, split: str = "train"):
        super().__init__(opt, split)
        self._opt = opt
        data_dir = Path(opt.data_dir)
        listed = store.read_split(data_dir, split, opt.base_filenames_file if split == "train" else None)
        inputs, outputs, cuts = read_windows(opt)
        inputs, outputs = with_tokens(inputs, data_dir, "input"), with_tokens(outputs, data_dir, "output")
        if split == "train" and opt.use_mirrored:
            listed += mirrored_ids(data_dir, listed, [window.modality for window in (*inputs, *outputs)])
        corpus = open_corpus(data_dir, listed, (*inputs, *outputs), cuts if opt.fix_lengths else None)
        train = store.read_split(data_dir, "train", opt.base_filenames_file)
        inputs = padded(inputs, opt, data_dir, train)
        self.token_vectors = token_vectors(inputs, opt.embedding, data_dir)
        self.inputs = tuple(corpus.sized(self._embedded(window), "--dins") for window in inputs)
        self.outputs = tuple(corpus.sized(window, "--douts") for window in outputs)
        windows = (*self.inputs, *self.outputs)
        self._corpus, self._anchors = _long_enough(corpus, windows, listed, split, opt.stride)
        self._stride = opt.stride
        self.sequence_ids = self._corpus.sequence_ids
        self._ends = np.cumsum([len(each) for each in self._anchors], dtype=np.int64)
        self._starts = np.array([each.start for each in self._anchors], dtype=np.int64)
        self._chosen = _subset(self._total, opt.num_train_samples if split == "train" else 0)
        self._gatherer: WindowGatherer | DeviceGatherer = WindowGatherer(self.inputs, self.outputs)

    @staticmethod
    def modify_commandline_options(parser: Any) -> None:
        """Which modalities, and which of their frames."""
        add, yes_no = parser.add_argument, argparse.BooleanOptionalAction
        add("--base_filenames_file", default="base_filenames_train.txt", help="list of the training sequences")
        add("--input_modalities", default="", help="comma-separated feature names, as in <sequence>.<feature>.npy")
        add("--output_modalities", default="", help="comma-separated feature names")
        add("--input_lengths", default="", help="frames of each input window; one number serves all")
        add("--output_lengths", default="", help="frames of each output window")
        add("--input_time_offsets", default="0", help="first frame of each input window, from the anchor")
        add("--output_time_offsets", default="1", help="first frame of each output window, from the anchor")
        add("--dins", default="", help="dimensions of the inputs, of tokens those of their vectors; 0: as in the files")
        add("--douts", default="", help="dimensions of the outputs; read from the files if left out")
        add("--input_types", default="c", help="c (continuous) or d (discrete) per input")
        add("--input_num_tokens", default="0", help="number of tokens of each discrete input, 0 for the others")
        add("--output_num_tokens", default="0", help="number of tokens of each discrete output, 0 for the others")
        add(
            "--input_fix_length_types",
            default="end",
            help="per input: which end --fix_lengths cuts (end or beg), or single for a value of the whole sequence",
        )
        add("--output_fix_length_types", default="end", help="per output: end, beg or single")
        add("--fix_lengths", action=yes_no, default=False, help="cut the modalities of a sequence to equal lengths")
        add(
            "--input_padding",
            default="none",
            help="per input: none, or what stands beyond the ends of a sequence, over which its windows may then "
            "reach: silence (of sound or words) or mean (the mean pose)",
        )
        add(
            "--input_noise",
            default="0",
            help="per input: the largest standard deviation of the noise that training adds to its windows",
        )
        add("--predicted_poses", type=natural, default=0, help="frames to predict, in place of --output_lengths")
        add("--previous_poses", type=natural, default=0, help="frames before them to read of what is predicted")
        add("--stride", type=positive, default=1, help="frames from one window of a sequence to the next")
        add("--embedding", type=Folder, default="", help="file of word vectors in GloVe's format to begin with")
        add(
            "--use_mirrored",
            action=yes_no,
            default=True,
            help="train on mirror images, too, where --do_mirror made some",
        )
        add("--num_train_samples", type=natural, default=0, help="train on so many windows, evenly spread (0: on all)")
        add("--max_token_seq_len", type=positive, default=1024, help="the longest discrete window allowed")

    def __len__(self) -> int:
        """The number of windows."""
        return self._total if self._chosen is None else len(self._chosen)

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """A batch of windows; its memory is used again once no tensor refers to it, see ``WindowGatherer``.

        ValueError naming the file of a token that ``--input_num_tokens`` does not allow.
        """
        items = np.asarray(indices, dtype=np.int64)
        if len(items) and (items.min() < 0 or items.max() >= len(self)):
            raise IndexError(f"item {items.min()} to {items.max()} of a data set of {len(self)}")
        sequences, anchors = self._places(items)
        batch = self._gatherer.gather(self._corpus.arrays, sequences, anchors)
        if isinstance(self._gatherer, WindowGatherer):
            self._check_tokens(batch, sequences)
        return batch

    def place(self, index: int) -> tuple[str, int]:
        """The sequence and the anchor of an item."""
        (sequence,), (anchor,) = self._places(np.array([index]))
        return self.sequence_ids[sequence], int(anchor)

    def preload(self, device: torch.device) -> None:
        """Keep the corpus in the memory of a device, and give batches that lie there."""
        for window in self._listed:
            self._corpus.check_tokens(window, range(len(self.sequence_ids)))
        self._gatherer = DeviceGatherer(self.inputs, self.outputs, self._corpus.arrays, device)

    def sequence(self, sequence_id: str) -> dict[str, np.ndarray]:
        """All frames of one sequence: {modality: (frames, dim)}, read-only."""
        return self._corpus.sequence(sequence_id)

    def __reduce__(self) -> tuple[type["MultimodalDataset"], tuple[argparse.Namespace, str]]:
        """A process that is sent the data set opens the files itself: memory maps do not travel."""
        return MultimodalDataset, (self._opt, self.split)

    def _check_tokens(self, batch: Mapping[str, Tensor], sequences: np.ndarray) -> None:
        for window in self._listed if len(sequences) else ():
            for side in ("in", "out"):
                tokens = batch.get(f"{side}_{window.modality}")
                if tokens is not None and not 0 <= tokens.min() <= tokens.max() < window.num_tokens:
                    self._corpus.check_tokens(window, sequences.tolist())

    @property
    def _listed(self) -> list[Window]:
        """The windows whose tokens are not looked at when the corpus is opened: all but those of a whole sequence."""
        return [window for window in (*self.inputs, *self.outputs) if window.discrete and not window.single]

    def _places(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The sequence of each item, as a number, and its anchor."""
        if self._chosen is not None:
            items = self._chosen[items]
        sequences = np.searchsorted(self._ends, items, side="right")
        before = np.where(sequences > 0, self._ends[sequences - 1], 0)
        return sequences, (items - before) * self._stride + self._starts[sequences]

    def _embedded(self, window: Window) -> Window:
        """The window, its tokens of the dimension that their vectors have."""
        vectors = self.token_vectors.get(window.modality)
        return window if vectors is None else replace(window, dim=vectors.shape[1])

    @property
    def _total(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0


def _subset(total: int, wanted: int) -> np.ndarray | None:
    if wanted <= 0 or wanted >= total:
        return None
    return np.linspace(0, total - 1, wanted).round().astype(np.int64)


def _long_enough(
    corpus: Corpus, windows: Sequence[Window], listed: Sequence[str], split: str, stride: int
) -> tuple[Corpus, list[range]]:
    """Leave out the sequences that no window fits in, and say so once."""
    found = [anchors(windows, frames, stride) for frames in corpus.frames]
    kept = [place for place, each in enumerate(found) if each]
    if listed and not kept:
        raise ValueError(
            f"no window fits in the {len(listed)} sequences of the {split} split: the longest has "
            f"{max(corpus.frames)} frames, --input_lengths, --output_lengths and their offsets need "
            f"{needed_frames(windows)}"
        )
    if len(kept) < len(found):
        short = [corpus.sequence_ids[place] for place, each in enumerate(found) if not each]
        log.warning(
            "%d of %d %s sequences are too short for a window: %s", len(short), len(found), split, ", ".join(short)
        )
    return corpus.subset(kept), [found[place] for place in kept]
