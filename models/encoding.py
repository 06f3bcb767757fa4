"""The encoders of a model's inputs as its options want them, and what they spare in a roll."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from models.encoder_options import causal_settings, input_settings, joint_settings
from models.nets.causal import CausalEncoders, CausalHead
from models.nets.cross_modal import CrossModalTransformer
from models.nets.multimodal import InputEncoders
from models.roll import Step
from models.windows import Window

Encoders = InputEncoders | CausalEncoders


def make_encoders(opt: argparse.Namespace, inputs: Sequence[Window]) -> Encoders:
    """The encoders of the inputs; ValueError if they cannot be causal and are to be."""
    if not opt.causal:
        return InputEncoders(inputs, **input_settings(opt))
    if opt.use_rel_pos_emb_inputs or opt.use_rel_pos_emb_output:
        raise ValueError("--causal knows no slots: leave out --use_rel_pos_emb_inputs and --use_rel_pos_emb_output")
    if opt.activation_checkpointing:
        raise ValueError("--causal keeps what its layers compute: leave out --activation_checkpointing")
    return CausalEncoders(inputs, joint_layers=opt.nlayers, **causal_settings(opt))


def encode(encoders: Encoders, inputs: Mapping[str, Tensor], step: Step, kept: Any) -> tuple[Tensor, Any]:
    """The encoded inputs of a step, (batch, slots, dim), and what causal encoders keep for the next one."""
    if isinstance(encoders, CausalEncoders):
        return encoders.step(inputs, step.moved, kept)
    return encoders(inputs, step.foreseen), None


def serves(encoders: Encoders, step: Step) -> bool:
    """Whether what was kept of the frames before a step can stand in for them: more than a band's are too many."""
    return isinstance(encoders, CausalEncoders) and step.moved <= encoders.band


def foresee(encoders: Encoders, inputs: Mapping[str, Tensor], own: Sequence[str]) -> dict[str, Tensor]:
    """All but a model's ``own`` output, encoded; nothing where each frame is encoded once anyway."""
    if isinstance(encoders, CausalEncoders):
        return {}
    return encoders.encode(inputs, [name for name in inputs if name not in own])


def make_joint(
    opt: argparse.Namespace, window: Window, encoders: Encoders, frames: Sequence[int], dim_out: int
) -> CrossModalTransformer | CausalHead:
    """What reads vectors of width ``dim_out`` about these frames of an output window off the encoded inputs."""
    if isinstance(encoders, CausalEncoders):
        return CausalHead(window, encoders, frames, dim_out, layers=opt.nlayers, **causal_settings(opt))
    source = opt.conditioning_from
    return CrossModalTransformer(window, encoders, frames, dim_out=dim_out, source=source, **joint_settings(opt))
