"""What relative paths are relative to: on the command line the current folder, in files and defaults the project."""

import os
from pathlib import Path


def home() -> Path:
    """The project's folder, or the current folder where the project is installed among other packages."""
    project = Path(__file__).parents[2]
    return project if (project / "pyproject.toml").is_file() else Path.cwd()


class Folder(str):
    """The path of a file or folder; as the type of an option it marks a path that may be relative."""

    __slots__ = ()

    def located(self, base: Path) -> str:
        """The path, read as relative to `base`; it stays relative where `base` is the current folder and the home."""
        if not self or base == Path.cwd() == home():
            return str(self)
        return str(base / Path(self).expanduser())


class Folders(Folder):
    """Several such paths with commas between."""

    __slots__ = ()

    def located(self, base: Path) -> str:
        """The paths, each read as relative to `base`."""
        return ",".join(Folder(path).located(base) for path in self.split(",") if path)


def readable(path: Path) -> str:
    """The path as a person would name it: from the current folder if it lies therein."""
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)
