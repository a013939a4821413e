"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from flambeau.ops import composite
from flambeau.optim._checks import check, check_fused, check_single_element
from flambeau.optim.optimizer import Group, Optimizer, ParamsT, Slots, unless_zero, zeros
from flambeau.tensor import Tensor

__all__ = ["SGD", "sgd_update"]


@composite
def sgd_update(
    param: Tensor,
    grad: Tensor,
    velocity: Tensor | None,
    lr: float,
    momentum: float,
    intake: float,
    weight_decay: float | None,
    nesterov: bool,
) -> tuple[Tensor, Tensor | None]:
    """Return the parameter after one step, and the velocity.

    The velocity is that of Sutskever et al., *On the importance of initialization and momentum in
    deep learning*, ICML 2013, in units of gradients: ``v = momentum * v + intake * g``.
    """
    if weight_decay is not None:
        grad = grad + weight_decay * param
    if velocity is not None:
        velocity = momentum * velocity + intake * grad
        grad = grad + momentum * velocity if nesterov else velocity
    return param - lr * grad, velocity


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, Nesterov momentum and weight decay.

    ``v = momentum * v + (1 - dampening) * g`` and ``param = param - lr * v``. The first gradient
    enters the velocity undampened.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        momentum: how much of the velocity is kept at each step.
        dampening: how much of a new gradient is kept out of the velocity.
        weight_decay: strength of the L2 penalty.
        nesterov: whether the gradient is corrected as if taken after the momentum step.
        maximize: whether to ascend instead.
        foreach, fused: accepted as in PyTorch; every step is compiled as one program anyway.
        differentiable: whether autograd records the step.

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    rule = staticmethod(sgd_update)

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_single_element("lr", lr)
        check(not lr < 0.0, f"Invalid learning rate: {lr}")
        check(not momentum < 0.0, f"Invalid momentum value: {momentum}")
        check(not weight_decay < 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(
            not nesterov or (momentum > 0 and dampening == 0),
            "Nesterov momentum requires a momentum and zero dampening",
        )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"momentum_buffer": zeros if group["momentum"] != 0 else None}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        return (
            group["lr"],
            group["momentum"],
            1.0 if first else 1.0 - group["dampening"],
            unless_zero(group["weight_decay"]),
            group["nesterov"],
        )
