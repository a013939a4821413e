"""Resampling: each output along a dimension is a weighted sum of a few elements.

What is summed for which output follows from the sizes alone, so it is a table of places and
weights, one row for each tap:

    out[i] = sum over taps t of weights[t][i] * input[places[t][i]]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from flambeau.autograd import CompositeOperator
from flambeau.ops._spatial import Ints, put_back, take
from flambeau.ops.arithmetic import add, mul
from flambeau.ops.shape import reshape
from flambeau.tensor import Tensor

__all__ = [
    "Resample",
    "Taps",
    "antialiased_taps",
    "cubic_taps",
    "linear_taps",
    "nearest_taps",
    "quantized",
]


class Taps(NamedTuple):
    """The places and weights along one dimension; without weights there is one tap, of 1."""

    places: tuple[Ints, ...]
    weights: tuple[tuple[float, ...], ...] | None


class Resample(CompositeOperator):
    """Every dimension resampled in turn; those without taps are left alone."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, taps: tuple[Taps | None, ...]) -> Tensor:
        ctx.taps, ctx.sizes = taps, tuple(input.shape)
        for dim, along in enumerate(taps):
            input = input if along is None else _read(input, dim, along)
        return input

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        for dim, along in enumerate(ctx.taps):
            grad = grad if along is None else _send_back(grad, dim, along, ctx.sizes[dim])
        return grad, None


def _sum(terms: list[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = add(total, term)
    return total


def _weighted(x: Tensor, dim: int, weights: tuple[float, ...]) -> Tensor:
    row = Tensor._from_array(np.array(weights, x.dtype.numpy))
    return mul(x, reshape(row, (-1, *(1 for _ in range(x.ndim - dim - 1)))))


def _read(x: Tensor, dim: int, taps: Taps) -> Tensor:
    if taps.weights is None:
        return take(x, dim, taps.places[0])
    pairs = zip(taps.places, taps.weights, strict=True)
    return _sum([_weighted(take(x, dim, places), dim, weights) for places, weights in pairs])


def _send_back(grad: Tensor, dim: int, taps: Taps, size: int) -> Tensor:
    """The adjoint of ``_read``."""
    if taps.weights is None:
        return put_back(grad, dim, taps.places[0], size)
    pairs = zip(taps.places, taps.weights, strict=True)
    shares = [(places, _weighted(grad, dim, weights)) for places, weights in pairs]
    return _sum([put_back(share, dim, places, size) for places, share in shares])


# Tables -----------------------------------------------------------------------------------------
# Positions are computed in the precision in which PyTorch computes them, so that rounding falls
# on the same side.


def _scale(size: int, outputs: int, factor: float | None, kind: Any) -> Any:
    """How many elements of the input one step in the output goes."""
    if factor:
        return kind(1.0 / factor)
    return kind(size) / kind(outputs)


def _table(places: Any, weights: Any) -> Taps:
    return Taps(tuple(map(tuple, places.tolist())), tuple(map(tuple, weights.tolist())))


def nearest_taps(size: int, outputs: int, factor: float | None, exact: bool) -> Taps:
    """One tap: the element that the output's corner (``exact``: its centre) falls on."""
    scale = _scale(size, outputs, factor, np.float32)
    positions = (np.arange(outputs, dtype=np.float32) + np.float32(0.5 * exact)) * scale
    places = np.minimum(np.floor(positions).astype(np.int64), size - 1)
    return Taps((tuple(places.tolist()),), None)


def _positions(size: int, outputs: int, factor: float | None, align: bool, kind: Any) -> Any:
    """Where the outputs fall in the input: corner on corner, or edge on edge."""
    steps = np.arange(outputs, dtype=kind)
    if align:
        scale = kind(size - 1) / kind(outputs - 1) if outputs > 1 else kind(0)
        return steps * scale
    half = kind(0.5)
    return (steps + half) * _scale(size, outputs, factor, kind) - half


def linear_taps(size: int, outputs: int, factor: float | None, align: bool, kind: Any) -> Taps:
    """Two taps: the elements on both sides."""
    positions = np.maximum(_positions(size, outputs, factor, align, kind), kind(0))
    below = np.minimum(np.floor(positions).astype(np.int64), size - 1)
    share = np.clip(positions - below.astype(kind), 0, 1)
    places = np.stack([below, np.minimum(below + 1, size - 1)])
    return _table(places, np.stack([kind(1) - share, share]))


def _cubic(distance: Any, a: float) -> Any:
    """Keys's cubic kernel (1981) at distances from 0 to 2."""
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def cubic_taps(size: int, outputs: int, factor: float | None, align: bool, kind: Any) -> Taps:
    """Four taps: two elements on either side."""
    positions = _positions(size, outputs, factor, align, kind)
    below = np.floor(positions)
    share = positions - below
    offsets = np.arange(-1, 3)[:, None]
    places = np.clip(below.astype(np.int64) + offsets, 0, size - 1)
    weights = _cubic(share.astype(np.float64) - offsets, -0.75)
    return _table(places, weights)


def quantized(taps: Taps) -> Taps:
    """The weights in 16 bits of fixed point, as bytes are resampled."""
    if taps.weights is None:
        return taps
    weights, places = np.array(taps.weights), np.array(taps.places)
    # At the edges several taps may fall on one element: their weights are rounded together.
    for tap in range(len(places) - 1, 0, -1):
        same = places[tap] == places[tap - 1]
        weights[tap - 1] += np.where(same, weights[tap], 0)
        weights[tap] *= ~same
    bits = 0
    while bits < 22 and 0.5 + weights.max() * 2 ** (bits + 1) < 2**15:
        bits += 1
    rounded = np.trunc(weights * 2**bits + np.copysign(0.5, weights)) / 2**bits
    return Taps(taps.places, tuple(map(tuple, rounded.tolist())))


# Filters that are widened when the output is smaller, as Pillow's are.


def _triangle(x: Any) -> Any:
    return np.maximum(0, 1 - np.abs(x))


def _smooth_cubic(x: Any) -> Any:
    return _cubic(x, -0.5)


def _lanczos(x: Any) -> Any:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


_FILTERS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_smooth_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}


def antialiased_taps(
    size: int, outputs: int, factor: float | None, align: bool, kind: Any, mode: str
) -> Taps:
    """As many taps as the filter, stretched by the scale where that is above 1, is wide."""
    kernel, reach = _FILTERS[mode]
    if align:
        scale = kind(size - 1) / kind(outputs - 1) if outputs > 1 else kind(0)
    else:
        scale = _scale(size, outputs, factor, kind)
    stretch = max(float(scale), 1.0)
    centres = float(scale) * (np.arange(outputs) + 0.5)
    begin = np.maximum((centres - reach * stretch + 0.5).astype(np.int64), 0)
    end = np.minimum((centres + reach * stretch + 0.5).astype(np.int64), size)
    taps = np.arange(max(1, int((end - begin).max())))[:, None]
    places = np.minimum(begin + taps, end - 1)
    weights = kernel((begin + taps - centres + 0.5) / stretch)
    weights = np.where(begin + taps < end, weights, 0)
    return _table(places, weights / weights.sum(0))
