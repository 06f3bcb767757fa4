"""The card of a shared model: what it reads and gives, what it was trained on, how good it is, and how to use it."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from feature_extraction.feature import Feature, few
from models import LoadedModel
from models.windows import Window

UNSAID = "not said by whoever shared the model"


@dataclass(frozen=True)
class Measured:
    """What a metric said of the model, and what it says of real motion."""

    metric: str
    unit: str
    value: float
    interval: tuple[float, float] | None = None
    real: tuple[float, float] | None = None
    """Where the values of equally much real motion lie."""
    best: str = ""
    """Which value is best, in words."""


@dataclass(frozen=True)
class Evaluation:
    """What `./evaluate.sh` found."""

    about: str
    """On what, as a sentence."""
    rows: Sequence[Measured]


@dataclass(frozen=True)
class Card:
    """What people say of a model; the rest is read off it."""

    name: str
    description: str = ""
    data: str = ""
    """What it was trained on, and under which terms that may be used."""
    licence: str = ""
    """Of the weights: a short name as "cc-by-4.0"."""
    losses: Mapping[str, float] = field(default_factory=dict)
    """Name -> value, as training wrote them."""
    evaluation: Evaluation | None = None


def write_card(card: Card, loaded: LoadedModel) -> str:
    """The card as Markdown, whose head is in the form that model hubs read."""
    parts = [
        _head(card),
        f"# {card.name}",
        card.description or _summary(loaded),
        _table("What it reads", loaded.inputs, loaded),
        _table("What it gives", loaded.outputs, loaded),
        _use(card),
        f"## Training data\n\n{card.data or _data(loaded.opt)}",
        _metrics(card),
        f"## Licence\n\n{card.licence or UNSAID}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(card: Card) -> str:
    licence = f"license: {card.licence}\n" if card.licence else ""
    return f"---\nlibrary_name: terpsichore\n{licence}tags: [motion-generation]\n---"


def _summary(loaded: LoadedModel) -> str:
    parameters = sum(parameter.numel() for parameter in loaded.model.parameters())
    gives = ", ".join(window.modality for window in loaded.outputs)
    return f"A `{loaded.opt.model}` of {parameters:,} parameters that generates {gives}, made with Terpsichore."


def _table(title: str, windows: Sequence[Window], loaded: LoadedModel) -> str:
    rows = ["| array | columns | frames | from | made of |", "|---|---|---|---|---|"]
    for window in windows:
        made_of = "an array of one's own"
        if window.modality in loaded.features:
            feature = Feature.from_dict(loaded.features[window.modality])
            extractors = ", ".join(each["name"] for each in feature.extractors)
            made_of = f"{feature.source} at {feature.fps:g} frames a second: {extractors} ({few(feature.columns, 4)})"
        length = "one" if window.single else str(window.length)
        rows.append(f"| `{window.modality}` | {window.width} | {length} | {window.offset} | {made_of} |")
    return f"## {title}\n\n" + "\n".join(rows)


def _use(card: Card) -> str:
    return f"""## How to use it

```
./generate.sh {card.name} song.wav
```

where `{card.name}` is the path of this folder, or in Python:

```python
from inference.pretrained import load_pretrained
performer = load_pretrained("{card.name}")
motion = performer.motions("song.wav")[0]
```"""


def _data(opt: argparse.Namespace) -> str:
    name = Path(getattr(opt, "data_dir", "")).name
    return f"The corpus `{name}`; its terms: {UNSAID}." if name else UNSAID


def _metrics(card: Card) -> str:
    parts = []
    if card.evaluation:
        rows = [f"| {' | '.join(_cells(row))} |" for row in card.evaluation.rows]
        head = ["| metric | unit | value | 95% interval | real motion | best |", "|---|---|---|---|---|---|"]
        parts += [card.evaluation.about, "\n".join([*head, *rows])]
    if card.losses:
        rows = [f"| {name} | {value:.4g} |" for name, value in card.losses.items()]
        parts.append("\n".join(["| in training | |", "|---|---|", *rows]))
    return "\n\n".join(["## Metrics", *parts]) if parts else ""


def _cells(row: Measured) -> tuple[str, ...]:
    return row.metric, row.unit, f"{row.value:.4g}", _between(row.interval), _between(row.real), row.best


def _between(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.4g} to {ends[1]:.4g}"
