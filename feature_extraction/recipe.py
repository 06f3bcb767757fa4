"""Recipes: which features make up a corpus, read from YAML."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from feature_extraction.scaler import KINDS
from feature_extraction.store import SUFFIXES
from registry import nearest

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class FeatureRecipe:
    """One feature: which extractors are put together under which name, and what is done with their columns."""

    key: str
    source: str
    extractors: tuple[dict[str, Any], ...]
    fps: float
    remove_constants: bool = False
    scale: str | None = None

    @property
    def base(self) -> str:
        """The name of the unscaled arrays with all columns, "expmap_20"."""
        return f"{self.key}_{self.fps:g}"

    @property
    def name(self) -> str:
        """The name of the final arrays, "expmap_cr_scaled_20"."""
        return f"{self.key}{'_cr' * self.remove_constants}{'_scaled' * bool(self.scale)}_{self.fps:g}"

    @property
    def derived(self) -> list[str]:
        """The names of all arrays that can be made of the unscaled one."""
        return [
            name
            for cr in (False, True)
            for scale in (None, "any")
            if (name := replace(self, remove_constants=cr, scale=scale).name) != self.base
        ]


@dataclass(frozen=True)
class Recipe:
    """The features of a corpus, all at one frame rate."""

    name: str
    features: tuple[FeatureRecipe, ...]

    def override(self, fps: float | None = None, joints: str | list[str] | None = None) -> "Recipe":
        """Give the recipe at another frame rate, or with another joint selection for each motion extractor."""
        if fps is not None and fps <= 0:
            raise ValueError(f"a frame rate is above 0, not {fps:g}")
        features = self.features
        if fps is not None:
            features = tuple(replace(feature, fps=_plain(fps)) for feature in features)
        if joints is not None:
            features = tuple(
                replace(feature, extractors=tuple(entry | {"joints": joints} for entry in feature.extractors))
                if feature.source == "motion"
                else feature
                for feature in features
            )
        return replace(self, features=features)


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


def _feature(key: str, entry: Any, fps: float) -> FeatureRecipe:
    where = f"features.{key}"
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        raise ValueError(f"{where}: a feature's name has letters, digits, - and _ only")
    entry = _checked(entry, where, {"source", "extractors", "remove_constants", "scale"})
    source, scale = entry.get("source"), entry.get("scale")
    remove_constants = entry.get("remove_constants", False)
    if source not in SUFFIXES:
        raise ValueError(f"{where}.source is one of {', '.join(SUFFIXES)}, not {source!r}")
    if scale not in (None, False, *KINDS):
        raise ValueError(f"{where}.scale is one of {', '.join(KINDS)} or false, not {scale!r}")
    if not isinstance(remove_constants, bool):
        raise ValueError(f"{where}.remove_constants is true or false, not {remove_constants!r}")
    extractors = entry.get("extractors")
    if not isinstance(extractors, list) or not extractors:
        raise ValueError(f"{where}.extractors is a list such as [{{name: mel}}], not {extractors!r}")
    for extractor in extractors:
        if not isinstance(extractor, dict) or not isinstance(extractor.get("name"), str):
            raise ValueError(f"{where}.extractors: each has a name, such as {{name: mel}}, not {extractor!r}")
    return FeatureRecipe(key, source, tuple(extractors), fps, remove_constants, scale or None)


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
