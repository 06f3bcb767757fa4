"""Each few epochs a generated clip, as a moving picture in TensorBoard."""

import io
from collections.abc import Mapping

import numpy as np
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import TensorBoardLogger

from analysis.render.drawing import Scene
from analysis.render.gif_renderer import write_gif
from feature_extraction.feature import Feature
from feature_extraction.motion.resample import resample
from models.base_model import BaseModel
from training.callbacks.averaging import averaged
from training.callbacks.beginnings import dance_beginnings, decodable, shown_outputs
from training.datasets.base_dataset import BaseDataset

WIDTH, HEIGHT = 240, 240
GIF_FPS = 10.0
CLIP_S = 6.0


class SampleToTensorBoard(Callback):
    """Generates the beginning of a held-out sequence, from its own motion on, and shows what each output moves like.

    Args:
        dataset: where the sequence comes from; its first one is used.
        features: how the arrays of each modality become motion; one that cannot is not shown, nor is a model
            that does not generate.
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
        self.features = decodable(features)
        self.every_n_epochs = every_n_epochs
        self.seed = seed
        self.temperature = temperature

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Generate, draw and log."""
        model: BaseModel = pl_module.model  # type: ignore[assignment]
        shown = shown_outputs(model, self.features)
        due = (trainer.current_epoch + 1) % self.every_n_epochs == 0
        if not (due and shown and trainer.is_global_zero and isinstance(trainer.logger, TensorBoardLogger)):
            return
        sequence_id, most = self.dataset.sequence_ids[0], round(CLIP_S * self.features[shown[0]].fps)
        with averaged(trainer, pl_module):
            made = dance_beginnings(model, self.dataset, [sequence_id], most, self.seed, self.temperature)
        for modality in shown:
            gif = moving_picture(self.features[modality], made[modality][0])
            _add_gif(trainer.logger, f"{modality}/{sequence_id}", gif, trainer.global_step)


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
