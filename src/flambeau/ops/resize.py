"""Interpolation: signals, images and volumes in other sizes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ops._arguments import must_be_tensor, not_implemented
from flambeau.ops._promotion import cast
from flambeau.ops._registry import operation
from flambeau.ops._resampling import (
    Resample,
    Taps,
    antialiased_taps,
    cubic_taps,
    linear_taps,
    nearest_taps,
    quantized,
)
from flambeau.ops._spatial import Ints
from flambeau.ops.adaptive import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from flambeau.tensor import Tensor

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

FUNCTIONAL = ("nn.functional",)

#: The modes, for inputs of 3, 4 and 5 dimensions, and what their nodes are called.
_LABELS = {
    ("nearest", 1): "UpsampleNearest1D",
    ("nearest", 2): "UpsampleNearest2D",
    ("nearest", 3): "UpsampleNearest3D",
    ("nearest-exact", 1): "UpsampleNearestExact1D",
    ("nearest-exact", 2): "UpsampleNearestExact2D",
    ("nearest-exact", 3): "UpsampleNearestExact3D",
    ("linear", 1): "UpsampleLinear1D",
    ("bilinear", 2): "UpsampleBilinear2D",
    ("trilinear", 3): "UpsampleTrilinear3D",
    ("bicubic", 2): "UpsampleBicubic2D",
}
_ANTIALIASED = {
    "bilinear": "UpsampleBilinear2DAa",
    "bicubic": "UpsampleBicubic2DAa",
    "lanczos": "UpsampleLanczos2DAa",
}
_OPERATORS: dict[str, Any] = {
    label: type(label, (Resample,), {}) for label in (*_LABELS.values(), *_ANTIALIASED.values())
}
_NEEDS = {"linear": 3, "bilinear": 4, "trilinear": 5}
_KERNELS = {
    "nearest": "upsample_nearest2d_channels_last",
    "nearest-exact": "upsample_nearest2d_channels_last",
    "linear": "compute_indices_weights_linear",
    "bilinear": "upsample_bilinear2d_channels_last",
    "trilinear": "compute_indices_weights_linear",
    "bicubic": "compute_indices_weights_cubic",
    "lanczos": "compute_indices_weights_lanczos",
}


# Arguments and what is wrong with them ----------------------------------------------------------


def _bind_size(input: Tensor, size: Any) -> Ints:
    spatial = list(input.shape[2:])
    if not isinstance(size, (list, tuple)):
        return (size.__index__(),) * len(spatial)
    if len(size) != len(spatial):
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {spatial} and output size of {size}. Please provide input "
            "tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
        )
    if not all(hasattr(n, "__index__") for n in size):
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or "
            f"Tuple[int, int, int], but got size with types {[type(n) for n in size]}"
        )
    return tuple(n.__index__() for n in size)


def _bind_factors(input: Tensor, scale_factor: Any) -> tuple[float, ...]:
    spatial = list(input.shape[2:])
    if not isinstance(scale_factor, (list, tuple)):
        return (float(scale_factor),) * len(spatial)
    if len(scale_factor) != len(spatial):
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got "
            f"input with spatial dimensions of {spatial} and scale_factor of shape "
            f"{scale_factor}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and "
            "scale_factor in (s1, s2, ...,sK) format."
        )
    return tuple(map(float, scale_factor))


def _sizes_and_factors(
    input: Tensor, size: Any, scale_factor: Any, recompute: bool | None, mode: str
) -> tuple[Ints, tuple[float | None, ...]]:
    """The output's sizes, and the factors where positions are to follow from those."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        sizes = _bind_size(input, size)
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return sizes, (None,) * len(sizes)
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    factors = _bind_factors(input, scale_factor)
    sizes = tuple(int(n * f) for n, f in zip(input.shape[2:], factors, strict=True))
    if recompute or mode == "area":
        return sizes, (None,) * len(sizes)
    return sizes, factors


def _check_mode(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if antialias and not (mode in _ANTIALIASED and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and "
            "requires a 4-D tensor as input"
        )
    rank = input.ndim - 2
    if mode == "lanczos" and rank == 2:
        if align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
    elif mode in _NEEDS and rank in (1, 2, 3) and (mode, rank) not in _LABELS:
        raise NotImplementedError(
            f"Got {input.ndim}D input, but {mode} mode needs {_NEEDS[mode]}D input"
        )
    elif (mode, rank) not in _LABELS and not (mode == "area" and rank in (1, 2, 3)):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the "
            "modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | "
            f"nearest-exact (got {mode})"
        )


def _check_sizes(input: Tensor, outputs: Ints) -> None:
    sizes = tuple(input.shape[2:])
    if min(*sizes, *outputs) <= 0:
        letters = "DHW"[-len(sizes) :]
        before, after = (
            ", ".join(f"{letter}: {n}" for letter, n in zip(letters, values, strict=True))
            for values in (sizes, outputs)
        )
        joint = "and output" if len(sizes) == 1 else "output"
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({before}) "
            f"{joint} ({after})"
        )
    if input.shape[1] == 0:
        raise RuntimeError(
            f"Non-empty {input.ndim}D data tensor expected but got a tensor with sizes "
            f"{list(input.shape)}"
        )


# Interpolation ----------------------------------------------------------------------------------


def _taps(
    size: int,
    outputs: int,
    factor: float | None,
    mode: str,
    align: bool,
    antialias: bool,
    dtype: DType,
) -> Taps | None:
    kind = np.float32 if dtype.itemsize in (2, 4) else np.float64
    if mode.startswith("nearest"):
        return nearest_taps(size, outputs, factor, mode == "nearest-exact")
    stays = size == outputs
    if stays and (mode != "bicubic" or antialias or not factor or dtype is dtypes.uint8):
        return None
    if antialias:
        return antialiased_taps(size, outputs, factor, align, kind, mode)
    table = cubic_taps if mode == "bicubic" else linear_taps
    return table(size, outputs, factor, align, kind)


