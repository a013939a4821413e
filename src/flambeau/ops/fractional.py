"""Fractional max pools: windows whose distances are drawn at random (Graham, 2014).

Along a dimension of n elements, with windows of k and m outputs, window i of the first m - 1
begins at ``floor((i + u) a) - floor(u a)``, where ``a = (n - k) / (m - 1)`` and u is drawn once;
the last ends where the input does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ops._arguments import must_be_tensor
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Ints, Sizes, batched, per_dimension, unbatched
from flambeau.ops._windows import GatherFlat, ScatterFlat
from flambeau.ops.creation import arange, full
from flambeau.ops.joining import cat
from flambeau.ops.random import rand
from flambeau.ops.shape import reshape, select, unsqueeze
from flambeau.tensor import Tensor

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]

FUNCTIONAL = ("nn.functional",)
Ratios = float | Sequence[float]


# Windows ----------------------------------------------------------------------------------------


def _starts(draw: Tensor, size: int, kernel: int, outputs: int) -> Tensor:
    """Where the windows begin, (N, C, outputs), from one draw for each plane."""
    last = full((*draw.shape, min(outputs, 1)), size - kernel, dtype=dtypes.int64)
    if outputs < 2:
        return last
    pace = (size - kernel) / (outputs - 1)
    draw = unsqueeze(draw, -1)
    steps = arange(outputs - 1, dtype=draw.dtype)
    starts = ((steps + draw) * pace).floor() - (draw * pace).floor()
    return cat([starts.to(dtypes.int64), last], -1)


def _places(samples: Tensor, sizes: Ints, kernel: Ints, outputs: Ints) -> Tensor:
    """The flat places of all windows' elements, (N, C, windows, elements)."""
    rank = len(sizes)
    planes = tuple(samples.shape[:2])
    total: Any = 0
    for d in range(rank):
        # The last dimension's draw comes first for images, last for volumes.
        draw = select(samples, 2, rank - 1 - d if rank == 2 else d)
        starts = _starts(draw, sizes[d], kernel[d], outputs[d])
        places = unsqueeze(starts, -1) + arange(kernel[d])
        shape = [1] * (2 * rank)
        shape[d], shape[rank + d] = outputs[d], kernel[d]
        total = total * sizes[d] + reshape(places, (*planes, *shape))
    return reshape(total, (*planes, math.prod(outputs), math.prod(kernel)))


