"""The base class of the learning rate schedulers."""

from __future__ import annotations

import functools
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flambeau.optim.optimizer import Group, Optimizer
from flambeau.tensor import Tensor

__all__ = ["EPOCH_DEPRECATION_WARNING", "LRScheduler"]

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)

_ORDER_HELP = (
    "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
_OVERRIDDEN = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
    "initialization. Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`. "
    + _ORDER_HELP
)
_WRONG_ORDER = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, "
    "you should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  "
    "Failure to do this will result in PyTorch skipping the first value of the learning rate "
    "schedule. " + _ORDER_HELP
)
_NO_INITIAL_LR = (
    "param 'initial_lr' is not specified in param_groups[{}] when resuming scheduler with "
    "last_epoch >= 0.\n"
    "This typically happens when:\n"
    "1. You're trying to resume training from a checkpoint but haven't properly loaded the "
    "optimizer state\n"
    "2. You're using last_epoch >= 0 for a fresh training run (not recommended)"
)


class LRScheduler:
    """Base class: sets the learning rate of each group to what `get_lr` says, at each `step`.

    A subclass defines `get_lr`, one rate for each group computed from the present ones, so that
    schedulers chain; and where there is one, the formula from the epoch alone, as
    ``_get_closed_form_lr``, for ``step(epoch)``.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        last_epoch: the epoch to resume after; -1 starts from the beginning.

    Raises:
        TypeError: `optimizer` is not an `Optimizer`.
        KeyError: resuming, a group has no "initial_lr".
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copy_rate(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(_NO_INITIAL_LR.format(index))
        self.base_lrs: list[Any] = rates(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _note_calls_of_step(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> Sequence[float | Tensor]:
        """Compute the next learning rate of each group; `get_last_lr` tells the present one."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float | Tensor]:
        """Return the learning rate of each group, as this scheduler last set it."""
        return [copy_rate(rate) for rate in self._last_lr]

    def step(self, epoch: int | None = None) -> None:
        """Set the learning rates for the next epoch. Call it after the optimizer's step.

        Args:
            epoch: deprecated; the epoch to jump to.
        """
        if self._step_count == 1:
            _warn_of_wrong_order(self.optimizer)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        with _inside_step(self):
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                closed_form = getattr(self, "_get_closed_form_lr", self.get_lr)
                values = closed_form()
        for group, value in zip(self.optimizer.param_groups, values, strict=False):
            set_rate(group, "lr", value)
        self._last_lr: list[Any] = rates(self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` saved."""
        self.__dict__.update(state_dict)


class FactorLR(LRScheduler):
    """Base of the schedulers that multiply every learning rate by one common factor."""

    def _factor(self) -> float:
        """Return the factor from the previous epoch's rate to the rate at `last_epoch`."""
        raise NotImplementedError

    def _total_factor(self) -> float:
        """Return the factor from the initial rate to the rate at `last_epoch`."""
        raise NotImplementedError

    def get_lr(self) -> list[float | Tensor]:
        warn_outside_step(self)
        factor = self._factor()
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        factor = self._total_factor()
        return [base * factor for base in self.base_lrs]


# For the subclasses.


def check_optimizer(optimizer: object) -> None:
    """Refuse what is not an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def copy_rate(rate: float | Tensor) -> float | Tensor:
    """Copy a rate that is a tensor, since the optimizer's is changed in place."""
    return rate.clone() if isinstance(rate, Tensor) else rate


def rates(optimizer: Optimizer, name: str = "lr") -> list[float | Tensor]:
    """Return a copy of the option `name` of every group."""
    return [copy_rate(group[name]) for group in optimizer.param_groups]


def set_rate(group: Group, name: str, value: float | Tensor) -> None:
    """Set an option of a group, in place if it is a tensor."""
    if isinstance(group[name], Tensor):
        group[name].fill_(float(value))
    else:
        group[name] = value


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """Return `value` as a list with an entry for each group.

    Raises:
        ValueError: `value` is a sequence of another length.
    """
    groups = optimizer.param_groups
    if not isinstance(value, list | tuple):
        return [copy_rate(value) for _ in groups]
    if len(value) != len(groups):
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has "
            f"{len(value)} values, param_groups has {len(groups)}."
        )
    return [copy_rate(item) for item in value]


def warn_outside_step(scheduler: LRScheduler) -> None:
    """Warn whoever calls `get_lr`, which computes the next rate, to learn the present one."""
    if not scheduler._get_lr_called_within_step:
        warnings.warn(
            "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
            UserWarning,
            stacklevel=3,
        )


# For the base class.


@contextmanager
def _inside_step(scheduler: LRScheduler) -> Iterator[None]:
    scheduler._get_lr_called_within_step = True
    try:
        yield
    finally:
        scheduler._get_lr_called_within_step = False


def _note_calls_of_step(optimizer: Optimizer) -> None:
    """Make ``optimizer.step`` leave a mark, from which schedulers tell the order of calls."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    # The optimizer must not hold itself alive through its own method.
    reference = weakref.ref(optimizer)
    step: Callable[..., Any] = optimizer.step.__func__  # type: ignore[attr-defined]

    @functools.wraps(step)
    def noted(*args: Any, **kwargs: Any) -> Any:
        owner = reference()
        owner._opt_called = True  # type: ignore[union-attr]
        return step(owner, *args, **kwargs)

    noted._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    optimizer.step = noted  # type: ignore[method-assign]


def _warn_of_wrong_order(optimizer: Optimizer) -> None:
    if not hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        warnings.warn(_OVERRIDDEN, UserWarning, stacklevel=3)
    elif not getattr(optimizer, "_opt_called", False):
        warnings.warn(_WRONG_ORDER, UserWarning, stacklevel=3)
