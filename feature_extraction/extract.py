"""The extraction command: raw files of a folder to feature arrays; only what changed is computed.

First every raw file becomes unscaled arrays; then each feature's constants and scaler are fitted, on the train split
alone; then the final arrays are written. Killed at any moment and started again, a run goes on where it was.
"""

import argparse
import logging
import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.contrib.logging import logging_redirect_tqdm

import command
import registry
from feature_extraction.arrays import Outcome, Sidecar, Task, extract_sequence, forget, scale_sequence
from feature_extraction.feature import Feature, build, few
from feature_extraction.fit import adopted, fitted
from feature_extraction.motion.selection import ALL, SELECTIONS
from feature_extraction.parallel import workers
from feature_extraction.recipe import FeatureRecipe, load_recipe, recipe_names, recipe_of
from feature_extraction.store import (
    SPLITS,
    SUFFIXES,
    find_raw,
    locked,
    read_split,
    split_path,
    write_splits_if_absent,
)

log = logging.getLogger(__name__)

RawFiles = Mapping[str, Mapping[str, Path]]
Plan = list[tuple[FeatureRecipe, Feature | None]]
"""What is extracted: each with the fitted feature of a run, or None where it is fitted here."""


@dataclass(frozen=True)
class Report:
    """What a run did: the features, of how many sequences, how many new arrays, and what is wrong with which file."""

    features: tuple[str, ...]
    sequences: int
    computed: int
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0, or 1 when some files failed."""
        return 1 if self.failed else 0


def extract(
    data_dir: Path | str,
    recipe: str | Path = "dance",
    *,
    sources: Sequence[str] = tuple(SUFFIXES),
    fps: float | None = None,
    joints: str | list[str] | None = None,
    from_experiment: Path | str | None = None,
    replace_existing: bool = False,
    val_regex: str | None = None,
    test_regex: str | None = None,
    seed: int = 0,
    jobs: int = -1,
    progress: bool = True,
) -> Report:
    """Bring the feature arrays of a folder up to date.

    `sources` limits the work to "motion" or "audio"; `fps` and `joints` stand in for the recipe's;
    `from_experiment`, the folder of a run, applies the features that it was trained with and fits nothing. ValueError
    or LookupError where nothing can be done; a bad file is in the report, and the others are done.
    """
    data_dir = Path(data_dir)
    raw = find_raw(data_dir)
    if not raw:
        endings = " ".join(ending for group in SUFFIXES.values() for ending in group)
        raise FileNotFoundError(f"no recordings in {data_dir}; it needs files ending in {endings}")
    if from_experiment and (fps is not None or joints is not None):
        raise ValueError("a run's features have their own frame rate and joints: --fps and --joints do not go with it")
    wanted = _plan_of_run(Path(from_experiment)) if from_experiment else _plan_of_recipe(recipe, fps, joints)
    plan = _possible(wanted, raw, sources, skip_absent=from_experiment is not None)
    tasks = _tasks(data_dir, raw, [each for each, _ in plan], replace_existing)
    with locked(data_dir), workers(jobs, len(tasks) + len(plan) * len(raw), progress) as pool:
        if from_experiment is None:
            _write_splits(data_dir, raw, val_regex, test_regex, seed)
        read = pool.each("reading", extract_sequence, [(task,) for task in tasks])
        for remark in dict.fromkeys(remark for done in read for remark in done.remarks):
            log.info(remark)
        scaled: list[Outcome] = []
        for each, given in plan:
            members = _members(data_dir, each, tasks, read)
            feature = adopted(data_dir, given) if given else fitted(pool, data_dir, each, members, replace_existing)
            scaling = [(data_dir, name, feature, sidecar, replace_existing) for name, sidecar in members.items()]
            scaled += pool.each(f"scaling {feature.name}", scale_sequence, scaling)
            log.info("%s: %d columns, %d sequences", feature.name, feature.dim, len(members))
    failed = {done.file: done.error for done in [*read, *scaled] if done.error}
    computed = sum(len(done.computed) for done in [*read, *scaled])
    return Report(tuple(given.name if given else each.name for each, given in plan), len(raw), computed, failed)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 1 when some files failed."""
    options = _parser().parse_args(_underscored(sys.argv[1:] if argv is None else argv))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in options.plugin_dir:
        registry.add_plugin_dir(folder)
    with logging_redirect_tqdm():
        report = extract(
            options.data_dir,
            options.recipe,
            sources=(options.source,) if options.source else tuple(SUFFIXES),
            fps=options.fps,
            joints=options.joints,
            from_experiment=options.from_experiment,
            replace_existing=options.replace_existing,
            val_regex=options.val_regex,
            test_regex=options.test_regex,
            seed=options.seed,
            jobs=options.jobs,
        )
    for file, reason in report.failed.items():
        print(f"failed: {file}: {reason}")
    state = f"{report.computed} arrays computed" if report.computed else "everything was up to date"
    faults = f"; {len(report.failed)} of the files failed" if report.failed else ""
    print(f"{options.data_dir}, {report.sequences} sequences: {state}{faults}")
    return report.exit_code


def _plan_of_recipe(recipe: str | Path, fps: float | None, joints: str | list[str] | None) -> Plan:
    chosen = load_recipe(recipe).override(fps=fps, joints=joints)
    return [(feature, None) for feature in chosen.features]


def _plan_of_run(folder: Path) -> Plan:
    names = sorted(path.stem for path in (folder / "features").glob("*.json"))
    if not names:
        raise FileNotFoundError(f"no features of a run in {folder / 'features'}; give the folder of a trained run")
    features = [Feature.load(folder / "features", name) for name in names]
    return [(recipe_of(feature.base, feature.source, feature.extractors, feature.fps), feature) for feature in features]


