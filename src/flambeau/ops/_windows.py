"""Windows that slide along a tensor's last dimensions: sums, maxima, and their derivatives."""

from __future__ import annotations

from typing import Any, NamedTuple

from flambeau.autograd import Operator
from flambeau.ir.primitives.indexing import GATHER
from flambeau.ir.primitives.taps import Ints, Padding
from flambeau.ir.primitives.window import WINDOW_MAX, WINDOW_SCATTER, WINDOW_SUM
from flambeau.ir.shapes import numel
from flambeau.ops.shape import reshape
from flambeau.tensor import Tensor, emit, emit_many, node_of

__all__ = [
    "GatherFlat",
    "MaxPool2DWithIndices",
    "MaxPool3DWithIndices",
    "ScatterFlat",
    "Windows",
    "adjoint",
    "gather_flat",
    "sliding",
    "sum_windows",
]


class Windows(NamedTuple):
    """Where the taps of a window fall: see ``flambeau.ir.primitives.taps``."""

    window: Ints
    stride: Ints
    padding: Padding
    spread: Ints
    dilation: Ints


def sliding(window: Ints, stride: Ints, padding: Padding, dilation: Ints | None = None) -> Windows:
    """Windows over an input that is not spread."""
    one = (1,) * len(window)
    return Windows(window, stride, padding, one, dilation or one)


# Sums -------------------------------------------------------------------------------------------


class SumPool(Operator):
    """The sum of each window: its derivative is the sum of others."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, windows: Windows) -> Tensor:
        ctx.windows, ctx.sizes = windows, node_of(input).shape[-len(windows.window) :]
        return emit(
            WINDOW_SUM,
            input,
            window=windows.window,
            stride=windows.stride,
            padding=windows.padding,
            input_dilation=windows.spread,
            dilation=windows.dilation,
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return sum_windows(grad, adjoint(ctx.windows, ctx.sizes, grad)), None


def sum_windows(input: Tensor, windows: Windows) -> Tensor:
    """The sum of each window's elements."""
    return SumPool.apply(input, windows)


def adjoint(windows: Windows, sizes: Ints, grad: Tensor) -> Windows:
    """The windows that send each output's gradient back to an input of the given sizes."""
    window, stride, padding, spread, dilation = windows
    outputs = node_of(grad).shape[-len(window) :]
    low = [(k - 1) * d - lo for k, d, (lo, _) in zip(window, dilation, padding, strict=True)]
    high = [
        (size - 1) * wide + lo - (q - 1) * step
        for size, wide, (lo, _), q, step in zip(
            sizes, spread, padding, outputs, stride, strict=True
        )
    ]
    return Windows(window, spread, tuple(zip(low, high, strict=True)), stride, dilation)


# Maxima -----------------------------------------------------------------------------------------


class MaxPool2DWithIndices(Operator):
    """The largest element of each window, and its place in the flattened plane."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, windows: Windows) -> tuple[Tensor, ...]:
        values, index = emit_many(
            WINDOW_MAX,
            input,
            window=windows.window,
            stride=windows.stride,
            padding=windows.padding,
            dilation=windows.dilation,
        )
        ctx.save_for_backward(index)
        ctx.sizes = node_of(input).shape[-len(windows.window) :]
        return values, index

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Any, ...]:
        return ScatterFlat.apply(grad, ctx.saved_tensors[0], ctx.sizes), None


class MaxPool3DWithIndices(MaxPool2DWithIndices):
    """As in two dimensions, in three."""


class ScatterFlat(Operator):
    """Elements added at their places in flattened planes of a given size."""

    _label = "MaxPoolBackward"

    @staticmethod
    def forward(ctx: Any, source: Tensor, index: Tensor, sizes: Ints) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rank = len(sizes)
        return emit(WINDOW_SCATTER, source, index, size=sizes)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return gather_flat(grad, ctx.saved_tensors[0], ctx.rank), None, None


class GatherFlat(Operator):
    """The elements at places of the last dimension: the adjoint of ``ScatterFlat``."""

    _label = "Gather"

    @staticmethod
    def forward(ctx: Any, input: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        shape = node_of(input).shape
        ctx.sizes = shape[-1:]
        return emit(GATHER, input, index, axis=len(shape) - 1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return ScatterFlat.apply(grad, ctx.saved_tensors[0], ctx.sizes), None


def gather_flat(input: Tensor, index: Tensor, rank: int) -> Tensor:
    """The elements at places in the flattened last ``rank`` dimensions."""
    shape = node_of(index).shape
    lead = shape[:-rank]
    flat = reshape(input, (*lead, numel(node_of(input).shape[-rank:])))
    places = reshape(index, (*lead, numel(shape[-rank:])))
    return reshape(GatherFlat.apply(flat, places), shape)
