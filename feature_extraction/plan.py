"""What an extraction does: which features of which sequences, fitted here or taken from a trained run."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import registry
from feature_extraction.arrays import Task
from feature_extraction.feature import Feature, build, few
from feature_extraction.learned import with_states
from feature_extraction.mirroring import mirrored_id, original_id
from feature_extraction.recipe import FeatureRecipe, Recipe, recipe_of
from feature_extraction.store import (
    RECORDED,
    SPLITS,
    SUFFIXES,
    complete,
    read_split,
    sequences_with,
    split_path,
    write_splits_if_absent,
)

log = logging.getLogger(__name__)

RawFiles = Mapping[str, Mapping[str, Path]]
Plan = list[tuple[FeatureRecipe, Feature | None]]
"""What is extracted: each with the fitted feature of a run, or None where it is fitted here."""


def plan_of_recipe(recipe: Recipe) -> Plan:
    """Plan to fit the features of a recipe."""
    return [(feature, None) for feature in recipe.features]


def plan_of_run(folder: Path, allow_missing_text: bool = False) -> Plan:
    """Plan to apply the features of a trained run; FileNotFoundError where the folder is not one."""
    names = sorted(path.stem for path in (folder / "features").glob("*.json"))
    if not names:
        raise FileNotFoundError(f"no features of a run in {folder / 'features'}; give the folder of a trained run")
    features = [Feature.load(folder / "features", name) for name in names]
    recipes = [recipe_of(feature.base, feature.source, feature.extractors, feature.fps) for feature in features]
    return [
        (replace(recipe, allow_missing_text=allow_missing_text), feature)
        for recipe, feature in zip(recipes, features, strict=True)
    ]


def refuse_beside_a_run(options: Mapping[str, Any]) -> None:
    """ValueError for options that --from_experiment leaves nothing to say; None is not given."""
    if given := [f"--{name}" for name, value in options.items() if value is not None]:
        raise ValueError(
            f"{' and '.join(given)} cannot be beside --from_experiment: a run has its own features at its own frame "
            "rate, and nothing is mirrored, split or fitted"
        )


def possible(plan: Plan, raw: RawFiles, sources: Sequence[str], skip_absent: bool) -> Plan:
    """Give the part of a plan that is asked for; what has no files is an error, or left out with a line."""
    chosen = [(recipe, given) for recipe, given in plan if recipe.source in sources]
    if not chosen:
        raise ValueError(f"no feature of {', '.join(recipe.key for recipe, _ in plan)} is made of {', '.join(sources)}")
    present = {"label", *(source for files in raw.values() for source in files)}
    part: Plan = []
    for recipe, given in chosen:
        build(recipe.extractors, recipe.fps)  # a mistake in the recipe shows before any work is done
        if recipe.source in present or recipe.allow_missing_text:
            part.append((recipe, given))
            continue
        endings = " ".join(SUFFIXES[recipe.source])
        if not skip_absent:
            silence = ", or take it for silence with --allow_missing_text" if recipe.source == "text" else ""
            raise ValueError(
                f"{recipe.name} is made of {recipe.source}, and there is no file ending in {endings}; "
                f"choose the other features with --source{silence}"
            )
        log.info("%s is left out: there is no file ending in %s", recipe.name, endings)
    return part


def prepared(plan: Plan, data_dir: Path, raw: RawFiles, keep_mirrored: bool) -> Plan:
    """Give a plan whose extractors have learned what they learn, and which mirrors what is to be mirrored.

    With `keep_mirrored`, features that have mirrored arrays keep them. ValueError where a recording has the name of
    another one's mirror image.
    """
    train = set(read_split(data_dir, "train"))
    ready: Plan = []
    for recipe, given in plan:
        recipe = with_states(recipe, data_dir, raw, train)
        if recipe.source == "motion" and keep_mirrored and not recipe.mirror:
            recipe = replace(recipe, mirror=_has_mirrored(data_dir, recipe, raw))
        if recipe.mirror and (taken := sorted(raw.keys() & {mirrored_id(name) for name in train & raw.keys()})):
            raise ValueError(
                f"{few(taken)}: recordings have the names of mirror images; rename them, or leave --do_mirror out"
            )
        ready.append((recipe, given))
    return ready


def tasks(data_dir: Path, raw: RawFiles, recipes: Sequence[FeatureRecipe], replace_existing: bool) -> list[Task]:
    """Give what is to be done with each raw file; only sequences of the train split are mirrored."""
    by_source: dict[str, list[FeatureRecipe]] = {}
    for recipe in recipes:
        by_source.setdefault(recipe.source, []).append(recipe)
    mirrored = set(read_split(data_dir, "train")) if any(recipe.mirror for recipe in recipes) else set()
    return [
        Task(
            data_dir,
            sequence_id,
            files,
            source,
            tuple(wanted),
            sequence_id in mirrored,
            replace_existing,
            registry.plugin_dirs(),
        )
        for sequence_id, files in raw.items()
        for source, wanted in by_source.items()
        if source in files or source not in RECORDED
    ]


def write_splits(data_dir: Path, raw: RawFiles, val_regex: str | None, test_regex: str | None, seed: int) -> None:
    """Write absent split lists over the sequences that are complete, and say what does not fit the lists."""
    whole = complete(raw)
    if alone := sorted(raw.keys() - set(whole)):
        log.warning("%d sequences have motion or sound only: %s", len(alone), few(alone))
    written = write_splits_if_absent(
        data_dir, whole or list(raw), val_regex=val_regex, test_regex=test_regex, seed=seed
    )
    if written:
        log.info("wrote %s", ", ".join(sorted(path.name for path in written)))
    listed = {split: read_split(data_dir, split) for split in SPLITS if split_path(data_dir, split).exists()}
    for split, names in listed.items():
        if unknown := [name for name in names if raw.keys().isdisjoint({name, original_id(name)})]:
            log.warning("%s names sequences that are not there: %s", split_path(data_dir, split).name, few(unknown))
    if unlisted := sorted(set(whole).difference(*listed.values())):
        log.warning("%d sequences are in no split list: %s", len(unlisted), few(unlisted))


def _has_mirrored(data_dir: Path, recipe: FeatureRecipe, raw: RawFiles) -> bool:
    arrays = sequences_with(data_dir, recipe.base)
    return any(original_id(name) in raw and name not in raw for name in arrays)
