"""The likelihood of unscaled motion, as a curve: it compares runs whose features are scaled differently."""

from collections.abc import Mapping

from pytorch_lightning import Callback, LightningModule, Trainer

from feature_extraction.feature import Feature
from models.likelihood import nats_per_dimension


class Likelihood(Callback):
    """Logs ``val_nats_per_dim_<modality>`` for each output whose bits per frame the model logs as ``nll_<modality>``.

    That is -log p of a frame of unscaled features, in nats, over their number. Outputs without a scaler count as they
    are; principal components are no density of the features, and are left out.
    """

    def __init__(self, features: Mapping[str, Feature]):
        self._scales = {
            name: feature.scaler.scale.tolist() if feature.scaler else [1.0] * feature.dim
            for name, feature in features.items()
            if feature.projection is None
        }

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Convert what the validation found."""
        for name, scale in self._scales.items():
            bits = trainer.callback_metrics.get(f"val_nll_{name}")
            if bits is not None:
                pl_module.log(f"val_nats_per_dim_{name}", nats_per_dimension(bits.item(), scale))
