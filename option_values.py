"""The types of option values: what a command line, a YAML file or a model takes as a number."""

import argparse


def numbers(text: str) -> list[float]:
    """The numbers of a comma-separated list, with or without brackets."""
    try:
        return [float(part) for part in text.strip("[] ").split(",") if part.strip()]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers like 500,1000") from None


def natural(text: str) -> int:
    """A whole number that is not negative."""
    return _at_least(0, text)


def positive(text: str) -> int:
    """A whole number above zero."""
    return _at_least(1, text)


def share(text: str) -> float:
    """A number from 0 on, below 1."""
    value = not_negative(text)
    if value >= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on and below 1")
    return value


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    value = not_negative(text)
    if value > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def not_negative(text: str) -> float:
    """A number from zero on, not infinite."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return value


def above_zero(text: str) -> float:
    """A number above zero, not infinite."""
    value = not_negative(text)
    if not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _at_least(least: int, text: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
    return int(text)
