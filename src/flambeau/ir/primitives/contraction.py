"""Contractions: products summed over dimensions (``DOT_GENERAL``) or windows (``CONV_GENERAL``).

A convolution becomes matrix products in one of two ways, whichever moves fewer elements:

    gather   (im2col)   patches of x, side by side  ──►  w @ patches
    scatter  (col2im)   w[tap] @ x for every tap    ──►  added at the places the tap reaches

The gradient of a strided convolution by its input, for example, spreads its operand with zeros;
scattering never touches those.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from flambeau.ir.node import Node, Primitive, Spec
from flambeau.ir.primitives.elementwise import in_single
from flambeau.ir.primitives.taps import Ints, Padding, output_sizes, tap_meetings

__all__ = ["CONV_GENERAL", "DOT_GENERAL"]

#: Bytes of patches held at a time: within the second-level cache, or enough for one large product.
_CACHE_BYTES = 1 << 20
_LARGE_BYTES = 16 << 20


def _free(rank: int, contract: Ints, batch: Ints) -> Ints:
    return tuple(axis for axis in range(rank) if axis not in contract and axis not in batch)


def _dot(x: Node, y: Node, contract: tuple[Ints, Ints], batch: tuple[Ints, Ints]) -> Spec:
    if x.dtype is not y.dtype:
        raise TypeError(f"operands of unlike types {x.dtype} and {y.dtype}")
    for x_axes, y_axes in (contract, batch):
        for x_axis, y_axis in zip(x_axes, y_axes, strict=True):
            if x.shape[x_axis] != y.shape[y_axis]:
                raise RuntimeError(
                    f"dimension {x_axis} of {x.shape} does not match "
                    f"dimension {y_axis} of {y.shape}"
                )
    axes = [(x, axis) for axis in batch[0]]
    axes += [(x, axis) for axis in _free(len(x.shape), contract[0], batch[0])]
    axes += [(y, axis) for axis in _free(len(y.shape), contract[1], batch[1])]
    return tuple(node.shape[axis] for node, axis in axes), x.dtype


def _matrices(x: np.ndarray, contract: Ints, batch: Ints) -> np.ndarray:
    """``x`` as a stack of (free, contracted) matrices; a view of it where there is one."""
    free = _free(x.ndim, contract, batch)
    shape = [math.prod(x.shape[axis] for axis in axes) for axes in (batch, free, contract)]
    if (*batch, *contract, *free) == tuple(range(x.ndim)):
        return x.reshape(shape[0], shape[2], shape[1]).swapaxes(1, 2)
    return x.transpose(*batch, *free, *contract).reshape(shape)


def _dot_arrays(
    x: np.ndarray, y: np.ndarray, contract: tuple[Ints, Ints], batch: tuple[Ints, Ints]
) -> np.ndarray:
    left = _matrices(x, contract[0], batch[0])
    right = _matrices(y, contract[1], batch[1])
    if len(left) == 1:
        product = left[0] @ right[0].T
    else:
        product = left @ right.swapaxes(1, 2)
    shape = [x.shape[axis] for axis in batch[0]]
    shape += [x.shape[axis] for axis in _free(x.ndim, contract[0], batch[0])]
    shape += [y.shape[axis] for axis in _free(y.ndim, contract[1], batch[1])]
    return product.reshape(shape)


#: Sums of products over pairs of ``contract`` dimensions, for each index of the ``batch`` pairs.
#: The output's dimensions: batch, x's others, y's others. Half types are summed in float32.
DOT_GENERAL = Primitive("dot_general", _dot, in_single(_dot_arrays))


def _conv(
    x: Node,
    w: Node,
    stride: Ints,
    padding: Padding,
    input_dilation: Ints,
    kernel_dilation: Ints,
    groups: int,
) -> Spec:
    if x.dtype is not w.dtype:
        raise TypeError(f"operands of unlike types {x.dtype} and {w.dtype}")
    if x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise RuntimeError(
            f"channels do not fit: input {x.shape}, weight {w.shape}, {groups} groups"
        )
    places = output_sizes(
        x.shape[2:], w.shape[2:], stride, padding, input_dilation, kernel_dilation
    )
    return (x.shape[0], w.shape[0], *places), x.dtype


def _conv_arrays(
    x: np.ndarray,
    w: np.ndarray,
    stride: Ints,
    padding: Padding,
    input_dilation: Ints,
    kernel_dilation: Ints,
    groups: int,
) -> np.ndarray:
    places = output_sizes(
        x.shape[2:], w.shape[2:], stride, padding, input_dilation, kernel_dilation
    )
    if not (x.size and w.size and math.prod(places)):
        return np.zeros((x.shape[0], w.shape[0], *places), x.dtype)
    # Groups become dimensions of their own: (n, g, c, …) and (g, o, c, …).
    x = x.reshape(x.shape[0], groups, w.shape[1], *x.shape[2:])
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    gathered = w.shape[2] * math.prod(places)
    scattered = w.shape[1] * math.prod(x.shape[3:])
    if gathered <= scattered:
        x = _framed(x, padding, input_dilation)
        out = _gather(x, w, places, stride, kernel_dilation)
    else:
        out = _scatter(x, w, places, stride, padding, input_dilation, kernel_dilation)
    return out.reshape(out.shape[0], -1, *places)


def _framed(x: np.ndarray, padding: Padding, spread: Ints) -> np.ndarray:
    """``x`` spread out, padded and cropped; itself if there is nothing to do."""
    if all(step == 1 for step in spread) and not any(map(any, padding)):
        return x
    one = (1,) * len(spread)
    sizes = output_sizes(x.shape[3:], one, one, padding, spread, one)
    framed = np.zeros((*x.shape[:3], *sizes), x.dtype)
    ((target, source),) = tap_meetings(x.shape[3:], sizes, one, one, padding, spread, one)
    framed[target] = x[source]
    return framed


def _gather(x: np.ndarray, w: np.ndarray, places: Ints, stride: Ints, dilation: Ints) -> np.ndarray:
    """The (n, g, o, places) products of weights and patches of a padded ``x``."""
    window = w.shape[3:]
    matrix = w.reshape(*w.shape[:2], -1)
    # Patches are copied in runs along their innermost dimension, so let that be a long one;
    # and few places would make for slender matrices, were they not put together.
    if window[-1] > places[-1] or math.prod(places) < 32:
        return _gather_taps_last(_patches(x, window, places, stride, dilation), matrix)
    return _gather_places_last(_patches(x, window, places, stride, dilation), matrix)


def _patches(x: np.ndarray, window: Ints, places: Ints, stride: Ints, dilation: Ints) -> np.ndarray:
    """The (n, g, c, taps, places) view of ``x``, as many taps and places as it has dimensions."""
    steps = x.strides[3:]
    taps = tuple(step * d for step, d in zip(steps, dilation, strict=True))
    moves = tuple(step * s for step, s in zip(steps, stride, strict=True))
    shape = (*x.shape[:3], *window, *places)
    return as_strided(x, shape, (*x.strides[:3], *taps, *moves), writeable=False)


def _parts(count: int, nbytes: int, budget: int) -> Iterator[slice]:
    """Slices of ``count`` things of which each takes ``nbytes``, to be handled at a time."""
    length = min(count, max(1, budget // max(1, nbytes)))
    return (slice(start, min(start + length, count)) for start in range(0, count, length or 1))


def _gather_places_last(patches: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """One product for each sample."""
    n = patches.shape[0]
    groups, outputs, inner = matrix.shape
    rank = (patches.ndim - 3) // 2
    places = math.prod(patches.shape[-rank:])
    out = np.empty((n, groups, outputs, places), matrix.dtype)
    for part in _parts(n, groups * inner * places * matrix.itemsize, _CACHE_BYTES):
        columns = patches[part].reshape(-1, groups, inner, places)
        np.matmul(matrix, columns, out=out[part])
    return out


def _gather_taps_last(patches: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """One product for many samples."""
    n = patches.shape[0]
    groups, outputs, inner = matrix.shape
    rank = (patches.ndim - 3) // 2
    places = math.prod(patches.shape[-rank:])
    axes = (1, 0, *range(3 + rank, 3 + 2 * rank), *range(2, 3 + rank))
    rows = patches.transpose(axes)
    out = np.empty((groups, outputs, n, places), matrix.dtype)
    for part in _parts(n, groups * inner * places * matrix.itemsize, _LARGE_BYTES):
        columns = rows[:, part].reshape(groups, -1, inner).swapaxes(1, 2)
        out[:, :, part] = (matrix @ columns).reshape(groups, outputs, -1, places)
    return out.transpose(2, 0, 1, 3)


def _scatter(
    x: np.ndarray,
    w: np.ndarray,
    places: Ints,
    stride: Ints,
    padding: Padding,
    input_dilation: Ints,
    kernel_dilation: Ints,
) -> np.ndarray:
    """What every tap makes of every element of ``x``, added up where the tap meets outputs."""
    n, groups, channels = x.shape[:3]
    sizes = x.shape[3:]
    outputs, window = w.shape[1], w.shape[3:]
    # (g, taps, o, c) and (g, c, n, places): one product for many samples.
    matrix = np.moveaxis(w, (1, 2), (-2, -1)).reshape(groups, -1, channels)
    columns = np.moveaxis(x, 0, 2).reshape(groups, channels, n, -1)
    out = np.zeros((groups, outputs, n, *places), x.dtype)
    meetings = list(
        tap_meetings(sizes, places, window, stride, padding, input_dilation, kernel_dilation)
    )
    nbytes = matrix.shape[0] * matrix.shape[1] * math.prod(sizes) * x.itemsize
    for part in _parts(n, nbytes, _CACHE_BYTES):
        made = matrix @ columns[:, :, part].reshape(groups, channels, -1)
        made = made.reshape(groups, -1, outputs, part.stop - part.start, *sizes)
        for tap, (target, source) in enumerate(meetings):
            out[:, :, part][target] += made[:, tap][source]
    return np.moveaxis(out, 2, 0)


#: Cross-correlation of ``x`` (n, c, spatial…) by ``w`` (o, c / groups, spatial…) in 1 to 3
#: dimensions. Negative padding crops; both operands can be spread with zeros (dilation).
CONV_GENERAL = Primitive("conv_general", _conv, in_single(_conv_arrays))
