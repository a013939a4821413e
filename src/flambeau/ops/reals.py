"""What PyTorch offers for complex numbers too, on the real tensors that are here."""

from __future__ import annotations

import math

from flambeau.ops._registry import operation
from flambeau.ops.selection import where
from flambeau.ops.shape import transpose
from flambeau.tensor import Tensor

__all__ = [
    "adjoint",
    "angle",
    "conj",
    "conj_physical",
    "is_conj",
    "is_neg",
    "real",
    "resolve_conj",
    "resolve_neg",
]

_ITSELF = ("f(3, 4)", "i(-9, 9, 3)")


@operation(cases=_ITSELF)
def conj(input: Tensor) -> Tensor:
    """The tensor itself: a real number is its own conjugate."""
    return input


@operation(cases=_ITSELF)
def conj_physical(input: Tensor) -> Tensor:
    """The tensor itself."""
    return input


@operation(cases=_ITSELF)
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: no conjugate is pending."""
    return input


@operation(cases=_ITSELF)
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: no negation is pending."""
    return input


@operation(namespaces=("torch",), cases=_ITSELF)
def real(input: Tensor) -> Tensor:
    """The tensor itself."""
    return input


setattr(Tensor, "real", property(real))  # noqa: B010  the stub knows it as a method


@operation(differentiable=False, cases=("f(2)",))
def is_conj(input: Tensor) -> bool:
    """False: no conjugate is pending."""
    return False


@operation(differentiable=False, cases=("f(2)",))
def is_neg(input: Tensor) -> bool:
    """False: no negation is pending."""
    return False


@operation(cases=("f(3, 4)", "f(2, 3, 4)"))
def adjoint(input: Tensor) -> Tensor:
    """The matrices transposed: (…, M, N) to (…, N, M)."""
    return transpose(input, -2, -1)


@operation(differentiable=False, cases=("f(3, 4)", "i(-5, 5, 4)", "torch.tensor([float('nan')])"))
def angle(input: Tensor) -> Tensor:
    """Pi for negative numbers, zero for others, NaN for NaN."""
    if not input.is_floating_point():
        return where(input < 0, math.pi, 0.0)
    turned = where(input < 0, input.new_full((), math.pi), input.new_zeros(()))
    return where(input != input, input, turned)
