"""The options of flows that go frame by frame, which several models share, and the flow that they describe."""

import argparse
from typing import Any

from torch import nn

from models.flows.bases import make_base
from models.flows.flow import Flow
from models.glow import COUPLINGS, PERMUTATIONS, glow
from models.nets.recurrent import CausalTransformerNet, FeedForwardNet, RecurrentNet
from option_values import above_zero, positive

NETWORKS = ("LSTM", "GRU", "FF", "transformer")


def add_glow_options(parser: Any) -> None:
    """Steps of the flow, its coupling networks and base distribution, and what one step reads."""
    yes_no = argparse.BooleanOptionalAction
    parser.add_argument(
        "--input_seq_lens",
        default="",
        help="frames of each input that a step reads; input length - output length + 1, which a given value must be",
    )
    parser.add_argument("--output_seq_lens", default="1", help="frames that a step gives; only 1 is possible")
    parser.add_argument("--glow_K", type=positive, default=16, help="steps of the flow: norm, mixing, coupling")
    parser.add_argument("--actnorm_scale", type=above_zero, default=1.0, help="deviation that norm layers begin with")
    parser.add_argument("--flow_permutation", choices=PERMUTATIONS, default="invconv", help="how channels are mixed")
    parser.add_argument(
        "--LU_decomposed", action=yes_no, default=False, help="keep the linear maps of invconv as triangles"
    )
    parser.add_argument("--flow_coupling", choices=COUPLINGS, default="affine", help="what couplings do to channels")
    parser.add_argument("--network_model", choices=NETWORKS, default="LSTM", help="the coupling networks")
    parser.add_argument("--num_layers", type=positive, default=2, help="their layers")
    parser.add_argument(
        "--num_heads_flow", type=positive, default=8, help="attention heads of --network_model transformer"
    )
    parser.add_argument(
        "--coupling_context", type=positive, default=64, help="frames that --network_model transformer looks back"
    )
    parser.add_argument("--flow_dist", choices=("normal", "studentT"), default="normal", help="base distribution")
    parser.add_argument("--flow_dist_param", type=above_zero, default=50, help="degrees of freedom of studentT")


def make_glow(opt: argparse.Namespace, dim: int, conditioning_dim: int) -> Flow:
    """The flow over frames of ``dim`` channels with a conditioning for each."""

    def net(dim_in: int, dim_out: int) -> nn.Module:
        sizes = (dim_in, conditioning_dim, dim_out)
        if opt.network_model == "FF":
            return FeedForwardNet(*sizes, dim=opt.dhid)
        settings = {"dim": opt.dhid, "layers": opt.num_layers, "dropout": opt.dropout}
        if opt.network_model == "transformer":
            return CausalTransformerNet(*sizes, heads=opt.num_heads_flow, context=opt.coupling_context, **settings)
        return RecurrentNet(*sizes, kind=opt.network_model, **settings)

    return glow(
        dim,
        opt.glow_K,
        net,
        make_base(opt.flow_dist, opt.flow_dist_param),
        permutation=opt.flow_permutation,
        lu_decomposed=opt.LU_decomposed,
        coupling=opt.flow_coupling,
        actnorm_scale=opt.actnorm_scale,
    )
