"""What models are compared with: real motion that they may have learnt from, and that of the songs they dance to."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from analysis.evaluation.references import recorded
from analysis.evaluation.stage import Stage
from feature_extraction import store


class Names:
    """A stage on which the clip of a sequence is its name."""

    def __init__(self, data_dir: Path):
        self.data_dir = data_dir

    def real_values(self, name: str) -> np.ndarray | None:
        return None if name == "unrecorded" else np.zeros((3, 1))

    def clip(self, name: str, _: Any) -> str:
        return name


def compared(data_dir: Path, split: str) -> tuple[Any, Any]:
    return recorded(cast(Stage, Names(data_dir)), split, store.read_split(data_dir, split))


def test_distances_are_taken_from_the_train_split_alone(tmp_path: Path) -> None:
    store.save_splits(tmp_path, {"train": ["a", "b", "unrecorded"], "val": ["c"], "test": ["d"]})
    assert compared(tmp_path, "test") == (["a", "b"], ["d"])
    assert compared(tmp_path, "val") == (["a", "b"], ["c"])
    assert compared(tmp_path, "train") == (["c", "d"], ["a", "b"])


def test_without_motion_to_compare_with_it_is_said_where_some_was_looked_for(tmp_path: Path) -> None:
    store.save_splits(tmp_path, {"train": ["unrecorded"], "test": ["d"]})
    with pytest.raises(ValueError, match="no recorded motion in the train split; distances need some"):
        compared(tmp_path, "test")
