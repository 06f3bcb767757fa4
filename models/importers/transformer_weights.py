"""The weights of the published transformers under the names that they have here."""

from torch import Tensor

NAMES = {
    "encoder.weight": "embed.weight",
    "encoder1": "enter",
    "pos_encoder.pe": "positions.vectors",
    "pos_emb": "pair_bias.bias",
    "transformer_encoder.layers": "layers",
    "self_attn.in_proj_": "attention.query_key_value.",
    "self_attn.out_proj": "attention.merge",
    "linear1": "widen",
    "linear2": "narrow",
    "norm1": "attention_norm",
    "norm2": "feedforward_norm",
    "decoder": "leave",
}


def transformer_weight(name: str, value: Tensor) -> tuple[str, Tensor]:
    """Name and value of one weight of a `TransformerEncoder`, from those of the published one.

    >>> transformer_weight("transformer_encoder.layers.0.linear1.bias", Tensor())[0]
    'layers.0.widen.bias'
    """
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name, value.squeeze(1) if name == "positions.vectors" else value
