"""The options that the seq2seq gesture models share."""

from typing import Any

from models.gesture_loss import add_loss_options
from option_values import positive


def add_seq2seq_options(parser: Any, encoder_layers: int) -> None:
    """Sizes of encoder and decoder, and the weights of the loss."""
    parser.add_argument("--encoder_hidden", type=positive, default=150, help="width of the encoder, in each direction")
    parser.add_argument(
        "--encoder_layers", type=positive, default=encoder_layers, help="recurrent layers of the encoder"
    )
    parser.add_argument("--decoder_hidden", type=positive, default=150, help="width of the decoder")
    add_loss_options(parser)
