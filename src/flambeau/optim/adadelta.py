"""Adadelta: steps in the units of the parameters."""

from __future__ import annotations

from typing import Any

from flambeau.ops import composite, sqrt
from flambeau.optim._checks import check, check_lr, check_not_negative
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

__all__ = ["Adadelta", "adadelta_update"]


@composite
def adadelta_update(
    param: Tensor,
    grad: Tensor,
    square: Tensor,
    square_step: Tensor,
    lr: float,
    weight: float,
    eps: float,
    weight_decay: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter after one step, and the average squares of gradients and of steps.

    Zeiler, *ADADELTA: an adaptive learning rate method*, 2012, algorithm 1; ``weight = 1 - rho``.
    """
    param, grad = decay_weights(param, grad, lr, weight_decay, decoupled=False)
    square = blend(square, grad * grad, weight)
    step = sqrt(square_step + eps) / sqrt(square + eps) * grad
    square_step = blend(square_step, step * step, weight)
    return param - lr * step, square, square_step


class Adadelta(Optimizer):
    """Steps scaled by the ratio of the sizes of recent steps and recent gradients.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate, a factor on the method's own step.
        rho: decay rate of both averages.
        eps: added to both averages.
        weight_decay: strength of the L2 penalty.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        capturable: for devices that capture graphs; `step` refuses it.
        maximize: whether to ascend instead.
        differentiable: whether autograd records the step.
    """

    rule = staticmethod(adadelta_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 <= rho <= 1.0, f"Invalid rho value: {rho}")
        check_not_negative("epsilon value", eps)
        check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"square_avg": zeros, "acc_delta": zeros}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        return (
            group["lr"],
            1 - group["rho"],
            group["eps"],
            unless_zero(group["weight_decay"]),
        )
