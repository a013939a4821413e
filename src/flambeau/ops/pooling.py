"""Pools: the largest element, the mean or the norm of each window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flambeau.autograd import CompositeOperator
from flambeau.ir import dtypes
from flambeau.ops._arguments import must_be_tensor, not_implemented
from flambeau.ops._pooling import bind, one_number, output_sizes, windows_of
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Ints, Sizes, per_dimension
from flambeau.ops._windows import (
    MaxPool2DWithIndices,
    MaxPool3DWithIndices,
    Windows,
    adjoint,
    sum_windows,
)
from flambeau.ops.arithmetic import absolute, div, mul, neg, pow as power
from flambeau.ops.selecting import masked_fill
from flambeau.ops.shape import squeeze, unsqueeze
from flambeau.tensor import Tensor

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
]

FUNCTIONAL = ("nn.functional",)


# The largest element ----------------------------------------------------------------------------


def _max_pool(
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> tuple[Tensor, Tensor]:
    function = f"max_pool{rank}d"
    must_be_tensor(input, "input", 1)
    bound = bind(function, rank, kernel_size, stride, padding, dilation)
    if input.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"non-empty {rank + 1}D or {rank + 2}D (batch mode) tensor expected for input"
        )
    if input.dtype is dtypes.bool_:
        raise not_implemented(function, input.dtype)
    operator = MaxPool2DWithIndices if rank == 2 else MaxPool3DWithIndices
    return operator.apply(input, windows_of(input, bound, ceil_mode))


_ONE_NUMBER = {
    "kernel_size": "an int, list of ints or tuple of ints",
    "stride": "None, an int, list of ints, or tuple of ints",
    "padding": "an int, list of ints, or tuple of ints",
    "dilation": "an int, list of ints or tuple of ints",
}


def _bind_signal(input: Tensor, given: dict[str, Any]) -> dict[str, int]:
    """The numbers that ``max_pool1d`` takes, checked in its own words."""
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size "
            f"for input, but got:{list(input.shape)}"
        )
    if given["stride"] is None or given["stride"] in ((), []):
        given["stride"] = given["kernel_size"]
    bound = {}
    for name, value in given.items():
        numbers = per_dimension(value, 1, "max_pool1d", name)
        if len(numbers) != 1:
            raise RuntimeError(
                f"max_pool1d() {name} must be {_ONE_NUMBER[name]} of size 1 "
                f"but got size {len(numbers)}"
            )
        bound[name] = numbers[0]
    for name in ("kernel_size", "stride", "dilation"):
        if bound[name] <= 0:
            raise RuntimeError(
                f"max_pool1d() {name} must be greater than zero, but got {bound[name]}"
            )
    padding, kernel_size = bound["padding"], bound["kernel_size"]
    if padding < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {padding}")
    if padding > kernel_size / 2:
        raise RuntimeError(
            "max_pool1d() padding should be at most half of kernel size, "
            f"but got padding={padding} and kernel_size={kernel_size}"
        )
    return bound


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("d(2, 3, 8), 2", "d(2, 3, 9), 3, 2, 1"),
)
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows of signals, and their places: see :func:`max_pool1d`."""
    must_be_tensor(input, "input", 1)
    given = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    bound = _bind_signal(input, given)
    kernel, step, pad, gap = ((number,) for number in bound.values())
    (size,) = output_sizes(tuple(input.shape[-1:]), kernel, step, pad, gap, ceil_mode)
    if size < 1:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {size}")
    # A signal is an image of one row.
    rows = {name: (int(name != "padding"), number) for name, number in bound.items()}
    values, index = _max_pool(2, unsqueeze(input, -2), **rows, ceil_mode=ceil_mode)
    return squeeze(values, -2), squeeze(index, -2)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "d(2, 3, 8), 2",
        "d(3, 9), 3, 2, 1",
        "d(2, 3, 10), 3, 2, 0, 2, True",
        "d(2, 3, 9), 2, return_indices=True",
    ),
)
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of signals (N, C, L), or one (C, L).

    Windows stand ``stride`` apart (by default ``kernel_size``); their elements, ``dilation``.
    Padding never wins. ``ceil_mode`` lets a last window stick out. With ``return_indices`` the
    places of the elements come second.
    """
    values, index = max_pool1d_with_indices(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return (values, index) if return_indices else values


@operation(namespaces=FUNCTIONAL, cases=("d(2, 3, 6, 6), 2", "d(2, 3, 7, 7), 3, 2, 1"))
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows of images, and their places: see :func:`max_pool2d`."""
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "d(2, 3, 6, 6), 2",
        "d(3, 7, 6), (3, 2), (2, 1), (1, 0)",
        "d(1, 2, 9, 8), 3, 2, 1, 2",
        "d(1, 2, 7, 7), 2, ceil_mode=True",
        "d(1, 2, 6, 6), 3, 1, return_indices=True",
        "d(0, 2, 6, 6), 2",
        "i(0, 9, 1, 2, 6, 6), 2",
    ),
)
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of images (N, C, H, W), or one (C, H, W).

    See :func:`max_pool1d`. Places count through the flattened (unpadded) image.

    >>> import flambeau as torch
    >>> x = torch.arange(16.0).view(1, 4, 4)
    >>> torch.nn.functional.max_pool2d(x, 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    values, index = _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)
    return (values, index) if return_indices else values


