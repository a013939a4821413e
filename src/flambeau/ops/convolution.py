"""Convolutions and transposed convolutions of signals, images and volumes.

This file binds and checks arguments; ``_convolution`` has the mathematics.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flambeau.ir import dtypes
from flambeau.ir.primitives.taps import Ints, Padding
from flambeau.ops._arguments import c_name, no_overload, not_implemented, type_name
from flambeau.ops._convolution import Convolution, Geometry, spatial
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Sizes, batched, per_dimension, unbatched
from flambeau.tensor import Tensor

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]


# Arguments and what is wrong with them ----------------------------------------------------------


_SIGNATURES = tuple(
    "(Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, "
    f"{padding}, tuple of ints dilation = 1, int groups = 1)"
    for padding in ("tuple of ints padding = 0", 'str padding = "valid"')
)


def _check_tensors(function: str, input: Any, weight: Any, bias: Any) -> None:
    given = {"input": input, "weight": weight} | ({} if bias is None else {"bias": bias})
    wrong = [name for name, value in given.items() if not isinstance(value, Tensor)]
    if not wrong:
        return
    if "transpose" not in function:
        raise no_overload(function, tuple(given.values()), *_SIGNATURES)
    raise TypeError(
        f"{function}(): argument '{wrong[0]}' (position {list(given).index(wrong[0]) + 1}) "
        f"must be Tensor, not {type(given[wrong[0]]).__name__}"
    )


def _bind(
    function: str, rank: int, input: Any, weight: Any, bias: Any, **options: Any
) -> tuple[Ints, ...]:
    """The options, one number a dimension each; raises where arguments are not what they should."""
    _check_tensors(function, input, weight, bias)
    if input.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {function}, "
            f"but got input of size: {list(input.shape)}"
        )
    bound = {name: per_dimension(v, rank, function, name) for name, v in options.items()}
    for name, numbers in bound.items():
        if len(numbers) not in (1, weight.ndim - 2):
            raise RuntimeError(
                f"expected {name} to be a single integer value or a list of {weight.ndim - 2} "
                f"values to match the convolution dimensions, but got {name}={list(numbers)}"
            )
    return tuple(bound.values())


def _check_signs(groups: int, padding: Ints, output_padding: Ints, *positive: Any) -> None:
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    for name, numbers in (("padding", padding), ("output_padding", output_padding)):
        if min(numbers) < 0:
            raise RuntimeError(f"negative {name} is not supported")
    for name, numbers in zip(("stride", "dilation"), positive, strict=True):
        if min(numbers) <= 0:
            raise RuntimeError(f"non-positive {name} is not supported")


def _check_operands(
    input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, transposed: bool
) -> None:
    """Raise unless batched input, weight and bias fit each other."""
    w, x = list(weight.shape), list(input.shape)
    if len(x) != len(w):
        raise RuntimeError(
            f"Expected {len(w)}-dimensional input for {len(w)}-dimensional weight {w}, "
            f"but got {len(x)}-dimensional input of size {x} instead"
        )
    if w[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, "
            f"but got weight of size {w} instead"
        )
    if w[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size [{w}] instead"
        )
    given = f"Given transposed={int(transposed)}" if transposed else f"Given groups={groups}"
    inputs = w[0] if transposed else w[1] * groups
    if x[1] != inputs:
        raise RuntimeError(
            f"{given}, weight of size {w}, expected input{x} to have {inputs} channels, "
            f"but got {x[1]} channels instead"
        )
    outputs = w[1] * groups if transposed else w[0]
    if bias is not None and tuple(bias.shape) != (outputs,):
        given = f"{given}, weight" if transposed else "Given weight"
        raise RuntimeError(
            f"{given} of size {w}, expected bias to be 1-dimensional with {outputs} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )


def _check_dtypes(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    dtype = input.dtype
    if bias is not None and bias.dtype is not dtype:
        raise RuntimeError(
            f"Input type ({c_name(dtype)}) and bias type ({c_name(bias.dtype)}) should be the same"
        )
    if weight.dtype is not dtype:
        raise RuntimeError(
            f"expected scalar type {type_name(dtype)} but found {type_name(weight.dtype)}"
        )
    if dtype is dtypes.bool_:
        raise not_implemented("slow_conv2d_cpu", dtype)


def _by(sizes: Iterable[int]) -> str:
    return " x ".join(map(str, sizes))


def _check_window(input: Tensor, weight: Tensor, geometry: Geometry) -> None:
    padded = [n + lo + hi for n, (lo, hi) in zip(spatial(input), geometry.padding, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(spatial(weight), geometry.dilation, strict=True)]
    if any(size < needed for size, needed in zip(padded, reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_by(padded)}). "
            f"Kernel size: ({_by(reach)}). "
            "Kernel size can't be greater than actual input size"
        )


# Convolutions -----------------------------------------------------------------------------------


def _padding_of(
    function: str, rank: int, padding: Any, weight: Any, stride: Ints, dilation: Ints
) -> Padding:
    """Padding as pairs, from numbers or from the words "valid" and "same"."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in per_dimension(padding, rank, function, "padding"))
    if padding == "valid":
        return ((0, 0),) * rank
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if max(stride) > 1:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for k, d in zip(spatial(weight), dilation, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def _convolve(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: str | Sizes,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    function = f"conv{rank}d"
    numbers = 0 if isinstance(padding, str) else padding
    strides, paddings, dilations = _bind(
        function, rank, input, weight, bias, stride=stride, padding=numbers, dilation=dilation
    )
    _check_signs(groups, paddings, (0,), strides, dilations)
    x = batched(input, rank)
    _check_operands(x, weight, bias, groups, transposed=False)
    pairs = _padding_of(function, rank, padding, weight, strides, dilations)
    geometry = Geometry(strides, pairs, (1,) * rank, dilations, groups)
    _check_window(x, weight, geometry)
    _check_dtypes(x, weight, bias)
    return unbatched(Convolution.apply(x, weight, bias, geometry, None), input, rank)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(2, 3, 8), f(4, 3, 3), f(4)",
        "f(2, 4, 9), f(6, 2, 3), None, 2, 1, 2, 2",
        "f(2, 3, 8), f(4, 3, 4), padding='same', dilation=2",
        "f(3, 8), f(4, 3, 3), f(4)",
        "f(0, 3, 8), f(4, 3, 3), f(4)",
    ),
)
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: str | Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate signals (N, C, L), or one (C, L), with weights (O, C / groups, K).

    ``out[n, o, i] = bias[o] + sum over c, k of weight[o, c, k] * x[n, c, i*stride + k*dilation]``
    with x the zero-padded input. ``padding`` may be "valid" (none) or "same" (the output is as
    long as the input; for stride 1).
    """
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(2, 3, 6, 5), f(4, 3, 3, 2), f(4)",
        "f(2, 4, 7, 7), f(6, 2, 3, 3), f(6), 2, 1, 1, 2",
        "f(1, 2, 9, 8), f(3, 2, 3, 3), None, (3, 2), (0, 2), (2, 1)",
        "f(2, 3, 5, 5), f(3, 1, 3, 3), f(3), padding=1, groups=3",
        "f(1, 2, 5, 6), f(3, 2, 2, 3), padding='same'",
        "f(1, 2, 5, 5), f(3, 2, 1, 1), padding='valid', stride=2",
        "f(3, 6, 5), f(4, 3, 3, 2), f(4)",
        "i(-5, 5, 1, 2, 5, 5), i(-5, 5, 3, 2, 3, 3)",
    ),
)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: str | Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate images (N, C, H, W), or one (C, H, W), with (O, C / groups, kH, kW).

    See :func:`conv1d`.

    >>> import flambeau as torch
    >>> image, edge = torch.eye(3).view(1, 1, 3, 3), torch.tensor([[[[-1.0, 1.0]]]])
    >>> torch.nn.functional.conv2d(image, edge)
    tensor([[[[-1.,  0.],
              [ 1., -1.],
              [ 0.,  1.]]]])
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(2, 2, 4, 3, 4), f(3, 2, 2, 2, 3), f(3)",
        "f(1, 4, 4, 5, 4), f(2, 2, 2, 3, 2), f(2), 2, (1, 0, 1), 1, 2",
        "f(1, 2, 3, 3, 4), f(2, 2, 3, 2, 3), padding='same'",
        "f(2, 4, 3, 4), f(3, 2, 2, 2, 3)",
    ),
)
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: str | Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate volumes (N, C, D, H, W), or one, with (O, C / groups, kD, kH, kW).

    See :func:`conv1d`.
    """
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


