"""Plots as SVG: lines, bars and points, drawn in plain numbers."""

import base64
import io
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 26, 40
COLOURS = ("#3b6fb6", "#d1662c", "#4d9a57", "#9a5bb0", "#b8a02c", "#45a0a8", "#b5476c", "#7a7a7a")
"""Of the systems, in their order; real motion is drawn in black."""
REAL = "#1c1c1c"
MARK = "#e3b9a3"
TICKS = 5

Series = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Name -> x and y."""


def lines(
    series: Series,
    *,
    title: str,
    x: str,
    y: str,
    colours: Mapping[str, str],
    y_from: float | None = 0.0,
    marks: Sequence[float] = (),
) -> str:
    """Give lines in common axes, with a legend; `y_from` is the lowest y, None: that of the data.

    `marks` are places on the x axis where a thin line stands: beats.
    """
    axes = _Axes.around(series, y_from)
    top, floor = TOP, HEIGHT - axes.bottom
    drawn = [f'<path d="M{axes.x(at):.1f} {top}V{floor}" stroke="{MARK}"/>' for at in marks]
    drawn += [
        f'<polyline points="{axes.points(*values)}" stroke="{colours[name]}" fill="none" stroke-width="1.8"'
        f"{DASHED if colours[name] == REAL else ''}/>"
        for name, values in series.items()
    ]
    return _picture(axes, drawn, title, x, y, {name: colours[name] for name in series})


def points(series: Series, *, title: str, x: str, y: str, colours: Mapping[str, str]) -> str:
    """Give clouds of points in common axes of equal scale, with a legend."""
    axes = _Axes.around(series, None).with_equal_scale()
    drawn = [
        f'<circle cx="{axes.x(a):.1f}" cy="{axes.y(b):.1f}" r="1.6" fill="{colours[name]}" fill-opacity="0.45"/>'
        for name, (first, second) in series.items()
        for a, b in zip(first, second, strict=True)
    ]
    return _picture(axes, drawn, title, x, y, {name: colours[name] for name in series})


def bars(
    groups: Sequence[str], heights: Mapping[str, Sequence[float]], *, title: str, y: str, colours: Mapping[str, str]
) -> str:
    """Give for each group a bar of every series beside the others."""
    top = max((value for each in heights.values() for value in each if math.isfinite(value)), default=1.0) or 1.0
    axes = _Axes((0.0, float(len(groups))), (0.0, top * 1.05), bottom=BOTTOM + 36)
    part = 0.8 / max(len(heights), 1)
    drawn = []
    for place, (name, values) in enumerate(heights.items()):
        for group, value in enumerate(values):
            if math.isfinite(value):
                left, right = (axes.x(group + 0.1 + part * (place + edge)) for edge in (0, 1))
                drawn.append(
                    f'<rect x="{left:.1f}" y="{axes.y(value):.1f}" width="{right - left:.1f}" '
                    f'height="{max(axes.y(0) - axes.y(value), 0):.1f}" fill="{colours[name]}"/>'
                )
    for group, label in enumerate(groups):
        at, under = axes.x(group + 0.5), axes.y(0) + 10
        drawn.append(
            f'<text transform="translate({at:.1f} {under:.1f}) rotate(-55)" class="group">{escape(label)}</text>'
        )
    return _picture(axes, drawn, title, "", y, {name: colours[name] for name in heights}, x_ticks=False)


def heat_map(
    values: np.ndarray, title: str, *, borders: Sequence[int] = (), width: int = 200, height: int = 200
) -> str:
    """Give (rows, columns) of numbers as a picture with a caption, white the least and dark the most.

    Each number is a pixel, which the page enlarges; `borders` are columns, and rows where it is square, that begin
    something new.
    """
    finite = np.nan_to_num(np.asarray(values, dtype=float))
    low, high = float(finite.min()), float(finite.max())
    part = ((finite - low) / ((high - low) or 1.0))[..., None]
    light, dark = np.array([252.0, 251.0, 247.0]), np.array([22.0, 52.0, 94.0])
    pixels = np.round(light + part**0.6 * (dark - light)).astype(np.uint8)
    for border in borders:
        pixels[:, border] = (209, 102, 44)
        if values.shape[0] == values.shape[1]:
            pixels[border] = (209, 102, 44)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    picture = base64.b64encode(file.getvalue()).decode("ascii")
    caption = f"{escape(title)}<br>{low:.3g} to {high:.3g}"
    return (
        f'<figure><img alt="{escape(title)}" width="{width}" height="{height}" src="data:image/png;base64,{picture}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def palette(names: Sequence[str], real: str) -> dict[str, str]:
    """Give each system its colour."""
    others = [name for name in names if name != real]
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(others)} | {real: REAL}


DASHED = ' stroke-dasharray="5 3"'


class _Axes:
    """The map from numbers to the picture."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], bottom: int = BOTTOM):
        self.x_range, self.y_range, self.bottom = x, y, bottom
        self.x: Callable[[float], float] = lambda value: (
            LEFT + (value - x[0]) / ((x[1] - x[0]) or 1.0) * (WIDTH - LEFT - RIGHT)
        )
        self.y: Callable[[float], float] = lambda value: (
            HEIGHT - bottom - (value - y[0]) / ((y[1] - y[0]) or 1.0) * (HEIGHT - TOP - bottom)
        )

    @classmethod
    def around(cls, series: Series, y_from: float | None) -> "_Axes":
        every_x, every_y = (
            np.concatenate([np.zeros(0), *(np.asarray(values[axis], dtype=float) for values in series.values())])
            for axis in (0, 1)
        )
        every_x, every_y = every_x[np.isfinite(every_x)], every_y[np.isfinite(every_y)]
        if not len(every_x) or not len(every_y):
            return cls((0.0, 1.0), (0.0, 1.0))
        low = float(every_y.min()) if y_from is None else y_from
        margin = 0.05 * (float(every_y.max()) - low or 1.0)
        bottom = low - margin if y_from is None else low
        return cls((float(every_x.min()), float(every_x.max())), (bottom, float(every_y.max()) + margin))

    def with_equal_scale(self) -> "_Axes":
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - self.bottom
        spans = [self.x_range[1] - self.x_range[0], self.y_range[1] - self.y_range[0]]
        scale = max(spans[0] / wide, spans[1] / high) * 1.05
        middles = [sum(self.x_range) / 2, sum(self.y_range) / 2]
        halves = [scale * wide / 2, scale * high / 2]
        ranges = [(middle - half, middle + half) for middle, half in zip(middles, halves, strict=True)]
        return _Axes(ranges[0], ranges[1], self.bottom)

    def points(self, x: np.ndarray, y: np.ndarray) -> str:
        return " ".join(
            f"{self.x(a):.1f},{self.y(b):.1f}"
            for a, b in zip(x, y, strict=True)
            if math.isfinite(a) and math.isfinite(b)
        )


