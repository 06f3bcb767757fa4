"""Transformers that are causal over time: what a token means never changes, so it is computed once and kept.

A token attends to the tokens that came with it and in the ``band`` - 1 frames before, nothing later. Time is told by
rotations (Su et al., RoFormer, arXiv 2104.09864), which know differences only. So the youngest tokens of a window are
the same wherever it ends, and a stream that keeps the keys and values of a band of frames in each layer gives what the
whole window would, as long as the window is as long as all bands together: that is how the band is chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.nets.attention import Past
from models.nets.per_modality import PerModality
from models.nets.positions import Turn
from models.nets.transformer import EncoderLayer
from models.nets.words import embedded
from models.windows import Window


@dataclass(frozen=True)
class Kept:
    """What is kept of the frames before: how many have passed, and each layer's keys and values, the newest first."""

    frames: int
    layers: list[Past]


class CausalLayers(nn.Module):
    """Encoder layers over tokens that come in frames, the newest frame first, ``streams`` tokens in each.

    Before them may be queries, each about a frame, which attend to the tokens, as if they came with the newest, and to
    queries about the same frame or one before it; no token attends to them. ``wanted`` is how many of the newest frames
    are read of the last layer, 0 if only the queries are.
    """

    def __init__(
        self, count: int, wanted: int, *, band: int, streams: int, dim: int, heads: int, dropout: float, pre_norm: bool
    ):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(dim, heads, dim, dropout, pre_norm) for _ in range(count))
        self.last_norm = nn.LayerNorm(dim) if pre_norm else None
        self.band, self.streams = band, streams
        # A layer is asked for the frames that the layers after it reach back to.
        before_last = [max(wanted, 1) + (band - 1) * later for later in range(count - 1, 0, -1)]
        self.wanted = [*before_last, wanted]

    def forward(
        self, x: Tensor, queries: tuple[int, ...], turn: Turn, kept: Sequence[Past] | None
    ) -> tuple[Tensor, list[Past]]:
        """(batch, queries + frames * streams, dim) -> outputs of the queries and wanted frames, and what to keep.

        ``queries`` says which frame each of them is about.
        """
        after = []
        count = len(queries)
        for index, layer in enumerate(self.layers):
            past = kept[index] if kept is not None else None
            frames = (x.shape[1] - count) // self.streams
            asked = min(self.wanted[index], frames)
            before = past.shape[1] // self.streams if past is not None else 0
            bias = _bias(queries, self.streams, self.band, asked, frames, before, x.device)
            x, seen = cast("EncoderLayer", layer).step(x, count + asked * self.streams, bias, turn, past, count)
            after.append(seen[:, : (self.band - 1) * self.streams])
        return (x if self.last_norm is None else self.last_norm(x)), after