@operation(namespaces=FUNCTIONAL, cases=("d(1, 2, 4, 4, 4), 2",))
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows of volumes, and their places: see :func:`max_pool3d`."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "d(1, 2, 4, 4, 6), 2",
        "d(2, 5, 4, 5), 3, 2, 1",
        "d(1, 1, 5, 5, 4), 2, 2, 0, (2, 1, 1), True, True",
    ),
)
def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of volumes (N, C, D, H, W), or one.

    See :func:`max_pool1d`. Places count through the flattened (unpadded) volume.
    """
    values, index = _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)
    return (values, index) if return_indices else values


# Means ------------------------------------------------------------------------------------------

#: What window sums are divided by: a number, or one for each place along each dimension.
Divisor = int | tuple[Ints, ...]


class AvgPool2D(CompositeOperator):
    """The sum of each window over a divisor."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, windows: Windows, divisor: Divisor) -> Tensor:
        ctx.windows, ctx.divisor = windows, divisor
        ctx.sizes = tuple(input.shape[-len(windows.window) :])
        return _divided(sum_windows(input, windows), divisor)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        back = adjoint(ctx.windows, ctx.sizes, grad)
        return sum_windows(_divided(grad, ctx.divisor), back), None, None


class AvgPool3D(AvgPool2D):
    """As in two dimensions, in three."""


def _divided(total: Tensor, divisor: Divisor) -> Tensor:
    mode = None if total.dtype.is_floating_point else "trunc"
    if isinstance(divisor, int):
        return div(total, divisor, rounding_mode=mode)
    counts: Any = np.ones((), np.int64)
    for along in divisor:
        counts = np.multiply.outer(counts, np.array(along))
    counts = Tensor._from_array(counts.astype(total.dtype.numpy))
    return div(total, counts, rounding_mode=mode)


def _counts(windows: Windows, sizes: Ints, padding: Ints, include_pad: bool) -> Divisor:
    """How many elements each window has, along each dimension."""
    counts = []
    for d, size in enumerate(sizes):
        low, high = windows.padding[d]
        kernel, stride = windows.window[d], windows.stride[d]
        begin, end = (-low, size + padding[d]) if include_pad else (0, size)
        places = range(-low, size + high - kernel + 1, stride)
        counts.append(tuple(min(p + kernel, end) - max(p, begin) for p in places))
    if all(len(set(along)) == 1 for along in counts):
        return math.prod(along[0] for along in counts)
    return tuple(counts)


