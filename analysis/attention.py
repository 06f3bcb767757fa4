"""The attention command: which positions each head of a trained transformer attends to, as a page of maps."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import command
from analysis.evaluate import load
from analysis.evaluation.trained import Trained, batch_at, recorded_arrays
from analysis.report.charts import heat_map
from analysis.report.frame import framed
from feature_extraction import store
from models.nets.attention import SelfAttention
from models.windows import anchors
from option_values import positive
from training.options.grammar import spelt
from training.options.paths import home

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page and print its path."""
    opt = _parser().parse_args([spelt(each) for each in (sys.argv[1:] if argv is None else argv)])
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = Path(opt.experiments_dir or home() / "training" / "experiments")
    trained = load(opt.experiment, folder, {"data_dir": opt.data_dir, "device": "cpu"})
    sequence = opt.sequence or store.read_split(trained.performer.corpus, "test")[0]
    maps = attention_maps(trained, sequence, opt.windows)
    path = Path(opt.output or home() / "inference" / "generated" / f"attention_{trained.name}_{sequence}.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    store.save_text(path, page(trained, sequence, maps, opt.windows))
    print(path)
    return 0


@torch.no_grad()
def attention_maps(trained: Trained, sequence_id: str, windows: int) -> dict[str, np.ndarray]:
    """For each attention layer its weights (heads, queries, positions), the mean over windows of one sequence.

    ValueError for a model without attention, LookupError for an unknown sequence.
    """
    loaded = trained.performer.loaded
    [recording] = trained.performer.recordings(sequence_id)
    arrays = recorded_arrays(trained, recording)
    if arrays is None:
        raise ValueError(f"{sequence_id} lacks something that {trained.name} reads or gives; name a recorded sequence")
    found = list(anchors((*loaded.inputs, *loaded.outputs), min(map(len, arrays.values()))))
    chosen = np.array(found)[np.linspace(0, len(found) - 1, min(windows, len(found))).astype(int)]
    maps: dict[str, np.ndarray] = {}

    def keep(name: str) -> Any:
        def hook(module: SelfAttention, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> None:
            maps[name] = weights(module, *arguments, **named).mean(dim=0).cpu().numpy()

        return hook

    layers = {name: each for name, each in loaded.model.named_modules() if isinstance(each, SelfAttention)}
    if not layers:
        raise ValueError(f"{trained.name} is a {loaded.opt.model}, which has no self-attention")
    hooks = [each.register_forward_pre_hook(keep(name), with_kwargs=True) for name, each in layers.items()]
    try:
        loaded.model.losses(batch_at(trained, arrays, chosen))
    finally:
        for hook in hooks:
            hook.remove()
    return maps


def weights(
    layer: SelfAttention, x: Tensor, queries: int | None = None, bias: Tensor | None = None, rotary: Any = None
) -> Tensor:
    """The attention weights (batch, heads, queries, positions) that a layer gives x; the fused kernel keeps none."""
    q, k, _ = (
        part.unflatten(-1, (layer.heads, -1)).transpose(1, 2) for part in layer.query_key_value(x).chunk(3, dim=-1)
    )
    q = q[:, :, :queries]
    if rotary is not None:
        q, k = rotary(q), rotary(k)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return (scores if bias is None else scores + bias).softmax(dim=-1)


def page(trained: Trained, sequence_id: str, maps: Mapping[str, np.ndarray], windows: int) -> str:
    """The page: a section for each layer, the mean of its heads and each of them."""
    inputs = trained.performer.loaded.inputs
    slots = sum(window.length for window in inputs)
    borders = np.cumsum([window.length for window in inputs])[:-1].tolist()
    order = ", then ".join(f"{window.length} of {window.modality}" for window in inputs)
    body = [
        f"<p>Mean over {windows} windows of {escape(sequence_id)}. A row is a position that asks, a column one that is "
        f"attended to; dark is much. Maps of {slots} positions have {escape(order)}, divided by lines.</p>"
    ]
    for name, heads in maps.items():
        lines = borders if heads.shape[-1] == slots else []
        pictures = [heat_map(heads.mean(axis=0), "mean of the heads", borders=lines)]
        pictures += [heat_map(each, f"head {number}", borders=lines) for number, each in enumerate(heads, start=1)]
        body.append(f'<h2>{escape(name)}</h2><div class="maps">{"".join(pictures)}</div>')
    return framed(f"Attention of {trained.name}", "\n".join(body))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.attention",
        description="Which positions each head of a trained transformer attends to, as a page of maps.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("experiment", help="run, checkpoint file, or folder of a shared model")
    add("sequence", nargs="?", default="", help="a recorded sequence; by default the first of the test split")
    add("--data_dir", default="", help="folder of the corpus; by default the one that the model was trained on")
    add("--experiments_dir", default="", help="folder of the runs")
    add("--windows", type=positive, default=16, help="windows of the sequence that maps are means of")
    add("--output", default="", help="path of the page")
    return parser


if __name__ == "__main__":
    command.run(main)
