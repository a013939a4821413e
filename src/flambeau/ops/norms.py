"""``torch.norm``, the distance between tensors, and slices held within a norm."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import Operator
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import elementwise as e
from flambeau.ir.shapes import normalize_dim
from flambeau.ops._arguments import must_be_tensor, type_name
from flambeau.ops._axes import Dims, every
from flambeau.ops._promotion import Number, operands
from flambeau.ops._registry import operation
from flambeau.ops.linalg_norms import (
    LinalgVectorNorm,
    matrix_norm,
    norm_gradient,
    vector_norm,
)
from flambeau.ops.selection import where
from flambeau.tensor import Tensor, emit

__all__ = ["dist", "norm", "renorm"]


@operation(
    cases=(
        "f(3, 4)",
        "f(3, 4), 1",
        "f(3, 4), 2, 0",
        "f(3, 4), 'fro', 1, True",
        "f(3, 4), 'nuc'",
        "f(3, 4), dim=(0, 1)",
        "d(3, 4), float('inf')",
        "f(3, 4), p=None, dim=1",
    )
)
def norm(
    input: Tensor,
    p: Number | str | None = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    out: None = None,
    dtype: DType | None = None,
) -> Tensor:
    """The ``p``-norm of all elements, or over ``dim``; of matrices for ``"fro"`` and ``"nuc"``.

    ``linalg.vector_norm`` and ``linalg.matrix_norm`` say which of the two is meant.
    """
    dims = (dim,) if isinstance(dim, int) else dim
    if p == "fro" and (dims is None or len(dims) <= 2):
        return vector_norm(input, 2, dims, keepdim, dtype=dtype)
    if isinstance(p, str):
        wanted = every(input)[-2:] if dims is None else dims
        return matrix_norm(input, p, wanted, keepdim, dtype=dtype)  # type: ignore[arg-type]
    return vector_norm(input, 2.0 if p is None else p, dims, keepdim, dtype=dtype)


class Dist(LinalgVectorNorm):
    """The norm of a difference."""


@operation(
    cases=("f(3, 4), f(3, 4)", "f(3, 4), f(4), 1", "d(3), f(3), 3", "d(3), f(3), float('inf')")
)
def dist(input: Tensor, other: Tensor, p: Number = 2) -> Tensor:
    """The ``p``-norm of ``input - other``, over all elements."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    a, b = operands(input, other)
    if not a.dtype.is_floating_point:
        raise RuntimeError(
            "norm(): input dtype should be either floating point or complex. "
            f"Got {type_name(a.dtype)} instead."
        )
    difference = a - b
    return Dist.apply(difference, float(p), every(difference), False)


class Renorm(Operator):
    """Slices along a dimension, shrunk to a largest norm."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
        ctx.form = p, dim, maxnorm
        ctx.save_for_backward(input)
        values = input.detach()
        length = vector_norm(values, p, _others(input, dim), keepdim=True)
        shrunk = emit(e.MUL, values, maxnorm / (length + _TINY))
        return emit(e.WHERE, length > maxnorm, shrunk, values)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        p, dim, maxnorm = ctx.form
        dims = _others(input, dim)
        length = vector_norm(input, p, dims, keepdim=True)
        inverse = 1 / (length + _TINY)
        by_length = (grad * input).sum(dims, keepdim=True) * -(maxnorm * inverse * inverse)
        through = norm_gradient(by_length, input, length, p, dims)
        return where(length > maxnorm, grad * (maxnorm * inverse) + through, grad), None, None, None


_TINY = 1e-7  # what PyTorch adds to a norm before dividing by it


def _others(input: Tensor, dim: int) -> tuple[int, ...]:
    return tuple(d for d in every(input) if d != dim)


@operation(
    inplace=True, cases=("f(3, 4), 2, 0, 1.0", "f(2, 3, 4), 1, -1, 2.0", "d(3, 4), 3, 1, 100.0")
)
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """``input`` with slices along ``dim`` whose ``p``-norm is above ``maxnorm`` shrunk to it."""
    must_be_tensor(input, "input", 1)
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input.ndim < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions"
        )
    return Renorm.apply(input, float(p), normalize_dim(dim, input.ndim), float(maxnorm))
