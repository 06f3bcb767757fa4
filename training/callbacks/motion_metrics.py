"""Each few epochs cheap metrics of generated motion, in TensorBoard beside the floor that real motion itself has."""

from collections.abc import Mapping

import numpy as np
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import TensorBoardLogger

import registry
from analysis.metrics.base_metric import BaseMetric
from analysis.metrics.clip import Clip
from analysis.metrics.scoring import System, floor, score
from feature_extraction.feature import Feature
from models.base_model import BaseModel
from training.callbacks.averaging import averaged
from training.callbacks.beginnings import dance_beginnings, decodable, shown_outputs
from training.datasets.base_dataset import BaseDataset

CHEAP = ("fpd", "fmd", "hellinger", "speed", "jerk", "motion_beats", "foot_skating")
HELD_OUT, REFERENCE = 6, 40
"""Most sequences that are danced to, and that distances are taken from."""
CLIP_S = 10.0
SPLITS = 100


class MotionMetrics(Callback):
    """Generates the beginnings of held-out sequences, all at once, and logs their metrics as ``motion/<metric>``.

    ``motion/<metric>_floor_low`` and ``_high`` are where 99.9% of the values of equally many real sequences lie; on the
    page "custom scalars" they are drawn around the curve. Motion is generated from the recorded beginning on. Metrics
    that the skeleton has no joints for are left out, and so is a model whose output cannot be decoded.

    Args:
        train: sequences that distances are taken from.
        held_out: sequences that are danced to.
        features: how the arrays of each modality become motion.
        every_n_epochs: epochs between measurements.
        seed: of what is random in the model.
        temperature: scale of the randomness.
    """

    def __init__(
        self,
        train: BaseDataset,
        held_out: BaseDataset,
        features: Mapping[str, Feature],
        every_n_epochs: int,
        seed: int = 0,
        temperature: float = 1.0,
    ):
        self.train, self.held_out = train, held_out
        self.features = decodable(features)
        self.every_n_epochs, self.seed, self.temperature = every_n_epochs, seed, temperature
        self._reference: list[Clip] = []
        self._floors: dict[str, tuple[float, float]] = {}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Generate, measure and log."""
        model: BaseModel = pl_module.model  # type: ignore[assignment]
        modality = next(iter(shown_outputs(model, self.features)), "")
        due = (trainer.current_epoch + 1) % self.every_n_epochs == 0
        logs = trainer.is_global_zero and isinstance(trainer.logger, TensorBoardLogger)
        if not (due and logs and modality):
            return
        with averaged(trainer, pl_module):
            clips = self._generated(model, modality)
        if not self._reference:
            self._prepare(trainer, modality, clips[0].frames, len(clips))
        writer, step = trainer.logger.experiment, trainer.global_step  # type: ignore[union-attr]
        for name, limits in self._floors.items():
            metric: BaseMetric = registry.find("metric", name)()
            found = score(metric, [System("", (tuple(clips),))], self._reference, (), resamplings=0)[""]
            if np.isfinite(found.value):
                writer.add_scalar(f"motion/{name}", found.value, step)
                for end, limit in zip(("low", "high"), limits, strict=True):
                    writer.add_scalar(f"motion/{name}_floor_{end}", limit, step)

    def _prepare(self, trainer: Trainer, modality: str, frames: int, count: int) -> None:
        """Decode real motion, and find the floors of the metrics that fit it."""
        clips = [
            self._clip(name, modality, np.array(self.train.sequence(name)[modality][:frames]))
            for name in self.train.sequence_ids[:REFERENCE]
        ]
        self._reference = clips
        for name in CHEAP:
            metric: BaseMetric = registry.find("metric", name)()
            limits = floor(metric, clips, min(count, len(clips) // 2), splits=SPLITS)
            if np.isfinite(limits).all():
                self._floors[name] = limits
        tags = {name: [f"motion/{name}{end}" for end in ("", "_floor_low", "_floor_high")] for name in self._floors}
        layout = {"motion": {name: ["Multiline", each] for name, each in tags.items()}}
        trainer.logger.experiment.add_custom_scalars(layout)  # type: ignore[union-attr]

    def _generated(self, model: BaseModel, modality: str) -> list[Clip]:
        """The beginnings of the held-out sequences as the model has them go on."""
        ids, most = self.held_out.sequence_ids[:HELD_OUT], round(CLIP_S * self.features[modality].fps)
        made = dance_beginnings(model, self.held_out, ids, most, self.seed, self.temperature)
        return [self._clip(name, modality, each) for name, each in zip(ids, made[modality], strict=True)]

    def _clip(self, name: str, modality: str, values: np.ndarray) -> Clip:
        feature = self.features[modality]
        return Clip.of_motion(name, feature.decode(values), features=feature.unscale(values))
