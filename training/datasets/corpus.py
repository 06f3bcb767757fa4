"""The feature arrays of a split, memory-mapped: opened, checked against each other, cut to equal lengths if asked."""

import dataclasses
import difflib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feature_extraction import store
from feature_extraction.mirroring import array_path, is_shared
from models.windows import Window

WIDEST_EMBEDDING = 100
"""How many numbers the vector of a token has at most, where nothing says it: as many as the gesture system's words."""

OTHER_FILES = 256
"""How many files a process has open besides arrays: libraries, logs, other splits."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Corpus:
    """Arrays (frames, dim) of each modality, one per sequence; they are views of memory-mapped files."""

    data_dir: Path
    sequence_ids: tuple[str, ...]
    arrays: Mapping[str, Sequence[np.ndarray]]
    frames: tuple[int, ...]
    """The length that the (not ``single``) modalities of each sequence share."""

    def subset(self, places: Sequence[int]) -> "Corpus":
        """The sequences at these places."""
        return Corpus(
            self.data_dir,
            tuple(self.sequence_ids[place] for place in places),
            {modality: [arrays[place] for place in places] for modality, arrays in self.arrays.items()},
            tuple(self.frames[place] for place in places),
        )

    def sequence(self, sequence_id: str) -> dict[str, np.ndarray]:
        """The arrays of one sequence; LookupError with the nearest ids if it is not there."""
        if sequence_id not in self.sequence_ids:
            near = difflib.get_close_matches(sequence_id, self.sequence_ids, n=3) or self.sequence_ids[:3]
            raise LookupError(f"no sequence {sequence_id} among the {len(self.sequence_ids)} here; near: {near}")
        place = self.sequence_ids.index(sequence_id)
        return {modality: arrays[place] for modality, arrays in self.arrays.items()}

    def check_tokens(self, window: Window, places: Iterable[int]) -> None:
        """ValueError naming the file if one of the sequences at these places has tokens that a window does not allow.

        Whole files are read for it, which opening a corpus does not do.
        """
        shared = is_shared(self.data_dir, window.modality)
        for place in places:
            path = array_path(self.data_dir, self.sequence_ids[place], window.modality, shared)
            _check_tokens(path, self.arrays[window.modality][place], window)

    def sized(self, window: Window, option: str) -> Window:
        """The window with the width of the files; ValueError if the option says another, or the files differ.

        A token that nothing gives a dimension gets one number for each token, WIDEST_EMBEDDING at most.
        """
        found = {
            array.shape[1]: name for name, array in zip(self.sequence_ids, self.arrays[window.modality], strict=True)
        }
        if not found:
            return window
        told = 0 if window.discrete else window.dim
        wanted = told or next(iter(found))
        for dim, sequence_id in found.items():
            if dim != wanted:
                path = store.feature_path(self.data_dir, sequence_id, window.modality)
                said = f"{option} says {wanted}" if told else f"other sequences have {wanted}"
                raise ValueError(f"{path} has {dim} columns, {said}; extract the corpus again, or leave {option} out")
        if window.discrete:
            dim = window.dim or min(window.num_tokens, WIDEST_EMBEDDING)
            return dataclasses.replace(window, dim=dim, columns=wanted)
        return dataclasses.replace(window, dim=wanted)


def open_corpus(
    data_dir: Path, sequence_ids: Sequence[str], windows: Sequence[Window], cuts: Mapping[str, str] | None
) -> Corpus:
    """Open the arrays of all sequences; ``cuts`` (modality -> end, beg or single) asks to cut them to equal lengths.

    A mirrored sequence shares all but its motion with the original. A sequence that lacks a modality is left out and
    named in one line; LookupError if none is left.
    """
    modalities = {window.modality: window for window in windows}
    shared = {each: is_shared(data_dir, each) for each in modalities}
    paths = {
        name: {each: array_path(data_dir, name, each, shared[each]) for each in modalities} for name in sequence_ids
    }
    complete = [name for name in sequence_ids if all(path.is_file() for path in paths[name].values())]
    if len(complete) < len(sequence_ids):
        _report_missing(data_dir, paths, complete)
    _allow_open_files(len(complete) * len(modalities), data_dir)
    arrays: dict[str, list[np.ndarray]] = {modality: [] for modality in modalities}
    frames = []
    for name in complete:
        opened = {each: _open(paths[name][each], window) for each, window in modalities.items()}
        moving = [each for each, window in modalities.items() if not window.single]
        if cuts is not None:
            opened |= _cut({each: opened[each] for each in moving}, cuts)
        frames.append(_shared_length(data_dir, paths[name], {each: opened[each] for each in moving}))
        for modality, array in opened.items():
            arrays[modality].append(array)
    return Corpus(data_dir, tuple(complete), arrays, tuple(frames))


def _allow_open_files(count: int, data_dir: Path) -> None:
    """Let the process have so many more files open: until Python 3.13, whatever is mapped stays open."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = soft + count
    if soft != unlimited and soft < count + OTHER_FILES:
        if hard != unlimited and hard < wanted:
            raise ValueError(
                f"{data_dir} has {count} arrays, and this process may have {hard} files open; allow more with "
                f"`ulimit -n {wanted}`, or join sequences into fewer"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _open(path: Path, window: Window) -> np.ndarray:
    # Slices of np.memmap itself are several times slower to make.
    array = store.load_array(path).view(np.ndarray)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(f"{path} has shape {array.shape}; (frames, dim) is wanted")
    if window.discrete and array.dtype.kind not in "iu":
        raise ValueError(f"{path} holds {array.dtype}; a discrete modality is integers")
    if window.discrete and window.single:
        _check_tokens(path, array[: window.length], window)
    if window.single and len(array) < window.length:
        raise ValueError(f"{path} has {len(array)} values, the window of {window.modality} wants {window.length}")
    return array


def _check_tokens(path: Path, array: np.ndarray, window: Window) -> None:
    if array.size and not 0 <= array.min() <= array.max() < window.num_tokens:
        raise ValueError(
            f"{path} holds tokens {array.min()} to {array.max()}; --input_num_tokens allows 0 to "
            f"{window.num_tokens - 1} for {window.modality}"
        )


def _cut(arrays: Mapping[str, np.ndarray], cuts: Mapping[str, str]) -> dict[str, np.ndarray]:
    shortest = min((len(array) for array in arrays.values()), default=0)
    return {
        modality: array[len(array) - shortest :] if cuts[modality] == "beg" else array[:shortest]
        for modality, array in arrays.items()
    }


def _shared_length(data_dir: Path, paths: Mapping[str, Path], arrays: Mapping[str, np.ndarray]) -> int:
    lengths = {modality: len(array) for modality, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        (short, fewer), *_, (long, more) = sorted(lengths.items(), key=lambda each: each[1])
        raise ValueError(
            f"{paths[long].name} has {more} frames, {paths[short].name} has {fewer}; align them with "
            f"`python -m feature_extraction.extract {data_dir}`, or give --fix_lengths"
        )
    return next(iter(lengths.values()), 0)


def _report_missing(data_dir: Path, paths: Mapping[str, Mapping[str, Path]], complete: Sequence[str]) -> None:
    sequence_ids = list(paths)
    modalities = list(next(iter(paths.values())))
    without = {each: [name for name in paths if not paths[name][each].is_file()] for each in modalities}
    if not complete:
        modality, absent = max(without.items(), key=lambda each: len(each[1]))
        files = {path.name for name in sequence_ids[:1] for path in data_dir.glob(f"{name}.*.npy")}
        there = sorted(file.removeprefix(f"{sequence_ids[0]}.").removesuffix(".npy") for file in files)
        near = difflib.get_close_matches(modality, there, n=1)
        raise LookupError(
            f"{len(absent)} of {len(sequence_ids)} sequences in {data_dir} have no {modality} "
            f"(--input_modalities, --output_modalities); "
            + (f"is {near[0]} meant? " if near else "")
            + (
                f"there are: {', '.join(there)}"
                if there
                else f"extract features first: python -m feature_extraction.extract {data_dir}"
            )
        )
    for modality, absent in without.items():
        if absent:
            log.warning(
                "%d of %d sequences have no %s: %s", len(absent), len(sequence_ids), modality, ", ".join(absent)
            )