def _avg_pool(
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    must_be_tensor(input, "input", 1)
    bound = bind(f"avg_pool{rank}d", rank, kernel_size, stride, padding)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    windows = windows_of(input, bound, ceil_mode)
    divisor: Divisor
    if divisor_override is None:
        divisor = _counts(windows, tuple(input.shape[-rank:]), bound[2], count_include_pad)
    else:
        divisor = divisor_override
    return (AvgPool2D if rank == 2 else AvgPool3D).apply(input, windows, divisor)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(2, 3, 8), 2",
        "f(3, 9), 3, 2, 1",
        "f(2, 3, 9), 4, 2, 2, True, False",
    ),
)
def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of signals (N, C, L), or one (C, L).

    Windows stand ``stride`` apart (by default ``kernel_size``). ``ceil_mode`` lets a last window
    stick out. Zeros of the padding count as elements, unless ``count_include_pad`` is False.
    """
    must_be_tensor(input, "input", 1)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument "
            "#1 'self' (while checking arguments for avg_pool1d)"
        )
    stride = kernel_size if stride is None or stride in ((), []) else stride
    given = (("kernel_size", kernel_size), ("stride", stride), ("padding", padding))
    kernel, step, pad = (
        one_number("avg_pool1d", name, value, position)
        for position, (name, value) in enumerate(given, 2)
    )
    row = unsqueeze(input, -2)
    mean = _avg_pool(2, row, (1, kernel), (1, step), (0, pad), ceil_mode, count_include_pad, None)
    return squeeze(mean, -2)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 3, 6, 6), 2",
        "f(3, 7, 6), (3, 2), (2, 1), (1, 0)",
        "f(1, 2, 7, 7), 3, 2, 1, True",
        "f(1, 2, 7, 7), 3, 2, 1, True, False",
        "f(1, 2, 7, 7), 2, divisor_override=3",
        "f(0, 2, 6, 6), 2",
        "i(-9, 9, 1, 2, 6, 6), 2",
    ),
)
def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of images (N, C, H, W), or one (C, H, W).

    See :func:`avg_pool1d`. ``divisor_override`` divides the sums in place of their counts.

    >>> import flambeau as torch
    >>> torch.nn.functional.avg_pool2d(torch.arange(16.0).view(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """
    must_be_tensor(input, "input", 1)
    input.size(-3)
    return _avg_pool(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(1, 2, 4, 4, 6), 2",
        "f(2, 5, 4, 5), 3, 2, 1, True",
        "f(1, 1, 5, 4, 5), (2, 3, 2), 2, (1, 0, 1), count_include_pad=False",
        "f(1, 1, 4, 4, 4), 2, divisor_override=5",
    ),
)
def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of volumes (N, C, D, H, W), or one: see :func:`avg_pool2d`."""
    must_be_tensor(input, "input", 1)
    if input.ndim not in (4, 5):
        raise RuntimeError("non-empty 4D or 5D (batch mode) tensor expected for input")
    kernel = bind("avg_pool3d", 3, kernel_size, stride, padding)[0]
    sizes = input.shape[-3:]
    if any(n < k for n, k in zip(sizes, kernel, strict=True)):
        (t, h, w), (kt, kh, kw) = sizes, kernel
        raise RuntimeError(
            f"input image (T: {t} H: {h} W: {w}) smaller than kernel size "
            f"(kT: {kt} kH: {kh} kW: {kw})"
        )
    return _avg_pool(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


# Norms ------------------------------------------------------------------------------------------


def _lp_pool(
    rank: int,
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None,
    ceil_mode: bool,
) -> Tensor:
    """The norm from the mean of powers: ``(mean * count) ** (1 / norm_type)``."""
    average, largest = (
        (avg_pool1d, max_pool1d),
        (avg_pool2d, max_pool2d),
        (avg_pool3d, max_pool3d),
    )[rank - 1]
    if abs(norm_type) == math.inf:
        sizes = absolute(input)
        sizes = sizes if norm_type > 0 else neg(sizes)
        result = largest(sizes, kernel_size, stride, 0, 1, ceil_mode)
        return result if norm_type > 0 else neg(result)
    mean = average(power(input, norm_type), kernel_size, stride, 0, ceil_mode)
    # The root has no slope at 0: let none of it come back.
    mean = masked_fill(mean, mean == 0, 0)
    count = math.prod(per_dimension(kernel_size, rank, f"lp_pool{rank}d", "kernel_size"))
    return power(mul(mean, count), 1.0 / norm_type)


@operation(namespaces=FUNCTIONAL, cases=("f(2, 3, 8), 2, 2", "f(3, 9), 4.0, 3, 2, True"))
def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: int,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of signals: ``(sum of x ** p) ** (1 / p)``."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 3, 6, 6), 2, 2",
        "p(1, 2, 7, 6), 3.0, (3, 2), (2, 1), True",
        "d(1, 2, 6, 6), float('inf'), 2",
    ),
)
def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of images: see :func:`lp_pool1d`."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


@operation(namespaces=FUNCTIONAL, cases=("f(1, 2, 4, 4, 4), 2, 2", "p(1, 2, 4, 5, 4), 3.0, 2, 1"))
def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of volumes: see :func:`lp_pool1d`."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)
