"""Word vectors in GloVe's format, of which only the wanted words are read."""

import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.text.transcript import read_number, shown
from feature_extraction.text.vocabulary import FIRST, UNK

_PLAIN = re.compile(rb"[-+.\deE ]*")


def read_vectors(path: str | Path, words: Collection[str]) -> dict[str, np.ndarray]:
    """Read the vectors of those of the `words` that a file has: {word: (dim,) float64}, in the file's order.

    A line is a word and its numbers, parted by spaces; a first line of two whole numbers (words, dim), as word2vec and
    fastText write, is passed over. Of a word that is there twice the first counts. FileNotFoundError when the file is
    not there; ValueError naming file and line when a wanted word has fewer numbers than the first line says.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"no word vectors {path}: a file in GloVe's format is wanted, a word and its numbers a line"
        )
    wanted = {word.encode("utf-8", "surrogatepass"): word for word in words if word}
    starts = {word.split(b" ", 1)[0] for word in wanted}
    found: dict[str, np.ndarray] = {}
    with path.open("rb") as file:
        head, dim = _layout(file.readline(), path)
        file.seek(len(head))
        for number, line in enumerate(file, 2 if head else 1):
            if line[: line.find(b" ")] in starts:
                word, values = _cells(line, dim, path, number)
                if word in wanted and wanted[word] not in found:
                    found[wanted[word]] = _vector(values, wanted[word], path, number)
                    if len(found) == len(wanted):
                        break
    return found


def embedding(vectors: np.ndarray) -> np.ndarray:
    """Give the table of vectors by id, (FIRST + words, dim) float32: zeros for PAD, ones for UNK, then `vectors`."""
    table = np.zeros((FIRST + len(vectors), vectors.shape[1]), dtype=np.float32)
    table[UNK] = 1
    table[FIRST:] = vectors
    return table


def pack(vectors: np.ndarray) -> dict[str, Any]:
    """Give (words, dim) vectors as plain JSON, their float32 numbers in base64: text is slow to read and hash."""
    values = np.ascontiguousarray(vectors, dtype="<f4")
    return {"dim": values.shape[1], "float32": b64encode(values.tobytes()).decode("ascii")}


def unpack(packed: Mapping[str, Any]) -> np.ndarray:
    """Undo `pack`: (words, dim) float32."""
    return np.frombuffer(b64decode(packed["float32"]), dtype="<f4").reshape(-1, packed["dim"])


def _layout(line: bytes, path: Path) -> tuple[bytes, int]:
    """Give the first line if it is a head, and the length of the vectors."""
    cells = line.split()
    head = line if len(cells) == 2 and cells[0].isdigit() and cells[1].isdigit() else b""
    dim = int(cells[1]) if head else len(cells) - 1
    if dim < 1:
        raise ValueError(f"{path}: line 1 is not a word and its numbers, parted by spaces")
    return head, dim


def _cells(line: bytes, dim: int, path: Path, number: int) -> tuple[bytes, list[bytes]]:
    """Split a line from its end: a word may have spaces in it."""
    word, *values = line.rstrip().rsplit(b" ", dim)
    if len(values) != dim:
        raise ValueError(f"{path}: line {number} has {len(values)} numbers; {dim} are wanted, parted by spaces")
    return word, values


def _vector(cells: list[bytes], word: str, path: Path, number: int) -> np.ndarray:
    if _PLAIN.fullmatch(b" ".join(cells)):  # float reads more than numbers, "nan" and "1_0"
        with suppress(ValueError):
            vector = np.array([float(cell) for cell in cells])
            if np.isfinite(vector).all():
                return vector
    fault = next(text for cell in cells if read_number(text := cell.decode("ascii", "replace")) is None)
    raise ValueError(f"{path}: line {number}, the vector of {shown(word)}: {shown(fault)} is not a number")
