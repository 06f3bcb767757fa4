"""The options of the multimodal encoders, which several models share, and what they mean to the networks."""

import argparse
from typing import Any

from models.nets.cross_modal import SOURCES
from option_values import positive, share


def add_encoder_options(parser: Any) -> None:
    """Sizes of the transformers that encode the inputs and their joint, and how these know positions."""
    yes_no = argparse.BooleanOptionalAction
    parser.add_argument("--dhid", type=positive, default=512, help="width of the transformers")
    parser.add_argument("--nlayers", type=positive, default=6, help="layers of the cross-modal transformer")
    parser.add_argument("--nhead", type=positive, default=8, help="attention heads")
    parser.add_argument("--dropout", type=share, default=0.1, help="dropout of the transformers")
    parser.add_argument("--pre_norm", action=yes_no, default=False, help="normalise before each layer, not after")
    parser.add_argument("--use_pos_emb_inputs", action=yes_no, default=True, help="learned positions of the inputs")
    parser.add_argument("--use_pos_emb_output", action=yes_no, default=True, help="learned positions of the joint")
    parser.add_argument(
        "--use_rel_pos_emb_inputs", action=yes_no, default=False, help="a learned bias per pair of input positions"
    )
    parser.add_argument(
        "--use_rel_pos_emb_output", action=yes_no, default=False, help="a learned bias per pair of joint positions"
    )
    parser.add_argument("--use_rotary_pos_emb", action=yes_no, default=False, help="rotary positions everywhere")
    parser.add_argument(
        "--activation_checkpointing",
        action=yes_no,
        default=False,
        help="train in less memory: what the layers of transformers compute is computed again for their "
        "gradients, which takes a third more time",
    )
    parser.add_argument(
        "--causal",
        action=yes_no,
        default=False,
        help="let a frame attend to earlier frames only, so that a stream costs the same for each frame; time is told "
        "by rotations, and outputs are read at trained queries, whatever other options say of the two; with "
        "--use_transformer_nn and --cond_concat_dims a flow's frames do not depend on later ones either",
    )


def add_reading_option(parser: Any) -> None:
    """Where the outputs are read off the joint."""
    parser.add_argument(
        "--conditioning_from",
        choices=SOURCES,
        default="first",
        help="which slots of the joint the outputs are read at: where the last input ends as late as the output, the "
        "last ones are about the same time",
    )


def encoder_settings(opt: argparse.Namespace) -> dict[str, Any]:
    """What the encoders of the inputs and of their joint have in common."""
    return {
        "dim": opt.dhid,
        "heads": opt.nhead,
        "dropout": opt.dropout,
        "rotary": opt.use_rotary_pos_emb,
        "pre_norm": opt.pre_norm,
        "recompute": opt.activation_checkpointing,
    }


def causal_settings(opt: argparse.Namespace) -> dict[str, Any]:
    """What causal encoders and their heads have in common."""
    return {"dim": opt.dhid, "heads": opt.nhead, "dropout": opt.dropout, "pre_norm": opt.pre_norm}


def input_settings(opt: argparse.Namespace) -> dict[str, Any]:
    """The settings of `models.nets.multimodal.InputEncoders`."""
    positions = {"learned_positions": opt.use_pos_emb_inputs, "pair_bias": opt.use_rel_pos_emb_inputs}
    return encoder_settings(opt) | positions


def joint_settings(opt: argparse.Namespace) -> dict[str, Any]:
    """The settings of the cross-modal transformer of each output."""
    positions = {"learned_positions": opt.use_pos_emb_output, "pair_bias": opt.use_rel_pos_emb_output}
    return encoder_settings(opt) | positions | {"layers": opt.nlayers}
