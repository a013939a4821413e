"""Reductions over ``axes`` (which stay as size 1: reshape drops them) and scans along one axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.node import Node, Primitive, Spec
from flambeau.ir.primitives.elementwise import in_single

Axes = tuple[int, ...]


def _kept(x: Node, axes: Axes) -> Spec:
    shape = list(x.shape)
    for axis in axes:
        shape[axis] = 1
    return tuple(shape), x.dtype


def _reduction(name: str, function: Callable[..., Any]) -> Primitive:
    def reduce(x: np.ndarray, axes: Axes) -> np.ndarray:
        return function(x, axis=axes, keepdims=True)

    return Primitive(name, _kept, in_single(reduce))


def _sum(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    return np.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _prod(x: np.ndarray, axis: Axes, keepdims: bool) -> np.ndarray:
    return np.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


SUM = _reduction("sum", _sum)
PROD = _reduction("prod", _prod)
#: ``nan`` where there is one. On bools these are "any" and "all".
MAX = _reduction("max", np.maximum.reduce)
MIN = _reduction("min", np.minimum.reduce)
ANY = _reduction("any", np.logical_or.reduce)
ALL = _reduction("all", np.logical_and.reduce)


def _index(x: Node, axis: int) -> Spec:
    return _kept(x, (axis,))[0], dtypes.int64


def _argument(name: str, function: Callable[..., Any]) -> Primitive:
    def find(x: np.ndarray, axis: int) -> np.ndarray:
        return function(x, axis=axis, keepdims=True)

    return Primitive(name, _index, in_single(find))


#: The first place of the largest (smallest) element; of a nan, where there is one.
ARGMAX = _argument("argmax", np.argmax)
ARGMIN = _argument("argmin", np.argmin)


def _along(x: Node, axis: int) -> Spec:
    return x.shape, x.dtype


def _scan(name: str, function: Callable[..., Any]) -> Primitive:
    def scan(x: np.ndarray, axis: int) -> np.ndarray:
        return function(x, axis=axis, dtype=x.dtype)

    return Primitive(name, _along, in_single(scan))


CUMSUM = _scan("cumsum", np.add.accumulate)
CUMPROD = _scan("cumprod", np.multiply.accumulate)
#: The logarithm of the running sum of exponentials.
LOGCUMSUMEXP = _scan("logcumsumexp", np.logaddexp.accumulate)


def _extreme_scan(
    name: str, accumulate: Callable[..., Any], beats: Callable[..., Any]
) -> Primitive:
    def infer(x: Node, axis: int) -> list[Spec]:
        return [(x.shape, x.dtype), (x.shape, dtypes.int64)]

    def scan(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        values = accumulate(x, axis=axis)
        # The last place at which the running extreme was met, as PyTorch reports it.
        met = (x == values) | (np.isnan(x) if x.dtype.kind in "fV" else False)
        shape = [1] * x.ndim
        shape[axis] = x.shape[axis]
        places = np.where(met, np.arange(x.shape[axis]).reshape(shape), 0)
        return values, np.maximum.accumulate(places, axis=axis)

    return Primitive(name, infer, scan)


CUMMAX = _extreme_scan("cummax", np.maximum.accumulate, np.greater_equal)
CUMMIN = _extreme_scan("cummin", np.minimum.accumulate, np.less_equal)
