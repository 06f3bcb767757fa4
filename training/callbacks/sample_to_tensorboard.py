"""Each few epochs a generated clip, as a moving picture in TensorBoard."""

import io
import logging
from collections.abc import Mapping

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import TensorBoardLogger

from analysis.render.drawing import Scene
from analysis.render.gif_renderer import write_gif
from feature_extraction.feature import Feature
from feature_extraction.motion.resample import resample
from inference.sampler import autoregress
from models.base_model import BaseModel
from training.callbacks.averaging import averaged
from training.datasets.base_dataset import BaseDataset

log = logging.getLogger(__name__)

WIDTH, HEIGHT = 240, 240
GIF_FPS = 10.0
CLIP_S = 6.0


class SampleToTensorBoard(Callback):
    """Generates the beginning of a held-out sequence, from its own motion on, and shows what each output moves like.

    Args:
        dataset: where the sequence comes from; its first one is used.
        features: how the arrays of each modality become motion; one that cannot is not shown.
        every_n_epochs: epochs between clips.
        seed: of what is random in the model.
    """

    def __init__(
        self,
        dataset: BaseDataset,
        features: Mapping[str, Feature],
        every_n_epochs: int,
        seed: int = 0,
        temperature: float = 1.0,
    ):
        self.dataset = dataset
        self.features = {name: feature for name, feature in features.items() if feature.source == "motion"}
        self.every_n_epochs = every_n_epochs
        self.seed = seed
        self.temperature = temperature

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Generate, draw and log."""
        due = (trainer.current_epoch + 1) % self.every_n_epochs == 0
        if not (due and trainer.is_global_zero and isinstance(trainer.logger, TensorBoardLogger)):
            return
        sequence_id = self.dataset.sequence_ids[0]
        with averaged(trainer, pl_module):
            made = self._generate(pl_module.model)  # type: ignore[arg-type]
        for modality, values in made.items():
            gif = moving_picture(self.features[modality], values)
            _add_gif(trainer.logger, f"{modality}/{sequence_id}", gif, trainer.global_step)

    def _generate(self, model: BaseModel) -> dict[str, np.ndarray]:
        """The clip's values of each output that can be shown: {modality: (frames, dim)}."""
        shown = [window.modality for window in model.outputs if window.modality in self.features]
        if not shown:
            return {}
        sequence = self.dataset.sequence(self.dataset.sequence_ids[0])
        arrays = {modality: np.array(values) for modality, values in sequence.items()}
        lengths = {window.modality: window.length for window in model.inputs}
        seeds = {modality: arrays[modality][: lengths[modality]] for modality in model.feedback}
        given = {window.modality: arrays[window.modality] for window in model.inputs if window.modality not in seeds}
        frames = min(round(CLIP_S * self.features[shown[0]].fps), min(len(array) for array in arrays.values()))
        training = model.training
        try:
            generator = torch.Generator("cpu").manual_seed(self.seed)
            made = autoregress(model, given, seeds, frames=frames, temperature=self.temperature, generator=generator)
        finally:
            model.train(training)
        return {modality: made[modality].cpu().numpy() for modality in shown}


def moving_picture(feature: Feature, values: np.ndarray) -> bytes:
    """A GIF of the motion that scaled (frames, dim) values mean."""
    motion = resample(feature.decode(values), GIF_FPS)
    file = io.BytesIO()
    write_gif(file, Scene([motion], width=WIDTH, height=HEIGHT), GIF_FPS)
    return file.getvalue()


def _add_gif(logger: TensorBoardLogger, tag: str, gif: bytes, step: int) -> None:
    from tensorboard.compat.proto.summary_pb2 import Summary

    image = Summary.Image(height=HEIGHT, width=WIDTH, colorspace=3, encoded_image_string=gif)
    writer = logger.experiment._get_file_writer()
    writer.add_summary(Summary(value=[Summary.Value(tag=tag, image=image)]), step)
