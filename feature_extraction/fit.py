"""Fitting a feature: its constant columns, its scaler and its decoding, over the whole train split and nothing else."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from feature_extraction.arrays import Sidecar, recipe_hash
from feature_extraction.base_features import BaseFeatures
from feature_extraction.feature import Feature, arrange, build, feature_files, few
from feature_extraction.learned import without_states
from feature_extraction.mirroring import original_id
from feature_extraction.parallel import Workers
from feature_extraction.projection import Projection, Scatter
from feature_extraction.reading import digest
from feature_extraction.recipe import FeatureRecipe
from feature_extraction.scaler import Moments, Scaler, total
from feature_extraction.store import feature_path, load_array, read_split, sequences_with, split_path


def fitted(
    pool: Workers, data_dir: Path, recipe: FeatureRecipe, members: Mapping[str, Sidecar], replace_existing: bool
) -> Feature:
    """Give the fitted feature of a folder: the one that is there if it is still right, else a new one in its place.

    `members` holds the sidecars of all sequences. ValueError when none of them is in the train split, or when some do
    not belong with the others.
    """
    in_train = set(read_split(data_dir, "train"))
    train = {name: members[name] for name in sorted(members) if not in_train.isdisjoint({name, original_id(name)})}
    if not train:
        discard(data_dir, recipe.name, recipe.base)
        raise ValueError(
            f"{recipe.name} cannot be fitted: no sequence of {split_path(data_dir, 'train')} has {recipe.base}"
        )
    known = _known(data_dir, recipe.name)
    if replace_existing or known is None or known.provenance.get("fit_hash") != fit_hash(recipe, train):
        discard(data_dir, recipe.name, recipe.base)
        known = None
    agree(recipe, members)
    if known is None:
        columns, _ = merged_columns(train)
        light = replace(recipe, extractors=without_states(recipe.extractors))
        places = [(data_dir, name, light, sidecar, columns) for name, sidecar in train.items()]
        moments = pool.each(f"fitting {recipe.name}", array_moments, places, step=0)
        known = fit(recipe, train, moments)
        if recipe.pca > known.dim:
            raise ValueError(f"{recipe.name}: {recipe.pca} components are wanted of {known.dim} columns")
        if recipe.pca:
            fitted_so_far = replace(known, extractors=light.extractors)
            scattered = [(data_dir, name, fitted_so_far, sidecar) for name, sidecar in train.items()]
            scatters = pool.each(f"finding the components of {recipe.name}", array_scatter, scattered, step=0)
            known = replace(known, projection=Projection.fit(scatters, recipe.pca))
        known.save(data_dir)
    return known


def withdraw(data_dir: Path, recipe: FeatureRecipe) -> None:
    """Delete the description of unscaled arrays that are made otherwise now, before the first of them changes."""
    known = _known(data_dir, recipe.name) if recipe.name == recipe.base else None
    if known is not None and (known.fps, known.extractors) != (recipe.fps, recipe.extractors):
        discard(data_dir, recipe.name, recipe.base)


def adopted(data_dir: Path, feature: Feature) -> Feature:
    """Put a feature that was fitted elsewhere into a folder, in the place of another of its name."""
    known = _known(data_dir, feature.name)
    if known is None or known.to_dict() != feature.to_dict():
        discard(data_dir, feature.name, feature.base)
        feature.save(data_dir)
    return feature


def fit_hash(recipe: FeatureRecipe, train: Mapping[str, Sidecar]) -> str:
    """Give a hash of all that decides a fitted feature: the recipe, and what the train split is made of."""
    members = [
        (sequence_id, train[sequence_id].source_hash, train[sequence_id].frames) for sequence_id in sorted(train)
    ]
    return digest([recipe_hash(recipe), recipe.remove_constants, recipe.scale, recipe.pca, members])


def fit(recipe: FeatureRecipe, train: Mapping[str, Sidecar], moments: Iterable[Moments]) -> Feature:
    """Fit a feature on the train split, given the moments of each of its arrays."""
    columns, dims = merged_columns(train)
    summed = total(moments)
    constant = summed.constant if recipe.remove_constants else summed.constant & False
    if constant.all():
        raise ValueError(f"{recipe.name}: every column is constant over the train split; there is nothing to learn")
    return Feature(
        name=recipe.name,
        base=recipe.base,
        source=recipe.source,
        fps=recipe.fps,
        extractors=recipe.extractors,
        all_columns=columns,
        dims=dims,
        columns=tuple(name for name, gone in zip(columns, constant, strict=True) if not gone),
        constants={
            name: float(value) for name, value, gone in zip(columns, summed.mean, constant, strict=True) if gone
        },
        scaler=Scaler.from_moments(summed.select(~constant), recipe.scale) if recipe.scale else None,
        decoding=merged_decoding(recipe, train),
        provenance={
            "fit_hash": fit_hash(recipe, train),
            "train_sequences": len(train),
            "train_frames": summed.count,
            "remove_constants": recipe.remove_constants,
            "scale": recipe.scale,
            "pca": recipe.pca,
        },
    )


def agree(recipe: FeatureRecipe, members: Mapping[str, Sidecar]) -> None:
    """Make sure that the sequences of a corpus belong together; ValueError listing the odd ones.

    Columns with a resting value may be in some sequences only, where the final arrays are not the unscaled ones.
    """
    merged_decoding(recipe, members)
    extractors = build(recipe.extractors, recipe.fps) if recipe.name != recipe.base else []
    kinds = Counter(_firm_columns(sidecar, extractors) for sidecar in members.values())
    usual = kinds.most_common(1)[0][0]
    odd = [name for name, sidecar in members.items() if _firm_columns(sidecar, extractors) != usual]
    if odd:
        raise ValueError(
            f"{recipe.base}: the columns of {few(odd)} are not those of the other {kinds[usual]} sequences; "
            "put recordings that differ into folders of their own"
        )


def merged_columns(sidecars: Mapping[str, Sidecar]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Give the columns that are in any of the sequences, and how many of them each extractor gives."""
    blocks: list[list[str]] = [[] for _ in next(iter(sidecars.values())).dims]
    for sidecar in sidecars.values():
        stops = accumulate(sidecar.dims)
        for block, stop, dim in zip(blocks, stops, sidecar.dims, strict=True):
            _merge(block, sidecar.columns[stop - dim : stop])
    return tuple(name for block in blocks for name in block), tuple(len(block) for block in blocks)


