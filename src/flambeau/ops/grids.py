"""Sampling at points of a grid, and the grids of affine maps: spatial transformers.

Jaderberg, Simonyan, Zisserman, Kavukcuoglu, 2015. Points are given in the input's coordinates
scaled to [-1, 1], the last dimension (x) first.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.autograd import CompositeOperator
from flambeau.ir import dtypes
from flambeau.ops._arguments import must_be_tensor, not_implemented, type_name
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Ints
from flambeau.ops._windows import GatherFlat
from flambeau.ops.products import bmm
from flambeau.ops.selection import where
from flambeau.ops.shape import View, expand, reshape, select, transpose, unsqueeze
from flambeau.tensor import Tensor, filled

__all__ = ["affine_grid", "affine_grid_generator", "grid_sample", "grid_sampler"]

FUNCTIONAL = ("nn.functional",)
_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")
_CHANGED = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. "
    "Please specify align_corners=True if the old behavior is desired. See the documentation of "
    "grid_sample for details."
)


# Coordinates ------------------------------------------------------------------------------------


def _in_elements(x: Tensor, size: int, align: bool) -> Tensor:
    """From [-1, 1], between the outer elements' centres (``align``) or edges, to 0 … size - 1."""
    return (x + 1) * ((size - 1) / 2) if align else ((x + 1) * size - 1) * 0.5


def _clipped(x: Tensor, size: int) -> Tensor:
    """``x`` brought into [0, size - 1]; on and beyond the border it no longer moves."""
    x = where(x <= 0, 0.0, x)
    return where(x >= size - 1, float(size - 1), x)


def _reflected(x: Tensor, size: int, align: bool) -> Tensor:
    """``x`` reflected at the outer elements' centres (``align``) or edges."""
    low = 0.0 if align else -0.5
    span = float(size - 1 if align else size)
    if span == 0:
        return x * 0
    beyond = x - low
    distance = where(beyond < 0, -beyond, beyond)
    rest = distance % span
    turned = (distance / span).floor() % 2 == 1
    return where(turned, span - rest, rest) + low


def _padded(x: Tensor, size: int, padding: str, align: bool) -> Tensor:
    if padding == "reflection":
        x = _reflected(x, size, align)
    return x if padding == "zeros" else _clipped(x, size)


#: The elements along one dimension, as floats, with their weights.
Taps = list[tuple[Tensor, Tensor]]


def _cubic_weights(share: Tensor) -> list[Tensor]:
    """Keys's weights (a = -0.75) of the four elements around a point."""
    a = -0.75

    def near(x: Tensor) -> Tensor:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    rest = 1 - share
    return [far(share + 1), near(share), near(rest), far(rest + 1)]


def _taps(x: Tensor, size: int, mode: str, padding: str, align: bool) -> Taps:
    x = _in_elements(x, size, align)
    if mode == "bicubic":
        below = x.detach().floor()
        weights = _cubic_weights(x - below)
        places = [_padded(below + k, size, padding, align) for k in (-1, 0, 1, 2)]
        return list(zip(places, weights, strict=True))
    x = _padded(x, size, padding, align)
    if mode == "nearest":
        # The weight is 1 whatever x is, but its slope, 0, is known.
        always = filled(tuple(x.shape), True, dtypes.bool_)
        return [(x.detach().round(), where(always, 1.0, x))]
    below = x.detach().floor()
    share = x - below
    return [(below, 1 - share), (below + 1, share)]


# Samples ----------------------------------------------------------------------------------------


class GridSampler2D(View):
    """The samples in the grid's shape."""


class GridSampler3D(View):
    """As in two dimensions, in three."""


def _sample(input: Tensor, grid: Tensor, mode: str, padding: str, align: bool) -> Tensor:
    """The sum over all combinations of taps of what lies there, times the taps' weights."""
    sizes = tuple(input.shape[2:])
    rank = len(sizes)
    points = tuple(grid.shape[1:-1])
    batch, channels = input.shape[:2]
    flat = reshape(input, (batch, channels, math.prod(sizes)))
    count = math.prod(points)
    # x, the last dimension, comes first in the grid.
    along = [
        _taps(
            reshape(select(grid, -1, rank - 1 - d), (batch, count)), sizes[d], mode, padding, align
        )
        for d in range(rank)
    ]
    total = None
    for taps in itertools.product(*along):
        term = _element(flat, [place for place, _ in taps], sizes, (batch, channels, count))
        for _, weight in taps:
            term = term * unsqueeze(weight, 1)
        total = term if total is None else total + term
    assert total is not None
    operator = GridSampler2D if rank == 2 else GridSampler3D
    return operator.apply(total, (batch, channels, *points))


def _element(flat: Tensor, places: list[Tensor], sizes: Ints, shape: Ints) -> Tensor:
    """The elements at places, which are floats; 0 where they lie outside."""
    inside: Any = None
    for place, size in zip(places, sizes, strict=True):
        fits = (place >= 0) & (place <= size - 1)
        inside = fits if inside is None else inside & fits
    index: Any = 0
    for place, size in zip(places, sizes, strict=True):
        safe = where(inside, place, 0.0).to(dtypes.int64)
        index = index * size + safe
    found = GatherFlat.apply(flat, expand(unsqueeze(index, 1), shape))
    return where(unsqueeze(inside, 1), found, 0.0)


