"""What an epoch is judged by: its validation, or in a run without any the mean over its batches."""


class EpochLoss:
    """Adds up the training losses of an epoch and knows whether it has been validated; both are kept with the run."""

    def __init__(self) -> None:
        self._epoch = -1
        self._sum = 0.0
        self._batches = 0
        self._validated = -1

    def add(self, epoch: int, loss: float) -> None:
        """Take in the loss of a batch."""
        if epoch != self._epoch:
            self._epoch, self._sum, self._batches = epoch, 0.0, 0
        self._sum += loss
        self._batches += 1

    def mean(self, epoch: int) -> float | None:
        """The mean over the batches of this epoch so far, if there were any."""
        return self._sum / self._batches if self._epoch == epoch else None

    def validate(self, epoch: int) -> None:
        """Note that the validation losses are of this epoch."""
        self._validated = epoch

    def is_validated(self, epoch: int) -> bool:
        """Whether they are."""
        return self._validated == epoch

    def state_dict(self) -> dict[str, float]:
        """What a run that goes on within the epoch must know."""
        return {name.removeprefix("_"): value for name, value in vars(self).items()}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from there."""
        vars(self).update({f"_{name}": value for name, value in state.items()})
