"""Adamax: Adam with the infinity norm."""

from __future__ import annotations

from typing import Any

from flambeau.ops import composite, maximum
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

__all__ = ["Adamax", "adamax_update"]


@composite
def adamax_update(
    param: Tensor,
    grad: Tensor,
    mean: Tensor,
    norm: Tensor,
    lr: float,
    weight1: float,
    beta2: float,
    eps: float,
    weight_decay: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter after one step, the average, and the decayed largest gradient.

    Kingma & Ba, *Adam: a method for stochastic optimization*, ICLR 2015, algorithm 2; `lr` is
    already divided by the bias correction ``1 - beta1**step``.
    """
    param, grad = decay_weights(param, grad, lr, weight_decay, decoupled=False)
    mean = blend(mean, grad, weight1)
    norm = maximum(beta2 * norm, grad.abs() + eps)
    return param - lr * mean / norm, mean, norm


class Adamax(Optimizer):
    """Adam with steps scaled by a decayed maximum of the gradient's magnitude.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        betas: decay rates of the average gradient and of the largest magnitude.
        eps: added to the magnitude of each gradient.
        weight_decay: strength of the L2 penalty.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
        differentiable: whether autograd records the step.
        capturable: for devices that capture graphs; `step` refuses it.
    """

    rule = staticmethod(adamax_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
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
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"exp_avg": zeros, "exp_inf": zeros}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        step = numbers["step"]
        beta1, beta2 = group["betas"]
        return (
            group["lr"] / (1 - beta1**step),
            1 - beta1,
            beta2,
            group["eps"],
            unless_zero(group["weight_decay"]),
        )
