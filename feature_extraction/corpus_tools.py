"""Corpus tools: what is in a data folder; draw its splits, join several folders, take the moments of a feature."""

import argparse
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

import command
from feature_extraction.combine import combine, split_lists
from feature_extraction.covariance import moments_path, second_moments
from feature_extraction.feature import few
from feature_extraction.mirroring import original_id
from feature_extraction.partition import HELD_OUT, draw
from feature_extraction.store import SPLITS, SUFFIXES, complete, find_arrays, find_raw, locked, save_splits, split_path

log = logging.getLogger(__name__)

Tool = Callable[[argparse.Namespace], list[str]]
HEADINGS = ("sequence", "split", *SUFFIXES, "features")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print("\n".join(options.tool(options)))
    return 0


def sequences(data_dir: Path) -> list[str]:
    """Give the sorted ids of a folder's sequences: recordings, or arrays alone; mirror images do not count.

    FileNotFoundError when there are none.
    """
    raw, arrays = find_raw(data_dir), find_arrays(data_dir)
    found = {*raw, *(name for name in arrays if original_id(name) not in {*raw, *arrays})}
    if not found:
        raise FileNotFoundError(f"no sequences in {data_dir}: there are neither recordings nor arrays")
    return sorted(found)


def table(data_dir: Path) -> list[str]:
    """Give the lines that show what is in a folder and in its lists: each sequence's split, files and features."""
    names = sequences(data_dir)
    raw, arrays, splits = find_raw(data_dir), find_arrays(data_dir), split_lists(data_dir)
    listed = {name for ids in splits.values() for name in ids}
    rows = [HEADINGS]
    for name in sorted({*names, *arrays, *listed}):
        known_as = {name} if name in names else {name, original_id(name)}
        split = "+".join(split for split, ids in splits.items() if not known_as.isdisjoint(ids))
        files = [path.suffix if (path := raw.get(name, {}).get(source)) else "" for source in SUFFIXES]
        features = ", ".join(arrays.get(name, {}))
        rows.append((name, split, *files, features if name in raw or name in arrays else "is not there"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join((cell or "-").ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [*(line.rstrip() for line in lines), f"{len(names)} sequences; {_counted(splits)}"]


def split(
    data_dir: Path,
    shares: Mapping[str, float],
    *,
    seed: int = 0,
    group_regex: str | None = None,
    replace_existing: bool = False,
) -> dict[str, list[str]]:
    """Draw the split lists of a folder, write them and give them; `partition.draw` says how.

    Where some sequences have motion and sound, the others are in no list. ValueError when there are lists already,
    without `replace_existing`.
    """
    raw = find_raw(data_dir)
    ids = complete(raw) or sequences(data_dir)
    if odd := [name for name in ids if name != name.strip() or {"\n", "\r"} & set(name)]:
        raise ValueError(f"{odd[0]!r} cannot stand in a list, for its spaces at the ends or line breaks; rename it")
    if alone := sorted(raw.keys() - set(ids)):
        log.warning("%d sequences have motion or sound only, and are in no list: %s", len(alone), few(alone))
    lists = draw(ids, shares, seed, group_regex)
    with locked(data_dir):
        there = [path.name for split in SPLITS if (path := split_path(data_dir, split)).exists()]
        if there and not replace_existing:
            raise ValueError(f"{data_dir} has {', '.join(there)} already; --replace_existing draws new lists")
        save_splits(data_dir, lists)
    if empty := [split for split, share in shares.items() if share and not lists[split]]:
        log.warning("nothing is left for %s: there are too few sequences, or groups", " and ".join(empty))
    return {split: lists[split] for split in SPLITS}


def _list(options: argparse.Namespace) -> list[str]:
    return sequences(options.data_dir) if options.names else table(options.data_dir)


def _split(options: argparse.Namespace) -> list[str]:
    shares = {"val": options.val, "test": options.test}
    again = options.replace_existing
    lists = split(options.data_dir, shares, seed=options.seed, group_regex=options.by, replace_existing=again)
    note = ["the next extraction fits the features to the new train list"] if again else []
    return [f"{options.data_dir}: {_counted(lists)}", *note]


def _combine(options: argparse.Namespace) -> list[str]:
    lists = combine(options.output, options.folders, prefix=options.prefix, copy=options.copy)
    kind = "copied" if options.copy else "linked"
    return [
        f"{options.output}: {len(find_raw(options.output))} sequences, {kind}; {_counted(lists)}",
        f"features are extracted anew: python -m feature_extraction.extract {options.output}",
    ]


def _moments(options: argparse.Namespace) -> list[str]:
    found = second_moments(options.data_dir, options.feature, options.split)
    path = moments_path(options.data_dir, options.feature, options.split)
    found.save(path)
    size = f"{found.count} frames of {options.split}, {len(found.mean)} columns"
    length, variance = np.linalg.norm(found.mean), np.trace(found.covariance)
    return [f"{path}: {size}, length of the mean {length:.6g}, total variance {variance:.6g}"]


def _counted(lists: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{len(ids)} in {split}" for split, ids in lists.items()) or "no split lists"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m feature_extraction.corpus_tools",
        description="Tools for data folders. A recording is never changed.",
        allow_abbrev=False,
    )
    tools = parser.add_subparsers(required=True, metavar="TOOL")

    tool = _tool(tools, "list", _list, "show the sequences of a folder: their splits, files and features")
    tool.add_argument("data_dir", type=Path, metavar="DIR")
    tool.add_argument("--names", action="store_true", help="bare names, one a line, without those of mirror images")

    tool = _tool(tools, "split", _split, "draw the lists of train, val and test")
    tool.add_argument("data_dir", type=Path, metavar="DIR")
    share = "the share of sequences, at least one (%(default)g)"
    tool.add_argument("--val", type=float, default=HELD_OUT, metavar="FRACTION", help=share)
    tool.add_argument("--test", type=float, default=HELD_OUT, metavar="FRACTION", help=share)
    tool.add_argument("--seed", type=int, default=0, help="of the draw (%(default)s)")
    tool.add_argument(
        "--by",
        metavar="REGEX",
        help="sequences in which its first group finds the same stay together: '^([^_]+)_' for singer_song",
    )
    tool.add_argument(
        "--replace_existing", "--replace-existing", action="store_true", help="draw new lists where there are some"
    )

    tool = _tool(tools, "combine", _combine, "make one folder of several; features are extracted anew")
    tool.add_argument("output", type=Path, metavar="OUT", help="the new folder")
    tool.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="recordings, transcripts, split lists")
    tool.add_argument("--prefix", action="store_true", help="names begin with the names of their folders")
    tool.add_argument("--copy", action="store_true", help="copies, instead of symbolic links")

    tool = _tool(tools, "moments", _moments, "write the mean and covariance of a feature, for Frechet distances")
    tool.add_argument("data_dir", type=Path, metavar="DIR")
    tool.add_argument("feature", metavar="FEATURE", help="as in SEQUENCE.FEATURE.npy; FEATURE.moments.npz is written")
    tool.add_argument(
        "--split", choices=SPLITS, default="train", help="%(default)s; of others, FEATURE.moments_SPLIT.npz is written"
    )
    return parser


def _tool(
    tools: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, tool: Tool, text: str
) -> argparse.ArgumentParser:
    parser = tools.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
    parser.set_defaults(tool=tool)
    return parser


if __name__ == "__main__":
    command.run(main)
