"""Order: sorting, the largest elements, unique elements, positions in sorted sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.primitives import indexing as ix
from flambeau.ir.shapes import normalize_dim
from flambeau.ops._promotion import as_tensor_of
from flambeau.ops._registry import operation
from flambeau.ops.return_types import kthvalue as KthValue, sort as Sorted, topk as TopK
from flambeau.ops.selecting import Scatter
from flambeau.ops.shape import flatten, select, unsqueeze
from flambeau.tensor import Tensor, emit, emit_many, filled, node_of

__all__ = [
    "argsort",
    "bucketize",
    "kthvalue",
    "msort",
    "searchsorted",
    "sort",
    "topk",
    "unique",
    "unique_consecutive",
]


class Sort(Operator):
    """The elements in order along a dimension, and their places."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, descending: bool) -> tuple[Tensor, ...]:
        values, indices = emit_many(ix.SORT, input, axis=dim, descending=descending)
        return _ordered(ctx, input, dim, values, indices)

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> tuple[Any, ...]:
        return _scattered(ctx, grad), None, None


class Topk(Operator):
    """The largest or smallest elements along a dimension, and their places."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, k: int, dim: int, largest: bool) -> tuple[Tensor, ...]:
        values, indices = emit_many(ix.TOPK, input, k=k, axis=dim, largest=largest)
        return _ordered(ctx, input, dim, values, indices)

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> tuple[Any, ...]:
        return _scattered(ctx, grad), None, None, None


def _ordered(
    ctx: Any, input: Tensor, dim: int, values: Tensor, indices: Tensor
) -> tuple[Tensor, ...]:
    node = node_of(input)
    ctx.spec, ctx.dim = (node.shape, 0, node.dtype), dim
    ctx.save_for_backward(indices)
    return values, indices


def _scattered(ctx: Any, grad: Tensor) -> Tensor:
    """The gradient put back to the places the elements came from."""
    (indices,) = ctx.saved_tensors
    return Scatter.apply(filled(*ctx.spec), ctx.dim, indices, grad, "add")


@operation(cases=("d(3, 4)", "d(3, 4), 0", "d(3, 4), -1, True", "i(0, 9, 8), stable=True", "f()"))
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Sorted:
    """The elements in order along ``dim``, and the places they come from. Always stable.

    >>> import flambeau as torch
    >>> torch.sort(torch.tensor([3, 1, 2])).values
    tensor([1, 2, 3])
    """
    if not input.ndim:
        normalize_dim(dim, 0)
        return Sorted(input.clone(), as_tensor_of(0, dtypes.int64))
    return Sorted(*Sort.apply(input, normalize_dim(dim, input.ndim), bool(descending)))


@operation(cases=("d(3, 4)", "d(3, 4), 0, True"), differentiable=False)
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True
) -> Tensor:
    """The places from which ``sort`` takes its elements."""
    return sort(input, dim, descending).indices


@operation(cases=("d(3, 4)",))
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0).values


@operation(cases=("d(3, 5), 2", "d(3, 5), 2, 0", "d(5), 3, largest=False", "d(5), 0"))
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopK:
    """The ``k`` largest (or smallest) elements along ``dim``, in order, and their places."""
    if not input.ndim:
        return TopK(input.clone(), as_tensor_of(0, dtypes.int64))
    dim = normalize_dim(dim, input.ndim)
    if not 0 <= k <= input.shape[dim]:
        raise RuntimeError("selected index k out of range")
    return TopK(*Topk.apply(input, int(k), dim, bool(largest)))


@operation(cases=("d(3, 5), 2", "d(3, 5), 1, 0, True"))
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> KthValue:
    """The ``k``-th smallest element along ``dim`` (counting from 1), and its place."""
    dim = normalize_dim(dim, input.ndim)
    size = input.shape[dim] if input.ndim else 1
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    values, indices = sort(input, dim)
    pair = (select(x, dim, k - 1) for x in (values, indices))
    return KthValue(*(unsqueeze(x, dim) if keepdim else x for x in pair))


# Positions ----------------------------------------------------------------------------------


@operation(
    namespaces=("torch",),
    cases=(
        "torch.tensor([1., 2., 3.]), f(4)",
        "torch.tensor([1, 3, 3, 5]), i(0, 7, 2, 3), right=True",
        "torch.tensor([[1., 2.], [2., 3.]]), f(2, 3)",
    ),
    differentiable=False,
)
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each ``input`` belongs in the sorted last dimension of ``sorted_sequence``."""
    if sorter is not None:
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    values = input if isinstance(input, Tensor) else as_tensor_of(input, sorted_sequence.dtype)
    if sorted_sequence.ndim > 1 and sorted_sequence.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {list(sorted_sequence.shape)} and input value tensor "
            f"{list(values.shape)}"
        )
    found = emit(ix.SEARCHSORTED, sorted_sequence, values, right=right or side == "right")
    return found.to(dtypes.int32) if out_int32 else found


@operation(
    namespaces=("torch",), cases=("f(4), torch.tensor([-1., 0., 1.])",), differentiable=False
)
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """The bucket, among those that sorted ``boundaries`` make, of each element."""
    if boundaries.ndim != 1:
        raise RuntimeError(
            f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


# Unique elements: their number depends on the data, so they are found at once ----------------


def _results(unique: np.ndarray, like: Tensor, *others: np.ndarray | None) -> Any:
    tensors = [Tensor._from_array(np.ascontiguousarray(unique), like.dtype)]
    tensors += [Tensor._from_array(np.asarray(x, np.int64)) for x in others if x is not None]
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


@operation(
    cases=(
        "i(0, 4, 8)",
        "i(0, 4, 3, 3), return_inverse=True, return_counts=True",
        "i(0, 2, 4, 2), dim=0",
    ),
    differentiable=False,
)
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements (or slices along ``dim``), in order; how they map; how many."""
    array = input._array()
    values, inverse, counts = np.unique(
        array, return_inverse=True, return_counts=True, axis=dim, equal_nan=False
    )
    inverse = inverse.reshape(array.shape if dim is None else -1)
    return _results(
        values, input, inverse if return_inverse else None, counts if return_counts else None
    )


@operation(
    cases=("i(0, 2, 8)", "i(0, 2, 8), True, True", "i(0, 2, 4, 2), dim=0"), differentiable=False
)
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """As ``unique``, but only neighbours that are equal are made one."""
    array = (flatten(input) if dim is None else input)._array()
    rows = np.moveaxis(array, 0 if dim is None else dim, 0)
    flat = rows.reshape(len(rows), -1)
    starts = np.ones(len(rows), bool)
    starts[1:] = (flat[1:] != flat[:-1]).any(axis=1)
    values = np.moveaxis(rows[starts], 0, 0 if dim is None else dim)
    inverse = np.cumsum(starts) - 1
    counts = np.diff(np.append(np.flatnonzero(starts), len(rows)))
    if dim is None:
        inverse = inverse.reshape(input.shape)
    return _results(
        values, input, inverse if return_inverse else None, counts if return_counts else None
    )
