"""Before training: make the corpus if it is not there, extract the features that changed."""

import argparse
import logging
from pathlib import Path

import registry
from feature_extraction.extract import extract
from feature_extraction.store import MARKER, SUFFIXES, find_raw

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
    if opt.text_folder:
        link_transcripts(data_dir, Path(opt.text_folder))
    if opt.recipe:
        report = extract(data_dir, opt.recipe, progress=opt.enable_progress_bar is not False)
        for file, reason in report.failed.items():
            log.warning("%s is left out: %s", file, reason)


def link_transcripts(data_dir: Path, folder: Path) -> list[Path]:
    """Link the transcripts of another folder beside the recordings of the same name that have none; the links made.

    FileNotFoundError where there is no such folder, or no transcript in it that belongs to a recording.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}; --text_folder names the one that holds transcripts")
    raw = find_raw(data_dir)
    transcripts = {path.stem: path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES["text"]}
    if not transcripts.keys() & raw.keys():
        raise FileNotFoundError(
            f"--text_folder {folder} has no transcript ({', '.join(SUFFIXES['text'])}) of a recording in {data_dir}"
        )
    made = []
    for name, sources in raw.items():
        if name in transcripts and "text" not in sources:
            made.append(data_dir / transcripts[name].name)
            made[-1].symlink_to(transcripts[name].resolve())
    return made


def make_corpus(name: str, data_dir: Path) -> None:
    """Make the corpus of this name so that ``data_dir`` is there: the corpus itself, or the part of it of that name.

    A folder with other data is used as it is; an interrupted corpus is completed. ValueError where ``data_dir`` is not
    there and cannot be a part of this corpus, so that a misspelt folder is not filled with one.
    """
    corpus = registry.find("corpus", name)()
    directory = data_dir if "" in corpus.parts else data_dir.parent
    if data_dir.is_dir() and not (directory / MARKER).is_file() and not corpus.adopts(directory):
        return
    if "" not in corpus.parts and data_dir.name not in corpus.parts:
        parts = " or ".join(str(directory / part) for part in corpus.parts)
        raise ValueError(f"there is no folder {data_dir}, and --corpus {name} makes {parts}; correct --data_dir")
    corpus.make(directory)
