"""Adaptive pools: as many windows as outputs are wanted, spread evenly over the input.

Along a dimension of n elements, window i of m runs from ``floor(i n / m)`` to
``ceil((i + 1) n / m)``. Where the windows differ in length, each is read by its places, the last
of them repeated to make all windows as long as the longest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.autograd import CompositeOperator
from flambeau.ir import dtypes
from flambeau.ir.primitives.indexing import TAKE
from flambeau.ir.primitives.window import WINDOW_MAX
from flambeau.ir.shapes import numel
from flambeau.ops._arguments import must_be_tensor, not_implemented
from flambeau.ops._pooling import check_sizes, one_number
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Ints, put_back, take
from flambeau.ops._windows import MaxPool2DWithIndices, sliding
from flambeau.ops.arithmetic import div
from flambeau.ops.reduction import mean, sum as total
from flambeau.ops.selecting import masked_fill
from flambeau.ops.shape import expand, reshape, squeeze, unsqueeze
from flambeau.tensor import Tensor, emit, emit_many, node_of

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
]

FUNCTIONAL = ("nn.functional",)


def _bounds(size: int, outputs: int) -> list[tuple[int, int]]:
    """Where each window begins and ends."""
    return [(i * size // outputs, -(-(i + 1) * size // outputs)) for i in range(outputs)]


def _places(size: int, outputs: int) -> tuple[Ints, int]:
    """The places of all windows, one after the other, and the length they are brought to."""
    bounds = _bounds(size, outputs)
    longest = max((end - begin for begin, end in bounds), default=1)
    return (
        tuple(min(begin + k, end - 1) for begin, end in bounds for k in range(longest)),
        longest,
    )


def _tensor(array: Any, dtype: Any) -> Tensor:
    return Tensor._from_array(np.array(array, dtype.numpy))


# Means ------------------------------------------------------------------------------------------


def _repeats(size: int, outputs: int, rank_behind: int) -> Tensor:
    """Which elements of the windows, (outputs, longest, 1 …), only make them longer."""
    longest = _places(size, outputs)[1]
    rows = [[begin + k >= end for k in range(longest)] for begin, end in _bounds(size, outputs)]
    return reshape(_tensor(rows, dtypes.bool_), (outputs, longest, *(1,) * rank_behind))


def _lengths(size: int, outputs: int, rank_behind: int, like: Tensor) -> Tensor:
    lengths = [end - begin for begin, end in _bounds(size, outputs)]
    return reshape(_tensor(lengths, like.dtype), (outputs, *(1,) * rank_behind))


def _mean_along(x: Tensor, dim: int, outputs: int) -> Tensor:
    shape = tuple(x.shape)
    size, behind = shape[dim], len(shape) - dim - 1
    if outputs == size:
        return x
    if outputs and size % outputs == 0:
        split = reshape(x, (*shape[:dim], outputs, size // outputs, *shape[dim + 1 :]))
        return mean(split, dim + 1)
    places, longest = _places(size, outputs)
    read = reshape(take(x, dim, places), (*shape[:dim], outputs, longest, *shape[dim + 1 :]))
    read = masked_fill(read, _repeats(size, outputs, behind), 0)
    return div(total(read, dim + 1), _lengths(size, outputs, behind, x))


def _mean_back_along(grad: Tensor, dim: int, size: int) -> Tensor:
    """The adjoint of ``_mean_along``."""
    shape = tuple(grad.shape)
    outputs, behind = shape[dim], len(shape) - dim - 1
    if outputs == size:
        return grad
    places, longest = _places(size, outputs)
    shares = div(grad, _lengths(size, outputs, behind, grad))
    spread = expand(unsqueeze(shares, dim + 1), (*shape[: dim + 1], longest, *shape[dim + 1 :]))
    if outputs and size % outputs == 0:
        return reshape(spread, (*shape[:dim], size, *shape[dim + 1 :]))
    spread = masked_fill(spread, _repeats(size, outputs, behind), 0)
    spread = reshape(spread, (*shape[:dim], outputs * longest, *shape[dim + 1 :]))
    return put_back(spread, dim, places, size)


class AdaptiveAvgPool2D(CompositeOperator):
    """The means of windows, one dimension after the other."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, outputs: Ints) -> Tensor:
        ctx.sizes = tuple(input.shape[-len(outputs) :])
        for dim, wanted in enumerate(outputs, input.ndim - len(outputs)):
            input = _mean_along(input, dim, wanted)
        return input

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        for dim, size in enumerate(ctx.sizes, grad.ndim - len(ctx.sizes)):
            grad = _mean_back_along(grad, dim, size)
        return grad, None


