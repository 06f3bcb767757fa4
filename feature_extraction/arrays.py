"""The arrays of one sequence: unscaled ones from its raw files, scaled ones from those; only what changed is redone."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import registry
from feature_extraction.align import pair_frames, read_raw
from feature_extraction.feature import Combination, Feature, build, combine, find_extractor
from feature_extraction.recipe import FeatureRecipe
from feature_extraction.store import feature_path, load_array, load_json, save_array, save_json, sidecar_path

log = logging.getLogger(__name__)

FORMAT = 1
"""Raised when arrays or sidecars are written otherwise than before, so that stored ones are redone."""


@dataclass(frozen=True)
class Task:
    """One raw file and the features that are made of it, from one reading."""

    data_dir: Path
    sequence_id: str
    raw: Mapping[str, Path]
    source: str
    recipes: tuple[FeatureRecipe, ...]
    replace_existing: bool = False
    plugin_dirs: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Sidecar:
    """What is kept beside an unscaled array: what it was made of, its columns, and how this sequence decodes."""

    source: str
    source_hash: str
    recipe_hash: str
    frames: int
    columns: list[str]
    dims: list[int]
    decoding: list[dict[str, Any]]

    def same_origin(self, other: "Sidecar") -> bool:
        """Tell whether both arrays were made of the same bytes in the same way."""
        return (self.source_hash, self.recipe_hash, self.frames) == (other.source_hash, other.recipe_hash, other.frames)


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a sidecar for each base name, which of them are new, or what went wrong.

    `remarks` are what was logged on the way; whoever started the processes says each of them once.
    """

    sequence_id: str
    file: str
    sidecars: dict[str, Sidecar] = field(default_factory=dict)
    computed: tuple[str, ...] = ()
    error: str = ""
    remarks: tuple[str, ...] = ()


def extract_sequence(task: Task) -> Outcome:
    """Bring the unscaled arrays of one raw file up to date; a bad file is an outcome with an error.

    Before an array changes, all that was made of it is deleted: whatever is there, at any moment, is right. A bad file
    loses its arrays, except to a new recipe, which may be what is bad.
    """
    path = task.raw[task.source]
    try:
        with _listening() as remarks:
            outcome = _extract(task, path)
        return replace(outcome, remarks=tuple(remarks))
    except Exception as error:  # whatever one file provokes, the others are still to be done
        log.debug("%s", path, exc_info=error)
        for recipe in task.recipes:
            kept = _sidecar(task, recipe)
            if kept and kept.recipe_hash == recipe_hash(recipe):
                forget(task.data_dir, task.sequence_id, recipe)
        known = isinstance(error, ValueError | LookupError | OSError)
        return Outcome(task.sequence_id, path.name, error=str(error) if known else f"{type(error).__name__}: {error}")


def scale_sequence(
    data_dir: Path, sequence_id: str, feature: Feature, sidecar: Sidecar, replace_existing: bool = False
) -> Outcome:
    """Bring the final array of one sequence up to date, from its unscaled one."""
    target = feature_path(data_dir, sequence_id, feature.name)
    if feature.name == feature.base or (not replace_existing and _has_shape(target, (sidecar.frames, feature.dim))):
        return Outcome(sequence_id, target.name)
    try:
        values = feature.finish(load_array(feature_path(data_dir, sequence_id, feature.base)), sidecar.columns)
    except ValueError as error:
        return Outcome(sequence_id, sidecar.source, error=f"does not fit {feature.name}: {error}")
    save_array(target, values)
    return Outcome(sequence_id, target.name, computed=(feature.name,))


def forget(data_dir: Path, sequence_id: str, recipe: FeatureRecipe) -> None:
    """Delete the arrays of a sequence, the scaled ones first, the unscaled one when nothing tells of it any more."""
    for name in recipe.derived:
        feature_path(data_dir, sequence_id, name).unlink(missing_ok=True)
    sidecar_path(data_dir, sequence_id, recipe.base).unlink(missing_ok=True)
    feature_path(data_dir, sequence_id, recipe.base).unlink(missing_ok=True)


def recipe_hash(recipe: FeatureRecipe) -> str:
    """Give a hash of all that decides the numbers of an unscaled array, but for the raw file."""
    versions = [find_extractor(entry["name"]).version for entry in recipe.extractors]
    return digest([FORMAT, recipe.fps, list(recipe.extractors), versions])


def digest(data: Any) -> str:
    """Give a short hash of plain data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def _extract(task: Task, path: Path) -> Outcome:
    for folder in task.plugin_dirs:
        registry.add_plugin_dir(folder)
    with path.open("rb") as file:
        source_hash = hashlib.file_digest(file, "sha256").hexdigest()
    sidecars, raws = {}, {}
    computed = []
    for recipe in task.recipes:
        frames = pair_frames(task.raw, task.source, recipe.fps)
        wanted = Sidecar(path.name, source_hash, recipe_hash(recipe), frames, [], [], [])
        kept = None if task.replace_existing else _up_to_date(task, recipe, wanted)
        if kept is None:
            if recipe.fps not in raws:
                raws[recipe.fps] = read_raw(path, task.source, recipe.fps, frames)
            array = combine(build(recipe.extractors, recipe.fps), raws[recipe.fps], frames)
            kept = _store(task, recipe, array, wanted)
            computed.append(recipe.base)
        sidecars[recipe.base] = kept
    return Outcome(task.sequence_id, path.name, sidecars, tuple(computed))


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect what this package logs meanwhile, instead of saying it once for each file and process."""
    remarks: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: remarks.append(record.getMessage())  # type: ignore[method-assign]
    package = logging.getLogger(__package__)
    package.addHandler(handler)
    package.propagate = False
    try:
        yield remarks
    finally:
        package.propagate = True
        package.removeHandler(handler)


def _up_to_date(task: Task, recipe: FeatureRecipe, wanted: Sidecar) -> Sidecar | None:
    kept = _sidecar(task, recipe)
    if kept is None or not kept.same_origin(wanted):
        return None
    path = feature_path(task.data_dir, task.sequence_id, recipe.base)
    return kept if _has_shape(path, (kept.frames, len(kept.columns))) else None


def _sidecar(task: Task, recipe: FeatureRecipe) -> Sidecar | None:
    try:
        return Sidecar(**load_json(sidecar_path(task.data_dir, task.sequence_id, recipe.base)))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _has_shape(path: Path, shape: tuple[int, int]) -> bool:
    try:
        return load_array(path).shape == shape
    except (FileNotFoundError, ValueError):
        return False


def _store(task: Task, recipe: FeatureRecipe, array: Combination, wanted: Sidecar) -> Sidecar:
    _check(array, wanted.frames)
    forget(task.data_dir, task.sequence_id, recipe)
    sidecar = replace(wanted, columns=list(array.columns), dims=list(array.dims), decoding=array.decoding)
    save_array(feature_path(task.data_dir, task.sequence_id, recipe.base), array.values)
    save_json(sidecar_path(task.data_dir, task.sequence_id, recipe.base), asdict(sidecar))
    return sidecar


def _check(array: Combination, frames: int) -> None:
    if not frames:
        raise ValueError("there is not one frame in it")
    if len(array.values) != frames:
        raise ValueError(f"it gives {len(array.values)} frames where its header and its partner's promise {frames}")
    finite = np.isfinite(array.values)
    if not finite.all():
        frame, column = np.argwhere(~finite)[0]
        raise ValueError(f"{array.columns[column]} is {array.values[frame, column]} in frame {frame}")
