"""The Lightning side of a model: steps, logging, optimiser and schedule, and what a checkpoint holds beside weights."""

import argparse
import math
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy
from torch import Tensor, distributed
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from models.base_model import BaseModel
from training.compilation import compiled
from training.datasets.base_dataset import BaseDataset
from training.epoch_loss import EpochLoss
from training.guard import Guard, all_finite, bad_feature, bad_gradient
from training.noise import with_noise
from training.optimisers import (
    PLATEAU_POLICIES,
    is_fused,
    learning_rate_factor,
    make_optimiser,
    make_plateau_schedule,
    make_schedule,
    patience,
)
from training.resuming import apply_options

CHECKPOINT_KEY = "terpsichore"
EPOCH_KEY = "epoch_loss"
LOSSES_KEY = "losses"
SHARDED = (FSDPStrategy, DeepSpeedStrategy, ModelParallelStrategy)
"""Strategies by which no process has all of a gradient."""
SKIPPED_KEY = "skipped_batches"


class TrainingModule(LightningModule):
    """Trains a model by its ``losses``.

    ``payload`` is stored in every checkpoint: the options, windows, features and seed motion that
    ``models.load_model`` gives back.
    """

    def __init__(self, model: BaseModel, opt: argparse.Namespace, payload: Mapping[str, Any]):
        super().__init__()
        self.model = model
        self.opt = opt
        self._payload = dict(payload)
        self._losses_before: dict[str, Tensor] = {}
        self._options_before: dict[str, Any] = {}
        self._losses = compiled(model.losses) if opt.compile else model.losses
        self._epoch_loss = EpochLoss()
        self._guard = Guard(opt.skip_bad_batches)
        self._summed: list[bool] = []
        """Of each batch whose gradient is in the step that is being made, whether it is good."""

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Seed the step, so that a run that was stopped goes on with the numbers it would have drawn."""
        if batch_idx % self.trainer.accumulate_grad_batches == 0:
            self._summed.clear()
        seed = _mixed(self.opt.seed, self.global_rank, self.current_epoch, batch_idx)
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """The loss of a batch; ValueError when it is not finite, or when the batch is not.

        One that is left out adds nothing to the gradients that are summed up for a step.
        """
        if self._is_bad(not all_finite(batch.values())):
            loader: Any = self.trainer.train_dataloader
            (items,) = loader.batch_sampler.windows(self.current_epoch, batch_idx)
            return self._leave_out(self._bad_feature(batch, loader.dataset, items.tolist()), self._checking)
        before = [buffer.clone() for buffer in self.model.buffers()] if self._guard.allowed else []
        losses = self._losses(with_noise(batch, self.model.inputs))
        loss = losses["loss"].item()
        if self._is_bad(not math.isfinite(loss)):
            for buffer, value in zip(self.model.buffers(), before, strict=False):
                buffer.copy_(value)
            return self._leave_out("" if math.isfinite(loss) else f"the loss became {loss}", self._advice)
        self._summed.append(True)
        self._epoch_loss.add(self.current_epoch, loss)
        self._log("train", losses, batch, prog_bar=True)
        return losses["loss"]

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """See that the gradients are finite, then clip them; there is no step where all its batches were left out."""
        if self._summed and not any(self._summed):
            optimizer.zero_grad(set_to_none=True)
        elif self.trainer.precision != "16-mixed":  # there an infinite gradient is one of the scaling
            gradients = [each.grad for group in optimizer.param_groups for each in group["params"]]
            if self._is_bad(not all_finite(each for each in gradients if each is not None)):
                self._leave_out(bad_gradient(self.model.named_parameters()), self._advice)
                optimizer.zero_grad(set_to_none=True)
        strategy, by_value = self.trainer.strategy, gradient_clip_algorithm == "value"
        if isinstance(strategy, FSDPStrategy) and gradient_clip_val and not by_value:
            strategy.model.clip_grad_norm_(gradient_clip_val)  # type: ignore[union-attr, operator]  # of all shards
        elif isinstance(strategy, SHARDED) or self.trainer.precision == "16-mixed":
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
        elif gradient_clip_val:  # which Lightning does not do for fused optimisers in bf16
            parameters = [each for group in optimizer.param_groups for each in group["params"]]
            clip = torch.nn.utils.clip_grad_value_ if by_value else torch.nn.utils.clip_grad_norm_
            clip(parameters, gradient_clip_val)

    def on_train_start(self) -> None:
        """Know the losses that a run had when it was stopped, and let it go on with the options of today."""
        self.trainer.callback_metrics.update(self._losses_before)
        if self._options_before:
            optimiser: Any = self.optimizers(use_pl_optimizer=False)
            schedule: Any = self.lr_schedulers()
            apply_options(optimiser, schedule, self.opt, self._options_before)

    def on_train_epoch_end(self) -> None:
        """Tell a schedule that waits for a plateau what the loss is, before the epoch's checkpoint is saved."""
        schedule, loss = self.lr_schedulers(), self.epoch_loss
        if isinstance(schedule, ReduceLROnPlateau) and loss is not None:
            schedule.step(self.trainer.strategy.broadcast(loss))

    def lr_scheduler_step(self, scheduler: Any, metric: Any | None) -> None:
        """Advance a schedule; `on_train_epoch_end` does it for those that wait for a plateau."""
        if not isinstance(scheduler, ReduceLROnPlateau):
            super().lr_scheduler_step(scheduler, metric)

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Log the losses of a validation batch; ValueError when it is not finite, or they are not."""
        self._log("val", self._held_out("val", batch, batch_idx), batch, prog_bar=True)

    def on_validation_epoch_end(self) -> None:
        """Know that there is a validation of this epoch, not of one before."""
        if not self.trainer.sanity_checking:
            self._epoch_loss.validate(self.current_epoch)

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Log the losses of a test batch; ValueError when it is not finite, or they are not."""
        self._log("test", self._held_out("test", batch, batch_idx), batch)

    def configure_optimizers(self) -> Any:
        """The optimiser and schedule that the options name."""
        opt = self.opt
        optimiser = make_optimiser(
            opt.optimizer,
            (parameter for parameter in self.model.parameters() if parameter.requires_grad),
            learning_rate=opt.learning_rate,
            weight_decay=opt.weight_decay,
            momentum=opt.momentum,
            fused=is_fused(opt.optimizer, opt.precision),
        )
        if opt.lr_policy in PLATEAU_POLICIES:
            plateau = make_plateau_schedule(optimiser, opt.lr_decay_factor, patience(opt.lr_decay_iters))
            told = {"scheduler": plateau, "monitor": "train_loss", "strict": False}
            return {"optimizer": optimiser, "lr_scheduler": told}
        self.trainer.fit_loop.setup_data()  # with --max_steps nobody has counted the batches yet
        steps = float(self.trainer.estimated_stepping_batches)
        per_epoch = max(1, math.ceil(self.trainer.num_training_batches / self.trainer.accumulate_grad_batches))
        factor = learning_rate_factor(
            opt.lr_policy,
            epochs=steps / per_epoch,
            warmup_epochs=opt.warmup_epochs,
            nepoch_decay=opt.nepoch_decay,
            lr_decay_iters=opt.lr_decay_iters,
            lr_decay_factor=opt.lr_decay_factor,
            lr_decay_milestones=opt.lr_decay_milestones,
        )
        schedule = make_schedule(optimiser, factor, per_epoch)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _held_out(self, split: str, batch: Mapping[str, Tensor], batch_idx: int) -> Mapping[str, Tensor]:
        """The losses of a held-out batch, none of which may be left out: losses would be those of other windows."""
        loader: Any = self.trainer.val_dataloaders if split == "val" else self.trainer.test_dataloaders
        if self._is_bad(not all_finite(batch.values())):
            items = loader.batch_sampler.windows(batch_idx).tolist()
            fault = self._found(self._bad_feature(batch, loader.dataset, items))
            raise ValueError(f"in the {split} split: {fault}; {self._checking}")
        losses = self.model.losses(batch)
        finite = bool(torch.isfinite(losses["loss"]))
        if self._is_bad(not finite):
            first, _ = loader.dataset.place(int(loader.batch_sampler.windows(batch_idx)[0]))
            fault = self._found("" if finite else f"became {losses['loss'].item()} at the sequence {first}")
            raise ValueError(
                f"in epoch {self.current_epoch}, step {self.global_step}: the loss of the {split} split {fault}; "
                f"{self._advice}"
            )
        return losses

    def _is_bad(self, bad: bool) -> bool:
        """Whether this batch is bad, for this process or for any other, so that all of them leave it out or end."""
        return self.trainer.strategy.reduce_boolean_decision(bad, all=False) if self.trainer.world_size > 1 else bad

    def _leave_out(self, fault: str, advice: str) -> Tensor:
        """A loss that changes nothing; ValueError where no batch may be left out."""
        found = self._found(fault)
        self._guard.refuse(f"in epoch {self.current_epoch}, step {self.global_step}: {found}; {advice}")
        self._summed.append(False)
        return torch.stack([parameter.sum() * 0 for parameter in self.model.parameters()]).sum()

    def _found(self, fault: str) -> str:
        """What this process finds wrong, "" for nothing, or what the first of several finds that finds something."""
        faults: list[Any] = [fault]
        if self.trainer.world_size > 1:
            faults = [""] * self.trainer.world_size
            distributed.all_gather_object(faults, fault)
        return next(filter(None, faults), "a gradient is not finite")

    @property
    def _advice(self) -> str:
        rate = f"lower --learning_rate (now {self.opt.learning_rate})"
        return f"{rate}, set --gradient_clip_val, or let --detect_anomaly name the operation"

    @property
    def _checking(self) -> str:
        return f"look with `python -m feature_extraction.check {self.opt.data_dir}`"

    def _bad_feature(self, batch: Mapping[str, Tensor], dataset: BaseDataset, items: list[int]) -> str:
        """What is not finite in a batch of these items."""
        windows = [(f"in_{window.modality}", window) for window in self.model.inputs]
        windows += [(f"out_{window.modality}", window) for window in self.model.outputs]
        return bad_feature(batch, windows, dataset, items)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what generation needs, and what a resumed run needs to know."""
        checkpoint[CHECKPOINT_KEY] = self._payload
        losses = self.trainer.callback_metrics
        checkpoint[EPOCH_KEY] = self._epoch_loss.state_dict()
        checkpoint[SKIPPED_KEY] = self._guard.skipped
        checkpoint[LOSSES_KEY] = {name: float(value) for name, value in losses.items() if name.endswith("_loss")}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up what the run knew."""
        self._epoch_loss.load_state_dict(checkpoint.get(EPOCH_KEY, {}))
        self._guard.skipped = checkpoint.get(SKIPPED_KEY, 0)
        self._options_before = checkpoint.get(CHECKPOINT_KEY, {}).get("opt", {})
        losses = checkpoint.get(LOSSES_KEY, {})
        self._losses_before = {name: torch.tensor(value) for name, value in losses.items()}

    @property
    def skipped_batches(self) -> int:
        """How many batches were left out since they were not finite."""
        return self._guard.skipped

    @property
    def mean_train_loss(self) -> float | None:
        """The mean training loss of the epoch, over this process's batches."""
        return self._epoch_loss.mean(self.current_epoch)

    @property
    def epoch_loss(self) -> float | None:
        """What the epoch is judged by: the loss of its validation, None if it had none; without any, the mean."""
        if not self.trainer.enable_validation:
            return self.mean_train_loss
        validated = self._epoch_loss.is_validated(self.current_epoch)
        return float(self.trainer.callback_metrics["val_loss"]) if validated else None

    def _log(self, split: str, losses: Mapping[str, Tensor], batch: Mapping[str, Tensor], **options: Any) -> None:
        # Lightning means the sizes over the processes in whole numbers: as multiples of their number they stay exact.
        size = len(next(iter(batch.values()))) * self.trainer.world_size
        for name, value in losses.items():
            self.log(
                f"{split}_{name}",
                value.detach(),
                on_step=split == "train",
                on_epoch=split != "train",
                sync_dist=split != "train",
                batch_size=size,
                **(options if name == "loss" else {}),
            )


def _mixed(*numbers: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
