"""The options of a model that another one holds."""

import argparse


def options_below(opt: argparse.Namespace, prefix: str) -> argparse.Namespace:
    """The options of the model that ``<prefix>model`` names: those with the prefix, without it.

    >>> options_below(argparse.Namespace(dhid=8, mean_dhid=4), "mean_").dhid
    4
    """
    own = {name.removeprefix(prefix): value for name, value in vars(opt).items() if name.startswith(prefix)}
    return argparse.Namespace(**{**vars(opt), **own})
