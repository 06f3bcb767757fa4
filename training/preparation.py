"""Before training: make the corpus if it is not there, extract the features that changed."""

import argparse
import logging
from pathlib import Path

import registry
from feature_extraction.extract import extract

log = logging.getLogger(__name__)


def prepare_data(opt: argparse.Namespace) -> None:
    """Make ``opt.corpus`` where ``opt.data_dir`` wants it, then extract ``opt.recipe``; both may be empty."""
    data_dir = Path(opt.data_dir)
    if not opt.data_dir:
        raise ValueError("--data_dir is not set; name the folder that holds the corpus")
    if opt.corpus:
        make_corpus(opt.corpus, data_dir)
    if not data_dir.is_dir():
        raise FileNotFoundError(f"there is no folder {data_dir}; --data_dir names the one that holds the corpus")
    if opt.recipe:
        report = extract(data_dir, opt.recipe, progress=opt.enable_progress_bar is not False)
        for file, reason in report.failed.items():
            log.warning("%s is left out: %s", file, reason)


def make_corpus(name: str, data_dir: Path) -> None:
    """Make the corpus of this name so that ``data_dir`` is there: the corpus itself, or the part of it of that name.

    A folder with other data is used as it is.
    """
    from data.base_corpus import MARKER

    corpus = registry.find("corpus", name)()
    directory = data_dir.parent if data_dir.name in corpus.parts else data_dir
    if not data_dir.is_dir() or (directory / MARKER).is_file():
        corpus.make(directory)
