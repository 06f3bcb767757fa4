"""A judge of pose sequences, who hears the sound that goes with them."""

import torch
from torch import Tensor, nn

DILATIONS = (1, 2, 4)
KERNEL = 5
SLOPE = 0.2
"""Of the rectifiers below zero, as is usual in discriminators."""


class PoseDiscriminator(nn.Module):
    """How real each frame of a pose sequence looks in its surroundings, beside the sound of the same frame.

    It sees poses and their change from frame to frame through dilated convolutions over time, about 0.7 s to each side
    at 20 fps: long enough for a stroke, too short to recognise a whole recording by.
    """

    def __init__(self, pose_dim: int, sound_dim: int, dim: int):
        super().__init__()
        self.enter = nn.Linear(2 * pose_dim + sound_dim, dim)
        self.layers = nn.ModuleList(
            nn.Conv1d(dim, dim, KERNEL, padding=dilation * (KERNEL // 2), dilation=dilation) for dilation in DILATIONS
        )
        self.leave = nn.Linear(dim, 1)
        self.rectify = nn.LeakyReLU(SLOPE)

    def forward(self, poses: Tensor, sound: Tensor) -> Tensor:
        """(batch, time, pose_dim) and (batch, time, sound_dim) -> logits (batch, time), high for real poses."""
        change = torch.diff(poses, dim=1, prepend=poses[:, :1])
        x = self.rectify(self.enter(torch.cat([poses, change, sound], dim=-1))).transpose(1, 2)
        for layer in self.layers:
            x = x + self.rectify(layer(x))
        return self.leave(x.transpose(1, 2)).squeeze(-1)