class CausalEncoders(nn.Module):
    """One causal encoder per input modality: windows to tokens (batch, frames * modalities, dim), the newest first.

    ``window.stop`` need not be the same for all: the newest frames of all windows come together. ``layers`` of them and
    ``joint_layers`` of the heads share the frames of the shortest window among their bands.
    """

    def __init__(
        self,
        inputs: Sequence[Window],
        *,
        joint_layers: int,
        dim: int,
        heads: int,
        layers: int = 2,
        dropout: float = 0.0,
        pre_norm: bool = False,
    ):
        super().__init__()
        _check(inputs)
        shortest = min(window.length for window in inputs)
        self.band = 1 + (shortest - 1) // (layers + joint_layers)
        if self.band < 2:
            raise ValueError(
                f"--causal shares the {shortest} frames of the shortest of --input_lengths among "
                f"{layers + joint_layers} layers, which is less than 2 for each; lengthen it or take fewer --nlayers"
            )
        self.wanted = 1 + (self.band - 1) * joint_layers
        self.reach = self.wanted + (self.band - 1) * layers
        self.stops = tuple(window.stop for window in inputs)
        self.embeddings = PerModality(
            {window.modality: nn.Embedding(window.num_tokens, window.dim) for window in inputs if window.discrete}
        )
        self.enter = PerModality({window.modality: nn.Linear(window.dim, dim) for window in inputs})
        self.layers = PerModality(
            {
                window.modality: CausalLayers(
                    layers,
                    self.wanted,
                    band=self.band,
                    streams=1,
                    dim=dim,
                    heads=heads,
                    dropout=dropout,
                    pre_norm=pre_norm,
                )
                for window in inputs
            }
        )
        self.leave = PerModality({window.modality: nn.Linear(dim, dim) for window in inputs})
        self.head_dim = dim // heads

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The tokens that the heads reach back to, of whole windows {modality: (batch, length, dim)}."""
        return self.step(inputs, 0, None)[0]

    def step(
        self, inputs: Mapping[str, Tensor], moved: int, kept: Mapping[str, Kept] | None
    ) -> tuple[Tensor, dict[str, Kept]]:
        """The tokens of the newest ``moved`` frames, at most ``band``, where those before are kept; else as `forward`.

        What is kept for the step after comes with them.
        """
        parts, after = [], {}
        for (name, enter), stop in zip(self.enter.items(), self.stops, strict=True):
            past = kept[name] if kept is not None else None
            fresh = inputs[name][:, -(moved if past is not None else self.reach) :].flip(1)
            if name in self.embeddings:
                fresh = embedded(cast("nn.Embedding", self.embeddings[name]), fresh)
            clock = 0 if past is None else past.frames + moved
            times = range(clock + stop - 1, clock + stop - 1 - fresh.shape[1], -1)
            turn = Turn.to(times, self.head_dim, fresh)
            x, layers = self.layers[name](enter(fresh), (), turn, past.layers if past is not None else None)
            parts.append(self.leave[name](x))
            after[name] = Kept(clock, layers)
        return torch.stack(parts, dim=2).flatten(1, 2), after


class CausalHead(nn.Module):
    """A token about each of these frames of one output window, read at trained queries: (batch, frames, dim_out).

    Queries and newest tokens attend to the tokens that `CausalEncoders` give, and to those that are kept. What
    is told of a frame does not depend on the queries about later ones, which can be left out.
    """

    def __init__(
        self,
        window: Window,
        encoders: CausalEncoders,
        frames: Sequence[int],
        dim_out: int,
        *,
        dim: int,
        layers: int,
        **options: Any,
    ):
        super().__init__()
        self.offset = window.offset
        self.frames = tuple(frames)
        self.stops = encoders.stops
        self.head_dim = encoders.head_dim
        self.queries = nn.Parameter(0.02 * torch.randn(len(self.frames), dim))
        self.enter = nn.Linear(dim, dim)
        self.layers = CausalLayers(layers, 0, band=encoders.band, streams=len(encoders.stops), dim=dim, **options)
        self.leave = nn.Linear(dim, dim_out)

    def forward(self, tokens: Tensor, first: int | None = None) -> Tensor:
        """The tokens of the queries, or of those about the first frames of the window."""
        return self.step(tokens, None, first)[0]

    def step(self, tokens: Tensor, kept: Kept | None, first: int | None = None) -> tuple[Tensor, Kept]:
        """`forward` at the newest of the frames given, and what to keep of these frames."""
        places = [place for place, frame in enumerate(self.frames) if first is None or frame < first]
        asked = tuple(self.frames[place] for place in places)
        frames = tokens.shape[1] // len(self.stops)
        clock = 0 if kept is None else kept.frames + frames
        times = [clock + self.offset + frame for frame in asked]
        times += [clock + stop - 1 - age for age in range(frames) for stop in self.stops]
        queries = self.queries if first is None else self.queries[places]
        x = torch.cat([queries.expand(len(tokens), -1, -1), self.enter(tokens)], dim=1)
        turn = Turn.to(times, self.head_dim, x)
        x, layers = self.layers(x, asked, turn, kept.layers if kept is not None else None)
        return self.leave(x), Kept(clock, layers)


@lru_cache(maxsize=64)
def _bias(
    queries: tuple[int, ...], streams: int, band: int, asked: int, frames: int, before: int, device: torch.device
) -> Tensor | None:
    """0 where a position sees another, minus infinity where not: (queries + asked, queries + frames + before) of them.

    None if each sees all. A query sees those about its frame and earlier ones. Of ``frames`` frames, the newest first,
    those asked for look back; ``before`` are older ones that are kept.
    """
    with torch.inference_mode(False):
        ages = torch.arange(frames + before, device=device).repeat_interleave(streams)
        about = torch.tensor(queries, dtype=ages.dtype, device=device)
        own = torch.cat([torch.zeros_like(about), ages[: asked * streams]])
        back = ages - own[:, None]
        tokens = (back >= 0) & (back < band)
        among_queries = F.pad(about <= about[:, None], (0, 0, 0, asked * streams))
        seen = torch.cat([among_queries, tokens], dim=1)
        return None if bool(seen.all()) else torch.zeros(seen.shape, device=device).masked_fill(~seen, -torch.inf)


def _check(inputs: Sequence[Window]) -> None:
    for window in inputs:
        if window.single:
            raise ValueError(
                f"--causal reads what comes frame by frame, and {window.modality} belongs to a whole sequence; "
                "leave it out"
            )
