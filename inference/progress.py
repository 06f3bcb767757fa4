"""Progress bars of files that are written one after the other."""

from tqdm import tqdm


class Bars:
    """Progress bars, one after the other, of files that are written frame by frame."""

    def __init__(self) -> None:
        self._file = ""
        self._bar = tqdm(disable=True)

    def __enter__(self) -> "Bars":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, file: str, finished: int, total: int) -> None:
        """Say that so many of a file's frames are finished."""
        if file != self._file:
            self._bar.close()
            self._file, self._bar = file, tqdm(desc=file, total=total, unit="frame", leave=False)
        self._bar.update(finished - self._bar.n)
