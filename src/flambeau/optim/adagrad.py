"""Adagrad: steps scaled by all gradients seen so far."""

from __future__ import annotations

from typing import Any

from flambeau import ops
from flambeau.ops import composite, sqrt
from flambeau.optim._checks import check_fused, check_lr, check_not_negative
from flambeau.optim._moments import decay_weights
from flambeau.optim.optimizer import (
    Group,
    Optimizer,
    ParamsT,
    Slots,
    scalar,
    unless_zero,
)
from flambeau.tensor import Tensor

__all__ = ["Adagrad", "adagrad_update"]


@composite
def adagrad_update(
    param: Tensor,
    grad: Tensor,
    total: Tensor,
    lr: float,
    eps: float,
    weight_decay: float | None,
) -> tuple[Tensor, Tensor]:
    """Return the parameter after one step, and the sum of squares.

    Duchi, Hazan & Singer, *Adaptive subgradient methods for online learning and stochastic
    optimization*, JMLR 2011, with the diagonal matrix.
    """
    param, grad = decay_weights(param, grad, lr, weight_decay, decoupled=False)
    total = total + grad * grad
    return param - lr * grad / (sqrt(total) + eps), total


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        lr_decay: the rate of step `t` is ``lr / (1 + (t - 1) * lr_decay)``.
        weight_decay: strength of the L2 penalty.
        initial_accumulator_value: what the sum of squares starts from.
        eps: added to the denominator.
        foreach, fused: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
        differentiable: whether autograd records the step.
    """

    rule = staticmethod(adagrad_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_not_negative("lr_decay value", lr_decay)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("initial_accumulator_value value", initial_accumulator_value)
        check_not_negative("epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param] = {"step": scalar(0.0), "sum": _initial_sum(param, group)}

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"sum": _initial_sum}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        step = numbers["step"]
        return (
            group["lr"] / (1 + (step - 1) * group["lr_decay"]),
            group["eps"],
            unless_zero(group["weight_decay"]),
        )


def _initial_sum(param: Tensor, group: Group) -> Tensor:
    return ops.full_like(param, group["initial_accumulator_value"])
