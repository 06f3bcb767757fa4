"""A small model and data set of the tests' own, so that the aggregator is tested apart from the project's classes."""

from pathlib import Path

import pytest

MODEL = '''"""A model with a few options."""
import argparse

class ToyModel:
    """Toy."""

    @staticmethod
    def modify_commandline_options(parser):
        parser.add_argument("--width", type=int, default=16, help="width of the net")
        parser.add_argument("--dropout", type=float, default=0.1, help="dropout")
        parser.add_argument("--rotary", action="store_true", help="rotary positions")
        parser.add_argument("--residual", action=argparse.BooleanOptionalAction, default=True, help="a residual path")
        parser.add_argument("--scales", default="[[10,0]]", help="coupling steps")
        parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2], help="several numbers")
        parser.add_argument("--decay", type=float, default=None, help="may be none")
'''

PAIR_MODEL = '''"""A model that holds two others."""

class PairModel:
    """Pair."""

    aliases = ("couple",)
    sub_models = {"mean_": "mean_model", "rest_": "rest_model"}

    @staticmethod
    def modify_commandline_options(parser):
        parser.add_argument("--mean_model", default="toy", help="model of the mean")
        parser.add_argument("--rest_model", default="toy", help="model of the rest")
        parser.add_argument("--balance", type=float, default=0.5, help="between the two")
'''

DATASET = '''"""A data set with an option."""

class ToyDataset:
    """Toy."""

    @staticmethod
    def modify_commandline_options(parser):
        parser.add_argument("--input_lengths", default="", help="frames of each input")
'''

EXPERIMENT = """# how the tests train
model: toy
dataset_name: toy
dropout: 0
residual: false
learning_rate: 7e-5
max_time: 00:00:30:00
input_lengths: [120, 140]
scales: [[16, 0]]
sizes: [3, 4, 5]
batch-size: 32
"""


@pytest.fixture
def plugins(plugin_dir: Path) -> Path:
    """A plugin folder with `toy` classes and the experiment `waltz`; nothing of it is left after the test."""
    (plugin_dir / "ballroom").mkdir()
    (plugin_dir / "toy_model.py").write_text(MODEL)
    (plugin_dir / "pair_model.py").write_text(PAIR_MODEL)
    (plugin_dir / "toy_dataset.py").write_text(DATASET)
    (plugin_dir / "ballroom" / "waltz.yaml").write_text(EXPERIMENT)
    return plugin_dir
