"""A fitted feature: everything that turns raw motion or sound into a model's numbers, and those back into motion."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import registry
from feature_extraction import align
from feature_extraction.audio import Audio, working_rate
from feature_extraction.base_features import BaseFeatures
from feature_extraction.projection import Projection
from feature_extraction.scaler import Scaler
from feature_extraction.store import load_json, plain_name, save_json, sidecar_path

if TYPE_CHECKING:
    from feature_extraction.motion.skeleton import Motion


PARTS: dict[str, type[Scaler] | type[Projection]] = {"scaler": Scaler, "projection": Projection}
"""The arrays of a feature, each in a file of its own."""
SILENCE_S = 2.0
"""So long a silence has a middle that no window of an extractor reaches out of."""


@dataclass(frozen=True)
class Combination:
    """Several extractors side by side: (frames, sum of dims) `values`, and the decoding of each extractor."""

    values: np.ndarray
    columns: tuple[str, ...]
    dims: tuple[int, ...]
    decoding: list[dict[str, Any]]


@dataclass(frozen=True)
class Feature:
    """One feature of a corpus, as fitted on its train split; plain data, saved as `<name>.json` and npz beside it."""

    name: str
    """As in `seq.<name>.npy`: "expmap_cr_scaled_20"."""
    base: str
    """The name of the unscaled arrays with all columns: "expmap_20"."""
    source: str
    fps: float
    extractors: tuple[dict[str, Any], ...]
    """`{"name": ..., parameter: value}` for each extractor."""
    all_columns: tuple[str, ...]
    dims: tuple[int, ...]
    """How many of all_columns each extractor gives."""
    columns: tuple[str, ...]
    """The columns that are kept; the others are in `constants`."""
    constants: dict[str, float] = field(default_factory=dict)
    scaler: Scaler | None = None
    projection: Projection | None = None
    """The principal components that stand in for the scaled columns."""
    decoding: list[dict[str, Any]] = field(default_factory=list)
    """What stands in for a sequence's own decoding: one for each extractor."""
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def dim(self) -> int:
        """The number of columns of the final arrays."""
        return self.projection.dim if self.projection else len(self.columns)

    @property
    def num_tokens(self) -> int:
        """How many ids there are, where the columns are ids of words or labels; 0 where they are numbers."""
        return max(extractor.num_tokens for extractor in build(self.extractors, self.fps))

    @property
    def words(self) -> tuple[str, ...]:
        """The words that the ids from `vocabulary.FIRST` on stand for, where the columns are ids of words."""
        states = [each.get("state") or {} for each in self.extractors] if self.num_tokens else []
        return tuple(word for state in states for word in state.get("words", ()))

    @classmethod
    def load(cls, directory: Path, name: str) -> "Feature":
        """Read `<name>.json` and its scaler from a corpus or the features folder of a run."""
        path = Path(directory) / f"{name}.json"
        if not path.is_file():
            raise FileNotFoundError(f"no feature {name} in {directory}: {path.name} is not there")
        data = load_json(path)
        if not isinstance(data, dict) or "all_columns" not in data:
            raise ValueError(f"{path} does not describe a feature")
        files = {part: data.pop(part, None) for part in PARTS}
        loaded: dict[str, Any] = {part: PARTS[part].load(path.with_name(file)) for part, file in files.items() if file}
        return replace(cls.from_dict(data), **loaded)

    def save(self, directory: Path) -> None:
        """Write the feature; the JSON comes last, so that where it is, all is."""
        json_path, *part_paths = feature_files(directory, self.name)
        json_path.unlink(missing_ok=True)
        names: dict[str, str | None] = dict.fromkeys(PARTS)
        for name, path in zip(PARTS, part_paths, strict=True):
            if (part := getattr(self, name)) is not None:
                part.save(path)
                names[name] = path.name
        save_json(json_path, self.to_dict() | names)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Feature":
        """Read a feature from what `to_dict` gave; ValueError where its names would lead out of a folder."""
        for key in ("name", "base"):
            plain_name(str(data[key]), "the description of a feature")
        tuples = {key: tuple(data[key]) for key in ("extractors", "all_columns", "dims", "columns")}
        parts = {name: kind.from_dict(data[name]) if data.get(name) else None for name, kind in PARTS.items()}
        return cls(**{**data, **tuples, **parts})

    def to_dict(self) -> dict[str, Any]:
        """Give the feature as plain JSON, the numbers of its parts with it (for a checkpoint)."""
        tuples = {key: list(getattr(self, key)) for key in ("extractors", "all_columns", "dims", "columns")}
        parts = {name: part.to_dict() if (part := getattr(self, name)) else None for name in PARTS}
        return asdict(replace(self, scaler=None, projection=None)) | tuples | parts

    def encode(self, raw: Any, frames: int | None = None) -> np.ndarray:
        """Give the (frames, dim) array of one raw input, at any rate (None: as many frames as it has)."""
        frames = align.natural_frames(raw, self.fps) if frames is None else frames
        raw = align.to_rate(raw, self.fps, frames)
        array = combine(build(self.extractors, self.fps), raw, frames)
        return self.finish(array.values, array.columns)

    def finish(self, values: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Give the (frames, dim) array of unscaled values with their columns; ValueError if they do not fit."""
        return self.scale(self.select(arrange(values, columns, self.all_columns, build(self.extractors, self.fps))))

    def select(self, values: np.ndarray) -> np.ndarray:
        """Keep the columns that are no constants: (frames, all columns) -> (frames, dim)."""
        kept = set(self.columns)
        return values[..., [name in kept for name in self.all_columns]]

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Scale and project (..., columns) values to (..., dim), float32; tokens and labels stay integers."""
        if self.scaler is None and self.projection is None and values.dtype.kind in "iu":
            return np.asarray(values)
        scaled = self.scaler.scaled(values) if self.scaler else np.asarray(values, dtype=np.float32)
        return self.projection.projected(scaled) if self.projection else scaled

    def unscale(self, values: np.ndarray) -> np.ndarray:
        """Undo `scale`, in float64; of principal components, as far as they go."""
        values = np.asarray(values, dtype=np.float64)
        scaled = self.projection.restored(values) if self.projection else values
        return self.scaler.unscaled(scaled) if self.scaler else scaled

    def silence(self) -> np.ndarray:
        """Give the (dim,) float32 frame that this feature has where there is no sound; ValueError if none is heard."""
        if self.source != "audio":
            raise ValueError(f"{self.name} is made of {self.source}: it has no silence")
        sample_rate, hop = working_rate(self.fps)
        frames = math.ceil(SILENCE_S * self.fps)
        return self.encode(Audio(np.zeros(frames * hop, np.float32), sample_rate), frames)[frames // 2]

    def restore(self, values: np.ndarray) -> np.ndarray:
        """Unscale (frames, dim) values and put the constant columns back: (frames, all columns) float64."""
        if values.ndim != 2 or values.shape[1] != self.dim:
            raise ValueError(f"{self.name} has (frames, {self.dim}) values, not {values.shape}")
        column = dict(zip(self.columns, self.unscale(values).T, strict=True))
        constant = {name: np.full(len(values), value) for name, value in self.constants.items()}
        return np.stack([column[name] if name in column else constant[name] for name in self.all_columns], axis=1)

    def decode(self, values: np.ndarray, decoding: Sequence[dict[str, Any]] | None = None) -> "Motion":
        """Give the motion of scaled (frames, dim) values, by the first extractor that can be turned back.

        `decoding` is a sequence's own (see `sequence_decoding`); None takes the corpus's. ValueError when no extractor
        of the feature can be turned back.
        """
        restored = self.restore(np.asarray(values))
        start = 0
        for extractor, dim, own in zip(
            build(self.extractors, self.fps), self.dims, decoding or self.decoding, strict=True
        ):
            if extractor.reversible:
                stop = start + dim
                return extractor.decode(restored[:, start:stop], self.all_columns[start:stop], own)
            start += dim
        raise ValueError(f"{self.name} cannot be turned back into motion")

    def blend(self, before: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Give (frames, dim) scaled values between two, as each extractor says: `share` (frames,) of the way."""
        before, after = self.restore(np.asarray(before)), self.restore(np.asarray(after))
        blended, start = [], 0
        for extractor, dim in zip(build(self.extractors, self.fps), self.dims, strict=True):
            part = slice(start, start + dim)
            blended.append(extractor.blend(before[:, part], after[:, part], share, self.all_columns[part]))
            start += dim
        return self.scale(self.select(np.concatenate(blended, axis=1)))

    def sequence_decoding(self, data_dir: Path, sequence_id: str) -> list[dict[str, Any]] | None:
        """Give a sequence's own decoding, from the JSON beside its unscaled array; None where there is none."""
        path = sidecar_path(data_dir, sequence_id, self.base)
        return load_json(path)["decoding"] if path.is_file() else None


def build(extractors: Sequence[Mapping[str, Any]], fps: float) -> list[BaseFeatures]:
    """Make the extractors of a recipe; LookupError for an unknown name, ValueError for an unknown parameter."""
    return [_extractor(fps, **entry) for entry in extractors]


def combine(extractors: Sequence[BaseFeatures], raw: Any, frames: int | None = None) -> Combination:
    """Run extractors on one recording that is at their rate, and put their columns side by side."""
    arrays = [extractor.encode(raw, frames) for extractor in extractors]
    columns = tuple(name for array in arrays for name in array.columns)
    if len(set(columns)) < len(columns):
        raise ValueError(f"two extractors give the same column: {few(_repeated(columns))}")
    values = align.trim([array.values for array in arrays])
    tokens = all(array.dtype.kind in "iu" for array in values)
    return Combination(
        np.concatenate(values, axis=1, dtype=np.int64 if tokens else np.float32),
        columns,
        tuple(array.values.shape[1] for array in arrays),
        [array.decoding for array in arrays],
    )


def arrange(
    values: np.ndarray, columns: Sequence[str], wanted: Sequence[str], extractors: Sequence[BaseFeatures]
) -> np.ndarray:
    """Give the `wanted` columns of (frames, columns) values.

    A column that is not there gets its resting value, a surplus one that has a resting value is left out; ValueError
    for others.
    """
    if tuple(columns) == tuple(wanted):
        return values
    resting = {
        name: next((value for each in extractors if (value := each.resting_value(name)) is not None), None)
        for name in set(columns) ^ set(wanted)
    }
    if odd := sorted(name for name, value in resting.items() if value is None):
        raise ValueError(f"the columns differ in {few(odd)}")
    place = {name: i for i, name in enumerate(columns)}
    arranged = [
        values[:, place[name]] if name in place else np.full(len(values), resting[name], values.dtype)
        for name in wanted
    ]
    return np.stack(arranged, axis=1)


def feature_files(directory: Path, name: str) -> list[Path]:
    """Give the paths of a feature: its JSON, then the npz of each of its parts, scaler and projection."""
    return [Path(directory) / f"{name}.{ending}" for ending in ("json", *(f"{part}.npz" for part in PARTS))]


def few(names: Sequence[str], most: int = 8) -> str:
    """Name some things, at most `most` of them: "a, b and 3 more"."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def find_extractor(name: str) -> type[BaseFeatures]:
    """Give the extractor class of a short name; LookupError for an unknown one."""
    return registry.find("features", name)


def _extractor(fps: float, name: str, **parameters: Any) -> BaseFeatures:
    extractor = find_extractor(name)
    try:
        return extractor(fps, **parameters)
    except TypeError as error:
        raise ValueError(f"the extractor {name} does not take these parameters: {error}") from error


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
