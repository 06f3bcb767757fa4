"""Decimal numbers out of text, a block at a time: as exact as float(), several times as fast."""

import re

import numpy as np

NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
NUMBER_BYTES = b"0123456789+-.eE"  # float() takes other things too, such as "nan" and "1_000"
LONGEST_QUOTE = 60
BLOCK = 16384  # tokens converted together, so that the work stays within the processor's cache
EXACT = 2.0**53  # float64 holds every integer below this
MAX_LENGTH = 17  # the digits of such an integer and a sign
ZERO, POINT, PLUS, MINUS = b"0.+-"


class NotANumberError(ValueError):
    """A token that is no finite decimal number; `offset` is its place in the text, in bytes."""

    def __init__(self, token: bytes, offset: int):
        """Say that `token`, at `offset`, is not a number."""
        super().__init__(f"{token[:LONGEST_QUOTE].decode(errors='replace')!r} is not a finite number")
        self.offset = offset


def parse_numbers(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Give all numbers of blank-separated `text` as float64, and the offset at which each begins.

    The values are those of `float`. NotANumberError for anything that is no finite decimal number ("nan", "1,5").
    """
    data = np.frombuffer(text, dtype=np.uint8)
    inside = np.zeros(len(data) + 2, dtype=bool)
    inside[1:-1] = data > ord(" ")
    bounds = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = bounds[::2], bounds[1::2]
    values = np.empty(len(starts))
    for first in range(0, len(starts), BLOCK):
        block = slice(first, first + BLOCK)
        values[block] = _parse_block(text, data, starts[block], ends[block])
    return values, starts


def _parse_block(text: bytes, data: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Convert some tokens: the plain ones ("-12.5") together, the others ("1e-5") one by one."""
    lengths = np.minimum(ends - starts, MAX_LENGTH + 2).astype(np.uint8)  # enough to tell what is too long
    place = np.arange(min(int(lengths.max()), MAX_LENGTH), dtype=np.uint8)[:, None]  # 0 is a token's last character
    characters = data.take(ends - 1 - place, mode="clip")
    present = place < lengths
    figures = characters - np.uint8(ZERO)  # below 10 for digits only, since uint8 wraps around
    digit, point = (figures < 10) & present, (characters == POINT) & present
    lead = data[starts]
    digits, points = digit.sum(axis=0, dtype=np.uint8), point.sum(axis=0, dtype=np.uint8)
    known = digits + points + ((lead == PLUS) | (lead == MINUS))

    # With the point counted as a digit 0, the number is `left * 10**(decimals + 1) + right`, all of it exact.
    # (einsum, since waking BLAS threads takes longer than so small a product.)
    power = 10.0 ** np.arange(MAX_LENGTH + 1)
    together = np.einsum("p,pt->t", power[place[:, 0]], (digit * figures).astype(np.float64))
    plain = (digits > 0) & (points <= 1) & (known == lengths) & (together < EXACT)
    decimals = np.minimum((point * place).sum(axis=0, dtype=np.uint8), MAX_LENGTH - 1)
    left = np.floor(together / power[decimals + 1])
    integer = np.where(points > 0, together - 9 * left * power[decimals], together)
    values = np.where(lead == MINUS, -integer, integer) / power[decimals]
    others = np.flatnonzero(~plain)
    if len(others):
        values[others] = _parse_others(text, starts[others].tolist(), ends[others].tolist())
    return values


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
