"""What extractors learn of the train split before anything is encoded: vocabularies, classes."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from feature_extraction.base_features import BaseFeatures
from feature_extraction.feature import build, few
from feature_extraction.reading import Reading
from feature_extraction.recipe import FeatureRecipe

log = logging.getLogger(__name__)

STATE = "state"
"""The parameter by which an extractor gets back what it has learned."""


def with_states(
    recipe: FeatureRecipe, data_dir: Path, raw: Mapping[str, Mapping[str, Path]], train: Collection[str]
) -> FeatureRecipe:
    """Give the recipe whose extractors hold what they learn of the training sequences, where they learn something.

    A file that cannot be read teaches nothing; it is reported where it is encoded.
    """
    entries = []
    for entry, extractor in zip(recipe.extractors, build(recipe.extractors, recipe.fps), strict=True):
        if type(extractor).fit is not BaseFeatures.fit and STATE not in entry:
            raws = _raws(recipe, {name: raw[name] for name in sorted(raw) if name in train})
            entry = entry | {STATE: extractor.fit(raws, data_dir)}
        entries.append(entry)
    return replace(recipe, extractors=tuple(entries))


def without_states(extractors: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Give extractors without what they have learned: light to send to other processes that encode nothing."""
    return tuple({key: value for key, value in entry.items() if key != STATE} for entry in extractors)


def _raws(recipe: FeatureRecipe, files: Mapping[str, Mapping[str, Path]]) -> Iterator[Any]:
    unread = []
    for sequence_id, raw in files.items():
        if recipe.source in (*raw, "label"):
            try:
                yield Reading(sequence_id, raw, recipe.source).raw(recipe.fps)
            except (ValueError, OSError):
                unread.append(sequence_id)
    if unread:
        log.warning("%s learns nothing of what cannot be read: %s", recipe.name, few(unread))
