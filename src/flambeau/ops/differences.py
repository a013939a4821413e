"""Differences between neighbours."""

from __future__ import annotations

from flambeau.ir import dtypes
from flambeau.ir.shapes import normalize_dim
from flambeau.ops._registry import operation
from flambeau.ops.comparison import ne
from flambeau.ops.joining import cat
from flambeau.ops.shape import narrow
from flambeau.tensor import Tensor

__all__ = ["diff"]


@operation(
    cases=(
        "f(5)",
        "f(3, 4), 2",
        "f(3, 4), dim=0",
        "f(3, 4), prepend=f(3, 1), append=f(3, 2)",
        "i(0, 9, 5)",
        "b(5)",
        "f(3), 4",
    )
)
def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """``input[i + 1] - input[i]`` along ``dim``, ``n`` times; of bools, whether they differ.

    >>> import flambeau as torch
    >>> torch.diff(torch.tensor([1, 3, 2]))
    tensor([ 2, -1])
    """
    if input.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    parts = [part for part in (prepend, input, append) if part is not None]
    result = cat(parts, dim) if len(parts) > 1 else input
    along = normalize_dim(dim, input.ndim)
    for _ in range(min(n, result.shape[along])):
        result = _difference(result, along)
    return result


def _difference(input: Tensor, dim: int) -> Tensor:
    count = max(input.shape[dim] - 1, 0)
    late = narrow(input, dim, min(1, input.shape[dim]), count)
    early = narrow(input, dim, 0, count)
    return ne(late, early) if input.dtype is dtypes.bool_ else late - early