# Transposed convolutions ------------------------------------------------------------------------

_AXES = ("depth", "height", "width")


def _check_output_padding(output_padding: Ints, stride: Ints, dilation: Ints) -> None:
    fits = [
        extra < max(step, gap)
        for extra, step, gap in zip(output_padding, stride, dilation, strict=True)
    ]
    if all(fits):
        return
    if len(stride) == 1:
        # One dimension is reported as the width of an image.
        output_padding, stride, dilation = (0, *output_padding), (1, *stride), (1, *dilation)
    axes = _AXES[-len(stride) :]
    options = {"output_padding": output_padding, "stride": stride, "dilation": dilation}
    listed = (
        f"{name}_{axis}: {number}"
        for name, numbers in options.items()
        for axis, number in zip(axes, numbers, strict=True)
    )
    raise RuntimeError(
        f"output padding must be smaller than either stride or dilation, but got {' '.join(listed)}"
    )


def _transposed_sizes(x: Tensor, weight: Tensor, geometry: Geometry, extra: Ints) -> Ints:
    """The sizes of the input to which a convolution with this geometry is transposed."""
    return tuple(
        (n - 1) * step - 2 * lo + gap * (k - 1) + more + 1
        for n, step, (lo, _), gap, k, more in zip(
            spatial(x),
            geometry.stride,
            geometry.padding,
            geometry.dilation,
            spatial(weight),
            extra,
            strict=True,
        )
    )


