"""Primitives that move elements without computing: shape, order, windows, joins, sources."""

from __future__ import annotations

import numpy as np

from flambeau.ir.dtypes import DType
from flambeau.ir.node import Node, Primitive, Shape, Spec
from flambeau.ir.shapes import numel

Ints = tuple[int, ...]


def _reshape(x: Node, shape: Shape) -> Spec:
    if numel(shape) != numel(x.shape):
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel(x.shape)}")
    return shape, x.dtype


RESHAPE = Primitive("reshape", _reshape, lambda x, shape: x.reshape(shape))


def _permute(x: Node, axes: Ints) -> Spec:
    return tuple(x.shape[axis] for axis in axes), x.dtype


PERMUTE = Primitive("permute", _permute, lambda x, axes: x.transpose(axes))


def _expand(x: Node, shape: Shape) -> Spec:
    return shape, x.dtype


#: Broadcast to ``shape``: size-1 dimensions (and missing leading ones) are repeated.
EXPAND = Primitive("expand", _expand, lambda x, shape: np.broadcast_to(x, shape))


def slice_size(start: int, stop: int, step: int) -> int:
    """How many indices ``start:stop:step`` has."""
    return max(0, (stop - start + step - 1) // step)


def _slice(x: Node, starts: Ints, stops: Ints, steps: Ints) -> Spec:
    return tuple(map(slice_size, starts, stops, steps)), x.dtype


def _slices(starts: Ints, stops: Ints, steps: Ints) -> tuple[slice, ...]:
    return tuple(map(slice, starts, stops, steps))


#: ``x[start:stop:step]`` in every dimension, with ``0 <= start <= stop`` and ``step > 0``.
SLICE = Primitive("slice", _slice, lambda x, starts, stops, steps: x[_slices(starts, stops, steps)])


def _slice_write(x: Node, source: Node, starts: Ints, stops: Ints, steps: Ints) -> Spec:
    return x.shape, x.dtype


def _write(x: np.ndarray, source: np.ndarray, starts: Ints, stops: Ints, steps: Ints) -> np.ndarray:
    result = np.array(x)
    result[_slices(starts, stops, steps)] = source
    return result


#: ``x`` with the elements that ``SLICE`` would read replaced by ``source``.
SLICE_WRITE = Primitive("slice_write", _slice_write, _write)


def _pad(x: Node, value: Node, low: Ints, high: Ints) -> Spec:
    return tuple(a + n + b for a, n, b in zip(low, x.shape, high, strict=True)), x.dtype


def _pad_array(x: np.ndarray, value: np.ndarray, low: Ints, high: Ints) -> np.ndarray:
    shape = [a + n + b for a, n, b in zip(low, x.shape, high, strict=True)]
    result = np.full(shape, value, dtype=x.dtype)
    result[tuple(slice(a, a + n) for a, n in zip(low, x.shape, strict=True))] = x
    return result


#: ``x`` framed by the scalar ``value``; ``low`` and ``high`` are not negative.
PAD = Primitive("pad", _pad, _pad_array)


def _flip(x: Node, axes: Ints) -> Spec:
    return x.shape, x.dtype


FLIP = Primitive("flip", _flip, lambda x, axes: np.flip(x, axes))


def _concat(*inputs: Node, axis: int) -> Spec:
    first = inputs[0]
    shape = list(first.shape)
    shape[axis] = sum(node.shape[axis] for node in inputs)
    return tuple(shape), first.dtype


CONCAT = Primitive("concat", _concat, lambda *arrays, axis: np.concatenate(arrays, axis))


def _iota(size: int, dtype: DType) -> Spec:
    return (size,), dtype


#: 0, 1, 2 … ``size - 1``.
IOTA = Primitive("iota", _iota, lambda size, dtype: np.arange(size).astype(dtype.numpy))


def _diagonal(x: Node, offset: int, axis1: int, axis2: int) -> Spec:
    rows, columns = x.shape[axis1], x.shape[axis2]
    size = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    rest = tuple(n for dim, n in enumerate(x.shape) if dim not in (axis1, axis2))
    return (*rest, size), x.dtype


#: The diagonal of two dimensions, as a new last one.
DIAGONAL = Primitive("diagonal", _diagonal, np.diagonal)


def _diagonal_write(x: Node, source: Node, offset: int, axis1: int, axis2: int) -> Spec:
    return x.shape, x.dtype


def _write_diagonal(
    x: np.ndarray, source: np.ndarray, offset: int, axis1: int, axis2: int
) -> np.ndarray:
    result = np.array(x)
    diagonal = np.diagonal(result, offset, axis1, axis2)
    diagonal.flags.writeable = True
    diagonal[...] = source
    return result


#: ``x`` with that diagonal replaced by ``source``.
DIAGONAL_WRITE = Primitive("diagonal_write", _diagonal_write, _write_diagonal)


def _strided(x: Node, shape: Shape, strides: Ints, offset: int) -> Spec:
    return shape, x.dtype


def _window(x: np.ndarray, shape: Shape, strides: Ints, offset: int) -> np.ndarray:
    """A window on ``x``'s elements in row-major order; strides and offset count elements."""
    reach = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    if reach >= x.size and 0 not in shape:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset} "
            f"are out of bounds for storage of {x.size} elements"
        )
    flat = np.ascontiguousarray(x).reshape(-1)[offset:]
    steps = [s * x.itemsize for s in strides]
    return np.lib.stride_tricks.as_strided(flat, shape, steps)


#: ``torch.as_strided`` of the elements in row-major order: the general, opaque view.
STRIDED = Primitive("strided", _strided, _window)


def _strided_write(x: Node, source: Node, shape: Shape, strides: Ints, offset: int) -> Spec:
    return x.shape, x.dtype


def _write_window(
    x: np.ndarray, source: np.ndarray, shape: Shape, strides: Ints, offset: int
) -> np.ndarray:
    result = np.array(x, order="C")
    _window(result, shape, strides, offset)[...] = source
    return result


#: ``x`` with the elements of that window replaced by ``source``.
STRIDED_WRITE = Primitive("strided_write", _strided_write, _write_window)


def _bitcast(x: Node, dtype: DType) -> Spec:
    return x.shape, dtype


#: The same bytes read as another dtype of the same width (``Tensor.view(dtype)``).
BITCAST = Primitive(
    "bitcast", _bitcast, lambda x, dtype: np.array(x, copy=None, order="C").view(dtype.numpy)
)


def _item(x: Node, index: int) -> Spec:
    raise AssertionError("made by record_many, which knows the shape")


#: One output of a primitive that has several.
ITEM = Primitive("item", _item, lambda values, index: values[index])

__all__ = [
    "BITCAST",
    "CONCAT",
    "DIAGONAL",
    "DIAGONAL_WRITE",
    "EXPAND",
    "FLIP",
    "IOTA",
    "ITEM",
    "PAD",
    "PERMUTE",
    "RESHAPE",
    "SLICE",
    "SLICE_WRITE",
    "STRIDED",
    "STRIDED_WRITE",
    "slice_size",
]
