"""Which sequences a motion begins with, as the caller names them or as they are drawn from a file."""

import random
from collections.abc import Collection
from pathlib import Path

from inference.settings import Settings


def read_pairs(text: str) -> dict[str, str]:
    """Modality -> sequence of `modality,sequence;modality,sequence`; ValueError for anything else.

    >>> read_pairs("expmap_20,song_1; face,song_2")
    {'expmap_20': 'song_1', 'face': 'song_2'}
    """
    pairs = [pair.partition(",") for pair in text.split(";") if pair.strip()]
    if not all(comma and name.strip() and sequence.strip() for name, comma, sequence in pairs):
        raise ValueError(f"{text!r} is not of the form modality,sequence;modality,sequence")
    return {name.strip(): sequence.strip() for name, _, sequence in pairs}


def drawn_seeds(settings: Settings, sequence_id: str, corpus: Path, feedback: Collection[str]) -> list[dict[str, str]]:
    """For each sample the sequences asked for, modality -> sequence; what is not asked for is left out.

    A sample's draw depends on its random seed and on the sequence, not on what else is generated. ValueError for a
    modality that is not among the `feedback` ones, FileNotFoundError for a file that is not there.
    """
    lines = _lines(Path(settings.seeds_file), corpus) if settings.seeds_file else []
    samples = []
    for number in range(settings.num_samples):
        drawn = random.Random(f"{settings.seed + number} {sequence_id}").choice(lines) if lines else ""
        wanted = read_pairs(drawn) if "," in drawn else dict.fromkeys(feedback if drawn else (), drawn)
        samples.append(wanted | dict(settings.seeds))
        if unknown := sorted(set(samples[-1]) - set(feedback)):
            known = ", ".join(feedback) or "none"
            raise ValueError(f"--seeds names {', '.join(unknown)}; what this model can begin with: {known}")
    return samples


def _lines(path: Path, corpus: Path) -> list[str]:
    """The lines of a file, which may be named from the corpus's folder."""
    file = path if path.is_file() else corpus / path
    if not file.is_file():
        raise FileNotFoundError(f"--seeds_file: there is no {path}, neither here nor in {corpus}")
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"--seeds_file: {file} is empty; it wants a sequence id on each line")
    return lines
