"""What a corpus promises: a folder that is made once, whole, and never at the cost of another's files."""

import logging
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from feature_extraction.store import MARKER, load_json, locked, save_json

log = logging.getLogger(__name__)


class BaseCorpus(ABC):
    """A corpus that can be made; subclasses write the files.

    `parts` are the folders below the corpus that are each a `--data_dir` ("" is the corpus itself). `last_file` is
    written last, so that its presence says that the corpus is complete. Count `version` up when the files change.
    """

    parts: ClassVar[tuple[str, ...]] = ("",)
    last_file: ClassVar[str]
    version: ClassVar[int] = 1
    converts: ClassVar[bool] = False
    """Whether its motion can be put on another skeleton."""
    takes_source: ClassVar[bool] = True
    """Whether it may be made of what others have recorded."""
    source: Path | None = None
    """The folder of a download, for a corpus that is made of one."""
    canonical_skeleton: str = ""
    """The skeleton that all motion is put on, "mixamo" or a BVH file; "" leaves it as it is."""
    accepts_licence: bool = False
    """Whether the user has accepted the licence of what is to be downloaded."""

    def terms(self) -> str:
        """A sentence about the licence and where the corpus comes from; "" where there is nothing to say."""
        return ""

    def adopts(self, directory: Path) -> bool:
        """Whether a folder may become the corpus although it holds other things already."""
        return False

    def draws(self, directory: Path) -> bool:
        """Whether the seed has a say in what is made in a folder."""
        return True

    @abstractmethod
    def write(self, directory: Path, *, seed: int, jobs: int, progress: bool) -> None:
        """Write the files that are not there yet, each in one step, `last_file` at the end."""

    def make(self, directory: Path | str, *, seed: int = 0, jobs: int = -1, progress: bool = True) -> Path:
        """Make the corpus in a folder and give its path; a complete one is left alone, an interrupted one goes on.

        `jobs` processes work at it (below 1: one for each core); the files do not depend on their number.
        ValueError when the folder holds something else.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory):
            if self._is_complete(directory, seed):
                log.info("%s holds the corpus already", directory)
            else:
                self.write(directory, seed=seed, jobs=jobs, progress=progress)
        return directory

    def _is_complete(self, directory: Path, seed: int) -> bool:
        """Claim the folder for this corpus; True when nothing is left to do."""
        wanted: dict[str, Any] = {"corpus": type(self).__name__, "version": self.version}
        if self.draws(directory):
            wanted["seed"] = seed
        if self.canonical_skeleton:
            wanted["skeleton"] = Path(self.canonical_skeleton).name
        marker = directory / MARKER
        if not marker.is_file():
            if not self.adopts(directory) and (others := sorted(path.name for path in directory.iterdir())):
                raise ValueError(
                    f"{directory} is not empty (it holds {others[0]}) and no corpus has been made there; "
                    "name a new or empty folder"
                )
            save_json(marker, wanted)
        elif (found := _what_counts(load_json(marker), wanted)) != wanted:
            raise ValueError(
                f"{directory} holds {_described(found)}, not {_described(wanted)}; delete it or name another folder"
            )
        return (directory / self.last_file).is_file()


def _what_counts(marker: dict, wanted: dict) -> dict:
    """Give what a marker says, without a seed that nothing is drawn with."""
    return {key: value for key, value in marker.items() if key in wanted or key != "seed"}


def _described(marker: dict) -> str:
    seed = f" and seed {marker['seed']}" if "seed" in marker else ""
    skeleton = f" on the skeleton {marker['skeleton']}" if "skeleton" in marker else ""
    return f"the {marker.get('corpus')} of version {marker.get('version')}{seed}{skeleton}"
