"""The arrays of one sequence: unscaled ones from its raw files, scaled ones from those; only what changed is redone."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import registry
from feature_extraction.feature import Combination, Feature, build, combine, find_extractor
from feature_extraction.mirroring import mirrored_id
from feature_extraction.reading import Reading, digest, expected_file
from feature_extraction.recipe import FeatureRecipe
from feature_extraction.store import (
    feature_path,
    load_array,
    load_json,
    save_array,
    save_json,
    sidecar_path,
)

log = logging.getLogger(__name__)

FORMAT = 1
"""Raised when arrays or sidecars are written otherwise than before, so that stored ones are redone."""


@dataclass(frozen=True)
class Task:
    """One raw file and the features that are made of it, from one reading.

    `mirrored` asks for the mirror image, too, of the features whose recipe has one.
    """

    data_dir: Path
    sequence_id: str
    raw: Mapping[str, Path]
    source: str
    recipes: tuple[FeatureRecipe, ...]
    mirrored: bool = False
    replace_existing: bool = False
    plugin_dirs: tuple[Path, ...] = ()

    @property
    def file(self) -> str:
        """The name of the raw file, also of one that is not there; of a label the sequence id."""
        return self.raw[self.source].name if self.source in self.raw else expected_file(self.sequence_id, self.source)


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
    """What became of a task: {sequence_id: {base name: sidecar}}, how many of them are new, what went wrong.

    `remarks` are what was logged on the way; whoever started the processes says each of them once.
    """

    file: str
    sidecars: dict[str, dict[str, Sidecar]] = field(default_factory=dict)
    computed: int = 0
    error: str = ""
    remarks: tuple[str, ...] = ()


def extract_sequence(task: Task) -> Outcome:
    """Bring the unscaled arrays of one raw file up to date; a bad file is an outcome with an error.

    Before an array changes, all that was made of it is deleted: whatever is there, at any moment, is right. A bad file
    loses its arrays, except to a new recipe, which may be what is bad. A motion that has no mirror image keeps its own.
    """
    for folder in task.plugin_dirs:
        registry.add_plugin_dir(folder)
    sidecars: dict[str, dict[str, Sidecar]] = {}
    computed, errors = 0, []
    with _listening() as remarks:
        reading = Reading(task.sequence_id, task.raw, task.source)
        for mirrored in (False, True)[: 1 + task.mirrored]:
            sequence_id = mirrored_id(task.sequence_id) if mirrored else task.sequence_id
            try:
                sidecars[sequence_id], new = _extract(task, reading, sequence_id, mirrored)
                computed += new
            except Exception as error:  # whatever one file provokes, the others are still to be done
                log.debug("%s", task.file, exc_info=error)
                _forget_after_failure(task, sequence_id, mirrored)
                known = isinstance(error, ValueError | LookupError | OSError)
                errors.append(str(error) if known else f"{type(error).__name__}: {error}")
    return Outcome(task.file, sidecars, computed, "; ".join(dict.fromkeys(errors)), tuple(remarks))


def scale_sequence(
    data_dir: Path, sequence_id: str, feature: Feature, sidecar: Sidecar, replace_existing: bool = False
) -> Outcome:
    """Bring the final array of one sequence up to date, from its unscaled one."""
    target = feature_path(data_dir, sequence_id, feature.name)
    if feature.name == feature.base or (not replace_existing and _has_shape(target, (sidecar.frames, feature.dim))):
        return Outcome(target.name)
    try:
        values = feature.finish(load_array(feature_path(data_dir, sequence_id, feature.base)), sidecar.columns)
    except ValueError as error:
        return Outcome(sidecar.source, error=f"does not fit {feature.name}: {error}")
    save_array(target, values)
    return Outcome(target.name, computed=1)


def forget(data_dir: Path, sequence_id: str, recipe: FeatureRecipe) -> None:
    """Delete the arrays of a sequence, the scaled ones first, the unscaled one when nothing tells of it any more."""
    for name in recipe.derived:
        feature_path(data_dir, sequence_id, name).unlink(missing_ok=True)
    sidecar_path(data_dir, sequence_id, recipe.base).unlink(missing_ok=True)
    feature_path(data_dir, sequence_id, recipe.base).unlink(missing_ok=True)


def recipe_hash(recipe: FeatureRecipe, mirrored: bool = False) -> str:
    """Give a hash of all that decides the numbers of an unscaled array, but for the raw file."""
    versions = [find_extractor(entry["name"]).version for entry in recipe.extractors]
    return digest([FORMAT, recipe.fps, recipe.extractors_hash, versions, mirrored])


def _extract(task: Task, reading: Reading, sequence_id: str, mirrored: bool) -> tuple[dict[str, Sidecar], int]:
    """Bring the arrays of a sequence or of its mirror image up to date; give their sidecars and how many are new."""
    sidecars: dict[str, Sidecar] = {}
    computed = 0
    for recipe in (recipe for recipe in task.recipes if recipe.mirror or not mirrored):
        frames = reading.frames(recipe.fps)
        wanted = Sidecar(task.file, reading.content_hash, recipe_hash(recipe, mirrored), frames, [], [], [])
        kept = None if task.replace_existing else _up_to_date(task.data_dir, sequence_id, recipe, wanted)
        if kept is None:
            if reading.is_missing and not recipe.allow_missing_text:
                _refuse_missing(task, _sidecar(task.data_dir, sequence_id, recipe), wanted)
            raw = reading.raw(recipe.fps, frames, mirrored)
            array = combine(build(recipe.extractors, recipe.fps), raw, frames)
            kept = _store(task.data_dir, sequence_id, recipe, array, wanted)
            computed += 1
        sidecars[recipe.base] = kept
    return sidecars, computed


def _refuse_missing(task: Task, kept: Sidecar | None, wanted: Sidecar) -> None:
    """Refuse a transcript that is not there, unless its absence was taken for silence before."""
    if kept is None or kept.source_hash != wanted.source_hash:
        raise FileNotFoundError(
            f"there is no transcript {task.data_dir / task.file} (nor .tsv nor .TextGrid); "
            "--allow_missing_text takes it for silence"
        )


def _forget_after_failure(task: Task, sequence_id: str, mirrored: bool) -> None:
    for recipe in task.recipes:
        kept = _sidecar(task.data_dir, sequence_id, recipe)
        if kept and kept.recipe_hash == recipe_hash(recipe, mirrored):
            forget(task.data_dir, sequence_id, recipe)


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


def _up_to_date(data_dir: Path, sequence_id: str, recipe: FeatureRecipe, wanted: Sidecar) -> Sidecar | None:
    kept = _sidecar(data_dir, sequence_id, recipe)
    if kept is None or not kept.same_origin(wanted):
        return None
    path = feature_path(data_dir, sequence_id, recipe.base)
    return kept if _has_shape(path, (kept.frames, len(kept.columns))) else None


def _sidecar(data_dir: Path, sequence_id: str, recipe: FeatureRecipe) -> Sidecar | None:
    try:
        return Sidecar(**load_json(sidecar_path(data_dir, sequence_id, recipe.base)))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _has_shape(path: Path, shape: tuple[int, int]) -> bool:
    try:
        return load_array(path).shape == shape
    except (FileNotFoundError, ValueError):
        return False


def _store(data_dir: Path, sequence_id: str, recipe: FeatureRecipe, array: Combination, wanted: Sidecar) -> Sidecar:
    _check(array, wanted.frames)
    forget(data_dir, sequence_id, recipe)
    sidecar = replace(wanted, columns=list(array.columns), dims=list(array.dims), decoding=array.decoding)
    save_array(feature_path(data_dir, sequence_id, recipe.base), array.values)
    save_json(sidecar_path(data_dir, sequence_id, recipe.base), vars(sidecar))
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