def _resampled(input: Tensor, taps: list[Taps | None], label: str) -> Tensor:
    return _OPERATORS[label].apply(input, (None, None, *taps))


def _resampled_bytes(input: Tensor, taps: list[Taps | None], label: str) -> Tensor:
    """One dimension after the other, the last one first, each rounded to bytes."""
    x = cast(input, dtypes.float32)
    for dim in reversed(range(len(taps))):
        along = taps[dim]
        if along is not None:
            only: list[Taps | None] = [None] * len(taps)
            only[dim] = quantized(along)
            x = (_resampled(x, only, label) + 0.5).floor().clamp(0, 255)
    return cast(x, dtypes.uint8)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 3, 4), 6",
        "f(1, 2, 4, 5), (7, 3)",
        "f(1, 2, 4, 5), scale_factor=2",
        "f(1, 2, 4, 5), scale_factor=(1.6, 0.7)",
        "f(1, 1, 3, 4, 2), (4, 2, 5)",
        "f(1, 2, 4, 5), scale_factor=1.7, mode='nearest-exact'",
        "f(2, 3, 4), 7, mode='linear'",
        "f(1, 2, 4, 5), (7, 3), mode='bilinear'",
        "f(1, 2, 4, 5), (7, 3), mode='bilinear', align_corners=True",
        "f(1, 2, 4, 5), scale_factor=1.7, mode='bilinear'",
        "f(1, 2, 4, 5), scale_factor=1.7, mode='bilinear', recompute_scale_factor=True",
        "f(1, 2, 4, 5), (1, 5), mode='bilinear', align_corners=True",
        "f(1, 1, 3, 4, 2), (4, 2, 5), mode='trilinear'",
        "f(1, 1, 3, 4, 2), (4, 2, 5), mode='trilinear', align_corners=True",
        "f(1, 2, 4, 5), (7, 3), mode='bicubic'",
        "f(1, 2, 4, 5), (7, 3), mode='bicubic', align_corners=True",
        "f(1, 2, 4, 5), scale_factor=(0.6, 2.5), mode='bicubic'",
        "f(1, 2, 7, 6), 3, mode='area'",
        "f(1, 2, 7, 6), scale_factor=0.5, mode='area'",
        "f(1, 2, 9, 8), (4, 12), mode='bilinear', antialias=True",
        "f(1, 2, 9, 8), (4, 12), mode='bilinear', align_corners=True, antialias=True",
        "f(1, 2, 9, 8), (4, 12), mode='bicubic', antialias=True",
        "f(1, 2, 9, 8), scale_factor=0.4, mode='bicubic', antialias=True",
        "f(1, 2, 19, 8), (4, 12), mode='lanczos', antialias=True",
        "f(0, 2, 4, 5), 3",
    ),
)
def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Signals (N, C, L), images (N, C, H, W) or volumes in another size.

    Args:
        input: what to resize.
        size: the size of the output; or
        scale_factor: its ratio to the input's.
        mode: "nearest" (the element that the output's corner falls on), "nearest-exact" (its
            centre), "linear", "bilinear", "trilinear" (for 1, 2, 3 dimensions), "bicubic"
            (Keys, 1981, with a = -0.75), "area" (means, as in adaptive pools), "lanczos".
        align_corners: whether the centres of the corner elements coincide, and not their edges.
        recompute_scale_factor: whether the ratio of the sizes replaces ``scale_factor``, from
            which it differs where sizes are rounded.
        antialias: whether filters widen where the output is smaller, as Pillow's do.

    >>> import flambeau as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[0.0, 1.0]]]), 4, mode="linear")
    tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])
    """
    must_be_tensor(input, "input", 1)
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: "
            "linear | bilinear | bicubic | trilinear"
        )
    outputs, factors = _sizes_and_factors(input, size, scale_factor, recompute_scale_factor, mode)
    _check_mode(input, mode, align_corners, antialias)
    if mode == "area":
        pools = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)
        return pools[len(outputs) - 1](input, outputs)
    _check_sizes(input, outputs)
    if not input.dtype.is_floating_point and input.dtype is not dtypes.uint8:
        raise not_implemented(_KERNELS[mode], input.dtype)
    align = bool(align_corners)
    if mode == "nearest" and len(outputs) == 2:
        # Of images, whose sizes stay or double, PyTorch forgets the exact factors.
        ratios = zip(outputs, input.shape[2:], factors, strict=True)
        factors = tuple(None if n in (size, 2 * size) else f for n, size, f in ratios)
    taps = [
        _taps(n, wanted, factor, mode, align, antialias, input.dtype)
        for n, wanted, factor in zip(input.shape[2:], outputs, factors, strict=True)
    ]
    label = _ANTIALIASED[mode] if antialias else _LABELS[mode, len(outputs)]
    if input.dtype is dtypes.uint8 and not mode.startswith("nearest"):
        return _resampled_bytes(input, taps, label)
    return _resampled(input, taps, label)


@operation(namespaces=FUNCTIONAL)
def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The old name of :func:`interpolate`: warns that it is."""
    _warn("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


@operation(namespaces=FUNCTIONAL)
def upsample_nearest(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
) -> Tensor:
    """The old name of :func:`interpolate` in its mode "nearest": warns that it is."""
    _warn("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


@operation(namespaces=FUNCTIONAL)
def upsample_bilinear(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
) -> Tensor:
    """The old name of :func:`interpolate`, bilinear with aligned corners: warns that it is."""
    _warn("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=3,
    )
