"""Word vectors as the beginning of a model's embeddings."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from models.base_model import BaseModel
from models.nets.per_modality import PerModality


def begin_with_vectors(model: BaseModel, vectors: Mapping[str, np.ndarray]) -> None:
    """Copy the vectors (tokens, dim) of each modality into the model's embeddings of it, which training goes on with.

    They are the embeddings that a model keeps under the modality's name, in a `PerModality`. ValueError if there is
    none, or one of another shape.
    """
    for modality, table in vectors.items():
        found = [
            module
            for name, module in model.named_modules()
            if isinstance(module, nn.Embedding) and PerModality.key(modality) in name.split(".")
        ]
        if not found:
            raise ValueError(
                f"--embedding: {type(model).__name__} has no embedding of {modality}; leave the option out"
            )
        for module in found:
            if module.weight.shape != table.shape:
                raise ValueError(
                    f"--embedding has vectors {table.shape} for {modality}, {type(model).__name__} wants "
                    f"{tuple(module.weight.shape)}"
                )
            with torch.no_grad():
                module.weight.copy_(torch.from_numpy(table))
