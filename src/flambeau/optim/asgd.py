"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from flambeau.ops import composite
from flambeau.optim._checks import check_lr, check_not_negative
from flambeau.optim._moments import decay_weights
from flambeau.optim.optimizer import (
    Group,
    Optimizer,
    ParamsT,
    Slots,
    unless_zero,
    zeros,
)
from flambeau.tensor import Tensor

__all__ = ["ASGD", "asgd_update"]


@composite
def asgd_update(
    param: Tensor,
    grad: Tensor,
    average: Tensor,
    eta: float,
    shrinkage: float,
    memory: float,
    weight_decay: float | None,
) -> tuple[Tensor, Tensor]:
    """Return the parameter after one step, and the average of all parameters since `t0`.

    Polyak & Juditsky, *Acceleration of stochastic approximation by averaging*, SIAM 1992;
    ``memory`` is the share of the average that remains, 0 until averaging begins.
    """
    param, grad = decay_weights(param, grad, eta, weight_decay, decoupled=False)
    param = param - shrinkage * param - eta * grad
    return param, param + memory * (average - param)


class ASGD(Optimizer):
    """Gradient descent that also keeps, in ``state[param]["ax"]``, the average of its path.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        lambd: strength of the decay of parameters, and of the learning rate.
        alpha: power of the decay of the learning rate.
        t0: the step at which averaging begins.
        weight_decay: strength of the L2 penalty.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
        differentiable: whether autograd records the step.
        capturable: for devices that capture graphs; `step` refuses it.
    """

    rule = staticmethod(asgd_update)
    numbers = {"step": 0.0, "eta": None, "mu": 1.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"ax": zeros}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        lr, lambd = float(group["lr"]), group["lambd"]
        step = numbers["step"]
        eta = lr if numbers["eta"] is None else numbers["eta"]
        mu = numbers["mu"]
        numbers["eta"] = lr / (1 + lambd * lr * step) ** group["alpha"]
        numbers["mu"] = 1 / max(1, step - group["t0"])
        return eta, lambd * eta, 1 - mu, unless_zero(group["weight_decay"])
