"""Where the taps of a sliding window fall, for convolutions and pooling.

Along one dimension, output ``q`` under tap ``t`` of a window looks at input position

    q * stride + t * dilation - low            (low: the padding in front)

of the input spread out with ``spread - 1`` zeros between its elements.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from flambeau.ir.node import Shape

__all__ = ["Ints", "Padding", "output_size", "output_sizes", "tap_meetings", "tap_slices"]

Ints = tuple[int, ...]
#: What is added in front of and behind each dimension; negative numbers crop.
Padding = tuple[tuple[int, int], ...]


def output_size(
    size: int, window: int, stride: int, padding: tuple[int, int], spread: int, dilation: int
) -> int:
    """How many places a window takes along a dimension of ``size`` elements."""
    spread_size = (size - 1) * spread + 1 if size else 0
    room = padding[0] + spread_size + padding[1] - (window - 1) * dilation - 1
    return max(0, room // stride + 1)


def output_sizes(
    sizes: Shape, window: Ints, stride: Ints, padding: Padding, spread: Ints, dilation: Ints
) -> Shape:
    """``output_size`` for several dimensions."""
    return tuple(map(output_size, sizes, window, stride, padding, spread, dilation))


def tap_slices(
    size: int, outputs: int, stride: int, offset: int, spread: int = 1
) -> tuple[slice, slice]:
    """The outputs that meet input elements under one tap, and those elements.

    Output ``q`` meets element ``p`` where ``q * stride + offset == p * spread``; ``offset`` is
    ``tap * dilation - low``. Both slices have the same number of elements.
    """
    common = math.gcd(stride, spread)
    q_step, p_step = spread // common, stride // common
    if offset % common:
        return slice(0), slice(0)
    # The first q >= 0 that meets an element at all, and then the first that meets one >= 0.
    first = -offset // common * pow(p_step, -1, q_step) % q_step
    behind = -((first * stride + offset) // spread)
    if behind > 0:
        first += -(-behind // p_step) * q_step
    element = (first * stride + offset) // spread
    count = min(-(-(outputs - first) // q_step), -(-(size - element) // p_step))
    if count <= 0:
        return slice(0), slice(0)
    return (
        slice(first, first + (count - 1) * q_step + 1, q_step),
        slice(element, element + (count - 1) * p_step + 1, p_step),
    )


def tap_meetings(
    sizes: Shape,
    places: Shape,
    window: Ints,
    stride: Ints,
    padding: Padding,
    spread: Ints,
    dilation: Ints,
) -> Iterator[tuple[Any, Any]]:
    """For each tap of a window, row by row: an index of outputs, and one of what they meet."""
    along = [
        [tap_slices(size, q, step, tap * gap - low, wide) for tap in range(taps)]
        for size, q, taps, step, (low, _), wide, gap in zip(
            sizes, places, window, stride, padding, spread, dilation, strict=True
        )
    ]
    for pairs in itertools.product(*along):
        outputs, elements = zip(*pairs, strict=True)
        yield (..., *outputs), (..., *elements)
