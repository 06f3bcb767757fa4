"""The hyper-parameters of transflower-lightning as the options that mean the same network here."""

import argparse
from collections.abc import Mapping
from typing import Any

from models import find_model
from training.options import parse

WINDOWS = (
    "input_modalities",
    "output_modalities",
    "input_lengths",
    "output_lengths",
    "input_time_offsets",
    "output_time_offsets",
    "dins",
    "douts",
    "input_types",
    "input_num_tokens",
    "output_num_tokens",
    "input_fix_length_types",
    "max_token_seq_len",
)
"""The options of the windows that both have. Of the outputs' fix_length_types they wanted one per input."""
ALWAYS = {
    "transformer": {"use_pos_emb_inputs": True},
    "transflowpp": {"use_pos_emb_inputs": True, "use_pos_emb_output": True},
    "transglower": {"use_pos_emb_inputs": True},
    "residualflower": {"use_pos_emb_inputs": True},
}
"""What is an option here and was fixed there."""


def read_options(theirs: Mapping[str, Any], experiment: str) -> argparse.Namespace:
    """Our options for a network with these hyper-parameters, among them the ``model``.

    ValueError, LookupError: if an option that builds the network is unknown or does not fit.
    """
    names = {*WINDOWS, *_model_options(theirs, "model", "")}
    given = {name: value for name, value in theirs.items() if name in names and value is not None}
    for option, prefix in (("model", ""), ("mean_model", "mean_"), ("residual_model", "residual_")):
        fixed = ALWAYS.get(str(theirs.get(option)), {})
        given |= {prefix + name: value for name, value in fixed.items() if prefix + name in names}
    arguments = [f"--{name}={_text(value)}" for name, value in given.items()]
    return parse(["--experiment_name", experiment, "--model", str(theirs["model"]), *arguments])


def _model_options(theirs: Mapping[str, Any], option: str, prefix: str) -> set[str]:
    """The names of what the model declares that ``option`` names, and of what the models that it holds declare."""
    names = _Names(prefix)
    model = find_model(str(theirs[option]))
    model.modify_commandline_options(names)
    for inner_prefix, inner in model.sub_models.items():
        names.found |= _model_options(theirs, prefix + inner, prefix + inner_prefix)
    return names.found


class _Names:
    """Takes note of the names that options are declared by."""

    def __init__(self, prefix: str):
        self.prefix = prefix
        self.found: set[str] = set()

    def add_argument(self, *strings: str, **_: Any) -> None:
        self.found |= {self.prefix + string.lstrip("-") for string in strings}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
