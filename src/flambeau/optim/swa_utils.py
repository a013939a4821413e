"""Averages of a model's weights over the course of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import chain
from typing import Any, Literal, TypeAlias

from flambeau import ops
from flambeau.autograd import no_grad
from flambeau.ir import dtypes
from flambeau.nn import Module
from flambeau.nn.modules.batchnorm import _BatchNorm
from flambeau.optim.lr_scheduler._base import LRScheduler, for_each_group, warn_outside_step
from flambeau.optim.optimizer import Optimizer
from flambeau.tensor import Tensor

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

AvgFn: TypeAlias = Callable[[Tensor, Tensor, Tensor | int], Tensor]
MultiAvgFn: TypeAlias = Callable[[list[Tensor], list[Tensor], Tensor | int], None]


def get_ema_avg_fn(decay: float = 0.999) -> AvgFn:
    """Return the exponential moving average, ``decay * average + (1 - decay) * current``."""
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Tensor | int) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> AvgFn:
    """Return the running mean, ``average + (current - average) / (n + 1)``."""

    @no_grad()
    def swa_update(
        averaged_param: Tensor, current_param: Tensor, num_averaged: Tensor | int
    ) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAvgFn:
    """Return the exponential moving average of many tensors, in place."""
    return _in_place(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> MultiAvgFn:
    """Return the running mean of many tensors, in place."""
    return _in_place(get_swa_avg_fn())


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def _in_place(average: AvgFn) -> MultiAvgFn:
    @no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], num_averaged: Tensor | int) -> None:
        for old, new in zip(averaged, current, strict=True):
            old.copy_(average(old, new, num_averaged))

    return update


class AveragedModel(Module):
    """A copy of a model that holds the average of its weights.

    Izmailov et al., *Averaging weights leads to wider optima and better generalization*, UAI 2018
    (the running mean, by default); Polyak & Juditsky, 1992 (with `get_ema_multi_avg_fn`).

    Args:
        model: the model to average; it is copied, and goes on training.
        device: where the average lives; by default, where the model does.
        avg_fn: ``avg_fn(average, current, n)`` returns the new average of one parameter.
        multi_avg_fn: ``multi_avg_fn(averages, currents, n)`` updates all averages in place.
        use_buffers: whether buffers are averaged too, rather than copied.

    >>> import flambeau as torch
    >>> from flambeau.optim.swa_utils import AveragedModel
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> averaged = AveragedModel(model)
    >>> for value in (1.0, 3.0):
    ...     model.weight.data.fill_(value)
    ...     averaged.update_parameters(model)
    tensor([[1.]])
    tensor([[3.]])
    >>> averaged.module.weight
    Parameter containing:
    tensor([[2.]], requires_grad=True)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: AvgFn | None = None,
        multi_avg_fn: MultiAvgFn | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", ops.tensor(0, dtype=dtypes.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the present weights of `model` into the average."""
        averaged, current = self._averaged_tensors(self.module), self._averaged_tensors(model)
        if int(self.n_averaged) == 0:
            _copy_all(averaged, current)
        elif self.multi_avg_fn is not None or self.avg_fn is None:
            update = self.multi_avg_fn or get_swa_multi_avg_fn()
            update(averaged, current, self.n_averaged)
        else:
            new = [
                self.avg_fn(*pair, self.n_averaged) for pair in zip(averaged, current, strict=True)
            ]
            _copy_all(averaged, new)
        if not self.use_buffers:
            _copy_all(self.module.buffers(), model.buffers())
        self.n_averaged += 1

    def _averaged_tensors(self, module: Module) -> list[Tensor]:
        buffers = module.buffers() if self.use_buffers else ()
        return [tensor.detach() for tensor in chain(module.parameters(), buffers)]


def _copy_all(targets: Iterable[Tensor], sources: Iterable[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.detach().copy_(source.detach())


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of `model`'s batch norm layers anew, in one pass over data.

    The statistics of an averaged model are not the average of the statistics.

    Args:
        loader: yields batches, or sequences whose first item is a batch.
        model: the model; it runs in training mode, and keeps the mode it had.
        device: where to move each batch first.
    """
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not layers:
        return
    was_training = model.training
    model.train()
    with _cumulative(layers):
        for batch in loader:
            if isinstance(batch, list | tuple):
                batch = batch[0]
            model(batch if device is None else batch.to(device))
    model.train(was_training)


@contextmanager
def _cumulative(layers: list[Any]) -> Iterator[None]:
    """Let batch norm layers start from nothing and weigh all batches alike."""
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    yield
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


class SWALR(LRScheduler):
    """Anneal the learning rate of each group to a constant, and keep it there.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        swa_lr: the constant, or one for each group.
        anneal_epochs: epochs until it is reached.
        anneal_strategy: "cos" or "linear".
        last_epoch: the epoch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = for_each_group("swa_lr", optimizer, swa_lr)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in _ANNEAL:
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        """Compute the next learning rate of each group."""
        warn_outside_step(self)
        epoch = self._step_count - 1
        if self.anneal_epochs == 0:
            epoch = max(1, epoch)
        before, now = self._share(epoch - 1), self._share(epoch)
        return [
            group["swa_lr"] * now + _undo_share(group["lr"], group["swa_lr"], before) * (1 - now)
            for group in self.optimizer.param_groups
        ]

    def _share(self, epoch: int) -> float:
        """Return the share of the constant in the rate at `epoch`."""
        passed = max(0.0, min(1.0, epoch / max(1, self.anneal_epochs)))
        return _ANNEAL[self._anneal_strategy](passed)


_ANNEAL: dict[str, Callable[[float], float]] = {
    "cos": lambda passed: (1 - math.cos(math.pi * passed)) / 2,
    "linear": lambda passed: passed,
}


def _undo_share(rate: float, constant: float, share: float) -> float:
    """Return the rate that annealing started from."""
    return constant if share == 1 else (rate - share * constant) / (1 - share)
