"""A fitted feature: everything that turns raw motion or sound into a model's numbers, and those back into motion."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import registry
from feature_extraction import align
from feature_extraction.base_features import BaseFeatures
from feature_extraction.scaler import Scaler
from feature_extraction.store import load_json, save_json, sidecar_path

if TYPE_CHECKING:
    from feature_extraction.audio import Audio
    from feature_extraction.motion.skeleton import Motion


@dataclass(frozen=True)
class Combination:
    """Several extractors side by side: (frames, sum of dims) float32 `values`, and the decoding of each extractor."""

    values: np.ndarray
    columns: tuple[str, ...]
    dims: tuple[int, ...]
    decoding: list[dict[str, Any]]


@dataclass(frozen=True)
class Feature:
    """One feature of a corpus, as fitted on its train split; plain data, saved as `<name>.json` and `.scaler.npz`."""

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
    decoding: list[dict[str, Any]] = field(default_factory=list)
    """What stands in for a sequence's own decoding: one for each extractor."""
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def dim(self) -> int:
        """The number of columns of the final arrays."""
        return len(self.columns)

    @classmethod
    def load(cls, directory: Path, name: str) -> "Feature":
        """Read `<name>.json` and its scaler from a corpus or the features folder of a run."""
        path = Path(directory) / f"{name}.json"
        if not path.is_file():
            raise FileNotFoundError(f"no feature {name} in {directory}: {path.name} is not there")
        data = load_json(path)
        if not isinstance(data, dict) or "all_columns" not in data:
            raise ValueError(f"{path} does not describe a feature")
        file = data.pop("scaler", None)
        feature = cls.from_dict(data)
        return replace(feature, scaler=Scaler.load(path.with_name(file))) if file else feature

    def save(self, directory: Path) -> None:
        """Write the feature; the JSON comes last, so that where it is, all is."""
        json_path, scaler_path = feature_files(directory, self.name)
        json_path.unlink(missing_ok=True)
        if self.scaler is not None:
            self.scaler.save(scaler_path)
        save_json(json_path, self.to_dict() | {"scaler": scaler_path.name if self.scaler else None})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Feature":
        """Read a feature from what `to_dict` gave."""
        scaler = data.get("scaler")
        tuples = {key: tuple(data[key]) for key in ("extractors", "all_columns", "dims", "columns")}
        return cls(**{**data, **tuples, "scaler": Scaler.from_dict(scaler) if scaler else None})

    def to_dict(self) -> dict[str, Any]:
        """Give the feature as plain JSON, the scaler's numbers with it (for a checkpoint)."""
        tuples = {key: list(getattr(self, key)) for key in ("extractors", "all_columns", "dims", "columns")}
        return asdict(replace(self, scaler=None)) | tuples | {"scaler": self.scaler.to_dict() if self.scaler else None}

    def encode(self, raw: "Motion | Audio", frames: int | None = None) -> np.ndarray:
        """Give the (frames, dim) float32 array of one recording at any rate (None: as many frames as it has)."""
        frames = align.natural_frames(raw, self.fps) if frames is None else frames
        raw = align.to_rate(raw, self.fps, frames)
        array = combine(build(self.extractors, self.fps), raw, frames)
        return self.finish(array.values, array.columns)

    def finish(self, values: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Give the (frames, dim) float32 array of unscaled values with their columns; ValueError if they do not fit."""
        return self.scale(self.select(arrange(values, columns, self.all_columns, build(self.extractors, self.fps))))

    def select(self, values: np.ndarray) -> np.ndarray:
        """Keep the columns that are no constants: (frames, all columns) -> (frames, dim)."""
        kept = set(self.columns)
        return values[..., [name in kept for name in self.all_columns]]

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Scale (..., dim) values, float32."""
        return self.scaler.scaled(values) if self.scaler else np.asarray(values, dtype=np.float32)

    def unscale(self, values: np.ndarray) -> np.ndarray:
        """Undo `scale`, in float64."""
        return self.scaler.unscaled(values) if self.scaler else np.asarray(values, dtype=np.float64)

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

    def sequence_decoding(self, data_dir: Path, sequence_id: str) -> list[dict[str, Any]] | None:
        """Give a sequence's own decoding, from the JSON beside its unscaled array; None where there is none."""
        path = sidecar_path(data_dir, sequence_id, self.base)
        return load_json(path)["decoding"] if path.is_file() else None


def build(extractors: Sequence[Mapping[str, Any]], fps: float) -> list[BaseFeatures]:
    """Make the extractors of a recipe; LookupError for an unknown name, ValueError for an unknown parameter."""
    return [_extractor(fps, **entry) for entry in extractors]


def combine(extractors: Sequence[BaseFeatures], raw: "Motion | Audio", frames: int | None = None) -> Combination:
    """Run extractors on one recording that is at their rate, and put their columns side by side."""
    arrays = [extractor.encode(raw, frames) for extractor in extractors]
    columns = tuple(name for array in arrays for name in array.columns)
    if len(set(columns)) < len(columns):
        raise ValueError(f"two extractors give the same column: {few(_repeated(columns))}")
    values = align.trim([array.values for array in arrays])
    return Combination(
        np.concatenate(values, axis=1, dtype=np.float32),
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


def feature_files(directory: Path, name: str) -> tuple[Path, Path]:
    """Give the paths of a feature's JSON and scaler."""
    return Path(directory) / f"{name}.json", Path(directory) / f"{name}.scaler.npz"


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
