"""(frames, dim) values with named columns, a joint's columns being `<joint>_<part>`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

POSITION = ("Xposition", "Yposition", "Zposition")


@dataclass(frozen=True)
class Table:
    """Values (frames, dim) and the place of each column in them."""

    values: np.ndarray
    columns: Mapping[str, int]

    @classmethod
    def of(cls, values: np.ndarray, columns: Sequence[str]) -> "Table":
        """Give the table of (frames, dim) `values`, in float64, whose columns have these names."""
        return cls(np.asarray(values, dtype=np.float64), {name: i for i, name in enumerate(columns)})

    def has(self, joint: str, parts: Sequence[str]) -> bool:
        """Tell whether a joint has all these parts."""
        return all(f"{joint}_{part}" in self.columns for part in parts)

    def get(self, joint: str, parts: Sequence[str]) -> np.ndarray:
        """Give the (frames, parts) columns of a joint; ValueError naming those that are missing."""
        missing = [f"{joint}_{part}" for part in parts if f"{joint}_{part}" not in self.columns]
        if missing:
            raise ValueError(f"the columns {', '.join(missing)} are missing")
        return self.values[:, [self.columns[f"{joint}_{part}"] for part in parts]]


def names(joint: str, parts: Sequence[str]) -> list[str]:
    """Give the names of a joint's columns."""
    return [f"{joint}_{part}" for part in parts]
