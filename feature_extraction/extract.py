"""The extraction command: raw files of a folder to feature arrays; only what changed is computed.

First every raw file becomes unscaled arrays; then each feature's constants and scaler are fitted, on the train split
alone; then the final arrays are written. Killed at any moment and started again, a run goes on where it was.
"""

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm.contrib.logging import logging_redirect_tqdm

import command
import registry
from feature_extraction.arrays import Outcome, Sidecar, Task, extract_sequence, forget, scale_sequence
from feature_extraction.fit import adopted, fitted, withdraw
from feature_extraction.learned import without_states
from feature_extraction.mirroring import original_id
from feature_extraction.motion.selection import ALL, SELECTIONS
from feature_extraction.parallel import BACKENDS, LOCAL, Workers, workers
from feature_extraction.plan import (
    RawFiles,
    plan_of_recipe,
    plan_of_run,
    possible,
    prepared,
    refuse_beside_a_run,
    tasks,
    write_splits,
)
from feature_extraction.recipe import FeatureRecipe, Recipe, load_recipe, named_recipe, recipe_names
from feature_extraction.store import RECORDED, SOURCES, SUFFIXES, find_raw, locked, sequences_with

log = logging.getLogger(__name__)

DEFAULT = "dance"
"""The recipe that is meant where none is named."""


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
    recipe: str | Path | Recipe = DEFAULT,
    *,
    sources: Sequence[str] = SOURCES,
    fps: float | None = None,
    joints: str | list[str] | None = None,
    do_mirror: bool | None = None,
    allow_missing_text: bool = False,
    from_experiment: Path | str | None = None,
    replace_existing: bool = False,
    val_regex: str | None = None,
    test_regex: str | None = None,
    seed: int = 0,
    jobs: int = -1,
    backend: str = LOCAL,
    scheduler: str | None = None,
    progress: bool = True,
) -> Report:
    """Bring the feature arrays of a folder up to date.

    `sources` limits the work to "motion", "audio", "text" or "label"; `fps` and `joints` stand in for the recipe's;
    `do_mirror` adds the mirror images of the training motions, or removes them (None: as the recipe says, and as the
    folder is); `from_experiment`, the folder of a run, applies the features that it was trained with and fits nothing.
    ValueError or LookupError where nothing can be done; a bad file is in the report, and the others are done.
    """
    data_dir = Path(data_dir)
    raw = find_raw(data_dir)
    if not raw:
        endings = " ".join(ending for source in RECORDED for ending in SUFFIXES[source])
        raise FileNotFoundError(f"no recordings in {data_dir}; it needs files ending in {endings}")
    if from_experiment:
        own = {"fps": fps, "joints": joints, "do_mirror": do_mirror, "val_regex": val_regex, "test_regex": test_regex}
        refuse_beside_a_run(own)
        wanted = plan_of_run(Path(from_experiment), allow_missing_text)
    else:
        chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
        wanted = plan_of_recipe(chosen.override(fps, joints, do_mirror, allow_missing_text))
    plan = possible(wanted, raw, sources, skip_absent=from_experiment is not None)
    steps = sum(len(raw) for _ in plan) + len(raw) * len({recipe.source for recipe, _ in plan})
    with locked(data_dir), workers(jobs, steps, progress, backend, scheduler) as pool:
        if from_experiment is None:
            write_splits(data_dir, raw, val_regex, test_regex, seed)
            plan = prepared(plan, data_dir, raw, keep_mirrored=do_mirror is None)
        for each, _ in plan:
            withdraw(data_dir, each)
        read = _read(pool, data_dir, raw, [each for each, _ in plan], replace_existing)
        scaled: list[Outcome] = []
        for each, given in plan:
            members = _members(data_dir, each, read)
            feature = adopted(data_dir, given) if given else fitted(pool, data_dir, each, members, replace_existing)
            light = replace(feature, extractors=without_states(feature.extractors))
            scaling = [(data_dir, name, light, sidecar, replace_existing) for name, sidecar in members.items()]
            scaled += pool.each(f"scaling {feature.name}", scale_sequence, scaling)
            log.info("%s: %d columns, %d sequences", feature.name, feature.dim, len(members))
    done = [*(outcome for _, outcome in read), *scaled]
    return Report(
        tuple(given.name if given else each.name for each, given in plan),
        len(raw),
        sum(each.computed for each in done),
        {each.file: each.error for each in done if each.error},
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 1 when some files failed."""
    options = _parser().parse_args(_underscored(sys.argv[1:] if argv is None else argv))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in options.plugin_dir:
        registry.add_plugin_dir(folder)
    with logging_redirect_tqdm():
        report = extract(
            options.data_dir,
            _recipe(options),
            sources=(options.source,) if options.source else SOURCES,
            fps=options.fps,
            joints=options.joints,
            do_mirror=options.do_mirror,
            allow_missing_text=options.allow_missing_text,
            from_experiment=options.from_experiment,
            replace_existing=options.replace_existing,
            val_regex=options.val_regex,
            test_regex=options.test_regex,
            seed=options.seed or 0,
            jobs=options.jobs,
            backend=options.backend,
            scheduler=options.scheduler,
        )
    for file, reason in report.failed.items():
        print(f"failed: {file}: {reason}")
    state = f"{report.computed} arrays computed" if report.computed else "everything was up to date"
    faults = f"; {len(report.failed)} of the files failed" if report.failed else ""
    print(f"{options.data_dir}, {report.sequences} sequences: {state}{faults}")
    return report.exit_code


def _read(
    pool: Workers, data_dir: Path, raw: RawFiles, recipes: Sequence[FeatureRecipe], replace_existing: bool
) -> list[tuple[Task, Outcome]]:
    """Bring the unscaled arrays of all raw files up to date, and say once what was said on the way.

    Words and labels stay in this process: they take no time, and what their extractors have learned may be large.
    """
    todo = tasks(data_dir, raw, recipes, replace_existing)
    heavy = [task for task in todo if task.source in RECORDED]
    todo = [*heavy, *(task for task in todo if task.source not in RECORDED)]
    done = pool.each("reading", extract_sequence, [(task,) for task in heavy])
    done += pool.each("reading", extract_sequence, [(task,) for task in todo[len(heavy) :]], here=True)
    for remark in dict.fromkeys(remark for each in done for remark in each.remarks):
        log.info(remark)
    return list(zip(todo, done, strict=True))


def _members(data_dir: Path, recipe: FeatureRecipe, read: Sequence[tuple[Task, Outcome]]) -> dict[str, Sidecar]:
    """Give the sidecars of the sequences that have this array, mirrored ones among them.

    The others lose an old one; ValueError if all do.
    """
    done = {task.sequence_id: each for task, each in read if recipe in task.recipes}
    members = {
        name: sidecars[recipe.base]
        for each in done.values()
        for name, sidecars in each.sidecars.items()
        if recipe.base in sidecars
    }
    if not members:
        first = next(iter(done.values()))
        raise ValueError(f"{recipe.base} could not be made of any file; {first.file}: {first.error}")
    for name in set(sequences_with(data_dir, recipe.base)) - members.keys():
        if name in done or original_id(name) in done:
            forget(data_dir, name, recipe)
    return members


def _recipe(options: argparse.Namespace) -> Recipe:
    """Give the recipe that is named, or the one that --feature_names describes."""
    if options.from_experiment:
        names = options.feature_names or None
        refuse_beside_a_run({"recipe": options.recipe, "feature_names": names, "seed": options.seed})
    chosen = load_recipe(options.recipe or DEFAULT)
    if not options.feature_names:
        if options.combined_feature_name or options.pca_dims:
            raise ValueError("--combined_feature_name and --pca_dims are for --feature_names; name the features")
        return chosen
    names = [name.strip() for name in options.feature_names.split(",") if name.strip()]
    fps = options.fps or chosen.features[0].fps
    return named_recipe(names, fps, options.combined_feature_name, options.pca_dims)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m feature_extraction.extract",
        description="Turn a folder's recordings into feature arrays. Only what changed is computed.",
        epilog=f"Recipes: {', '.join(recipe_names())}. Exit code: 0; 1 when files failed, 2 when nothing is done.\n"
        "  ... extract my_dances                            motion and sound\n"
        "  ... extract my_dances --fps 30 --joints all      other than the recipe says\n"
        "  ... extract my_dances --feature_names mel,chroma --combined_feature_name sound --pca_dims 16\n"
        "  ... extract my_songs --from_experiment training/experiments/my_run    new songs for a trained model",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    joints = ", ".join([ALL, *SELECTIONS])
    add, yes_no = parser.add_argument, argparse.BooleanOptionalAction
    add(
        "data_dir",
        type=Path,
        metavar="DIR",
        help="folder of .bvh, of .wav, .flac, .ogg, .mp3 and of .json, .tsv, "
        ".TextGrid transcripts; what belongs together shares its name",
    )
    add("--recipe", help=f"which features: a recipe's name or a .yaml file (default: {DEFAULT})")
    add("--source", choices=SOURCES, help="only the features made of this (default: all)")
    add("--feature_names", metavar="NAMES", help="extractors with commas between, instead of a recipe's features")
    add("--combined_feature_name", metavar="NAME", help="make one feature of all --feature_names")
    add("--pca_dims", type=int, default=0, metavar="N", help="principal components of each of --feature_names")
    add("--fps", type=float, help="frames per second, instead of the recipe's")
    add("--joints", type=_joints, help=f"{joints}, or names with commas between, instead of the recipe's")
    add(
        "--do_mirror",
        action=yes_no,
        default=None,
        help="add the mirror images of the training motions as sequences "
        "<id>_mirrored, which share all but the motion with the originals (default: where the recipe says so, or some "
        "are there)",
    )
    add("--allow_missing_text", action="store_true", help="take a transcript that is not there for silence")
    add("--from_experiment", type=Path, metavar="RUN", help="apply the features of a trained run's folder, fit nothing")
    add("--replace_existing", action="store_true", help="compute everything again")
    add("--val_regex", metavar="REGEX", help="absent split lists: what is found in the ids of val (default: draw 10%%)")
    add("--test_regex", metavar="REGEX", help="the like for test; the rest is train; lists are never rewritten")
    add("--seed", type=int, help="for drawing the splits (default: 0)")
    add("--jobs", type=int, default=-1, metavar="N", help="processes (default: one for each core)")
    add("--backend", choices=BACKENDS, default=LOCAL, help="where they run: on this machine (default), or a cluster")
    add("--scheduler", metavar="ADDRESS", help="of the cluster: tcp://host:8786 for dask, auto or ray://... for ray")
    add("--plugin_dir", type=Path, action="append", default=[], metavar="DIR", help="folder of your own *_features.py")
    return parser


def _underscored(argv: Sequence[str]) -> list[str]:
    """Spell options with underscores: `--replace-existing` is `--replace_existing`; a flag's twin begins `--no-`."""

    def spelt(option: re.Match[str]) -> str:
        return ("--no-" if option["twin"] else "--") + option["name"].replace("-", "_")

    return [re.sub(r"^--(?P<twin>no[-_])?(?P<name>[\w-]+)", spelt, word) for word in argv]


def _joints(text: str) -> str | list[str]:
    return text if text in (ALL, *SELECTIONS) else [name.strip() for name in text.split(",")]


if __name__ == "__main__":
    command.run(main)
