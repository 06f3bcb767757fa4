"""How a command ends: `run(main)` turns a user's mistake into one readable line and an exit code."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

USER_MISTAKES = (ValueError, LookupError, OSError)
"""What a library raises for a mistake of its user; anything else is ours and shows its traceback."""


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run `main` and exit: with its return value, or 2 and `error: ...` on stderr for a user's mistake.

    An interrupt exits with 130, a closed pipe quietly. With `TERPSICHORE_TRACEBACK=1` in the environment every mistake
    shows its traceback.
    """
    sys.exit(_code(main))


def _code(main: Callable[[], int | None]) -> int:
    try:
        code = main()
        sys.stdout.flush()
        return code or 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has gone; point stdout elsewhere so that the interpreter's last flush stays silent too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except USER_MISTAKES as mistake:
        if os.environ.get("TERPSICHORE_TRACEBACK") == "1":
            raise
        print(f"error: {_message(mistake)}", file=sys.stderr)
        return 2


def _message(mistake: BaseException) -> str:
    # str() of a KeyError is the repr of its argument: quotes around a sentence.
    if isinstance(mistake, LookupError) and len(mistake.args) == 1:
        return str(mistake.args[0])
    return str(mistake) or type(mistake).__name__