def _merge(block: list[str], columns: Sequence[str]) -> None:
    """Add the columns that are not in the block yet, each behind the one that it follows."""
    for before, name in pairwise(["", *columns]):
        if name not in block:
            block.insert(block.index(before) + 1 if before else 0, name)


def _firm_columns(sidecar: Sidecar, extractors: Sequence[BaseFeatures]) -> tuple[str, ...]:
    """Give the columns that every sequence must have."""
    return tuple(name for name in sidecar.columns if all(each.resting_value(name) is None for each in extractors))


def merged_decoding(recipe: FeatureRecipe, sidecars: Mapping[str, Sidecar]) -> list[dict[str, Any]]:
    """Give the decoding that stands for these sequences, one for each extractor; ValueError listing the odd ones."""
    extractors = build(recipe.extractors, recipe.fps)
    return [
        extractor.merge_decodings({name: sidecar.decoding[place] for name, sidecar in sidecars.items()})
        for place, extractor in enumerate(extractors)
    ]


def array_moments(
    data_dir: Path, sequence_id: str, recipe: FeatureRecipe, sidecar: Sidecar, columns: Sequence[str]
) -> Moments:
    """Give the moments of these columns of one unscaled array."""
    values = load_array(feature_path(data_dir, sequence_id, recipe.base))
    return Moments.of(arrange(values, sidecar.columns, columns, build(recipe.extractors, recipe.fps)))


def array_scatter(data_dir: Path, sequence_id: str, feature: Feature, sidecar: Sidecar) -> Scatter:
    """Give the scatter of the scaled columns of one unscaled array."""
    values = load_array(feature_path(data_dir, sequence_id, feature.base))
    return Scatter.of(feature.finish(values, sidecar.columns))


def discard(data_dir: Path, name: str, base: str) -> None:
    """Delete a fitted feature and its scaled arrays; the JSON goes first, so that what is left does not look valid."""
    for path in feature_files(data_dir, name):
        path.unlink(missing_ok=True)
    for sequence_id in sequences_with(data_dir, name) if name != base else []:
        feature_path(data_dir, sequence_id, name).unlink(missing_ok=True)


def _known(data_dir: Path, name: str) -> Feature | None:
    try:
        return Feature.load(data_dir, name)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