def _check_operands(input: Tensor, grid: Tensor) -> None:
    shapes = f"input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got {shapes}"
        )
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, "
            f"but got grid with sizes {list(grid.shape)}"
        )
    for dim, size in enumerate(input.shape[2:], 2):
        if size == 0:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, "
                f"but input has sizes {list(input.shape)} with dimension {dim} being empty"
            )
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise RuntimeError(
            f"grid_sampler(): expected {'5D' if input.ndim == 5 else '4D or 5D'} input and grid "
            f"with same number of dimensions, but got {shapes}"
        )
    if grid.dtype is not input.dtype:
        raise RuntimeError(
            f"expected scalar type {type_name(input.dtype)} but found {type_name(grid.dtype)}"
        )
    if not input.dtype.is_floating_point:
        raise not_implemented(f"grid_sampler_{input.ndim - 2}d_cpu_kernel_impl", input.dtype)


@operation(namespaces=("torch",), cases=("f(1, 2, 4, 5), f(1, 3, 2, 2), 0, 0, False",))
def grid_sampler(
    input: Tensor,
    grid: Tensor,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
) -> Tensor:
    """As :func:`grid_sample`, with the modes by their numbers."""
    _check_operands(input, grid)
    mode, padding = _MODES[interpolation_mode], _PADDINGS[padding_mode]
    if mode == "bicubic" and input.ndim == 5:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    return _sample(input, grid, mode, padding, align_corners)


@operation(
    namespaces=FUNCTIONAL,
    cases=tuple(
        f"f(2, 2, 4, 5), f(2, 3, 2, 2), '{mode}', '{padding}', {align}"
        for mode in _MODES
        for padding in _PADDINGS
        for align in (False, True)
    )
    + (
        "f(1, 2, 3, 4, 2), f(1, 2, 1, 3, 3), align_corners=False",
        "f(1, 2, 3, 4, 2), f(1, 2, 1, 3, 3), 'nearest', 'border', True",
        "f(1, 2, 3, 4, 2), f(1, 2, 1, 3, 3), 'bilinear', 'reflection', True",
        "f(0, 2, 4, 5), f(0, 3, 2, 2), align_corners=False",
    ),
)
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """What ``input`` (N, C, H, W) or (N, C, D, H, W) holds at the points of ``grid``.

    Args:
        input: what to sample.
        grid: the points: (N, H', W', 2), or (N, D', H', W', 3), as (x, y) or (x, y, z), where
            (-1, -1) is the first corner and (1, 1) the last.
        mode: "bilinear", "nearest" or "bicubic" (of images).
        padding_mode: what is outside: "zeros", the "border" or a "reflection".
        align_corners: whether -1 and 1 are the centres of the outer elements, not their edges.

    >>> import flambeau as torch
    >>> image, middle = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]), torch.zeros(1, 1, 1, 2)
    >>> torch.nn.functional.grid_sample(image, middle, align_corners=False)
    tensor([[[[1.5000]]]])
    """
    if mode not in _MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=2)
    return grid_sampler(
        input, grid, _MODES.index(mode), _PADDINGS.index(padding_mode), bool(align_corners)
    )


# Affine grids -----------------------------------------------------------------------------------


def _base_grid(sizes: Ints, align: bool, like: Tensor) -> Tensor:
    """The points of an image in homogeneous coordinates: (points, rank + 1), x first."""
    axes = []
    for size in sizes:
        steps = np.linspace(-1, 1, size) if size > 1 else np.zeros(size)
        axes.append(steps if align else steps * (size - 1) / size)
    columns = [*reversed(np.meshgrid(*axes, indexing="ij")), np.ones(sizes)]
    base = np.stack(columns, -1).reshape(-1, len(sizes) + 1)
    return Tensor._from_array(base.astype(like.dtype.numpy))


class AffineGridGenerator(CompositeOperator):
    """Every point of a grid mapped by every matrix of a batch."""

    @staticmethod
    def forward(ctx: Any, theta: Tensor, sizes: Ints, align: bool) -> Tensor:
        ctx.sizes, ctx.align = sizes, align
        base = _base_grid(sizes, align, theta)
        points = expand(unsqueeze(base, 0), (theta.shape[0], *base.shape))
        mapped = bmm(points, transpose(theta, 1, 2))
        return reshape(mapped, (theta.shape[0], *sizes, len(sizes)))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        batch, rank = grad.shape[0], len(ctx.sizes)
        base = _base_grid(ctx.sizes, ctx.align, grad)
        points = expand(unsqueeze(base, 0), (batch, *base.shape))
        flat = reshape(grad, (batch, base.shape[0], rank))
        return bmm(transpose(flat, 1, 2), points), None, None


@operation(namespaces=("torch",), cases=("f(2, 2, 3), (2, 1, 3, 4), False",))
def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """As :func:`affine_grid`."""
    if theta.shape[0] != size[0]:
        rank = len(size) - 2
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: "
            f"[{size[0]}, {rank + 1}] but got: [{theta.shape[0]}, {rank + 1}]."
        )
    return AffineGridGenerator.apply(theta, tuple(size[2:]), bool(align_corners))


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 2, 3), (2, 1, 3, 4), False",
        "f(2, 2, 3), (2, 1, 3, 4), True",
        "f(1, 3, 4), (1, 1, 2, 3, 4), False",
        "f(1, 3, 4), (1, 1, 2, 3, 4), True",
    ),
)
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The points that affine maps make of an image's own, for :func:`grid_sample`.

    Args:
        theta: the matrices, (N, 2, 3), or (N, 3, 4) for volumes.
        size: the size of the output of ``grid_sample``: (N, C, H, W) or (N, C, D, H, W).
        align_corners: as there.

    Shape: (N, H, W, 2) or (N, D, H, W, 3).
    """
    must_be_tensor(theta, "theta", 1)
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=2)
    if not theta.dtype.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    rank = len(size) - 2
    if rank not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (rank, rank + 1):
        raise ValueError(
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size "
            f"{size}. Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when "
            "align_corners=True. This is not an intended use case of affine_grid. See the "
            "documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, bool(align_corners))