def _possible(plan: Plan, raw: RawFiles, sources: Sequence[str], skip_absent: bool) -> Plan:
    """Give the part of a plan that is asked for; what has no files is an error, or left out with a line."""
    chosen = [(recipe, given) for recipe, given in plan if recipe.source in sources]
    if not chosen:
        raise ValueError(f"no feature of {', '.join(recipe.key for recipe, _ in plan)} is made of {', '.join(sources)}")
    present = {source for files in raw.values() for source in files}
    for recipe, _ in chosen:
        build(recipe.extractors, recipe.fps)  # a mistake in the recipe shows before any work is done
        if recipe.source not in present:
            endings = " ".join(SUFFIXES[recipe.source])
            if not skip_absent:
                raise ValueError(
                    f"{recipe.name} is made of {recipe.source}, and there is no file ending in {endings}; "
                    "choose the other features with --source"
                )
            log.info("%s is left out: there is no file ending in %s", recipe.name, endings)
    return [(recipe, given) for recipe, given in chosen if recipe.source in present]


def _tasks(data_dir: Path, raw: RawFiles, recipes: Sequence[FeatureRecipe], replace_existing: bool) -> list[Task]:
    by_source: dict[str, list[FeatureRecipe]] = defaultdict(list)
    for recipe in recipes:
        by_source[recipe.source].append(recipe)
    return [
        Task(data_dir, sequence_id, files, source, tuple(by_source[source]), replace_existing, registry.plugin_dirs())
        for sequence_id, files in raw.items()
        for source in files
        if source in by_source
    ]


def _members(
    data_dir: Path, recipe: FeatureRecipe, tasks: Sequence[Task], read: Sequence[Outcome]
) -> dict[str, Sidecar]:
    """Give the sidecars of the sequences that have this array. The others lose an old one; ValueError if all do."""
    done = {task.sequence_id: each for task, each in zip(tasks, read, strict=True) if recipe in task.recipes}
    members = {name: each.sidecars[recipe.base] for name, each in done.items() if not each.error}
    if not members:
        first = next(iter(done.values()))
        raise ValueError(f"{recipe.base} could not be made of any file; {first.file}: {first.error}")
    for name in done.keys() - members:
        forget(data_dir, name, recipe)
    return members


def _write_splits(data_dir: Path, raw: RawFiles, val_regex: str | None, test_regex: str | None, seed: int) -> None:
    """Write absent split lists over the sequences that are complete, and say what does not fit the lists."""
    present = {source for files in raw.values() for source in files}
    complete = [sequence_id for sequence_id, files in raw.items() if files.keys() == present]
    if alone := sorted(raw.keys() - set(complete)):
        log.warning("%d sequences have motion or sound only: %s", len(alone), few(alone))
    written = write_splits_if_absent(
        data_dir, complete or list(raw), val_regex=val_regex, test_regex=test_regex, seed=seed
    )
    if written:
        log.info("wrote %s", ", ".join(sorted(path.name for path in written)))
    listed = {split: read_split(data_dir, split) for split in SPLITS if split_path(data_dir, split).exists()}
    for split, names in listed.items():
        if unknown := [name for name in names if name not in raw]:
            log.warning("%s names sequences that are not there: %s", split_path(data_dir, split).name, few(unknown))
    if unlisted := sorted(set(complete).difference(*listed.values())):
        log.warning("%d sequences are in no split list: %s", len(unlisted), few(unlisted))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m feature_extraction.extract",
        description="Turn a folder's recordings into feature arrays. Only what changed is computed.",
        epilog=f"Recipes: {', '.join(recipe_names())}. Exit code: 0; 1 when files failed, 2 when nothing is done.\n"
        "  ... extract my_dances                            motion and sound\n"
        "  ... extract my_dances --fps 30 --joints all      other than the recipe says\n"
        "  ... extract my_songs --from_experiment training/experiments/my_run    new songs for a trained model",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    joints = ", ".join([ALL, *SELECTIONS])
    add = parser.add_argument
    add("data_dir", type=Path, metavar="DIR", help="folder of .bvh and .wav, .flac, .ogg, .mp3; a pair shares its name")
    add("--recipe", default="dance", help="which features: a recipe's name or a .yaml file (default: dance)")
    add("--source", choices=SUFFIXES, help="only the features made of this (default: all)")
    add("--fps", type=float, help="frames per second, instead of the recipe's")
    add("--joints", type=_joints, help=f"{joints}, or names with commas between, instead of the recipe's")
    add("--from_experiment", type=Path, metavar="RUN", help="apply the features of a trained run's folder, fit nothing")
    add("--replace_existing", action="store_true", help="compute everything again")
    add("--val_regex", metavar="REGEX", help="absent split lists: what is found in the ids of val (default: draw 10%%)")
    add("--test_regex", metavar="REGEX", help="the like for test; the rest is train; lists are never rewritten")
    add("--seed", type=int, default=0, help="for drawing the splits (default: 0)")
    add("--jobs", type=int, default=-1, metavar="N", help="processes (default: one for each core)")
    add("--plugin_dir", type=Path, action="append", default=[], metavar="DIR", help="folder of your own *_features.py")
    return parser


def _underscored(argv: Sequence[str]) -> list[str]:
    """Spell options with underscores: `--replace-existing` is `--replace_existing`."""
    return [re.sub(r"^--[\w-]+", lambda option: "--" + option[0][2:].replace("-", "_"), word) for word in argv]


def _joints(text: str) -> str | list[str]:
    return text if text in (ALL, *SELECTIONS) else [name.strip() for name in text.split(",")]


if __name__ == "__main__":
    command.run(main)
