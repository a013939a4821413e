"""Schedulers that cycle the learning rate, and the momentum against it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from flambeau.optim.lr_scheduler._base import (
    LRScheduler,
    check_optimizer,
    for_each_group,
    set_rate,
    warn_outside_step,
)
from flambeau.optim.optimizer import Group, Optimizer
from flambeau.tensor import Tensor

__all__ = ["CyclicLR", "OneCycleLR"]

# The height of a triangle by the number of its cycle, or of the iteration.
_SCALES: dict[str, tuple[Literal["cycle", "iterations"], Callable[[float, float], float]]] = {
    "triangular": ("cycle", lambda x, gamma: 1.0),
    "triangular2": ("cycle", lambda x, gamma: 1 / 2.0 ** (x - 1)),
    "exp_range": ("iterations", lambda x, gamma: gamma**x),
}


class CyclicLR(LRScheduler):
    """Cycle the learning rate between two bounds along triangles, changing it every batch.

    Smith, *Cyclical learning rates for training neural networks*, WACV 2017.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        base_lr: lower bound, or one for each group.
        max_lr: upper bound, or one for each group.
        step_size_up: steps in the rising half of a cycle.
        step_size_down: steps in the falling half; by default as many.
        mode: "triangular" keeps the bounds, "triangular2" halves the height of each cycle,
            "exp_range" multiplies it by `gamma` each iteration. Ignored if there is a `scale_fn`.
        gamma: the factor of "exp_range".
        scale_fn: a height, between 0 and 1, for each cycle or iteration.
        scale_mode: whether `scale_fn` is given the number of the "cycle" or of the "iterations".
        cycle_momentum: whether the momentum (or ``betas[0]``) cycles the opposite way.
        base_momentum: lower bound of the momentum, or one for each group.
        max_momentum: upper bound of the momentum, or one for each group.
        last_epoch: the batch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = for_each_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                set_rate(group, "lr", rate)
        self.max_lrs = for_each_group("max_lr", optimizer, max_lr)
        step_size_down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + step_size_down)
        self.step_ratio = step_size_up / self.total_size
        if mode not in _SCALES and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else _SCALES[mode][0]
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = uses_beta1(optimizer)
            self.base_momentums = for_each_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = for_each_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                self._start_momentum()
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def _start_momentum(self) -> None:
        bounds = zip(self.base_momentums, self.max_momentums, strict=True)
        for group, (lowest, highest) in zip(self.optimizer.param_groups, bounds, strict=True):
            set_momentum(group, highest, self.use_beta1)
            group["max_momentum"] = highest
            group["base_momentum"] = lowest

    def scale_fn(self, x: float) -> float:
        """Return the height of the triangle at cycle, or iteration, `x`."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return _SCALES[self.mode][1](x, self.gamma)

    def get_lr(self) -> list[float | Tensor]:
        """Compute the next learning rate of each group, and set the momentum that goes with it."""
        warn_outside_step(self)
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        rising = x <= self.step_ratio
        height = x / self.step_ratio if rising else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (lowest, highest) in zip(self.optimizer.param_groups, bounds, strict=True):
                momentum = highest - (highest - lowest) * height * scale
                set_momentum(group, momentum, self.use_beta1)
        return [
            lowest + (highest - lowest) * height * scale
            for lowest, highest in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer.

        Of a `scale_fn`, that is the attributes of a callable object; functions are not saved.
        """
        state = super().state_dict()
        function = state.pop("_scale_fn_custom")
        saved = None if function is None or is_function(function) else function.__dict__.copy()
        state["_scale_fn_custom"] = saved
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` saved."""
        state_dict = dict(state_dict)
        saved = state_dict.pop("_scale_fn_custom")
        super().load_state_dict(state_dict)
        if saved is not None:
            self._scale_fn_custom.__dict__.update(saved)


class OneCycleLR(LRScheduler):
    """Raise the learning rate to `max_lr` and bring it down far below its start, over one run.

    Smith & Topin, *Super-convergence: very fast training of neural networks using large learning
    rates*, 2018. The rate changes every batch.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        max_lr: the top of the cycle, or one for each group.
        total_steps: steps in the cycle; or give `epochs` and `steps_per_epoch`.
        epochs: number of epochs.
        steps_per_epoch: steps in an epoch.
        pct_start: share of the cycle spent rising.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether the momentum (or ``betas[0]``) cycles the opposite way.
        base_momentum: lower bound of the momentum, or one for each group.
        max_momentum: upper bound of the momentum, or one for each group.
        div_factor: the first rate is ``max_lr / div_factor``.
        final_div_factor: the last rate is the first one divided by this.
        three_phase: whether to return to the first rate before the last descent.
        last_epoch: the batch to resume after; -1 starts from the beginning.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _count_steps(total_steps, epochs, steps_per_epoch)
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        if not 0 <= pct_start <= 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in _ANNEAL:
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_func_type = anneal_strategy
        max_lrs = for_each_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = uses_beta1(optimizer)
            lowest = for_each_group("base_momentum", optimizer, base_momentum)
            highest = for_each_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for group, low, high in zip(optimizer.param_groups, lowest, highest, strict=True):
                    set_momentum(group, high, self.use_beta1)
                    group["max_momentum"] = high
                    group["base_momentum"] = low
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        """Compute the next learning rate of each group, and set the momentum that goes with it.

        Raises:
            ValueError: the cycle is over.
        """
        warn_outside_step(self)
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. "
                f"The specified number of total steps is {self.total_steps}"
            )
        phase, share = self._where()
        anneal = _ANNEAL[self._anneal_func_type]
        values: list[float | Tensor] = []
        for group in self.optimizer.param_groups:
            values.append(anneal(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                start, end = group[phase["start_momentum"]], group[phase["end_momentum"]]
                set_momentum(group, anneal(start, end, share), self.use_beta1)
        return values

    def _where(self) -> tuple[dict[str, Any], float]:
        """Return the present phase, and the share of it that has passed."""
        start = 0.0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if self.last_epoch <= end or phase is self._schedule_phases[-1]:
                return phase, (self.last_epoch - start) / (end - start)
            start = end
        raise AssertionError("a cycle has phases")


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _linear(start: float, end: float, share: float) -> float:
    return (end - start) * share + start


_ANNEAL: dict[str, Callable[[float, float, float], float]] = {"cos": _cosine, "linear": _linear}


def _count_steps(total: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total is not None:
        return _positive("total_steps", total)
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    return _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)


def _positive(name: str, value: int) -> int:
    if value <= 0 or not isinstance(value, int):
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value


def _phases(total: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """Return when each phase ends, and the options that its rate and momentum move between."""
    up = ("initial_lr", "max_lr", "max_momentum", "base_momentum")
    if three_phase:
        ends = [
            (float(pct_start * total) - 1, *up),
            (2 * pct_start * total - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
            (total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
        ]
    else:
        ends = [
            (float(pct_start * total) - 1, *up),
            (total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"),
        ]
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, end, strict=True)) for end in ends]


def uses_beta1(optimizer: Optimizer) -> bool:
    """Tell whether the momentum of `optimizer` is ``betas[0]``.

    Raises:
        ValueError: it has no momentum at all.
    """
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
        )
    return "betas" in optimizer.defaults


def set_momentum(group: Group, momentum: float, use_beta1: bool) -> None:
    """Set the momentum of a group."""
    if use_beta1:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


def is_function(value: object) -> bool:
    """Tell plain functions from callable objects."""
    return isinstance(value, type(is_function))