def _convolve_transposed(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    strides, paddings, extra, dilations = _bind(
        f"conv_transpose{rank}d",
        rank,
        input,
        weight,
        bias,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )
    _check_signs(groups, paddings, extra, strides, dilations)
    x = batched(input, rank)
    _check_operands(x, weight, bias, groups, transposed=True)
    _check_output_padding(extra, strides, dilations)
    geometry = Geometry(strides, tuple((p, p) for p in paddings), (1,) * rank, dilations, groups)
    sizes = _transposed_sizes(x, weight, geometry, extra)
    if min(sizes) < 0:
        raise RuntimeError(
            f"Given input size per channel: ({_by(spatial(x))}). "
            f"Calculated output size per channel: ({_by(sizes)}). Output size is too small"
        )
    _check_dtypes(x, weight, bias)
    return unbatched(Convolution.apply(x, weight, bias, geometry, sizes), input, rank)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(2, 3, 6), f(3, 4, 3), f(4)",
        "f(2, 4, 5), f(4, 3, 3), f(6), 2, 1, 1, 2, 2",
        "f(3, 6), f(3, 4, 3), f(4), stride=3",
    ),
)
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The transpose of :func:`conv1d`: from (N, C, L) to a longer signal (N, O, L').

    The weight is (C, O / groups, K), and
    ``L' = (L - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1``.
    """
    return _convolve_transposed(
        1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(2, 3, 4, 3), f(3, 2, 3, 2), f(2)",
        "f(1, 4, 4, 4), f(4, 2, 3, 3), f(4), 2, 1, 1, 2",
        "f(1, 2, 3, 4), f(2, 3, 3, 2), None, (2, 3), (1, 0), (1, 2), 1, (2, 1)",
        "f(1, 2, 4, 4), f(2, 2, 3, 3), padding=2",
        "f(3, 4, 3), f(3, 2, 3, 2), f(2)",
    ),
)
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The transpose of :func:`conv2d`: from (N, C, H, W) to larger images (N, O, H', W').

    The weight is (C, O / groups, kH, kW); for the sizes see :func:`conv_transpose1d`.

    >>> import flambeau as torch
    >>> torch.conv_transpose2d(torch.ones(1, 1, 1, 2), torch.ones(1, 1, 2, 2), stride=2).shape
    flambeau.Size([1, 1, 2, 4])
    """
    return _convolve_transposed(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(1, 3, 3, 2, 3), f(3, 2, 2, 3, 2), f(2)",
        "f(1, 2, 2, 3, 2), f(2, 1, 3, 2, 3), f(2), 2, (1, 0, 1), 1, 2",
    ),
)
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The transpose of :func:`conv3d`: from (N, C, D, H, W) to larger volumes.

    The weight is (C, O / groups, kD, kH, kW); for the sizes see :func:`conv_transpose1d`.
    """
    return _convolve_transposed(
        3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
