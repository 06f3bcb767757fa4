"""Numbers out of text are those of float(), to the last bit, others are refused with their place; and back to text."""

import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feature_extraction.motion.number_text import BLOCK, NotANumberError, format_lines, parse_numbers


def as_float(text: bytes) -> np.ndarray:
    return np.array([float(token) for token in text.split()])


FORMATS = st.sampled_from(["{!r}", "{:.6f}", "{:+.3f}", "{:.0f}", "{:e}", "{:.17g}", "{:G}", "{:#.0f}", "{:015.4f}"])


@settings(deadline=None)
@example([(900719925475.625, "{!r}"), (-1e10, "{:.6f}")], " ")
@given(
    st.lists(st.tuples(st.floats(-1e12, 1e12), FORMATS), min_size=1), st.sampled_from([" ", "\t", "  ", "\r\n", "\n\n"])
)
def test_every_way_to_print_a_number_is_read_exactly(numbers: list[tuple[float, str]], blank: str) -> None:
    text = (blank + blank.join(style.format(number) for number, style in numbers)).encode()
    values, counts = parse_numbers(text)
    np.testing.assert_array_equal(values, as_float(text))
    assert counts.tolist() == [len(line.split()) for line in text.split(b"\n")]


@pytest.mark.parametrize(
    "token",
    [
        "5.",
        "+5.0",
        ".5",
        "-.5",
        "0",
        "-0",
        "00012",
        "1e5",
        "1.E-3",
        ".5e+1",
        "-0e5",
        "1e22",
        "7e23",
        "9e-23",
        "123456789e15",
        "1e0023",
        "2.2250738585072014e-308",
        "123456789012345678",
        "0." + "1" * 40,
    ],
)
def test_odd_but_valid_numbers_are_read(token: str) -> None:
    text = f"7 {token} 8".encode()
    np.testing.assert_array_equal(parse_numbers(text)[0], as_float(text))


def test_minus_zero_keeps_its_sign() -> None:
    np.testing.assert_array_equal(np.signbit(parse_numbers(b"-0.000 0.000")[0]), [True, False])


def test_texts_longer_than_a_block_are_read_whole() -> None:
    numbers = np.random.default_rng(0).normal(0, 100, BLOCK // 3).round(4)
    np.testing.assert_array_equal(parse_numbers("\n".join(map(str, numbers)).encode())[0], numbers)


def test_a_text_without_numbers_gives_none() -> None:
    assert parse_numbers(b" \n ")[0].shape == (0,)
    assert parse_numbers(b"")[0].shape == (0,)


@pytest.mark.parametrize(
    "token",
    [
        "nan",
        "-inf",
        "1,5",
        "1.2.3",
        "..",
        ".",
        "-",
        "+-1",
        "1-2",
        "--1",
        "1e",
        "1e+",
        "e5",
        "-e5",
        "1e5.",
        "1e5e5",
        "1e--5",
        ".e5",
        "1e400",
        "1_000",
        "0x10",
        "a",
        "1.5f",
        "٣",
        "........................",
        "1..............................2",
    ],
)
def test_what_is_no_finite_number_is_refused_with_its_place(token: str) -> None:
    text = f"1.0 -2.5\n 3e2 {token} 4".encode()
    with pytest.raises(NotANumberError) as caught:
        parse_numbers(text)
    assert caught.value.offset == len(b"1.0 -2.5\n 3e2 ")
    assert "is not a finite number" in str(caught.value)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 9)), min_size=1))
@example([(562950.6253886186, 9)])
def test_numbers_are_written_to_the_nearest_of_their_decimals(numbers: list[tuple[float, int]]) -> None:
    values, decimals = zip(*numbers, strict=True)
    text = format_lines(np.array([values]), decimals).decode()
    assert text.endswith("\n")
    for value, count, token in zip(values, decimals, text[:-1].split(" "), strict=True):
        assert re.fullmatch(r"-?(0|[1-9]\d*)" + (rf"\.\d{{{count}}}" if count else ""), token)
        assert abs(Decimal(token) - Decimal(value)) <= Decimal("0.51") / 10**count


@pytest.mark.parametrize("number", [1e15, 123456789012.25, -4e22, 1e-9, 9.9999996, -0.4])
@pytest.mark.parametrize("decimals", [0, 6, 30])
def test_numbers_of_any_size_are_written_as_python_writes_them(number: float, decimals: int) -> None:
    wanted = f"{number:.{decimals}f}"
    assert format_lines(np.array([[number]]), [decimals]).decode() in (f"{wanted}\n", f"{wanted.lstrip('-')}\n")


def test_long_tables_are_written_whole() -> None:
    values = np.random.default_rng(1).normal(0, 100, (5000, 3)).round(4)
    written, _ = parse_numbers(format_lines(values, (4, 4, 5)))
    np.testing.assert_array_equal(written, values.reshape(-1))
    assert format_lines(np.array([[-1e-9, -2.0]]), (3, 0)) == b"0.000 -2\n"
