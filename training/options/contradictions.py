"""Options that exclude each other."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from training.options.given import COMMAND_LINE, Resolved
from training.options.grammar import Declarations, as_text

LEAST_AND_MOST = (("min_epochs", "max_epochs"), ("min_steps", "max_steps"))
UNLIMITED = (None, -1)


def settle(resolved: Resolved, declarations: Declarations) -> Resolved:
    """Return the options with `--gpus` and the Trainer's own options for it reconciled: the command line's count.

    ValueError, naming both and where they stand: two options exclude each other.
    """
    for rival in ("devices", "accelerator"):
        resolved = _settle_gpus(resolved, rival, declarations)
    for least, most in LEAST_AND_MOST:
        values = resolved.values
        if values[least] is not None and values[most] not in UNLIMITED and values[least] > values[most]:
            raise _contradiction(least, most, resolved)
    for name, other in _excluding(resolved.values):
        raise _contradiction(name, other, resolved)
    return resolved


def _excluding(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Pairs of options that cannot both be as they are."""
    strategy = str(values["strategy"])
    if values["preload"] and values["num_workers"]:
        yield "preload", "num_workers"
    if values["ema_decay"] and any(name in strategy for name in ("fsdp", "deepspeed")):
        yield "ema_decay", "strategy"
    if values["continue_train"] and "deepspeed" in strategy:  # its checkpoints are folders of each process's shares
        yield "continue_train", "strategy"
    if values["do_tuning"]:
        yield from (("do_tuning", name) for name in ("devices", "gpus", "num_nodes") if are_several(values[name]))


def are_several(devices: Any) -> bool:
    """Whether more than one device is asked for by number or by name; all that there are (-1, "auto") may be one."""
    return len(devices) > 1 if isinstance(devices, list) else isinstance(devices, int) and devices > 1


def _settle_gpus(resolved: Resolved, rival: str, declarations: Declarations) -> Resolved:
    values, sources = resolved.values, resolved.sources
    if values["gpus"] is None or rival not in sources or _agree(values["gpus"], values[rival]):
        return resolved
    in_line = {name for name in ("gpus", rival) if sources.get(name) == COMMAND_LINE}
    if len(in_line) != 1:
        raise _contradiction("gpus", rival, resolved)
    weaker = ({"gpus", rival} - in_line).pop()
    return replace(resolved, values={**values, weaker: declarations.options[weaker].default})


def _agree(gpus: Any, rival: Any) -> bool:
    return rival in (gpus, "auto", *(("cpu",) if gpus == 0 else ("gpu", "cuda")))


def _contradiction(first: str, second: str, resolved: Resolved) -> ValueError:
    said = [
        f"--{name} {as_text(resolved.values[name])} ({resolved.sources.get(name, 'the default')})"
        for name in (first, second)
    ]
    return ValueError(f"{' and '.join(said)} contradict each other; leave one out")
