"""The derivatives of convolutions.

With one geometry (strides, padding, …) come three maps, each linear in both its arguments:

    y = correlate(x, w)        dx = by_input(dy, w)        dw = by_weight(x, dy)

A transposed convolution is ``by_input``, and the derivatives of any of the three are the other
two. All of them are one primitive, ``CONV_GENERAL``, on permuted operands.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flambeau.autograd import CompositeOperator, Operator
from flambeau.ir.primitives.contraction import CONV_GENERAL
from flambeau.ir.primitives.taps import Ints, Padding
from flambeau.ops.arithmetic import add
from flambeau.ops.joining import flip
from flambeau.ops.shape import movedim, reshape
from flambeau.tensor import Tensor, emit, node_of

__all__ = ["Convolution", "Geometry", "spatial"]


class Geometry(NamedTuple):
    """Where the taps of a window fall: see ``flambeau.ir.primitives.taps``."""

    stride: Ints
    padding: Padding
    spread: Ints
    dilation: Ints
    groups: int


class ConvGeneral(Operator):
    """The cross-correlation of (N, C, …) by (O, C / groups, …)."""

    _label = "Convolution"

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.geometry = geometry
        return emit(
            CONV_GENERAL,
            input,
            weight,
            stride=geometry.stride,
            padding=geometry.padding,
            input_dilation=geometry.spread,
            kernel_dilation=geometry.dilation,
            groups=geometry.groups,
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, weight = ctx.saved_tensors
        needs_input, needs_weight, _ = ctx.needs_input_grad
        sizes, window = spatial(input), spatial(weight)
        return (
            by_input(grad, weight, sizes, ctx.geometry) if needs_input else None,
            by_weight(input, grad, window, ctx.geometry) if needs_weight else None,
            None,
        )


def spatial(x: Tensor) -> Ints:
    return node_of(x).shape[2:]


def correlate(x: Tensor, w: Tensor, geometry: Geometry) -> Tensor:
    return ConvGeneral.apply(x, w, geometry)


def _split(x: Tensor, dim: int, groups: int) -> Tensor:
    shape = node_of(x).shape
    return reshape(x, (*shape[:dim], groups, shape[dim] // groups, *shape[dim + 1 :]))


def _joined(x: Tensor, dim: int) -> Tensor:
    shape = node_of(x).shape
    return reshape(x, (*shape[:dim], shape[dim] * shape[dim + 1], *shape[dim + 2 :]))


def by_input(dy: Tensor, w: Tensor, sizes: Ints, geometry: Geometry) -> Tensor:
    """What the outputs ``dy`` send back to an input of the given spatial sizes."""
    stride, padding, spread, dilation, groups = geometry
    # In each group the channels swap places, and the window turns round.
    turned = _joined(movedim(_split(w, 0, groups), 2, 1), 0)
    turned = flip(turned, *range(2, w.ndim))
    low = [(k - 1) * d - lo for k, d, (lo, _) in zip(spatial(w), dilation, padding, strict=True)]
    high = [
        (size - 1) * gap + lo - (q - 1) * step
        for size, gap, (lo, _), q, step in zip(
            sizes, spread, padding, spatial(dy), stride, strict=True
        )
    ]
    back = Geometry(spread, tuple(zip(low, high, strict=True)), stride, dilation, groups)
    return correlate(dy, turned, back)


def by_weight(x: Tensor, dy: Tensor, window: Ints, geometry: Geometry) -> Tensor:
    """What inputs and outputs make of a weight with the given window."""
    stride, padding, spread, dilation, groups = geometry
    # The batch is summed over, as channels are: (C / g, g N, …) by (O, N, …) is (C / g, O, …).
    inputs = _joined(movedim(_split(x, 1, groups), (2, 1, 0), (0, 1, 2)), 1)
    outputs = movedim(dy, 0, 1)
    high = [
        (k - 1) * gap + (q - 1) * step - (size - 1) * wide - lo
        for k, gap, q, step, size, wide, (lo, _) in zip(
            window, dilation, spatial(dy), stride, spatial(x), spread, padding, strict=True
        )
    ]
    low = [lo for lo, _ in padding]
    across = Geometry(dilation, tuple(zip(low, high, strict=True)), spread, stride, groups)
    return movedim(correlate(inputs, outputs, across), 0, 1)


class Convolution(CompositeOperator):
    """A convolution, or a transposed one, plus a bias."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        geometry: Geometry,
        transposed_sizes: Ints | None,
    ) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.geometry, ctx.transposed = geometry, transposed_sizes is not None
        if transposed_sizes is None:
            result = correlate(input, weight, geometry)
        else:
            result = by_input(input, weight, transposed_sizes, geometry)
        if bias is None:
            return result
        return add(result, reshape(bias, (-1, *(1 for _ in spatial(input)))))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, weight = ctx.saved_tensors
        geometry = ctx.geometry
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad[:3]
        to_input = to_weight = to_bias = None
        if needs_input and ctx.transposed:
            to_input = correlate(grad, weight, geometry)
        elif needs_input:
            to_input = by_input(grad, weight, spatial(input), geometry)
        if needs_weight:
            x, y = (grad, input) if ctx.transposed else (input, grad)
            to_weight = by_weight(x, y, spatial(weight), geometry)
        if needs_bias:
            to_bias = grad.sum((0, *range(2, grad.ndim)))
        return to_input, to_weight, to_bias, None, None
