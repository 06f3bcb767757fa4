"""The weights of transflower-lightning under the names, and in the form, that our models have.

Every number is a smooth function of theirs, so that gradients can be compared too.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from models.base_model import BaseModel
from models.flows.elementwise import Affine
from models.importers.glow_weights import moglow_weights, transglower_weights
from models.importers.transformer_weights import transformer_weight
from models.moglow_model import MoglowModel
from models.transglower_model import TransglowerModel

Weights = dict[str, Tensor]

UNUSED = re.compile(r"(^|\.)(bounds|num_batches_tracked|(src|out)_mask_\d+)$")
"""Left in their files, read by nothing."""
GATED_NAMES = {
    "in_conv.conv": "enter.conv",
    "out_conv.conv": "leave.conv",
    "mid_convs": "blocks",
    "conv.conv.conv": "convolution.conv",
    "conv.gate.conv": "gate",
    "attn.in_proj": "attention.key_value_query",
    "attn.gate": "attention.gate",
    "norm_1": "norm",
    "norm_2": "attention.norm",
}


def convert(state: Mapping[str, Tensor], model: BaseModel) -> Weights:
    """Their ``state_dict`` as one that ``model``, built from the same options, loads.

    ValueError, naming them, if weights are left over or missing, or are of another shape: then the options differ.
    """
    weights = _model_weights({key: value for key, value in state.items() if not UNUSED.search(key)}, model)
    expected = {name: value.shape for name, value in model.state_dict().items()}
    found = {name: value.shape for name, value in weights.items()}
    wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise ValueError(
            f"the weights are not those of a {type(model).__name__} with these options: "
            f"{', '.join(wrong[:5])}{more} are missing, left over or of another shape"
        )
    return weights


def _model_weights(state: Weights, model: BaseModel) -> Weights:
    """The weights of one of their models, which may hold others."""
    coupling = "affine" if any(isinstance(module, Affine) for module in model.modules()) else "additive"
    if isinstance(model, MoglowModel):
        return moglow_weights(state, coupling)
    if isinstance(model, TransglowerModel):
        return transglower_weights(state, model.outputs[0].modality, coupling)
    weights: Weights = {}
    conditions = any(key.startswith("net_output_glow_") for key in state)
    for name in {key.split(".")[0] for key in state}:
        part = _below(state, name)
        held = getattr(model, name, None)
        if isinstance(held, BaseModel):
            weights |= _prefixed(f"{name}.", _model_weights(part, held))
        elif name.startswith("net_input_"):
            weights |= _prefixed(f"encoders.nets.{name.removeprefix('net_input_')}.", _transformer(part))
        elif name == "net_output_mean_encoder":
            weights |= _prefixed(f"heads.{model.outputs[0].modality}.mean.", part)
        elif name.startswith("net_output_glow_"):
            modality = name.removeprefix("net_output_glow_")
            weights |= _prefixed(f"heads.{modality}.flow.transform.", _scale(_below(part, "flows")))
        elif name.startswith("net_output_"):
            place = f"heads.{name.removeprefix('net_output_')}." + ("conditioner.net." if conditions else "net.")
            weights |= _prefixed(place, _transformer(part))
        else:
            weights |= _prefixed(f"{name}.", part)
    return weights


def _transformer(state: Weights) -> Weights:
    return dict(transformer_weight(name, value) for name, value in state.items())


def _scale(state: Weights) -> Weights:
    """The steps of one scale, and behind them those of the next."""
    weights: Weights = {}
    layers = _numbered(_below(state, "channels"))
    for index, layer in enumerate(layers):
        weights |= _prefixed(f"transforms.{index}.", _layer(layer))
    following = _below(state, "next")
    if following:
        weights |= _prefixed(f"transforms.{len(layers)}.inner.", _scale(following))
    return weights


def _layer(state: Weights) -> Weights:
    if "gamma" in state:
        return _batch_norm(state)
    if "inv_std" in state:
        return _act_norm(state)
    if "log_s" in state:
        return _lu_linear(state)
    return _coupling(state)


def _batch_norm(state: Weights) -> Weights:
    return {
        "mean": state["running_mean"].flatten(),
        "variance": state["running_var"].flatten(),
        "shift": -state["beta"].flatten(),
        "log_scale": _log(state["gamma"].flatten()),
        "initialised": _started(state),
    }


def _act_norm(state: Weights) -> Weights:
    """Before its initialisation, the scale of theirs is 0; ours is 1."""
    scale, started = state["inv_std"].flatten(), _started(state)
    return {
        "shift": -state["mean"].flatten(),
        "log_scale": _log(scale if started else torch.ones_like(scale)),
        "initialised": started,
    }


def _started(state: Weights) -> Tensor:
    return state["is_initialized"].flatten()[0] > 0


def _log(scale: Tensor) -> Tensor:
    if not (scale > 0).all():
        raise ValueError("a norm layer of the flow has a scale that is not positive: such a network has no likelihood")
    return scale.log()


def _lu_linear(state: Weights) -> Weights:
    return {
        "lower": state["l"],
        "upper": state["u"],
        "log_diagonal": state["log_s"],
        "sign": state["sign_s"],
        "order": state["p"].argmax(dim=1),
    }


def _coupling(state: Weights) -> Weights:
    rescale = {name: state[f"nn.rescale.weight_{letter}"] for name, letter in (("magnitude", "g"), ("direction", "v"))}
    channels = len(rescale["magnitude"])
    net = {key: value for key, value in _below(state, "nn").items() if not key.startswith("rescale.")}
    transformer = _below(net, "transformer")
    body = _transformer(transformer) if transformer else _gated(net)
    outputs = len(body["leave.bias"] if transformer else body["leave.conv.bias"])
    place = "map." if outputs == 2 * channels else "map.affine."
    weights = _prefixed(place, {name: value.flatten() for name, value in rescale.items()})
    return weights | _prefixed("net.enter.", _below(state, "input_encoder")) | _prefixed("net.body.", body)


def _gated(state: Weights) -> Weights:
    """Gated convolutions on images of width 1, of whose kernels only the middle column ever meets data."""
    weights: Weights = {}
    state = _renamed(state, GATED_NAMES)
    for name, value in state.items():
        layer = name.removesuffix("weight_v")
        if name.endswith("weight_g"):
            continue
        if layer == name:
            weights[name] = value
            continue
        direction = value[..., value.shape[-1] // 2] if value.dim() == 4 else value
        gain = state[f"{layer}weight_g"].flatten() * _lengths(direction) / _lengths(value)
        if layer.endswith("gate."):
            direction = direction.flatten(1)
        weights[f"{layer}parametrizations.weight.original0"] = gain.view(-1, *[1] * (direction.dim() - 1))
        weights[f"{layer}parametrizations.weight.original1"] = direction
    return weights


def _lengths(weight: Tensor) -> Tensor:
    """Of what leads to each output channel."""
    return weight.flatten(1).norm(dim=1)


def _below(state: Weights, name: str) -> Weights:
    """What is under a name, without it."""
    return {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}


def _numbered(state: Weights) -> list[Weights]:
    """What is under 0, 1, 2, ..."""
    return [_below(state, str(number)) for number in sorted({int(key.split(".")[0]) for key in state})]


def _prefixed(prefix: str, state: Weights) -> Weights:
    return {prefix + key: value for key, value in state.items()}


def _renamed(state: Weights, names: Mapping[str, str]) -> Weights:
    renamed = {}
    for key, value in state.items():
        for theirs, ours in names.items():
            key = key.replace(theirs, ours)
        renamed[key] = value
    return renamed
