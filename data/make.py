"""The command that makes a corpus: `python -m data.make NAME [DIR]`; without a name it lists what can be made."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import command
import registry
from data.base_corpus import BaseCorpus
from data.conversion import MIXAMO


def main(argv: Sequence[str] | None = None) -> int:
    """Make the named corpus, and print where it lies."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in options.plugin_dir:
        registry.add_plugin_dir(folder)
    if options.name is None:
        print("\n".join(_listed()))
        return 0
    if options.seed < 0:
        raise ValueError(f"--seed is {options.seed}; a seed is 0 or more")
    corpus = registry.find("corpus", options.name)()
    directory = options.directory or Path(__file__).parent / options.name
    _refuse_the_ignored(options, corpus)
    corpus.source = options.source
    corpus.canonical_skeleton, corpus.accepts_licence = options.canonical_skeleton, options.accept_licence
    made = corpus.make(directory, seed=options.seed, jobs=options.jobs)
    for part in corpus.parts:
        print(made / part)
    return 0


def _refuse_the_ignored(options: argparse.Namespace, corpus: BaseCorpus) -> None:
    """ValueError for an option that the corpus would not look at."""
    name = options.name
    if options.canonical_skeleton and not corpus.converts:
        raise ValueError(f"the corpus {name} has a skeleton of its own: leave --canonical_skeleton out")
    if options.source and not corpus.takes_source:
        raise ValueError(f"the corpus {name} is made of no recordings: leave --source out")
    if options.accept_licence and not (corpus.takes_source and getattr(corpus, "downloads", True)):
        raise ValueError(f"nothing of the corpus {name} is downloaded: leave --accept_licence out. {corpus.terms()}")


def _listed() -> list[str]:
    """Give a line for each corpus: its name and, of one that others have recorded, its licence and where it is."""
    found = {name: registry.find("corpus", name) for name in registry.names("corpus")}
    width = max(map(len, found))
    rows = [(name, getattr(each, "licence", ""), getattr(each, "home", "")) for name, each in found.items()]
    return [f"{name.ljust(width)}  {licence}; {home}" if licence else name for name, licence, home in rows]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data.make", description=__doc__, allow_abbrev=False)
    parser.add_argument("name", nargs="?", help="which corpus; leave it out to list them")
    parser.add_argument("directory", nargs="?", type=Path, help="where to make it (default: data/NAME of the project)")
    parser.add_argument(
        "--source", type=Path, help="folder of a download that the corpus is made of, if not DIR itself"
    )
    parser.add_argument(
        "--canonical_skeleton",
        "--canonical-skeleton",
        nargs="?",
        const=MIXAMO,
        default="",
        metavar="BVH",
        help="put all motion on one skeleton, so that corpora can be trained on together: that of a file, which rests "
        "in a T-pose, or without a value Mixamo's 22 joints in centimetres",
    )
    parser.add_argument(
        "--accept_licence",
        "--accept-licence",
        action="store_true",
        help="download what may be downloaded without an account, into the folder of --source or DIR, under the "
        "licence that is printed",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="another seed, another corpus, where anything is drawn (default: %(default)s)",
    )
    parser.add_argument("--jobs", type=int, default=-1, help="processes (default: one for each core)")
    parser.add_argument("--plugin_dir", action="append", default=[], help="a folder with corpora of your own")
    return parser


if __name__ == "__main__":
    command.run(main)
