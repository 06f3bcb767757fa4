"""Recipes: which features make up a corpus, read from YAML."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from feature_extraction.feature import find_extractor
from feature_extraction.reading import digest
from feature_extraction.scaler import KINDS
from feature_extraction.store import RECORDED, SOURCES
from registry import nearest

FOLDER = Path(__file__).parent / "recipes"
FLAGS = {"remove_constants": None, "mirror": "motion", "allow_missing_text": "text"}
"""What is on or off in a feature, and the source that it is for (None: any)."""


@dataclass(frozen=True)
class FeatureRecipe:
    """One feature: which extractors are put together under which name, and what is done with their columns.

    `pca` is the number of principal components that stand in for the columns, 0 for the columns themselves. `mirror`
    adds the mirror images of the training motions; `allow_missing_text` takes a transcript that is not there for
    silence.
    """

    key: str
    source: str
    extractors: tuple[dict[str, Any], ...]
    fps: float
    remove_constants: bool = False
    scale: str | None = None
    pca: int = 0
    mirror: bool = False
    allow_missing_text: bool = False

    @cached_property
    def extractors_hash(self) -> str:
        """A hash of the extractors with all their parameters; what some have learned may be large.

        Where an extractor holds what it learned of a file, that file's folder decides nothing.
        """
        return digest([without_folders(entry) if "state" in entry else entry for entry in self.extractors])

    @property
    def base(self) -> str:
        """The name of the unscaled arrays with all columns, "expmap_20"."""
        return f"{self.key}_{self.fps:g}"

    @property
    def name(self) -> str:
        """The name of the final arrays, "expmap_cr_scaled_20"."""
        done = "_cr" * self.remove_constants + "_scaled" * bool(self.scale) + "_pca" * bool(self.pca)
        return f"{self.key}{done}_{self.fps:g}"

    @property
    def derived(self) -> list[str]:
        """The names of all arrays that can be made of the unscaled one."""
        return [
            name
            for cr in (False, True)
            for scale in (None, "any")
            for pca in (0, 1)
            if (name := replace(self, remove_constants=cr, scale=scale, pca=pca).name) != self.base
        ]


@dataclass(frozen=True)
class Recipe:
    """The features of a corpus, all at one frame rate."""

    name: str
    features: tuple[FeatureRecipe, ...]

    def override(
        self,
        fps: float | None = None,
        joints: str | list[str] | None = None,
        mirror: bool | None = None,
        allow_missing_text: bool = False,
    ) -> "Recipe":
        """Give the recipe at another frame rate, its motion with other joints or mirrored, its text with gaps."""
        if fps is not None and fps <= 0:
            raise ValueError(f"a frame rate is above 0, not {fps:g}")
        return replace(
            self, features=tuple(_overridden(each, fps, joints, mirror, allow_missing_text) for each in self.features)
        )


def recipe_names() -> list[str]:
    """Give the names of the recipes that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_recipe(name: str | Path) -> Recipe:
    """Read a recipe by its name, or from a YAML file of your own.

    LookupError for an unknown name; ValueError naming the file and the key for anything a recipe cannot say.
    """
    path = Path(name) if str(name).endswith((".yaml", ".yml")) else FOLDER / f"{name}.yaml"
    if not path.is_file():
        hint = nearest(str(name), recipe_names()) or f"there are {', '.join(recipe_names())}"
        raise LookupError(f"there is no recipe {str(name)!r} ({path}); {hint}; a .yaml file of your own can be given")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not valid YAML: {error}") from error
    try:
        return parse_recipe(path.stem, data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def recipe_of(base: str, source: str, extractors: Iterable[dict[str, Any]], fps: float) -> FeatureRecipe:
    """Give the recipe of unscaled arrays, from their name ("expmap_20") and what makes them."""
    return FeatureRecipe(base.rpartition("_")[0], source, tuple(extractors), fps)


def without_folders(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give options or parameters in which a path on this machine, or several with commas, is the last part only."""

    def named(part: str) -> str:
        return Path(part).name if part.startswith("~") or Path(part).is_absolute() else part

    return {
        name: ",".join(map(named, value.split(","))) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


def parse_recipe(name: str, data: Any) -> Recipe:
    """Make a recipe of the plain data of its YAML."""
    data = _checked(data, "the recipe", {"fps", "features"})
    fps = data.get("fps")
    if isinstance(fps, bool) or not isinstance(fps, int | float) or fps <= 0:
        raise ValueError(f"fps is a number above 0, not {fps!r}")
    entries = data.get("features")
    if not isinstance(entries, dict) or not entries:
        raise ValueError("features names at least one feature")
    features = tuple(_feature(str(key), entry, _plain(fps)) for key, entry in entries.items())
    names = Counter(name for feature in features for name in (feature.base, *feature.derived))
    if twice := sorted(each for each, count in names.items() if count > 1):
        raise ValueError(f"the arrays of two features would have one name: {', '.join(twice)}; rename one")
    return Recipe(name, features)


def named_recipe(names: Sequence[str], fps: float, combined: str | None = None, pca: int = 0) -> Recipe:
    """Make a recipe of extractors by their names: each a feature of its own, or all together under one name.

    Motion loses its constant columns, and all is scaled to mean 0 and deviation 1. LookupError for an unknown name;
    ValueError for a combination of different sources.
    """
    sources = {name: find_extractor(name).source for name in names}
    if combined and len(set(sources.values())) > 1:
        told = ", ".join(f"{name} of {source}" for name, source in sources.items())
        raise ValueError(f"{combined} cannot be made of different sources: {told}")
    groups = {combined: list(names)} if combined else {name: [name] for name in names}
    features = {
        key: {
            "source": sources[group[0]],
            "extractors": [{"name": name} for name in group],
            "remove_constants": sources[group[0]] == "motion",
            "scale": "standard" if sources[group[0]] in RECORDED else None,
            "pca": pca,
        }
        for key, group in groups.items()
    }
    return parse_recipe(", ".join(names), {"fps": fps, "features": features})


def _overridden(
    feature: FeatureRecipe,
    fps: float | None,
    joints: str | list[str] | None,
    mirror: bool | None,
    allow_missing_text: bool,
) -> FeatureRecipe:
    if fps is not None:
        feature = replace(feature, fps=_plain(fps))
    if feature.source == "motion" and joints is not None:
        feature = replace(feature, extractors=tuple(entry | {"joints": joints} for entry in feature.extractors))
    if feature.source == "motion" and mirror is not None:
        feature = replace(feature, mirror=mirror)
    if feature.source == "text" and allow_missing_text:
        feature = replace(feature, allow_missing_text=True)
    return feature


def _feature(key: str, entry: Any, fps: float) -> FeatureRecipe:
    where = f"features.{key}"
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        raise ValueError(f"{where}: a feature's name has letters, digits, - and _ only")
    entry = _checked(entry, where, {"source", "extractors", "scale", "pca", *FLAGS})
    source, scale, pca = entry.get("source"), entry.get("scale"), entry.get("pca", 0)
    flags = {flag: entry.get(flag, False) for flag in FLAGS}
    if source not in SOURCES:
        raise ValueError(f"{where}.source is one of {', '.join(SOURCES)}, not {source!r}")
    if scale not in (None, False, "none", *KINDS):
        raise ValueError(f"{where}.scale is one of {', '.join(KINDS)} or none, not {scale!r}")
    if isinstance(pca, bool) or not isinstance(pca, int) or pca < 0:
        raise ValueError(f"{where}.pca is a number of components, not {pca!r}")
    for flag, value in flags.items():
        if not isinstance(value, bool):
            raise ValueError(f"{where}.{flag} is true or false, not {value!r}")
        if value and FLAGS[flag] not in (None, source):
            raise ValueError(f"{where}.{flag} is for features of {FLAGS[flag]}, not of {source}")
    scale = None if scale in (False, "none") else scale
    return FeatureRecipe(key, source, tuple(_extractors(entry, where)), fps, scale=scale, pca=pca, **flags)


def _extractors(entry: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    extractors = entry.get("extractors")
    if not isinstance(extractors, list) or not extractors:
        raise ValueError(f"{where}.extractors is a list such as [{{name: mel}}], not {extractors!r}")
    for extractor in extractors:
        if not isinstance(extractor, dict) or not isinstance(extractor.get("name"), str):
            raise ValueError(f"{where}.extractors: each has a name, such as {{name: mel}}, not {extractor!r}")
    return extractors


def _checked(data: Any, where: str, known: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is a mapping, not {data!r}")
    for key in data:
        if key not in known:
            hint = nearest(str(key), sorted(known)) or f"there are {', '.join(sorted(known))}"
            raise ValueError(f"{where} has an unknown key {key!r}; {hint}")
    return data


def _plain(fps: float) -> float:
    return int(fps) if float(fps).is_integer() else float(fps)
