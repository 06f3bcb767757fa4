"""The options of the window flows, which several models share, and what they mean to the networks."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from models.encoder_options import add_reading_option
from models.encoding import Encoders, make_joint
from models.flow_plus_plus import NORMS, MakeNet, Place, flow_plus_plus, read_scales
from models.flows.bases import make_base
from models.nets.coupling import CouplingNet
from models.nets.flow_head import FlowHead
from models.nets.gated_convolution import GatedConvolution
from models.nets.per_modality import PerModality
from models.nets.transformer import TransformerEncoder
from models.windows import Window
from option_values import above_zero, fraction, natural, positive

MakeBody = Callable[[int, int, int], nn.Module]
"""Given (width, dim_out, frames): a network from (batch, frames, width), called with x and how many frames to give."""


def add_flow_options(parser: Any, *, dhid_flow: int, cond_concat_dims: bool) -> None:
    """Steps, base distribution and conditioning of the flow, with the defaults of two of them."""
    yes_no = argparse.BooleanOptionalAction
    parser.add_argument(
        "--dhid_flow",
        type=natural,
        default=dhid_flow,
        help="width of the coupling networks; 0: that of the transformers",
    )
    parser.add_argument(
        "--scales", default="[[10,0]]", help="steps that couple channels and steps that couple frames, of each scale"
    )
    parser.add_argument("--num_glow_coupling_blocks", type=positive, default=10, help="layers of a coupling network")
    parser.add_argument(
        "--num_mixture_components", type=natural, default=0, help="couple by mixtures of so many logistics; 0: affinely"
    )
    parser.add_argument(
        "--glow_norm_layer", choices=NORMS, default="none", help="norm layers of the flow, initialised from data"
    )
    parser.add_argument("--glow_bn_momentum", type=fraction, default=0.1, help="of the running statistics of batchnorm")
    parser.add_argument("--flow_dist", choices=("normal", "studentT"), default="normal", help="base distribution")
    parser.add_argument("--flow_dist_param", type=above_zero, default=50, help="degrees of freedom of studentT")
    parser.add_argument("--glow_use_attn", action=yes_no, default=True, help="attention in gated convolutions")
    parser.add_argument(
        "--conditioning_seq_lens", default="", help="tokens that condition each output; its length by default"
    )
    add_reading_option(parser)
    parser.add_argument(
        "--cond_concat_dims",
        action=yes_no,
        default=cond_concat_dims,
        help="join the tokens along channels, not along time",
    )


def add_transformer_coupling_options(parser: Any) -> None:
    """Transformers as coupling networks."""
    yes_no = argparse.BooleanOptionalAction
    parser.add_argument(
        "--use_transformer_nn", action=yes_no, default=False, help="couple by transformers, not by gated convolutions"
    )
    parser.add_argument("--num_heads_flow", type=positive, default=8, help="attention heads of coupling transformers")
    parser.add_argument(
        "--use_pos_emb_coupling", action=yes_no, default=True, help="learned positions in coupling transformers"
    )
    parser.add_argument(
        "--use_rel_pos_emb_coupling", action=yes_no, default=False, help="a learned bias per pair of their positions"
    )


def gated_convolutions(opt: argparse.Namespace) -> MakeBody:
    """Makes the bodies of couplings from gated convolutions."""

    def body(width: int, dim_out: int, frames: int) -> nn.Module:
        return GatedConvolution(
            width,
            dim_out,
            dim=opt.dhid_flow or opt.dhid,
            blocks=opt.num_glow_coupling_blocks,
            attention=opt.glow_use_attn,
            dropout=opt.dropout,
        )

    return body


def couples_in_order(opt: argparse.Namespace) -> bool:
    """Whether what coupling transformers tell of a frame does not depend on later ones: with tokens frame by frame."""
    return opt.causal and opt.use_transformer_nn and opt.cond_concat_dims


def transformers(opt: argparse.Namespace) -> MakeBody:
    """Makes the bodies of couplings from transformers."""

    def body(width: int, dim_out: int, frames: int) -> nn.Module:
        return TransformerEncoder(
            width,
            dim_out,
            frames,
            dim=opt.dhid_flow or opt.dhid,
            layers=opt.num_glow_coupling_blocks,
            heads=opt.num_heads_flow,
            dropout=opt.dropout,
            learned_positions=opt.use_pos_emb_coupling,
            pair_bias=opt.use_rel_pos_emb_coupling,
            rotary=opt.use_rotary_pos_emb,
            pre_norm=opt.pre_norm,
            recompute=opt.activation_checkpointing,
            in_order=couples_in_order(opt),
        )

    return body


def make_heads(
    opt: argparse.Namespace,
    outputs: Sequence[Window],
    encoders: Encoders,
    make_body: MakeBody,
    *,
    mean: bool = False,
    shared: bool = False,
    in_order: bool = False,
) -> PerModality:
    """A `FlowHead` for each output window, with a mean of its own on request.

    The mean reads slots of its own where nothing speaks for those that condition the flow, unless they are ``shared``.
    ``in_order`` says that what the bodies of couplings tell of a frame does not depend on later ones.
    """
    heads = {}
    scales = read_scales(opt.scales)
    for window, count in zip(outputs, _conditioning_lengths(opt, outputs), strict=True):
        flow = flow_plus_plus(
            window.dim,
            scales,
            Place(window.length, count, opt.dhid),
            _coupling_nets(make_body, along_time=not opt.cond_concat_dims),
            make_base(opt.flow_dist, opt.flow_dist_param),
            norm=opt.glow_norm_layer,
            momentum=opt.glow_bn_momentum,
            components=opt.num_mixture_components,
        )
        # Slots of some time tell of that time only; the published ones tell the mean and the rest apart.
        apart = not shared and (opt.causal or opt.conditioning_from == "first")
        own = mean and (apart or count < window.length)
        frames = [frame % window.length for frame in range(count)] + (list(range(window.length)) if own else [])
        conditioner = make_joint(opt, window, encoders, frames, opt.dhid)
        # Each further scale takes pairs of frames.
        grain = 2 ** (len(scales) - 1) if in_order else 0
        mean_dim = opt.dhid if mean else 0
        heads[window.modality] = FlowHead(window, conditioner, flow, mean_dim, own=own, grain=grain)
    return PerModality(heads)


def _coupling_nets(make_body: MakeBody, along_time: bool) -> MakeNet:
    def net(dim_in: int, dim_out: int, place: Place) -> nn.Module:
        frames = place.frames + (place.conditioning_frames if along_time else 0)
        return CouplingNet(
            dim_in, place.conditioning_dim, lambda width: make_body(width, dim_out, frames), along_time=along_time
        )

    return net


def _conditioning_lengths(opt: argparse.Namespace, outputs: Sequence[Window]) -> list[int]:
    text = str(opt.conditioning_seq_lens or "").strip()
    if not text:
        return [window.length for window in outputs]
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    counts = counts * len(outputs) if len(counts) == 1 else counts
    if len(counts) != len(outputs) or min(counts) < 1:
        raise ValueError(
            f"--conditioning_seq_lens {text}: give one whole number, or one for each of {len(outputs)} outputs"
        )
    for window, count in zip(outputs, counts, strict=True):
        if opt.cond_concat_dims and count != window.length:
            raise ValueError(
                f"--cond_concat_dims gives each frame of {window.modality} a token, so --conditioning_seq_lens {count} "
                f"must be --output_lengths {window.length}; leave it out, or join along time with --no-cond_concat_dims"
            )
    return counts
