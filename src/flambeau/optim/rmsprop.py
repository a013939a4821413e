"""RMSprop: steps scaled by a running average of the squared gradient."""

from __future__ import annotations

from typing import Any

from flambeau.ops import composite, sqrt
from flambeau.optim._checks import check_lr, check_not_negative
from flambeau.optim._moments import blend, decay_weights
from flambeau.optim.optimizer import (
    Group,
    Optimizer,
    ParamsT,
    Slots,
    unless_zero,
    zeros,
)
from flambeau.tensor import Tensor

__all__ = ["RMSprop", "rmsprop_update"]


@composite
def rmsprop_update(
    param: Tensor,
    grad: Tensor,
    square: Tensor,
    velocity: Tensor | None,
    mean: Tensor | None,
    lr: float,
    momentum: float,
    weight: float,
    eps: float,
    weight_decay: float | None,
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Return the parameter after one step, the average square, the velocity and the mean.

    Hinton, *Neural networks for machine learning*, lecture 6, 2012. With the mean it is the
    centered form of Graves, *Generating sequences with recurrent neural networks*, 2013, §4.2:
    the variance takes the place of the square. ``weight = 1 - alpha``.
    """
    param, grad = decay_weights(param, grad, lr, weight_decay, decoupled=False)
    square = blend(square, grad * grad, weight)
    variance = square
    if mean is not None:
        mean = blend(mean, grad, weight)
        variance = square - mean * mean
    step = grad / (sqrt(variance) + eps)
    if velocity is not None:
        velocity = step = momentum * velocity + step
    return param - lr * step, square, velocity, mean


class RMSprop(Optimizer):
    """Steps divided by the root of a running average of the squared gradient.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        alpha: decay rate of the average.
        eps: added to the denominator.
        weight_decay: strength of the L2 penalty.
        momentum: how much of the previous step is kept.
        centered: whether to divide by the standard deviation instead.
        capturable: for devices that capture graphs; `step` refuses it.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
        differentiable: whether autograd records the step.
    """

    rule = staticmethod(rmsprop_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative("epsilon value", eps)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {
            "square_avg": zeros,
            "momentum_buffer": zeros if group["momentum"] > 0 else None,
            "grad_avg": zeros if group["centered"] else None,
        }

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        return (
            group["lr"],
            group["momentum"],
            1 - group["alpha"],
            group["eps"],
            unless_zero(group["weight_decay"]),
        )
