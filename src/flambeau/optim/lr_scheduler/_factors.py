"""Schedulers that multiply the learning rate by a factor at each step."""

from __future__ import annotations

import types
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from flambeau.optim.lr_scheduler._base import FactorLR, LRScheduler, warn_outside_step
from flambeau.optim.optimizer import Optimizer
from flambeau.tensor import Tensor

__all__ = [
    "ConstantLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "StepLR",
]

Lambda = Callable[[int], float]


class StepLR(FactorLR):
    """Multiply the learning rate by `gamma` every `step_size` epochs.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        step_size: epochs between two changes.
        gamma: the factor.
        last_epoch: the epoch to resume after; -1 starts from the beginning.

    >>> import flambeau as torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print(scheduler.get_last_lr())
    [0.1]
    [0.05]
    [0.05]
    [0.025]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self.gamma if due else 1.0

    def _total_factor(self) -> float:
        return self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(FactorLR):
    """Multiply the learning rate by `gamma` at each of the `milestones`.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        milestones: the epochs at which to do so; one that is given twice counts twice.
        gamma: the factor.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return self.gamma ** self.milestones[self.last_epoch]

    def _total_factor(self) -> float:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return self.gamma**passed


class ConstantLR(FactorLR):
    """Multiply the learning rate by `factor` until epoch `total_iters`.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        factor: the factor, between 0 and 1.
        total_iters: the epoch at which the full rate comes back.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if factor > 1.0 or factor < 0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.factor
        return 1.0 / self.factor if self.last_epoch == self.total_iters else 1.0

    def _total_factor(self) -> float:
        return self.factor if self.last_epoch < self.total_iters else 1.0


class LinearLR(FactorLR):
    """Move the factor on the learning rate linearly from `start_factor` to `end_factor`.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        start_factor: the first factor, above 0 and at most 1.
        end_factor: the last factor, between 0 and 1.
        total_iters: the epoch at which the last factor is reached.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 "
                "and less or equal to 1."
            )
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1.0
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)

    def _total_factor(self) -> float:
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters


class ExponentialLR(FactorLR):
    """Multiply the learning rate by `gamma` every epoch.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        gamma: the factor.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1.0 if self._is_initial else self.gamma

    def _total_factor(self) -> float:
        return self.gamma**self.last_epoch


class PolynomialLR(FactorLR):
    """Bring the learning rate to zero as ``(1 - epoch / total_iters) ** power``.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        total_iters: the epoch at which zero is reached.
        power: the power.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1.0
        left = 1.0 - self.last_epoch / self.total_iters
        left_before = 1.0 - (self.last_epoch - 1) / self.total_iters
        return (left / left_before) ** self.power

    def _total_factor(self) -> float:
        return (1.0 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power


class _LambdaScheduler(LRScheduler):
    """What the two schedulers with a function for each group share."""

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Lambda | list[Lambda], last_epoch: int = -1
    ) -> None:
        self.optimizer = optimizer
        self.lr_lambdas = _one_for_each_group(optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer.

        Of the functions, that is the attributes of callable objects; plain ones are not saved.
        """
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(function, types.FunctionType) else function.__dict__.copy()
            for function in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` saved."""
        own = {name: value for name, value in state_dict.items() if name != "lr_lambdas"}
        self.__dict__.update(own)
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                function.__dict__.update(saved)


class LambdaLR(_LambdaScheduler):
    """Set the learning rate to the initial one times a function of the epoch.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        lr_lambda: the function, or a list of functions, one for each group.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def get_lr(self) -> list[float | Tensor]:
        warn_outside_step(self)
        return [
            base * function(self.last_epoch)
            for function, base in zip(self.lr_lambdas, self.base_lrs, strict=True)
        ]


class MultiplicativeLR(_LambdaScheduler):
    """Multiply the learning rate by a function of the epoch, every epoch.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        lr_lambda: the function, or a list of functions, one for each group.
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def get_lr(self) -> list[float | Tensor]:
        warn_outside_step(self)
        groups = self.optimizer.param_groups
        if self._is_initial:
            return [group["lr"] for group in groups]
        return [
            group["lr"] * function(self.last_epoch)
            for function, group in zip(self.lr_lambdas, groups, strict=True)
        ]


def _one_for_each_group(optimizer: Optimizer, functions: Lambda | list[Lambda]) -> list[Lambda]:
    count = len(optimizer.param_groups)
    if not isinstance(functions, list | tuple):
        return [functions] * count
    if len(functions) != count:
        raise ValueError(f"Expected {count} lr_lambdas, but got {len(functions)}")
    return list(functions)
