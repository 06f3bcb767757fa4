"""The weights of FineMotion's baselines (GENEA challenge 2020), autoencoders and a speech encoder, under our names."""

import re
from collections.abc import Mapping

from torch import Tensor

Weights = dict[str, Tensor]

DAE_NAMES = {r"(encoder|decoder)\.": r"coder.\1."}
VAE_NAMES = {
    r"encoder_hidden\.": "coder.hidden.",
    r"encoder_mu\.": "coder.mean.",
    r"encoder_sigma\.": "coder.log_variance.",
    r"decoder_(hidden|out)\.": r"coder.decoder.\1.",
}
SPEECH_NAMES = {
    r"ff_1\.linear\.": "context.layers.0.",
    r"ff_2\.linear\.": "context.layers.1.",
    r"ff_3\.linear\.": "context.layers.2.",
    r"ff_1\.batch_norm\.": "context.place_norms.0.",
    r"ff_2\.batch_norm\.": "context.place_norms.1.",
    r"ff_3\.batch_norm\.": "context.place_norms.2.",
    r"gru\.": "context.gru.",
    r"batch_norm\.": "context.norm.",
    r"out\.": "out.",
}


def dae_weights(state: Mapping[str, Tensor]) -> Weights:
    """The state dict of a published DenoisingAutoEncoder as one of `DaeModel`."""
    return _renamed(state, DAE_NAMES)


def vae_weights(state: Mapping[str, Tensor]) -> Weights:
    """The state dict of a published VariationalAutoEncoder as one of `VaeModel`."""
    return _renamed(state, VAE_NAMES)


def speech_weights(state: Mapping[str, Tensor]) -> Weights:
    """The state dict of a published SpeechMotionModel as one of `SpeechencoderModel`, its pose model aside."""
    weights = _renamed(state, SPEECH_NAMES)
    return {name: value for name, value in weights.items() if not re.search(r"place_norms.*num_batches", name)}


def _renamed(state: Mapping[str, Tensor], names: Mapping[str, str]) -> Weights:
    weights = {}
    for name, value in state.items():
        fitting = [(theirs, ours) for theirs, ours in names.items() if re.match(theirs, name)]
        if not fitting:
            raise ValueError(f"a weight {name} belongs to no published network of this kind")
        theirs, ours = fitting[0]
        weights[re.sub(f"^{theirs}", ours, name)] = value
    return weights
