"""Where motions that are shown together have their places in a picture."""

from math import ceil

FIGURE_ASPECT = 0.7  # width by height of what a person takes up; places are divided so that figures are largest

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, pixels."""


def boxes(count: int, width: int, height: int) -> list[Box]:
    """Boxes for `count` motions in a picture, in rows from left to right.

    >>> boxes(2, 1280, 720)
    [(0, 0, 640, 720), (640, 0, 1280, 720)]
    >>> [box[:2] for box in boxes(6, 1280, 720)]
    [(0, 0), (427, 0), (853, 0), (0, 360), (427, 360), (853, 360)]
    """
    columns = max(range(count, 0, -1), key=lambda columns: _figure_height(columns, count, width, height))
    rows = ceil(count / columns)
    return [
        (
            round(width * column / columns),
            round(height * row / rows),
            round(width * (column + 1) / columns),
            round(height * (row + 1) / rows),
        )
        for row, column in (divmod(number, columns) for number in range(count))
    ]


def _figure_height(columns: int, count: int, width: int, height: int) -> float:
    return min(width / columns / FIGURE_ASPECT, height / ceil(count / columns))
