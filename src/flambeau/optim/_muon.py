"""Muon: momentum, orthogonalized."""

from __future__ import annotations

import math
from typing import Any

from flambeau.ops import clamp, composite, sqrt
from flambeau.optim._checks import check, check_single_element
from flambeau.optim._moments import blend
from flambeau.optim.optimizer import Group, Optimizer, ParamsT, Slots, zeros
from flambeau.tensor import Tensor

__all__ = ["Muon", "muon_update"]


@composite
def muon_update(
    param: Tensor,
    grad: Tensor,
    momentum: Tensor,
    lr: float,
    weight: float,
    nesterov: bool,
    coefficients: tuple[float, float, float],
    steps: int,
    eps: float,
    adjust: str | None,
    decay: float,
) -> tuple[Tensor, Tensor]:
    """Return the parameter after one step, and the momentum.

    Jordan et al., *Muon: an optimizer for hidden layers in neural networks*, 2024. The scale of
    the step follows Liu et al., *Muon is scalable for LLM training*, 2025.
    """
    momentum = blend(momentum, grad, weight)
    step = blend(momentum, grad, weight) if nesterov else momentum
    step = orthogonalize(step, coefficients, steps, eps)
    return param - decay * param - lr * (_scale(adjust, *param.shape) * step), momentum


def orthogonalize(
    matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """Return a matrix with the singular vectors of `matrix` and singular values near one.

    `steps` times, a Newton-Schulz iteration applies the polynomial ``a * s + b * s**3 + c * s**5``
    to every singular value ``s``. Every result is rounded to bfloat16.
    """
    a, b, c = coefficients
    x = _rounded(matrix)
    tall = x.size(0) > x.size(1)
    x = x.t() if tall else x
    x = _rounded(x / clamp(_rounded(sqrt((x * x).sum())), min=eps))
    for _ in range(steps):
        gram = _rounded(x @ x.t())
        factor = _rounded(b * gram + c * (gram @ gram))
        x = _rounded(a * x + factor @ x)
    return (x.t() if tall else x).to(matrix.dtype)


def _rounded(value: Tensor) -> Tensor:
    return value.bfloat16().float()


def _scale(adjust: str | None, rows: int, columns: int) -> float:
    if adjust == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


class Muon(Optimizer):
    """Momentum steps replaced by the nearest matrix with equal singular values.

    For the two-dimensional weights of hidden layers; other parameters are better left to `AdamW`.

    Args:
        params: the parameters to optimize, or dicts that define groups of them: matrices only.
        lr: learning rate.
        weight_decay: strength of the decoupled weight decay.
        momentum: how much of the velocity is kept at each step.
        nesterov: whether the step looks ahead by mixing in the gradient once more.
        ns_coefficients: coefficients of the Newton-Schulz polynomial.
        eps: smallest norm to divide by.
        ns_steps: number of Newton-Schulz iterations.
        adjust_lr_fn: "original" scales steps by ``sqrt(max(1, rows / columns))``,
            "match_rms_adamw" by ``0.2 * sqrt(max(rows, columns))``; None means "original".
    """

    rule = staticmethod(muon_update)

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_single_element("lr", lr)
        check(lr >= 0.0, f"Learning rate should be >= 0 but is: {lr}")
        check(momentum >= 0.0, f"momentum should be >= 0 but is: {momentum}")
        check(weight_decay >= 0.0, f"weight decay should be >= 0 but is: {weight_decay}")
        check(
            adjust_lr_fn in (None, "original", "match_rms_adamw"),
            f"Adjust learning rate function {adjust_lr_fn} is not supported",
        )
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                check(
                    param.dim() == 2,
                    "Muon only supports 2D parameters whereas we found a parameter "
                    f"with size: {param.size()}",
                )

    def _slots(self, param: Tensor, group: Group) -> Slots:
        return {"momentum_buffer": zeros}

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        check(
            group["ns_steps"] < 100,
            "Number of steps must be less than 100 for computational efficiency",
        )
        check(
            len(group["ns_coefficients"]) == 3, "Coefficients must be a tuple of exactly 3 values"
        )
        return (
            group["lr"],
            1 - group["momentum"],
            group["nesterov"],
            tuple(group["ns_coefficients"]),
            group["ns_steps"],
            group["eps"],
            group["adjust_lr_fn"],
            group["lr"] * group["weight_decay"],
        )
