"""Adam, and the variants that differ in an option."""

from __future__ import annotations

from typing import Any

from flambeau.ops import composite, maximum, sqrt
from flambeau.optim._checks import (
    check,
    check_betas,
    check_fused,
    check_not_negative,
    check_single_element,
)
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

__all__ = ["Adam", "adam_update"]


@composite
def adam_update(
    param: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    max_square: Tensor | None,
    lr: float,
    weight1: float,
    weight2: float,
    unbias1: float,
    unbias2: float,
    eps: float,
    weight_decay: float | None,
    decoupled: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Return the parameter after one step, and the averages.

    Kingma & Ba, *Adam: a method for stochastic optimization*, ICLR 2015, algorithm 1, with
    ``weight = 1 - beta`` and ``unbias = 1 / (1 - beta**step)``. The running maximum is AMSGrad:
    Reddi et al., *On the convergence of Adam and beyond*, ICLR 2018.
    """
    param, grad = decay_weights(param, grad, lr, weight_decay, decoupled)
    mean = blend(mean, grad, weight1)
    square = blend(square, grad * grad, weight2)
    if max_square is not None:
        max_square = maximum(max_square, square)
    scale = square if max_square is None else max_square
    param = param - lr * (mean * unbias1) / (sqrt(scale * unbias2) + eps)
    return param, mean, square, max_square


class Adam(Optimizer):
    """Adam: steps scaled by running averages of the gradient and of its square.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: learning rate.
        betas: decay rates of the averages of the gradient and of its square.
        eps: added to the denominator.
        weight_decay: strength of the L2 penalty.
        amsgrad: whether to divide by the largest average square seen so far.
        maximize: whether to ascend instead.
        differentiable: whether autograd records the step.
        foreach, fused: accepted as in PyTorch; every step is compiled as one program anyway.
        capturable: for devices that capture graphs; `step` refuses it.
        decoupled_weight_decay: whether the decay acts on the weights alone, as in `AdamW`.

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    rule = staticmethod(adam_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        _check_tensor("lr", lr, foreach, capturable)
        check(bool(lr >= 0.0), f"Invalid learning rate: {lr}")
        check_not_negative("epsilon value", eps)
        check_betas(betas)
        check_not_negative("weight_decay value", weight_decay)
        check(
            isinstance(betas[0], Tensor) == isinstance(betas[1], Tensor),
            "betas must be either both floats or both Tensors",
        )
        for index, beta in enumerate(betas):
            _check_tensor(f"betas[{index}]", beta, foreach, capturable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {
            "exp_avg": zeros,
            "exp_avg_sq": zeros,
            "max_exp_avg_sq": zeros if group["amsgrad"] else None,
        }

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        step = numbers["step"]
        beta1, beta2 = (float(beta) for beta in group["betas"])
        return (
            group["lr"],
            1 - beta1,
            1 - beta2,
            1 / (1 - beta1**step),
            1 / (1 - beta2**step),
            group["eps"],
            unless_zero(group["weight_decay"]),
            group["decoupled_weight_decay"],
        )


def _check_tensor(name: str, value: Any, foreach: bool | None, capturable: bool) -> None:
    """Refuse a tensor hyper-parameter where PyTorch does, so that scripts stay portable."""
    if isinstance(value, Tensor):
        check(
            capturable or not foreach,
            f"{name} as a Tensor is not supported for capturable=False and foreach=True",
        )
        check_single_element(name, value)
