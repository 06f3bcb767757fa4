"""What makes the README's commands quick: small networks, few windows, few and short results."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from training.options import parse

SIZES = {
    "dhid": "16", "nhead": "2", "nlayers": "1", "dhid_flow": "16", "num_heads_flow": "2", "scales": "[[2,0]]",
    "encoder_hidden": "8", "decoder_hidden": "8", "batch_size": "16", "num_train_samples": "32", "max_epochs": "1",
    "limit_val_batches": "2", "accelerator": "cpu", "enable_progress_bar": "false", "sample_every_n_epochs": "0",
    "generate_at_end": "",
}  # fmt: skip
"""What makes a training small, of the options that it has."""
FIRST = ["./train.sh", "quickstart"]
"""The training that ends with a dance here, too."""
LEFT_OUT = ("gpus", *SIZES)
"""Options of trainings that are not those of the page."""
SMALL = {
    "analysis.evaluate": ["--few_samples", "--num_samples", "1", "--resamplings", "2", "--max_sequences", "2"],
    "inference.generate": ["--max_length", "40"],
    "analysis.study gestures": ["--seeds", "1", "--talks", "1", "--shuffles", "1"],
    "analysis.study demo": [
        *("--data_dir", "data/demo/dance", "--no-prepare", "--jobs", "0", "--minutes", "0.001", "--seeds", "1"),
        *("--models", "transflower,transformer", "--learning_rates", "1e-3", "--temperatures", "1"),
        *("--frames_per_step", "10", "--samples", "1", "--songs", "1", "--resamplings", "2", "--few_samples"),
        *("--metrics", "speed,none_share", "--dhid", "8", "--nhead", "2"),
    ],
}
"""What makes other commands quick, with the first argument where a command has several kinds."""


def reduced(module: str, words: Sequence[str], project: Path) -> list[str]:
    """The words of a command with options that make it quick."""
    if "--help" in words or "--max_length" in words:
        return [*words]
    if module != "training.train":
        kinds = [module, f"{module} {words[-1]}"]
        return [*words, *(option for kind in kinds for option in SMALL.get(kind, ()))]
    first = words.index("./train.sh") + 1
    given = without(LEFT_OUT, words[first:])
    with contextlib.chdir(project):
        known = vars(parse(given))
    sizes = {name: value for name, value in SIZES.items() if name in known}
    if [*words] == FIRST:
        del sizes["generate_at_end"]
    return [*words[:first], *given, *(f"--{name}={value}" for name, value in sizes.items())]


def without(names: Sequence[str], words: Sequence[str]) -> list[str]:
    """The words without these options and their values."""
    options = [f"--{name}" for name in names]
    before = ["", *words]
    return [word for word, last in zip(words, before, strict=False) if word not in options and last not in options]
