"""Schedulers along half a cosine wave."""

from __future__ import annotations

import math

from flambeau.optim.lr_scheduler._base import LRScheduler, warn_outside_step
from flambeau.optim.optimizer import Optimizer
from flambeau.tensor import Tensor

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    """Bring the learning rate down to `eta_min` along half a cosine wave of `T_max` epochs.

    Loshchilov & Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017,
    without the restarts: after `T_max` the rate climbs back along the wave.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        T_max: the epoch at which `eta_min` is reached.
        eta_min: the smallest learning rate.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        warn_outside_step(self)
        epoch, groups = self.last_epoch, self.optimizer.param_groups
        if self._is_initial or epoch == 0:
            return [group["lr"] for group in groups]
        if (epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # The rate is at its smallest, where the ratio below would divide by zero.
            rise = 1 - math.cos(math.pi / self.T_max)
            return [
                group["lr"] + (base - self.eta_min) * rise / 2
                for base, group in zip(self.base_lrs, groups, strict=True)
            ]
        height = 1 + math.cos(math.pi * epoch / self.T_max)
        height_before = 1 + math.cos(math.pi * (epoch - 1) / self.T_max)
        ratio = height / height_before
        return [ratio * (group["lr"] - self.eta_min) + self.eta_min for group in groups]

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Bring the learning rate down along half a cosine wave, again and again.

    Loshchilov & Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        T_0: epochs until the first restart.
        T_mult: the factor from the length of one wave to the next.
        eta_min: the smallest learning rate.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        warn_outside_step(self)
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Set the learning rates for the next epoch.

        Args:
            epoch: where on the waves to go, which may lie between two epochs, as in
                ``scheduler.step(epoch + batch / batches)``. By default, to the next epoch.

        Raises:
            ValueError: `epoch` is negative.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self._go_to(epoch)
        # There is no closed form: `_update_lr` calls `get_lr` also when told the epoch.
        self._update_lr(math.floor(epoch))

    def _go_to(self, epoch: float) -> None:
        """Find the wave that `epoch` lies on, and where on it."""
        self.T_i, self.T_cur = self.T_0, epoch
        if epoch < self.T_0:
            return
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
            return
        waves = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
        self.T_cur = epoch - self.T_0 * (self.T_mult**waves - 1) / (self.T_mult - 1)
        self.T_i = self.T_0 * self.T_mult**waves