class AdaptiveAvgPool3D(AdaptiveAvgPool2D):
    """As in two dimensions, in three."""


def _wanted(function: str, rank: int, input: Tensor, output_size: Any) -> Ints:
    """The sizes of the output; ``None`` stands for the input's."""
    must_be_tensor(input, "input", 1)
    if isinstance(output_size, int):
        return (output_size,) * rank
    if input.ndim <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    sizes = input.shape[-len(output_size) :]
    wanted = [n if n is not None else size for n, size in zip(output_size, sizes, strict=True)]
    for position, n in enumerate(wanted):
        if not hasattr(n, "__index__"):
            raise TypeError(
                f"{function}(): argument 'output_size' (position 2) must be tuple of ints, "
                f"but found element of type {type(n).__name__} at pos {position}"
            )
    if len(wanted) != rank:
        what = "(): internal error: output_size.size()" if "max" in function else ": output_size"
        raise RuntimeError(f"{function}{what} must be {rank}")
    return tuple(n.__index__() for n in wanted)


def _adaptive_avg_pool(rank: int, input: Tensor, output_size: Any) -> Tensor:
    function = f"adaptive_avg_pool{rank}d"
    outputs = _wanted(function, rank, input, output_size)
    if min(outputs) < 0:
        raise RuntimeError(
            f"{function}: elements of output_size must be greater than or equal to 0 but "
            f"received {{{', '.join(map(str, outputs))}}}"
        )
    check_sizes(function, rank, input)
    if max(outputs) == min(outputs) == 1:
        return mean(input, tuple(range(-rank, 0)), keepdim=True)
    if not input.dtype.is_floating_point:
        raise not_implemented(function, input.dtype)
    return (AdaptiveAvgPool2D if rank == 2 else AdaptiveAvgPool3D).apply(input, outputs)


def _check_signal(function: str, input: Tensor) -> None:
    must_be_tensor(input, "input", 1)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument "
            f"#1 'self' (while checking arguments for {function})"
        )


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(2, 3, 8), 4",
        "f(3, 7), 3",
        "f(2, 3, 4), 6",
        "f(2, 3, 5), 1",
        "f(2, 3, 5).detach(), 0",
    ),
)
def adaptive_avg_pool1d(input: Tensor, output_size: int | Sequence[int]) -> Tensor:
    """The means of ``output_size`` windows that cover signals (N, C, L), or one (C, L)."""
    _check_signal("adaptive_avg_pool1d", input)
    outputs = one_number("adaptive_avg_pool1d", "output_size", output_size, 2)
    return squeeze(adaptive_avg_pool2d(unsqueeze(input, -2), (1, outputs)), -2)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 3, 6, 8), (3, 4)",
        "f(3, 7, 5), (3, 2)",
        "f(1, 2, 5, 7), 3",
        "f(1, 2, 3, 4), (5, 6)",
        "f(1, 2, 5, 4), (None, 2)",
        "f(2, 3, 6, 6), 1",
        "f(1, 2, 5, 4), (5, 4)",
        "f(0, 2, 5, 4), 2",
        "f(1, 2, 5, 4).detach(), (0, 2)",
    ),
)
def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """The means of windows that cover images (N, C, H, W), or one, as many as outputs are wanted.

    ``None`` keeps a size.

    >>> import flambeau as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(6.0).view(1, 2, 3), (1, 2))
    tensor([[[2., 3.]]])
    """
    return _adaptive_avg_pool(2, input, output_size)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(1, 2, 4, 6, 4), 2",
        "f(2, 4, 5, 3), (3, 2, None)",
        "f(1, 1, 3, 4, 5), 1",
    ),
)
def adaptive_avg_pool3d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """The means of windows that cover volumes: see :func:`adaptive_avg_pool2d`."""
    return _adaptive_avg_pool(3, input, output_size)


