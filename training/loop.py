"""Lightning's loop over the epochs, which with ``max_steps`` forgets where epochs end when a run is resumed."""

import pytorch_lightning as pl
from pytorch_lightning.loops.fit_loop import _FitLoop


class FitLoop(_FitLoop):
    """Resumes a run that is limited by its steps as it resumes one that is limited by its epochs.

    Lightning's own loop goes through an empty epoch first, when the checkpoint was saved at an epoch's end: all that
    follows would be another epoch's batches.
    """

    def _iteration_based_training(self) -> bool:
        return False


def count_epochs(trainer: pl.Trainer) -> None:
    """Give the Trainer this loop."""
    loop = FitLoop(trainer, trainer.fit_loop.min_epochs, trainer.fit_loop.max_epochs)
    loop.epoch_loop = trainer.fit_loop.epoch_loop
    trainer.fit_loop = loop
