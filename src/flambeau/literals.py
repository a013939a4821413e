"""From Python data (numbers, nested lists, arrays) to an array and its element type."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType

__all__ = ["to_array"]


def to_array(data: Any, dtype: DType | None = None) -> tuple[np.ndarray, DType]:
    """A new array of ``data``, of ``dtype`` or the one its elements suggest.

    Raises ValueError on ragged lists, TypeError on elements that are no numbers.
    """
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    given = isinstance(data, (np.ndarray, np.generic))
    array: np.ndarray = data if given else _parse(data)
    kept = given or array.dtype.kind not in "iuf"
    wanted = dtype or (dtypes.from_numpy(array.dtype) if kept else _suggested(array))
    if array.dtype.kind == "f" and wanted.category == dtypes.INTEGER:
        return np.trunc(array).astype(wanted.numpy), wanted
    try:
        return np.array(array, dtype=wanted.numpy, order="C"), wanted
    except OverflowError as error:
        raise RuntimeError(
            f"value cannot be converted to type {wanted.name} without overflow"
        ) from error


def _suggested(array: np.ndarray) -> DType:
    if array.dtype.kind == "f" or not array.size:
        return dtypes.default()
    return dtypes.int64


def _parse(data: Any) -> np.ndarray:
    """Nested sequences of numbers, as an array of bools, integers or doubles."""
    shape = _expected_shape(data)
    try:
        array = np.array(data)
    except ValueError:
        array = np.array(None)
    if array.ndim != len(shape):
        array = np.array(None)
    if array.dtype.kind == "u":
        raise RuntimeError("Overflow when unpacking long long")
    if array.dtype.kind in "bif":
        return array
    return np.array(_numbers(data, shape, 0))


def _expected_shape(data: Any) -> list[int]:
    shape = []
    while _is_sequence(data):
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return shape


def _is_sequence(data: Any) -> bool:
    if isinstance(data, (str, bytes, dict, set)) or getattr(data, "ndim", 1) == 0:
        return False
    if hasattr(data, "requires_grad"):
        return False  # a tensor among numbers stands for one number
    return hasattr(data, "__len__") and hasattr(data, "__getitem__")


def _numbers(data: Any, shape: list[int], dim: int) -> Any:
    """The same lists with every leaf a Python number; complains of the first that is none."""
    if dim == len(shape):
        return _number(data)
    if not _is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != shape[dim]:
        raise ValueError(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    return [_numbers(item, shape, dim + 1) for item in data]


def _number(item: Any) -> bool | int | float:
    if isinstance(item, (bool, int, float)):
        if isinstance(item, int) and not -(2**63) <= item < 2**63:
            raise RuntimeError("Overflow when unpacking long long")
        return item
    if isinstance(item, str):
        raise ValueError("too many dimensions 'str'")
    if _is_sequence(item):
        raise ValueError("only one element tensors can be converted to Python scalars")
    if hasattr(item, "item"):
        if getattr(item, "ndim", 0) and item.numel() != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return item.item()
    if isinstance(item, dict) or item is None or not hasattr(item, "__float__"):
        raise RuntimeError(f"Could not infer dtype of {type(item).__name__}")
    return float(item)
