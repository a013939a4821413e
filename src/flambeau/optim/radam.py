"""RAdam: Adam with a rectified learning rate."""

from __future__ import annotations

import math
from typing import Any

from flambeau.ops import composite, sqrt
from flambeau.optim._checks import check_betas, check_lr, check_not_negative
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

__all__ = ["RAdam", "radam_update"]


@composite
def radam_update(
    param: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    lr: float,
    weight1: float,
    weight2: float,
    unbias1: float,
    scale: float,
    offset: float,
    eps: float,
    weight_decay: float | None,
    decoupled: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter after one step, and the averages.

    Liu et al., *On the variance of the adaptive learning rate and beyond*, ICLR 2020, algorithm 2.
    While too few gradients have been seen to trust the average square, the step is that of plain
    momentum: then `scale` is 0 and `offset` 1, which keeps one compiled rule for both phases.
    """
    param, grad = decay_weights(param, grad, lr, weight_decay, decoupled)
    mean = blend(mean, grad, weight1)
    square = blend(square, grad * grad, weight2)
    param = param - lr * (mean * unbias1) / (scale * (sqrt(square) + eps) + offset)
    return param, mean, square


class RAdam(Optimizer):
    """Adam whose first steps are plain momentum, until the average square can be trusted.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        betas: decay rates of the averages of the gradient and of its square.
        eps: added to the denominator.
        weight_decay: strength of the weight decay.
        decoupled_weight_decay: whether the decay acts on the weights alone, as in `AdamW`.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
        capturable: for devices that capture graphs; `step` refuses it.
        differentiable: whether autograd records the step.
    """

    rule = staticmethod(radam_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative("epsilon value", eps)
        check_betas(betas)
        check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"exp_avg": zeros, "exp_avg_sq": zeros}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        step = numbers["step"]
        beta1, beta2 = group["betas"]
        scale, offset = _denominator(beta2, step)
        return (
            group["lr"],
            1 - beta1,
            1 - beta2,
            1 / (1 - beta1**step),
            scale,
            offset,
            group["eps"],
            unless_zero(group["weight_decay"]),
            group["decoupled_weight_decay"],
        )


def _denominator(beta2: float, step: float) -> tuple[float, float]:
    """Return the `scale` and `offset` of the rule's denominator at `step`."""
    correction = 1 - beta2**step
    limit = 2 / (1 - beta2) - 1
    length = limit - 2 * step * beta2**step / correction  # of the simple moving average
    if length <= 5.0:
        return 0.0, 1.0
    seen = (length - 4) * (length - 2) * limit
    whole = (limit - 4) * (limit - 2) * length
    return math.sqrt(whole / (seen * correction)), 0.0
