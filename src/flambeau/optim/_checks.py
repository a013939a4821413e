"""Checks of hyper-parameters, shared by the optimizers' constructors."""

from __future__ import annotations

from collections.abc import Sequence

from flambeau.tensor import Tensor

__all__ = [
    "check",
    "check_betas",
    "check_fused",
    "check_lr",
    "check_not_negative",
    "check_single_element",
]


def check(condition: bool, message: str) -> None:
    """Raise ``ValueError(message)`` unless `condition` holds."""
    if not condition:
        raise ValueError(message)


def check_not_negative(what: str, value: float | Tensor) -> None:
    """Refuse a negative (or NaN) hyper-parameter, `what` naming it in the message."""
    check(bool(value >= 0.0), f"Invalid {what}: {value}")


def check_lr(lr: float | Tensor) -> None:
    """Refuse a learning rate that is negative, or a tensor of several elements."""
    check_single_element("lr", lr)
    check(bool(lr >= 0.0), f"Invalid learning rate: {lr}")


def check_single_element(name: str, value: float | Tensor) -> None:
    """Refuse a tensor that does not hold exactly one number."""
    single = not isinstance(value, Tensor) or value.numel() == 1
    check(single, f"Tensor {name} must be 1-element")


def check_betas(betas: Sequence[float | Tensor]) -> None:
    """Refuse averaging coefficients outside [0, 1)."""
    for index, beta in enumerate(betas):
        check(bool(0.0 <= beta < 1.0), f"Invalid beta parameter at index {index}: {beta}")


def check_fused(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Refuse the combinations of implementation switches that contradict each other."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
