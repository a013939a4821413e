"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

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

__all__ = ["NAdam", "nadam_update"]


@composite
def nadam_update(
    param: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    lr: float,
    weight1: float,
    weight2: float,
    unbias2: float,
    grad_share: float,
    mean_share: float,
    eps: float,
    weight_decay: float | None,
    decoupled: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter after one step, and the averages.

    Dozat, *Incorporating Nesterov momentum into Adam*, ICLR workshop 2016, algorithm 8: the step
    looks ahead by mixing the gradient itself with the average that the next step will use.
    """
    param, grad = decay_weights(param, grad, lr, weight_decay, decoupled)
    mean = blend(mean, grad, weight1)
    square = blend(square, grad * grad, weight2)
    ahead = grad_share * grad + mean_share * mean
    param = param - lr * ahead / (sqrt(square * unbias2) + eps)
    return param, mean, square


class NAdam(Optimizer):
    """Adam with Nesterov momentum.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        betas: decay rates of the averages of the gradient and of its square.
        eps: added to the denominator.
        weight_decay: strength of the weight decay.
        momentum_decay: how fast the momentum approaches ``betas[0]``.
        decoupled_weight_decay: whether the decay acts on the weights alone, as in `AdamW`.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
        capturable: for devices that capture graphs; `step` refuses it.
        differentiable: whether autograd records the step.
    """

    rule = staticmethod(nadam_update)
    numbers = {"step": 0.0, "mu_product": 1.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        check_not_negative("momentum_decay value", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"exp_avg": zeros, "exp_avg_sq": zeros}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        step = numbers["step"]
        beta1, beta2 = group["betas"]
        momentum = _momentum(beta1, group["momentum_decay"], step)
        next_momentum = _momentum(beta1, group["momentum_decay"], step + 1)
        numbers["mu_product"] *= momentum
        product = numbers["mu_product"]
        return (
            group["lr"],
            1 - beta1,
            1 - beta2,
            1 / (1 - beta2**step),
            (1 - momentum) / (1 - product),
            next_momentum / (1 - product * next_momentum),
            group["eps"],
            unless_zero(group["weight_decay"]),
            group["decoupled_weight_decay"],
        )


def _momentum(beta1: float, decay: float, step: float) -> float:
    """Return the momentum of `step`, which warms up towards `beta1`."""
    return beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
