"""Adafactor: adaptive steps in sublinear memory."""

from __future__ import annotations

from typing import Any

from flambeau.ir import dtypes
from flambeau.ops import clamp, composite, rsqrt, sqrt
from flambeau.optim._checks import check, check_single_element
from flambeau.optim._moments import blend
from flambeau.optim.optimizer import (
    Group,
    Optimizer,
    ParamsT,
    Slots,
    unless_zero,
    zeros,
)
from flambeau.tensor import Tensor

__all__ = ["Adafactor", "adafactor_update"]


@composite
def adafactor_update(
    param: Tensor,
    grad: Tensor,
    rows: Tensor | None,
    columns: Tensor | None,
    square: Tensor | None,
    lr: float,
    weight: float,
    eps1: float | None,
    eps2: float,
    threshold: float,
    decay: float | None,
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
    """Return the parameter after one step, and the averages.

    Shazeer & Stern, *Adafactor: adaptive learning rates with sublinear memory cost*, ICML 2018,
    algorithms 4 and 5: the average square of a matrix is estimated from its row and column means.
    """
    eps1 = dtypes.finfo(param.dtype).eps if eps1 is None else eps1
    size = lr * clamp(_root_mean_square(param), min=eps2)
    if decay is not None:
        param = param - decay * param
    if square is None:
        assert rows is not None
        assert columns is not None
        rows = blend(rows, (grad * grad).mean(-1, keepdim=True), weight)
        columns = blend(columns, (grad * grad).mean(-2, keepdim=True), weight)
        estimate = rows * columns / clamp(rows.mean(-2, keepdim=True), min=eps1)
    else:
        estimate = square = blend(square, grad * grad, weight)
    step = grad * rsqrt(clamp(estimate, min=eps1 * eps1))
    step = step / clamp(_root_mean_square(step) / threshold, min=1.0)
    return param - size * step, rows, columns, square


def _root_mean_square(value: Tensor) -> Tensor:
    return sqrt((value * value).mean())


class Adafactor(Optimizer):
    """Adaptive steps relative to the parameter's own size, with the average square factored.

    Args:
        params: the parameters to optimize, or dicts that define groups of them.
        lr: upper bound of the relative step size, which is ``min(lr, 1 / sqrt(step))``.
        beta2_decay: the averages move by ``step ** beta2_decay`` towards a new square.
        eps: smallest average square (by default the dtype's epsilon) and smallest parameter size.
        d: largest root mean square of a step, before scaling.
        weight_decay: strength of the decoupled weight decay.
        foreach: accepted as in PyTorch; every step is compiled as one program anyway.
        maximize: whether to ascend instead.
    """

    rule = staticmethod(adafactor_update)
    numbers = {"step": 0.0}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_single_element("lr", lr)
        check(bool(lr >= 0.0), f"Learning rate should be >= 0 but is: {lr}")
        check(beta2_decay <= 0.0, f"beta2_decay should be <= 0 but is: {beta2_decay}")
        check(eps[0] is None or eps[0] >= 0.0, f"epsilon1 should be >= 0 but is: {eps[0]}")
        check(eps[1] >= 0.0, f"epsilon2 should be >= 0 but is: {eps[1]}")
        check(d >= 1.0, f"Clipping threshold d should be >= 1 but is: {d}")
        check(weight_decay >= 0.0, f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _slots(self, param: Tensor, group: Group) -> Slots:
        matrix = param.dim() > 1
        return {
            "row_var": _zero_rows if matrix else None,
            "col_var": _zero_columns if matrix else None,
            "variance": None if matrix else zeros,
        }

    def _scalars(self, group: Group, numbers: dict[str, Any], first: bool) -> tuple[Any, ...]:
        step = numbers["step"]
        lr, (eps1, eps2) = float(group["lr"]), group["eps"]
        return (
            min(lr, step**-0.5),
            step ** group["beta2_decay"],
            eps1,
            eps2,
            group["d"],
            unless_zero(lr * group["weight_decay"]),
        )


def _zero_rows(param: Tensor, group: Group) -> Tensor:
    return param.new_zeros((*param.shape[:-1], 1))


def _zero_columns(param: Tensor, group: Group) -> Tensor:
    return param.new_zeros((*param.shape[:-2], 1, param.shape[-1]))
