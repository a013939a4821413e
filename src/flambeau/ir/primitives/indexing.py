"""Primitives whose addresses are data: gathers, scatters, sorting. Indices count from the front."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.node import Node, Primitive, Spec
from flambeau.ir.primitives.elementwise import HALVES

__all__ = [
    "GATHER",
    "PUT",
    "SCATTER",
    "SEARCHSORTED",
    "SORT",
    "TAKE",
    "TOPK",
    "check_bounds",
]


def check_bounds(index: np.ndarray, size: int) -> None:
    """Raise IndexError when an index falls outside ``[0, size)``."""
    if index.size and (index.min() < 0 or index.max() >= size):
        bad = index[(index < 0) | (index >= size)].flat[0]
        raise IndexError(f"index {bad} is out of bounds for dimension with size {size}")


def _take(x: Node, index: Node, axis: int) -> Spec:
    return x.shape[:axis] + index.shape + x.shape[axis + 1 :], x.dtype


def _take_array(x: np.ndarray, index: np.ndarray, axis: int) -> np.ndarray:
    check_bounds(index, x.shape[axis])
    return np.take(x, index, axis=axis)


#: Whole slices of ``x`` along ``axis``, one for each index: the index's shape replaces the axis.
TAKE = Primitive("take", _take, _take_array)

_UFUNCS = {
    "add": np.add,
    "mul": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def _put(x: Node, index: Node, source: Node, axis: int, mode: str) -> Spec:
    return x.shape, x.dtype


def _put_array(
    x: np.ndarray, index: np.ndarray, source: np.ndarray, axis: int, mode: str
) -> np.ndarray:
    check_bounds(index, x.shape[axis])
    result = _writable(x)
    target = result.swapaxes(0, axis)
    # The index's dimensions stand at ``axis`` in the source; bring them to the front, as one.
    rows = np.moveaxis(source, range(axis, axis + index.ndim), range(index.ndim))
    rows = rows.reshape(index.size, *rows.shape[index.ndim :])
    if axis:
        # swapaxes put dimension 0 where ``axis`` was.
        rows = np.moveaxis(rows, 1, axis)
    flat = index.reshape(-1)
    if mode == "set":
        target[flat] = rows
    elif mode == "add" and flat.size > 64:
        _add_rows(target, flat, rows)
    else:
        _UFUNCS[mode].at(target, flat, rows)
    return result.astype(x.dtype, copy=False)


def _writable(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32) if x.dtype in HALVES else np.array(x)


def _add_rows(target: np.ndarray, index: np.ndarray, rows: np.ndarray) -> None:
    """Add each row at its index: rows of equal index are summed first (``add.at`` is slow)."""
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    firsts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    target[ordered[firsts]] += np.add.reduceat(rows[order], firsts, axis=0)


#: The reverse of ``TAKE``: slices of ``source`` written into (or combined with) those of ``x``.
PUT = Primitive("put", _put, _put_array)


def _gather(x: Node, index: Node, axis: int) -> Spec:
    return index.shape, x.dtype


def _window(x: np.ndarray, index: np.ndarray, axis: int) -> tuple[Any, ...]:
    """``x`` cut, but for ``axis``, to the index's sizes (PyTorch lets those be smaller)."""
    return tuple(
        slice(None) if dim == axis else slice(size) for dim, size in enumerate(index.shape)
    )


def _gather_array(x: np.ndarray, index: np.ndarray, axis: int) -> np.ndarray:
    check_bounds(index, x.shape[axis])
    return np.take_along_axis(x[_window(x, index, axis)], index, axis)


#: One element of ``x`` for each index: ``out[i, j] = x[index[i, j], j]`` for axis 0.
GATHER = Primitive("gather", _gather, _gather_array)


def _scatter(x: Node, index: Node, source: Node, axis: int, mode: str) -> Spec:
    return x.shape, x.dtype


def _scatter_array(
    x: np.ndarray, index: np.ndarray, source: np.ndarray, axis: int, mode: str
) -> np.ndarray:
    check_bounds(index, x.shape[axis])
    result = _writable(x)
    places: list[Any] = list(np.indices(index.shape, sparse=True))
    places[axis] = index
    if mode == "set":
        result[tuple(places)] = source
    else:
        _UFUNCS[mode].at(result, tuple(places), source)
    return result.astype(x.dtype, copy=False)


#: The reverse of ``GATHER``: ``source``'s elements written to (combined with) indexed places.
SCATTER = Primitive("scatter", _scatter, _scatter_array)


def _sort(x: Node, axis: int, descending: bool) -> list[Spec]:
    return [(x.shape, x.dtype), (x.shape, dtypes.int64)]


def _sort_array(x: np.ndarray, axis: int, descending: bool) -> tuple[np.ndarray, np.ndarray]:
    keys = x.astype(np.float32) if x.dtype in HALVES else x
    if descending:
        # A stable sort backwards: the order of equals must stay that of the input.
        order = np.flip(np.argsort(np.flip(keys, axis), axis=axis, kind="stable"), axis)
        order = x.shape[axis] - 1 - order
    else:
        order = np.argsort(keys, axis=axis, kind="stable")
    return np.take_along_axis(x, order, axis), order


#: The sorted values and the places they come from; stable, nan last (first when descending).
SORT = Primitive("sort", _sort, _sort_array)


def _topk(x: Node, k: int, axis: int, largest: bool) -> list[Spec]:
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    return [(shape, x.dtype), (shape, dtypes.int64)]


def _topk_array(x: np.ndarray, k: int, axis: int, largest: bool) -> tuple[np.ndarray, np.ndarray]:
    values, order = _sort_array(x, axis, largest)
    first = tuple(slice(k) if dim == axis else slice(None) for dim in range(x.ndim))
    return values[first], order[first]


#: The ``k`` largest (smallest) values, in order, and their places.
TOPK = Primitive("topk", _topk, _topk_array)


def _searchsorted(edges: Node, x: Node, right: bool) -> Spec:
    return x.shape, dtypes.int64


def _searchsorted_array(edges: np.ndarray, x: np.ndarray, right: bool) -> np.ndarray:
    side: Any = "right" if right else "left"
    if edges.ndim == 1:
        return np.searchsorted(edges, x, side)
    if not x.size:
        return np.zeros(x.shape, np.int64)
    rows = edges.reshape(-1, edges.shape[-1])
    values = x.reshape(len(rows), -1)
    found = [np.searchsorted(row, value, side) for row, value in zip(rows, values, strict=True)]
    return np.stack(found).reshape(x.shape)


#: Where each ``x`` would be inserted in the last dimension of ``edges`` to keep it sorted.
SEARCHSORTED = Primitive("searchsorted", _searchsorted, _searchsorted_array)
