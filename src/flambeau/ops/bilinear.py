"""The bilinear form that ``nn.Bilinear`` learns."""

from __future__ import annotations

from flambeau.ops._registry import operation
from flambeau.ops.einstein import einsum
from flambeau.tensor import Tensor

__all__ = ["bilinear"]


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("f(3, 4), f(3, 5), f(2, 4, 5), f(2)", "f(4), f(5), f(2, 4, 5)"),
)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``y[k] = x1 W[k] x2 + b[k]``: (…, I), (…, J), weight (K, I, J), bias (K) to (…, K)."""
    if input1.ndim != input2.ndim:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}"
        )
    for position, (x, axis) in enumerate(((input1, 1), (input2, 2)), 1):
        if x.shape[-1] != weight.shape[axis]:
            raise RuntimeError(
                f"bilinear(): input{position} size does not match weight size: got "
                f"{x.shape[-1]} but expected {weight.shape[axis]}"
            )
    result = einsum("...i,kij,...j->...k", input1, weight, input2)
    return result if bias is None else result + bias
