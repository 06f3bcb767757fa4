"""Controlled studies, each one command: `python -m analysis.study NAME`; without a name it lists them."""

import sys
from collections.abc import Callable, Sequence

import command
from analysis import dance_study, gesture_study
from registry import nearest

STUDIES: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": dance_study.main,
    "gestures": gesture_study.main,
}
"""The `main` of each study, by its name."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the study that the first argument names with the arguments that follow."""
    name, *arguments = (sys.argv[1:] if argv is None else list(argv)) or [""]
    if not name or name in ("-h", "--help"):
        print(__doc__, *(f"    {each}" for each in STUDIES), sep="\n")
        return 0
    if name not in STUDIES:
        raise LookupError(f"there is no study {name!r}; {nearest(name, STUDIES) or 'there are: ' + ', '.join(STUDIES)}")
    return STUDIES[name](arguments)


if __name__ == "__main__":
    command.run(main)
