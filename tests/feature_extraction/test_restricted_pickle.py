"""The restricted reader of pickles gives back arrays and containers, and refuses all else without running it."""

import os
import pickle
import tracemalloc
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_extraction.restricted_pickle import read_pickle

RNG = np.random.default_rng(2)
VALUES: dict[str, Any] = {
    "floats": RNG.standard_normal((7, 72)).astype(np.float32),
    "columns_first": np.asfortranarray(RNG.standard_normal((3, 4))),
    "big_endian": np.arange(5, dtype=">i2"),
    "empty": np.zeros((0, 3)),
    "single": np.array(3.5),
    "booleans": np.array([True, False]),
    "complex": np.array([1j, 2]),
    "words": np.array(["left", "right"]),
    "scalar": np.float64(0.25),
    "plain": [1, -(2**70), 2.5, None, True, "text", b"bytes", b"", (1, ("x",)), {"a": {}}],
}
PYTHON_2 = (  # {'scale': array([1.5, 2.5])}, as Python 2 pickles it
    b"(dp0\nS'scale'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
    b"(I1\n(I2\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\n"
    b"S'\\x00\\x00\\x00\\x00\\x00\\x00\\xf8?\\x00\\x00\\x00\\x00\\x00\\x00\\x04@'\np15\ntp16\nbs."
)


class Harm:
    """What a pickle can do to those who trust it."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_was_pickled_is_read(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "values.pkl"
    path.write_bytes(pickle.dumps(OrderedDict(VALUES), protocol))
    values = read_pickle(path)
    assert list(values) == list(VALUES)
    for name, value in VALUES.items():
        if isinstance(value, np.ndarray):
            assert (values[name].dtype, values[name].shape) == (value.dtype, value.shape)
            np.testing.assert_array_equal(values[name], value)
        else:
            assert values[name] == value


def test_pickles_of_python_2_are_read(tmp_path: Path) -> None:
    (tmp_path / "old.pkl").write_bytes(PYTHON_2)
    np.testing.assert_array_equal(read_pickle(tmp_path / "old.pkl")["scale"], [1.5, 2.5])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_code_of_the_file_runs(protocol: int, tmp_path: Path) -> None:
    harm = Harm(tmp_path / "harm")
    for value in (harm, [harm], {"array": np.array([harm, 1], dtype=object)}):
        (tmp_path / "bad.pkl").write_bytes(pickle.dumps(value, protocol))
        with pytest.raises(ValueError, match=r"bad\.pkl is not a pickle of plain arrays: it holds \w+\.mkdir"):
            read_pickle(tmp_path / "bad.pkl")
    assert not harm.path.exists()
    pickle.loads(pickle.dumps(harm, protocol))
    assert harm.path.exists()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([{}], dtype=object), "an array is of objects"),
        (np.zeros(2, dtype="f8,i4"), "not of numbers"),
        ({"x": {1, 2}}, "it holds a set"),
        (np.dtype("f8"), "it holds a _Dtype"),
        (Path("x"), r"it holds pathlib"),
        (os.system, "it holds posix.system"),
    ],
)
def test_other_things_are_refused_by_name(value: object, message: str, tmp_path: Path) -> None:
    (tmp_path / "other.pkl").write_bytes(pickle.dumps(value))
    with pytest.raises(ValueError, match=message):
        read_pickle(tmp_path / "other.pkl")


def test_containers_that_hold_themselves_are_refused(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    (tmp_path / "loop.pkl").write_bytes(pickle.dumps(loop))
    with pytest.raises(ValueError, match="more than 50 deep"):
        read_pickle(tmp_path / "loop.pkl")


def test_what_is_shared_is_read_once(tmp_path: Path) -> None:
    value: list[Any] = []
    for _ in range(40):
        value = [value] * 10
    (tmp_path / "shared.pkl").write_bytes(pickle.dumps(value))
    read = read_pickle(tmp_path / "shared.pkl")
    assert len(read) == 10
    assert all(item is read[0] for item in read)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        PYTHON_2[:-30],
        PYTHON_2.replace(b"(I2\n", b"(I3\n"),
        PYTHON_2.replace(b"(I2\n", b"(I-2\n"),
        PYTHON_2.replace(b"'f8'", b"'V8'"),
        PYTHON_2.replace(b"'f8'", b"'O8'"),
    ],
)
def test_damaged_pickles_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "damaged.pkl").write_bytes(data)
    with pytest.raises(ValueError, match=r"damaged\.pkl is not a pickle of plain arrays"):
        read_pickle(tmp_path / "damaged.pkl")


@pytest.mark.parametrize("data", [b"r\xff\xff\xff\x7f", b"\x80\x05\x960" + bytes([0, 0, 0, 0, 64, 0, 0])])
def test_announcing_much_reserves_no_memory(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "large.pkl").write_bytes(b"N" + data + b".")
    tracemalloc.start()
    with suppress(ValueError):
        read_pickle(tmp_path / "large.pkl")
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_damage_is_refused_or_read(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    whole = pickle.dumps(VALUES, data.draw(st.integers(0, pickle.HIGHEST_PROTOCOL)))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "fuzz.pkl"
    path.write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))] if data.draw(st.booleans()) else damaged)
    with suppress(ValueError):
        read_pickle(path)
