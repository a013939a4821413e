"""Primitives over windows that slide along the trailing ``len(window)`` dimensions: pooling."""

from __future__ import annotations

import math

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.node import Node, Primitive, Shape, Spec
from flambeau.ir.primitives.elementwise import HALVES, in_single
from flambeau.ir.primitives.indexing import check_bounds
from flambeau.ir.primitives.taps import Ints, Padding, output_sizes, tap_meetings
from flambeau.ir.shapes import strides_of

__all__ = ["WINDOW_MAX", "WINDOW_SCATTER", "WINDOW_SUM"]


def _window_max(
    x: Node, window: Ints, stride: Ints, padding: Padding, dilation: Ints
) -> list[Spec]:
    rank = len(window)
    spread = (1,) * rank
    places = output_sizes(x.shape[-rank:], window, stride, padding, spread, dilation)
    shape = (*x.shape[:-rank], *places)
    return [(shape, x.dtype), (shape, dtypes.int64)]


def _max_arrays(
    x: np.ndarray, window: Ints, stride: Ints, padding: Padding, dilation: Ints
) -> tuple[np.ndarray, np.ndarray]:
    dtype = x.dtype
    x = x.astype(np.float32) if dtype in HALVES else x
    rank = len(window)
    sizes = x.shape[-rank:]
    spread = (1,) * rank
    places = output_sizes(sizes, window, stride, padding, spread, dilation)
    meetings = list(tap_meetings(sizes, places, window, stride, padding, spread, dilation))
    values = np.full((*x.shape[:-rank], *places), _lowest(x.dtype), x.dtype)
    # The number of the tap that holds the largest so far; at first, the first in the plane.
    # Numbers grow as we go, so a better one is kept by taking the larger.
    first = np.zeros(places, np.min_scalar_type(len(meetings)))
    for tap in reversed(range(len(meetings))):
        first[meetings[tap][0]] = tap
    number = np.broadcast_to(first, values.shape).copy()
    for tap, (target, source) in enumerate(meetings):
        candidates = np.ascontiguousarray(x[source])
        better = candidates > values[target]
        _keep(number[target], better, tap)
        np.maximum(values[target], candidates, out=values[target])
    if x.dtype.kind == "f" and np.isnan(values).any():
        number[np.isnan(values)] = 0
        for tap, (target, source) in enumerate(meetings):
            _keep(number[target], np.isnan(x[source]), tap)
    index = _flat_places(number, sizes, places, window, stride, padding, dilation)
    return values.astype(dtype, copy=False), index


def _lowest(dtype: np.dtype) -> float | int:
    return -math.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _keep(number: np.ndarray, better: np.ndarray, tap: int) -> None:
    np.maximum(number, better * number.dtype.type(tap), out=number)


def _flat_places(
    number: np.ndarray,
    sizes: Shape,
    places: Shape,
    window: Ints,
    stride: Ints,
    padding: Padding,
    dilation: Ints,
) -> np.ndarray:
    """Where in the flattened plane the tap of each number falls."""
    steps = strides_of(sizes)
    corners = np.zeros((), np.int64)
    offsets = np.zeros((), np.int64)
    for d, step in enumerate(steps):
        corners = corners[..., None] + (np.arange(places[d]) * stride[d] - padding[d][0]) * step
        offsets = offsets[..., None] + np.arange(window[d]) * (dilation[d] * step)
    return offsets.reshape(-1)[number] + corners


#: The largest element of each window and its place in the (unpadded) plane, counted row by row.
#: Padding never wins. Of equals the first counts; of several nan, the last.
WINDOW_MAX = Primitive("window_max", _window_max, _max_arrays)


def _window_sum(
    x: Node, window: Ints, stride: Ints, padding: Padding, input_dilation: Ints, dilation: Ints
) -> Spec:
    rank = len(window)
    sizes = x.shape[-rank:]
    places = output_sizes(sizes, window, stride, padding, input_dilation, dilation)
    return (*x.shape[:-rank], *places), x.dtype


def _sum_arrays(
    x: np.ndarray,
    window: Ints,
    stride: Ints,
    padding: Padding,
    input_dilation: Ints,
    dilation: Ints,
) -> np.ndarray:
    # One dimension after the other: a window of k by k costs 2k additions, not k * k.
    for position in range(len(window)):
        axis = x.ndim - len(window) + position
        own = slice(position, position + 1)
        options = (window[own], stride[own], padding[own], input_dilation[own], dilation[own])
        x = _sum_along(x, axis, *options)
    return x


def _sum_along(
    x: np.ndarray,
    axis: int,
    window: Ints,
    stride: Ints,
    padding: Padding,
    spread: Ints,
    dilation: Ints,
) -> np.ndarray:
    size = (x.shape[axis],)
    places = output_sizes(size, window, stride, padding, spread, dilation)
    out = np.zeros((*x.shape[:axis], *places, *x.shape[axis + 1 :]), x.dtype)
    before = (slice(None),) * axis
    meetings = tap_meetings(size, places, window, stride, padding, spread, dilation)
    for (_, target), (_, source) in meetings:
        out[(*before, target)] += x[(*before, source)]
    return out


#: The sum of each window's elements; padding counts as 0. Its adjoint is itself.
WINDOW_SUM = Primitive("window_sum", _window_sum, in_single(_sum_arrays))


def _window_scatter(source: Node, index: Node, size: Shape) -> Spec:
    if source.shape != index.shape:
        raise RuntimeError(f"source {source.shape} and index {index.shape} differ in shape")
    return (*source.shape[: -len(size)], *size), source.dtype


def _scatter_arrays(source: np.ndarray, index: np.ndarray, size: Shape) -> np.ndarray:
    plane = math.prod(size)
    check_bounds(index, plane)
    lead = source.shape[: -len(size)]
    # Number the places through all planes.
    firsts = plane * np.arange(math.prod(lead)).reshape(*lead, *(1 for _ in size))
    places = (index + firsts).reshape(-1)
    shape = (*lead, *size)
    if source.dtype.kind in "fV":
        weights = source.reshape(-1).astype(np.float64, copy=False)
        return np.bincount(places, weights, math.prod(shape)).astype(source.dtype).reshape(shape)
    out = np.zeros(math.prod(shape), source.dtype)
    np.add.at(out, places, source.reshape(-1))
    return out.reshape(shape)


#: Planes of the trailing shape ``size``, with each element added at its place: what gathers
#: elements by the indices of ``WINDOW_MAX`` has this for its adjoint.
WINDOW_SCATTER = Primitive("window_scatter", _window_scatter, _scatter_arrays)
