"""The weights of the published MoGlow and Transglower under the names and in the shapes that they have here."""

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from models.importers.transformer_weights import transformer_weight

_STEP = re.compile(r"(?P<before>.*)\.flow\.layers\.(?P<step>\d+)\.(?P<part>actnorm|invconv|f)\.(?P<rest>.+)")
_NORM = {"bias": "shift", "logs": "log_scale", "is_initialized": "initialised"}
_MIX = {"weight": "weight", "l": "lower", "u": "upper", "log_s": "log_diagonal", "p": "order", "sign_s": "sign"}
_NET = {"linear.": "leave.", "lstm.": "layers.", "gru.": "layers.", "0.": "enter.", "2.": "middle.", "4.": "leave."}


def moglow_weights(state: Mapping[str, Tensor], coupling: str = "affine") -> dict[str, Tensor]:
    """The state dict of a published MoGlow as one of `MoglowModel`; ``coupling`` as its ``--flow_coupling``.

    ValueError names a weight that is not known.
    """
    return dict(_glow(name, value, coupling, {"net_glow": "flow"}) for name, value in state.items())


def transglower_weights(state: Mapping[str, Tensor], output: str, coupling: str = "affine") -> dict[str, Tensor]:
    """The state dict of a published Transglower of that output modality as one of `TransglowerModel`.

    ValueError names a weight that is not known.
    """
    flow = f"net_output_glow_{output}"
    return dict(_transglower(state, output, coupling, {flow: f"flows.{output}"}))


def _transglower(
    state: Mapping[str, Tensor], output: str, coupling: str, flows: Mapping[str, str]
) -> Iterator[tuple[str, Tensor]]:
    for name, value in state.items():
        if re.search(r"\.(src|out)_mask", name):
            continue
        if name.startswith("net_output_glow_"):
            yield _glow(name, value, coupling, flows)
        elif name.startswith("net_output_mean_encoder."):
            yield name.replace("net_output_mean_encoder", f"means.{output}"), value
        elif name.startswith("net_input_"):
            yield _transformer("encoders.nets", name.removeprefix("net_input_"), value)
        elif name.startswith(f"net_output_{output}."):
            yield _transformer("heads", name.removeprefix("net_output_"), value)
        else:
            raise ValueError(f"a weight {name} belongs to no Transglower with the output {output}")


def _transformer(place: str, name: str, value: Tensor) -> tuple[str, Tensor]:
    net, _, rest = name.partition(".")
    rest, value = transformer_weight(rest, value)
    return f"{place}.{net}.{rest}", value


def _glow(name: str, value: Tensor, coupling: str, flows: Mapping[str, str]) -> tuple[str, Tensor]:
    match = _STEP.fullmatch(name)
    if match is None or match["before"] not in flows:
        raise ValueError(f"a weight {name} belongs to no published MoGlow")
    start = f"{flows[match['before']]}.transform.transforms."
    step, part, rest = 3 * int(match["step"]), match["part"], match["rest"]
    if part == "actnorm":
        value = value.reshape(()).bool() if rest == "is_initialized" else value.flatten()
        return f"{start}{step}.{_NORM[rest]}", value
    if part == "invconv":
        return f"{start}{step + 1}.{_MIX[rest]}", value.argmax(dim=1) if rest == "p" else value
    theirs = rest[: rest.index(".") + 1]
    rest = _NET[theirs] + rest.removeprefix(theirs)
    if rest.startswith("leave.") and coupling == "affine":
        value = torch.cat([value[0::2], value[1::2]])  # shifts and scales of a channel are neighbours there
    return f"{start}{step + 2}.net.{rest}", value
