"""Distances and similarities between vectors."""

from __future__ import annotations

from typing import Any

from flambeau.ir.shapes import broadcast
from flambeau.ops._promotion import operands
from flambeau.ops._registry import operation
from flambeau.ops.broadcasting import broadcast_tensors
from flambeau.ops.joining import triu_indices
from flambeau.ops.shape import unsqueeze
from flambeau.tensor import Tensor

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("f(3, 4), f(3, 4)", "f(2, 3, 4), f(3, 4), dim=-1", "f(3, 4), f(3, 4), 0, 1e-6"),
)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along ``dim``: x1·x2 / max(|x1| |x2|, eps)."""
    a, b = broadcast_tensors(*operands(x1, x2))
    lengths = [_length(x, dim).clamp_min(eps) for x in (a, b)]
    return (a / unsqueeze(lengths[0], dim) * (b / unsqueeze(lengths[1], dim))).sum(dim)


def _length(x: Tensor, dim: int) -> Tensor:
    return x.norm(2, dim)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("f(3, 4), f(3, 4)", "f(3, 4), f(3, 4), 1.0, 1e-6, True", "f(4), f(3, 4)"),
)
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The ``p``-norm of ``x1 - x2 + eps`` over the last dimension."""
    broadcast(tuple(x1.shape), tuple(x2.shape))
    return (x1 - x2 + eps).norm(p, -1, keepdim)


@operation(
    namespaces=("torch",),
    cases=("f(3, 4), f(5, 4)", "f(2, 3, 4), f(2, 5, 4), p=1.0", "f(3, 4), f(5, 4), p=float('inf')"),
)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: Any = None) -> Tensor:
    """The ``p``-norm distances between all rows of two matrices (or batches): (…, P, R)."""
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    return (unsqueeze(x1, -2) - unsqueeze(x2, -3)).norm(p, -1)


@operation(namespaces=("nn.functional", "torch"), cases=("f(4, 3)", "f(4, 3), 1.0"))
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The ``p``-norm distances between all pairs of rows: (N (N-1) / 2)."""
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    count = input.shape[0]
    rows, columns = triu_indices(count, count, 1)
    return (input[rows] - input[columns]).norm(p, -1)
