"""Rprop: steps from the signs of gradients alone."""

from __future__ import annotations

from typing import Any

from flambeau import ops
from flambeau.ops import clamp, composite, sign, where
from flambeau.optim._checks import check, check_lr
from flambeau.optim.optimizer import Group, Optimizer, ParamsT, Slots, zeros
from flambeau.tensor import Tensor

__all__ = ["Rprop", "rprop_update"]


@composite
def rprop_update(
    param: Tensor,
    grad: Tensor,
    previous: Tensor,
    size: Tensor,
    shrink: float,
    grow: float,
    smallest: float,
    largest: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter after one step, the gradient to compare with, and the step sizes.

    Riedmiller & Braun, *A direct adaptive method for faster backpropagation learning*, ICNN 1993:
    a step grows while the gradient keeps its sign; where the sign flips it shrinks, and the
    parameter waits a turn.
    """
    agreement = grad * previous
    size = where(agreement > 0, size * grow, where(agreement < 0, size * shrink, size))
    size = clamp(size, smallest, largest)
    grad = where(agreement < 0, 0.0, grad)
    return param - sign(grad) * size, grad, size


class Rprop(Optimizer):
    """Resilient backpropagation: each weight has its own step size, gradients give only the sign.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: the first step size.
        etas: factors on the step size where the gradient's sign flips, and where it stays.
        step_sizes: the smallest and the largest step size.
        capturable: for devices that capture graphs; `step` refuses it.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
        differentiable: whether autograd records the step.
    """

    rule = staticmethod(rprop_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 < etas[0] < 1.0 < etas[1], f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"prev": zeros, "step_size": _initial_size}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        return (*group["etas"], *(float(size) for size in group["step_sizes"]))


def _initial_size(param: Tensor, group: Group) -> Tensor:
    return ops.full_like(param, float(group["lr"]))