# Maxima -----------------------------------------------------------------------------------------


class AdaptiveMaxPool2D(CompositeOperator):
    """The largest elements of windows, and their places in the flattened plane."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, outputs: Ints) -> tuple[Tensor, Tensor]:
        rank = len(outputs)
        sizes = ctx.sizes = tuple(input.shape[-rank:])
        table = np.arange(numel(sizes)).reshape(sizes)
        window = []
        for d, (size, wanted) in enumerate(zip(sizes, outputs, strict=True)):
            places, longest = _places(size, wanted)
            window.append(longest)
            input = take(input, input.ndim - rank + d, places)
            table = np.take(table, places, axis=d)
        frame = sliding(tuple(window), tuple(window), ((0, 0),) * rank)
        values, found = emit_many(
            WINDOW_MAX,
            input,
            window=frame.window,
            stride=frame.stride,
            padding=frame.padding,
            dilation=frame.dilation,
        )
        index = emit(TAKE, _tensor(table.reshape(-1), dtypes.int64), found, axis=0)
        ctx.save_for_backward(index)
        return values, index

    backward = MaxPool2DWithIndices.backward


class AdaptiveMaxPool3D(AdaptiveMaxPool2D):
    """As in two dimensions, in three."""


def _adaptive_max_pool(rank: int, input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    function = f"adaptive_max_pool{rank}d"
    outputs = _wanted(function, rank, input, output_size)
    check_sizes(function, rank, input)
    if not input.dtype.is_floating_point:
        raise not_implemented(function, input.dtype)
    shape = [*node_of(input).shape[:-rank], *outputs]
    if min(outputs) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(outputs)}: {shape}"
        )
    return (AdaptiveMaxPool2D if rank == 2 else AdaptiveMaxPool3D).apply(input, outputs)


@operation(namespaces=FUNCTIONAL, cases=("d(2, 3, 7), 3",))
def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: int | Sequence[int], return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows that cover signals, and their places."""
    _check_signal("adaptive_max_pool1d", input)
    outputs = one_number("adaptive_max_pool1d", "output_size", output_size, 2)
    values, index = _adaptive_max_pool(2, unsqueeze(input, -2), (1, outputs))
    return squeeze(values, -2), squeeze(index, -2)


@operation(namespaces=FUNCTIONAL, cases=("d(2, 3, 8), 4", "d(3, 7), 3", "d(2, 3, 4), 6, True"))
def adaptive_max_pool1d(
    input: Tensor, output_size: int | Sequence[int], return_indices: bool = False
) -> Any:
    """The largest elements of ``output_size`` windows that cover signals (N, C, L), or one."""
    values, index = adaptive_max_pool1d_with_indices(input, output_size)
    return (values, index) if return_indices else values


@operation(namespaces=FUNCTIONAL, cases=("d(2, 3, 7, 6), 3",))
def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows that cover images, and their places."""
    return _adaptive_max_pool(2, input, output_size)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "d(2, 3, 6, 8), (3, 4)",
        "d(3, 7, 5), (3, 2), True",
        "d(1, 2, 3, 4), (5, 6)",
        "d(1, 2, 5, 4), (None, 2)",
        "d(0, 2, 5, 4), 2",
    ),
)
def adaptive_max_pool2d(
    input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
) -> Any:
    """The largest elements of windows that cover images (N, C, H, W), or one.

    With ``return_indices`` the places of the elements in the flattened image come second.
    """
    values, index = _adaptive_max_pool(2, input, output_size)
    return (values, index) if return_indices else values


@operation(namespaces=FUNCTIONAL, cases=("d(1, 2, 4, 5, 3), 2",))
def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows that cover volumes, and their places."""
    return _adaptive_max_pool(3, input, output_size)


@operation(
    namespaces=FUNCTIONAL, cases=("d(1, 2, 4, 6, 4), 2", "d(2, 4, 5, 3), (3, 2, None), True")
)
def adaptive_max_pool3d(
    input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
) -> Any:
    """The largest elements of windows that cover volumes: see :func:`adaptive_max_pool2d`."""
    values, index = _adaptive_max_pool(3, input, output_size)
    return (values, index) if return_indices else values
