"""Running averages of gradients, the part that the adaptive rules share."""

from __future__ import annotations

from flambeau.tensor import Tensor

__all__ = ["blend", "decay_weights"]


def blend(average: Tensor, value: Tensor, weight: float) -> Tensor:
    """Move `average` towards `value` by `weight`: ``(1 - weight) * average + weight * value``."""
    return average + weight * (value - average)


def decay_weights(
    param: Tensor,
    grad: Tensor,
    lr: float,
    weight_decay: float | None,
    decoupled: bool,
) -> tuple[Tensor, Tensor]:
    """Apply weight decay: to the gradient (L2), or to the parameter itself when `decoupled`.

    Loshchilov & Hutter, *Decoupled weight decay regularization*, ICLR 2019.
    """
    if weight_decay is None:
        return param, grad
    if decoupled:
        return param - lr * (weight_decay * param), grad
    return param, grad + weight_decay * param
