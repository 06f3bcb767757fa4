"""The systems of the controlled study of dances, each an experiment of the demo corpus and what is changed in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry import nearest
from training.options.grammar import spelt

Options = Mapping[str, Any]
"""Options of training by name; those that are true or false are flags."""

MEMORY, AROUND, GIVEN = 100, 20, 20
"""Frames at 20 a second: two bars of the slowest song of motion, a second of sound before and after the present; and a
second to predict."""
LEARNING_RATES = (1e-3, 3e-3, 1e-2)
TEMPERATURES = (0.5, 0.7, 1.0)
FRAMES_PER_STEP = (1, 4, 10)
WITHIN = 0.2
"""By how much the numbers of parameters may differ."""


@dataclass(frozen=True)
class Contender:
    """A system: the options that make it of an experiment, and what of its generation is to be chosen."""

    experiment: str
    options: Options
    seeds: int = 1
    """How often it is trained at most."""
    predicts_blocks: bool = False
    """Whether it predicts several frames at once, so that there is a choice how many are used at a time."""
    draws: bool = True
    """Whether what it dances is drawn at random, so that there is a temperature to choose."""


def windows(memory: int) -> Options:
    """Options of windows that read so many frames of motion, and the sound around the present."""
    return {
        "input_lengths": f"{memory},{2 * AROUND}",
        "input_time_offsets": f"0,{memory - AROUND}",
        "input_noise": "1,0",
        "output_lengths": GIVEN,
        "output_time_offsets": memory,
    }


def steps(count: int, motion: int, sound: int) -> Options:
    """Options of windows that span so many steps of a model that goes frame by frame, and what each step reads."""
    return {
        "input_lengths": f"{motion + count - 1},{sound + count - 1}",
        "input_seq_lens": f"{motion},{sound}",
        "output_lengths": count,
        "output_time_offsets": motion,
    }


COMMON: Options = {
    "corpus": "",  # what there is to prepare is prepared before, once
    "recipe": "",
    "data_dir": "data/demo_large/dance",
    "accelerator": "cpu",
    "batch_size": 16,
    "lr_policy": "LinearWarmupCosineAnnealing",
    "val_check_interval": 1.0,
    "generate_at_end": "",
    "save_every_minutes": 1,
    "enable_progress_bar": False,
    "continue_train": True,
}
SIZES: Options = {"dhid": 80, "nlayers": 2, "nhead": 4, "dropout": 0.0}
ENCODERS: Options = {**SIZES, "pre_norm": True, "conditioning_from": "last"}
"""Norms that allow high learning rates; outputs read at the slots of the sound that is heard with the motion."""
FLOW: Options = {**ENCODERS, "dhid_flow": 80, "scales": "[[6,0]]"}
MEAN: Options = {"residual": True, "residual_loss": "sum"}
"""By likelihood alone the transformers learn to move much more slowly than from a squared error."""
NO_POSITIONS: Options = {
    "use_pos_emb_inputs": False,
    "use_pos_emb_output": False,
    "use_pos_emb_coupling": False,
    "use_rotary_pos_emb": False,
}
SYSTEMS: Mapping[str, Contender] = {
    "transflower": Contender("demo/transflower", {**windows(MEMORY), **FLOW, **MEAN}, 3, True),
    "transformer": Contender("demo/transformer", {**windows(MEMORY), **ENCODERS, "dhid": 120}, 3, True, draws=False),
    "transflower, short": Contender("demo/transflower", {**windows(GIVEN), **FLOW, **MEAN}, 3, True),
    "moglow": Contender("demo/moglow", {**steps(40, 5, 10), "dhid": 40, "glow_K": 3}, 3),
    "transflower, no positions": Contender(
        "demo/transflower", {**windows(MEMORY), **FLOW, **MEAN, **NO_POSITIONS}, 3, True
    ),
    "transglower": Contender("demo/transglower", {**steps(8, 20, 30), "dhid": 72}),
    "residualflower": Contender(
        "demo/residualflower", {**windows(MEMORY), **FLOW, "dhid": 64, "dhid_flow": 64}, 1, True
    ),
}
"""The short one differs in nothing but how much motion it remembers."""


def chosen(names: str) -> dict[str, Contender]:
    """The systems of a comma-separated list, where blanks and commas of their names are underscores; all if empty.

    LookupError for an unknown one.

    >>> list(chosen("moglow,transflower_short"))
    ['moglow', 'transflower, short']
    """
    known = {slug(name): name for name in SYSTEMS}
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(known)
    for name in wanted:
        if name not in known:
            hint = nearest(name, known) or f"there are: {', '.join(known)}"
            raise LookupError(f"the study has no system {name!r}; {hint}")
    return {known[name]: SYSTEMS[known[name]] for name in wanted}


def slug(name: str) -> str:
    """A name as files and options have it.

    >>> slug("transflower, no positions")
    'transflower_no_positions'
    """
    return name.replace(",", "").replace(" ", "_")


def arguments(contender: Contender, more: Options | None = None) -> list[str]:
    """What training is called with for this system, but for the run's own name, seed, learning rate and length.

    >>> arguments(Contender("demo/moglow", {}), {"dhid": 8})[:2], arguments(Contender("toy", {"causal": False}))[-1]
    (['demo/moglow', '--corpus='], '--no-causal')
    """
    return [contender.experiment, *(_word(*each) for each in {**COMMON, **contender.options, **(more or {})}.items())]


def options_of(words: Sequence[str]) -> Options:
    """Options as a command line gives them, by name; ValueError for a word that belongs to none.

    >>> options_of(["--dhid", "8", "--no-causal", "--dropout=0"])
    {'dhid': '8', 'causal': False, 'dropout': '0'}
    """
    found: dict[str, Any] = {}
    name = ""
    for word in map(spelt, words):
        if word.startswith("--"):
            name, given, value = word.removeprefix("--").partition("=")
            bare = name.removeprefix("no_") if name.startswith("no_") else name
            found[name if given else bare] = value if given else name == bare
        elif not name or found.get(name) is not True:
            raise ValueError(
                f"{word!r} is the value of no option; options of training are --name value or --name=value"
            )
        else:
            found[name] = word
    return found


def _word(name: str, value: Any) -> str:
    return (f"--{name}" if value else f"--no-{name}") if isinstance(value, bool) else f"--{name}={value}"
