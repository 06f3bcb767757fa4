"""A reader of pickles that holds NumPy arrays and plain containers, and that runs no code of the file.

A pickle is a program. This one is read in two steps, in neither of which anything of the file's choosing is called:
it is unpickled with stand-ins for the few names that arrays are made of, which only take notes; then the notes are
checked and become arrays of numbers.
"""

import io
import math
import pickle
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

NUMBERS = "biufc"
"""The kinds of NumPy's dtypes that are read: truth values, integers and floating point numbers."""
TEXTS = "SU"
DEEPEST = 50
"""Containers within containers; also ends those that hold themselves."""
PYTHON_2 = "latin1"
"""How arrays that Python 2 pickled keep their bytes as text."""


def read_pickle(path: Path | str, records: Collection[str] = ()) -> Any:
    """Read a pickle of NumPy arrays, numbers, texts and plain containers, also of Python 2.

    An object of a class among `records` ("module.Class") becomes the dict of its attributes. ValueError for any other
    file, naming what else it holds.
    """
    data = Path(path).read_bytes()
    try:
        return _resolved(_Reader(io.BytesIO(data), records).load(), done={})
    except Exception as error:  # a damaged pickle can fail in any way
        raise ValueError(f"{path} is not a pickle of plain arrays: {error or type(error).__name__}") from error


class _Dtype:
    """Notes on a dtype."""

    def __init__(self, code: object, *_: object):
        self.code = code
        self.order: Any = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]

    def resolve(self) -> np.dtype:
        if not isinstance(self.code, str) or self.order not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError("the type of an array is damaged")
        dtype = np.dtype(self.code).newbyteorder(self.order)
        if dtype.kind not in NUMBERS + TEXTS:
            raise pickle.UnpicklingError(f"an array is of {dtype.name}s, not of numbers")
        return dtype


class _Array:
    """Notes on an array, or on a number of one."""

    def __init__(self, data: object = b"", dtype: object = None, shape: object = (), order: object = "C"):
        self.data, self.dtype, self.shape, self.order = data, dtype, shape, order

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.dtype, fortran, self.data = state
        self.order = "F" if fortran else "C"

    def resolve(self) -> np.ndarray:
        if not isinstance(self.dtype, _Dtype) or not isinstance(self.shape, tuple):
            raise pickle.UnpicklingError("an array is damaged")
        dtype, shape = self.dtype.resolve(), tuple(int(size) for size in self.shape)
        data = self.data.encode(PYTHON_2) if isinstance(self.data, str) else self.data
        if not isinstance(data, bytes | bytearray):
            raise pickle.UnpicklingError("an array is damaged")
        if len(data) != math.prod(shape) * dtype.itemsize or min(shape, default=0) < 0:
            raise pickle.UnpicklingError(f"an array of shape {shape} does not have as many numbers")
        return np.frombuffer(data, dtype).reshape(shape, order="F" if self.order == "F" else "C").copy()


class _Record:
    """Notes on an object: its attributes."""

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("an object is damaged")
        self.__dict__ = dict(state)


class _Reader(pickle._Unpickler):
    """An unpickler that knows the names that arrays are made of, and no other.

    It is the one in Python: the one in C reserves as much memory as a number in a file asks for.
    """

    def __init__(self, file: io.BytesIO, records: Collection[str]):
        super().__init__(file, encoding=PYTHON_2)
        self.records = records

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        """Give a stand-in that takes notes; made anew each time, so that no pickle can change it for the next."""
        if f"{module}.{name}" in self.records:
            return type(name, (_Record,), {})
        module = module.replace("numpy._core.", "numpy.core.").replace("__builtin__", "builtins")
        if (module, name) not in STAND_INS:
            raise pickle.UnpicklingError(f"it holds {module}.{name}; arrays of numbers and plain containers are read")
        stand_in = STAND_INS[module, name]
        return lambda *arguments: stand_in(*arguments)

    def read_bytearray(self) -> None:
        """Read the bytes that are there, where the original reserves as many as are announced."""
        self.append(self.read(int.from_bytes(self.read(8), "little")))  # type: ignore[attr-defined]

    dispatch: ClassVar[dict[int, Any]] = {**pickle._Unpickler.dispatch, pickle.BYTEARRAY8[0]: read_bytearray}


def _nothing(*_: object) -> None:
    """Stand for the class ndarray, which is mentioned in pickles and not called."""


def _empty(*_: object) -> _Array:
    return _Array()


def _scalar(dtype: object, data: object = b"") -> _Array:
    return _Array(data, dtype)


def _encode(text: object, encoding: object) -> bytes:
    """Give the bytes that Python 3 writes as text into pickles for Python 2."""
    if not isinstance(text, str) or encoding != PYTHON_2:
        raise pickle.UnpicklingError("bytes are damaged")
    return text.encode(PYTHON_2)


def _no_bytes() -> bytes:
    """Give the empty bytes, as Python 3 writes them for Python 2."""
    return b""


STAND_INS: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _nothing,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _empty,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _Array,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytes"): _no_bytes,
    ("collections", "OrderedDict"): dict,
}


def _resolved(value: Any, done: dict[int, Any], depth: int = 0) -> Any:
    """Give the value with arrays in place of notes; what is `done` already (by id) is not done again."""
    if depth > DEEPEST:
        raise pickle.UnpicklingError(f"containers are more than {DEEPEST} deep")
    if id(value) not in done:
        done[id(value)] = _resolved_anew(value, done, depth + 1)
    return done[id(value)]


def _resolved_anew(value: Any, done: dict[int, Any], depth: int) -> Any:
    if isinstance(value, _Array):
        return value.resolve()
    if isinstance(value, _Record):
        value = vars(value)
    if isinstance(value, dict):
        return {_plain(key): _resolved(item, done, depth) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_resolved(item, done, depth) for item in value)
    return _plain(value)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return value
    raise pickle.UnpicklingError(f"it holds a {type(value).__name__}; arrays of numbers and plain containers are read")
