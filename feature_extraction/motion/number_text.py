"""Decimal numbers out of text and into it, a block at a time: exact, and several times as fast as one by one."""

import re
from collections.abc import Sequence

import numpy as np

NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
NUMBER_BYTES = b"0123456789+-.eE"  # float() takes other things too, such as "nan" and "1_000"
LONGEST_QUOTE = 60
BLOCK = 1 << 16  # characters converted together, so that the work stays within the processor's cache
BLANK = re.compile(rb"[\x00- ]")
EXACT = 2.0**53  # float64 holds every integer below this
EXACT_POWER = 22  # and the powers of ten to this one
NEAREST = 2.0**46  # a product below this is off by less than a hundredth: rounded, it is what the number rounds to
PLUS, MINUS, POINT, ZERO = b"+-.0"

WORD = 8
"""Characters are worked on eight at a time, as the bytes of an integer: a token's last one is the highest byte."""
LONGEST = 2 * WORD  # digits and point of a token that is converted together with others
EACH = np.uint64(0x0101010101010101)
HIGH_BITS = EACH * np.uint64(0x80)
LOW_BITS = ~HIGH_BITS
ZEROS = EACH * np.uint64(ZERO)
POINTS = EACH * np.uint64(POINT ^ ZERO)
TO_HIGH_BIT = EACH * np.uint64(0x80 - 10)  # added to a byte, sets its highest bit where it is ten or more
NO_POINT = 8 * WORD
POWERS = 10.0 ** np.arange(EXACT_POWER + 1)
SCALES = np.array([10.0 ** (WORD - 1 - bits // 8) for bits in range(NO_POINT)] + [1.0])
"""Ten to the power of the digits after a point, by how many bits are below the highest one of the point's byte."""


class NotANumberError(ValueError):
    """A token that is no finite decimal number; `offset` is its place in the text, in bytes."""

    def __init__(self, token: bytes, offset: int):
        """Say that `token`, at `offset`, is not a number."""
        super().__init__(f"{token[:LONGEST_QUOTE].decode(errors='replace')!r} is not a finite number")
        self.offset = offset


def parse_numbers(text: bytes, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Give all numbers of blank-separated `text`, from `start` on, as float64, and how many there are in each line.

    The values are those of `float`. NotANumberError for anything that is no finite decimal number ("nan", "1,5").
    """
    values = np.empty((len(text) - start + 1) // 2)
    count, line_ends = 0, [np.zeros(1, dtype=int)]
    while start < len(text):
        found = BLANK.search(text, start + BLOCK)
        stop = found.end() if found else len(text)
        block = bytes(LONGEST) + text[start:stop]
        starts, ends = _tokens(block)
        try:
            values[count : count + len(starts)] = _parse_block(block, starts, ends)
        except NotANumberError as error:
            error.offset += start - LONGEST
            raise
        newlines = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n"))
        line_ends.append(count + np.searchsorted(starts, newlines))
        start, count = stop, count + len(starts)
    return values[:count], np.diff(np.concatenate(line_ends), append=count)


def format_lines(values: np.ndarray, decimals: Sequence[int]) -> bytes:
    """Give (lines, columns) finite numbers as text, separated by blanks, each column with its count of `decimals`.

    >>> format_lines(np.array([[1.25, -0.5], [-12.0, 300.4]]), (2, 0))
    b'1.25 0\\n-12.00 300\\n'
    """
    step = max(1, BLOCK // (LONGEST * len(decimals)))
    blocks = (values[first : first + step] for first in range(0, len(values), step))
    return b"".join(_format_block(block, np.array(decimals)) for block in blocks)


def _tokens(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Give where the tokens of a text that begins with a blank start and end."""
    inside = np.zeros(len(text) + 1, dtype=bool)
    np.greater(np.frombuffer(text, dtype=np.uint8), ord(" "), out=inside[:-1])
    bounds = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    return bounds[::2], bounds[1::2]


def _parse_block(text: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Convert the tokens of a text: the plain ones ("-12.5") together, then those like "1e-5", the rest one by one."""
    number, scale, plain = _parse_plain(text, starts, ends)
    values = number / scale
    others = np.flatnonzero(~plain)
    if len(others):
        values[others], known = _parse_exponents(text, starts[others], ends[others])
        others = others[~known]
    if len(others):
        values[others] = _parse_others(text, starts[others].tolist(), ends[others].tolist())
    return values


def _parse_plain(text: bytes, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the digits of tokens as signed integers, ten to the power of their decimals, and for which that holds.

    No token starts within the first LONGEST characters. With the point counted as a digit 0, a number with decimals is
    `left * 10**(decimals + 1) + right`, all of it exact.
    """
    words = np.ndarray(len(text) - WORD + 1, "<u8", text, strides=(1,))
    lead = np.frombuffer(text, dtype=np.uint8)[starts]
    negative = lead == MINUS
    lengths = ends - starts - (negative | (lead == PLUS))
    number, scale, points, plain = _parse_word(words[ends - WORD], lengths)
    if np.max(lengths, initial=0) > WORD:
        high, high_scale, high_points, high_plain = _parse_word(words[ends - LONGEST], lengths - WORD)
        number += 10.0**WORD * high
        scale = np.where(high_points > 0, 10.0**WORD * high_scale, scale)
        points = points + high_points
        plain &= high_plain
    plain &= (points <= 1) & (lengths > points) & (lengths <= LONGEST) & (number < EXACT)
    left = np.where(points > 0, np.floor(number / (10 * scale)), 0.0)
    number -= 9 * scale * left
    return np.where(negative, -number, number), scale, plain


def _parse_exponents(text: bytes, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert tokens such as "-1.5e-07", and tell for which that was exact."""
    data = np.frombuffer(text, dtype=np.uint8)
    marks = np.append(np.flatnonzero((data == ord("e")) | (data == ord("E"))), len(data))
    at = marks[np.searchsorted(marks, starts)]
    known = at < ends - 1
    at = np.where(known, at, starts)
    number, scale, plain = _parse_plain(text, starts, at)
    sign = data[np.minimum(at + 1, ends - 1)]
    digits = ends - at - 1 - ((sign == PLUS) | (sign == MINUS))
    units = data[ends - 1] - np.uint8(ZERO)
    tens = np.where(digits == 2, data[ends - 2] - np.uint8(ZERO), 0)
    exponent = np.where(sign == MINUS, -1, 1) * (10 * tens.astype(int) + units)
    power = np.rint(np.log10(scale)).astype(int) - exponent
    known &= plain & ((digits == 1) | (digits == 2)) & (units < 10) & (tens < 10) & (np.abs(power) <= EXACT_POWER)
    exact = POWERS[np.where(known, np.abs(power), 0)]
    return np.where(power < 0, number * exact, number / exact), known


def _parse_word(word: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Convert the last `lengths` of the eight characters in each word, all arithmetic being that of eight bytes.

    Gives the number with the point counted as a digit 0, ten to the power of its decimals, the count of points, and
    whether all else is digits.
    """
    unused = np.clip(8 * (WORD - lengths), 0, 8 * WORD).astype(np.uint64)
    figures = ((word ^ ZEROS) >> unused) << unused
    other = figures ^ POINTS
    point = ~(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS)  # the highest bit of each byte that is a point
    figures &= ~((point << np.uint64(1)) - (point >> np.uint64(7)))
    plain = ((figures + TO_HIGH_BIT) | figures) & HIGH_BITS == 0
    scale = SCALES[np.bitwise_count(point - np.uint64(1))]
    return _from_figures(figures), scale, np.bitwise_count(point), plain


def _from_figures(figures: np.ndarray) -> np.ndarray:
    """Give the numbers whose decimal digits are the bytes of `figures`, the lowest byte first: pairs, fours, all."""
    pairs = figures * np.uint64(10) + (figures >> np.uint64(8))
    mask = np.uint64(0x000000FF000000FF)
    upper = (pairs & mask) * np.uint64(100 + (1000000 << 32))
    lower = ((pairs >> np.uint64(16)) & mask) * np.uint64(1 + (10000 << 32))
    return ((upper + lower) >> np.uint64(32)).astype(np.float64)


def _parse_others(text: bytes, starts: list[int], ends: list[int]) -> list[float]:
    tokens = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    try:
        values = list(map(float, tokens))
        if not b"".join(tokens).translate(None, NUMBER_BYTES) and np.isfinite(values).all():
            return values
    except ValueError:
        pass
    wrong = next(i for i, token in enumerate(tokens) if not _is_number(token))
    raise NotANumberError(tokens[wrong], starts[wrong])


def _is_number(token: bytes) -> bool:
    return bool(NUMBER.fullmatch(token)) and bool(np.isfinite(float(token)))


def _format_block(values: np.ndarray, decimals: np.ndarray) -> bytes:
    """Lay each number out in a cell of its own, as wide as the longest one, and leave out what is not used of it."""
    scaled = np.rint(np.abs(values) * 10.0 ** np.minimum(decimals, EXACT_POWER))
    if scaled.max(initial=0.0) >= NEAREST or decimals.max() > EXACT_POWER:
        line = " ".join(f"%.{count}f" for count in decimals) + "\n"
        return "".join(line % tuple(row) for row in values.tolist()).encode()
    places = max(len(str(int(scaled.max()))), int(decimals.max()) + 1)
    cells = np.full((*values.shape, places + 3), ord(" "), dtype=np.uint8)  # a sign, digits with a point, a blank
    cells[:, -1, -1] = ord("\n")
    used = np.zeros(cells.shape, dtype=bool)
    used[..., -1] = True
    cells[..., 0] = MINUS
    used[..., 0] = (values < 0) & (scaled > 0)
    for count in np.unique(decimals):
        columns = decimals == count
        cells[:, columns, 1:-1], used[:, columns, 1:-1] = _digits(scaled[:, columns].astype(np.int64), count, places)
    return cells[used].tobytes()


def _digits(numbers: np.ndarray, decimals: int, places: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the digits of (lines, columns) integers, with a point before the last `decimals`, and which are used."""
    cells = np.empty((*numbers.shape, places + 1), dtype=np.uint8)
    used = np.empty(cells.shape, dtype=bool)
    cells[..., -1 - decimals], used[..., -1 - decimals] = POINT, decimals > 0
    for place in range(places):
        at = -1 - place - (place >= decimals)
        rest = numbers // 10
        cells[..., at] = ZERO + (numbers - 10 * rest)
        used[..., at] = (numbers > 0) | (place <= decimals)
        numbers = rest
    return cells, used