def _picture(
    axes: _Axes, drawn: Sequence[str], title: str, x: str, y: str, legend: Mapping[str, str], x_ticks: bool = True
) -> str:
    left, right, floor, top = LEFT, WIDTH - RIGHT, HEIGHT - axes.bottom, TOP
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 18 * len(legend)}" role="img" aria-label="{escape(title)}">']
    parts.append(f'<text x="{left}" y="16" class="title">{escape(title)}</text>')
    for value in ticks(*axes.y_range):
        at = axes.y(value)
        parts.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" class="grid"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" class="left">{value:g}</text>')
    for value in ticks(*axes.x_range) if x_ticks else ():
        parts.append(f'<text x="{axes.x(value):.1f}" y="{floor + 16}" class="under">{value:g}</text>')
    parts += drawn
    parts.append(f'<polyline points="{left},{top} {left},{floor} {right},{floor}" class="axis"/>')
    parts.append(f'<text x="{(left + right) / 2}" y="{HEIGHT - 6}" class="under">{escape(x)}</text>')
    parts.append(f'<text transform="translate(13 {(top + floor) / 2}) rotate(-90)" class="under">{escape(y)}</text>')
    for place, (name, colour) in enumerate(legend.items()):
        at = HEIGHT + 18 * place + 8
        parts.append(f'<rect x="{left}" y="{at - 4}" width="18" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{left + 26}" y="{at + 2}" class="legend">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"])


def ticks(low: float, high: float) -> list[float]:
    """Give about TICKS round numbers from `low` to `high`.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]