class FractionalMaxPool2D(Operator):
    """The largest element of each window, given their places."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, places: Tensor, outputs: Ints) -> tuple[Tensor, Tensor]:
        ctx.sizes = tuple(input.shape[2:])
        planes, (windows, elements) = tuple(input.shape[:2]), places.shape[2:]
        flat = reshape(input.detach(), (*planes, math.prod(ctx.sizes)))
        found = GatherFlat.apply(flat, reshape(places, (*planes, windows * elements)))
        best = reshape(found, (*planes, windows, elements)).argmax(-1, keepdim=True)
        index = reshape(places.gather(-1, best), (*planes, *outputs))
        ctx.save_for_backward(index)
        values = GatherFlat.apply(flat, reshape(index, (*planes, windows)))
        return reshape(values, index.shape), index

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Any, ...]:
        return ScatterFlat.apply(grad, ctx.saved_tensors[0], ctx.sizes), None, None


class FractionalMaxPool3D(FractionalMaxPool2D):
    """As in two dimensions, in three."""


# Arguments and what is wrong with them ----------------------------------------------------------


def _outputs(function: str, rank: int, input: Tensor, output_size: Any, ratio: Any) -> Ints:
    if output_size is not None:
        sizes = per_dimension(output_size, rank, function, "output_size", 3)
        if len(sizes) != rank:
            raise RuntimeError(f"{function}: output_size {_one_or_several(rank)}")
        return sizes
    if ratio is None:
        raise ValueError(f"{function} requires specifying either an output_size or an output_ratio")
    ratios = tuple(ratio) if isinstance(ratio, Sequence) else (ratio,) * rank
    if len(ratios) != rank:
        raise ValueError(
            f"{function} requires output_ratio to either be a single Int or tuple of Ints."
        )
    return tuple(int(n * r) for n, r in zip(input.shape[-rank:], ratios, strict=True))


def _one_or_several(rank: int) -> str:
    count = "" if rank == 2 else "three "
    return f"must either be a single Int or tuple of {count}Ints"


def _check_fit(rank: int, input: Tensor, kernel: Ints, outputs: Ints) -> None:
    function = "fractional_max_pool2d" if rank == 2 else "fractional_max_pool3d_out"
    for dim in range(1, rank + 2):
        if input.shape[dim] == 0:
            raise RuntimeError(
                f"{function}(): Expected input to have non-zero size for non-batch dimensions, "
                f"but got{list(input.shape)} with dimension {dim} being empty."
            )
    names = ("time", "height", "width")[-rank:]
    for name, size, k, m in zip(names, input.shape[2:], kernel, outputs, strict=True):
        if m + k - 1 > (size if rank == 2 else size - 1):
            raise RuntimeError(
                f"{function}(): pool {name} {k} too large relative to input {name} {size}"
            )


def _check_samples(rank: int, input: Tensor, samples: Tensor) -> None:
    if samples.dtype is not input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    wanted = (*input.shape[:2], rank)
    for dim, (got, needed) in enumerate(zip(samples.shape, wanted, strict=True)):
        if got != needed:
            raise RuntimeError(f"Expect _random_samples.size({dim}) equals to {needed}; got {got}.")


def _fractional_max_pool(
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None,
    output_ratio: Ratios | None,
    samples: Tensor | None,
) -> tuple[Tensor, Tensor]:
    function = f"fractional_max_pool{rank}d"
    must_be_tensor(input, "input", 1)
    outputs = _outputs(function, rank, input, output_size, output_ratio)
    kernel = per_dimension(kernel_size, rank, function, "kernel_size", 2)
    if len(kernel) != rank:
        raise RuntimeError(f"{function}: kernel_size {_one_or_several(rank)}")
    input.size(-rank - 1)
    x = batched(input, rank)
    if samples is None:
        samples = rand(*x.shape[:2], rank, dtype=x.dtype)
    _check_fit(rank, x, kernel, outputs)
    _check_samples(rank, x, samples)
    places = _places(samples, tuple(x.shape[2:]), kernel, outputs)
    operator = FractionalMaxPool2D if rank == 2 else FractionalMaxPool3D
    values, index = operator.apply(x, places, outputs)
    return unbatched(values, input, rank), unbatched(index, input, rank)


# Pools ------------------------------------------------------------------------------------------


@operation(
    namespaces=FUNCTIONAL,
    cases=("d(2, 3, 7, 6), 2, 3", "d(1, 2, 8, 9), 2, (4, 5), _random_samples=u(1, 2, 2).detach()"),
)
def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows drawn at random, and their places in the image."""
    return _fractional_max_pool(2, input, kernel_size, output_size, output_ratio, _random_samples)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "d(2, 3, 7, 6), (2, 3), 3",
        "d(3, 7, 6), 2, output_ratio=(0.6, 0.5), return_indices=True",
        "d(1, 2, 7, 6), 3, 1",
    ),
)
def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest elements of windows of images (N, C, H, W), or one, drawn at random.

    Args:
        input: the images.
        kernel_size: the size of a window.
        output_size: how many windows there are along each dimension; or
        output_ratio: how many for each element, below 1.
        return_indices: whether the places of the elements come second.
        _random_samples: the draws, (N, C, 2), in [0, 1), in place of new ones.
    """
    values, index = _fractional_max_pool(
        2, input, kernel_size, output_size, output_ratio, _random_samples
    )
    return (values, index) if return_indices else values


@operation(namespaces=FUNCTIONAL, cases=("d(1, 2, 5, 6, 7), 2, 3",))
def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The largest elements of windows drawn at random, and their places in the volume."""
    return _fractional_max_pool(3, input, kernel_size, output_size, output_ratio, _random_samples)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "d(2, 2, 5, 6, 4), (2, 3, 2), (3, 2, 2)",
        "d(2, 5, 6, 4), 2, output_ratio=0.5, return_indices=True",
    ),
)
def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest elements of windows of volumes: see :func:`fractional_max_pool2d`."""
    values, index = _fractional_max_pool(
        3, input, kernel_size, output_size, output_ratio, _random_samples
    )
    return (values, index) if return_indices else values
