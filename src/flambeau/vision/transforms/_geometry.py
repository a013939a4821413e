"""Where the pixels of a resized or rotated image come from: plain numbers, no images."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Sampling",
    "nearest_indices",
    "resize_weights",
    "resized_size",
    "rotated_size",
    "rotation_sampling",
]


def resized_size(
    height: int, width: int, size: Sequence[int], max_size: int | None = None
) -> tuple[int, int]:
    """The new (height, width): ``size`` itself, or with one number that of the smaller edge."""
    if len(size) == 2:
        return size[0], size[1]
    wanted = size[0]
    short, long = sorted((width, height))
    new_short, new_long = wanted, int(wanted * long / short)
    if max_size is not None:
        if max_size <= wanted:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {wanted}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if width <= height else (new_short, new_long)


# --- resizing ----------------------------------------------------------------------------


def nearest_indices(size: int, new_size: int, exact: bool) -> np.ndarray:
    """The source index of each new pixel; ``exact`` counts from pixels' centres."""
    offset = np.float32(0.5 if exact else 0.0)
    # In float32, as PyTorch does it: at a border between two pixels it decides which.
    positions = (np.arange(new_size, dtype=np.float32) + offset) * np.float32(size / new_size)
    return np.minimum(positions.astype(np.int64), size - 1)


def resize_weights(size: int, new_size: int, mode: str, antialias: bool) -> np.ndarray:
    """The matrix (new_size, size) of what each source pixel adds to each new pixel.

    With ``antialias`` the filter is widened by the factor of reduction, as Pillow does; without,
    it reads a fixed number of neighbours, of which those outside repeat the border.
    """
    scale = size / new_size
    if antialias:
        return _filtered(size, new_size, scale, mode)
    return _interpolated(size, new_size, scale, mode)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(a: float) -> Callable[[np.ndarray], np.ndarray]:
    """Keys' cubic convolution kernel (1981)."""

    def kernel(x: np.ndarray) -> np.ndarray:
        x = np.abs(x)
        near = ((a + 2) * x - (a + 3)) * x * x + 1
        far = (((x - 5) * x + 8) * x - 4) * a
        return np.where(x < 1, near, np.where(x < 2, far, 0.0))

    return kernel


_SUPPORT = {"bilinear": 1.0, "bicubic": 2.0}
_ANTIALIASED = {"bilinear": _triangle, "bicubic": _cubic(-0.5)}
_PLAIN = {"bilinear": _triangle, "bicubic": _cubic(-0.75)}


def _filtered(size: int, new_size: int, scale: float, mode: str) -> np.ndarray:
    stretch = max(scale, 1.0)
    support = _SUPPORT[mode] * stretch
    centres = scale * (np.arange(new_size)[:, None] + 0.5)
    source = np.arange(size)[None, :]
    first = np.maximum((centres - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centres + support + 0.5).astype(np.int64), size)
    weights = _ANTIALIASED[mode]((source - centres + 0.5) / stretch)
    weights = np.where((source >= first) & (source < last), weights, 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


def _interpolated(size: int, new_size: int, scale: float, mode: str) -> np.ndarray:
    positions = (np.arange(new_size) + 0.5) * scale - 0.5
    if mode == "bilinear":
        positions = np.maximum(positions, 0.0)
    base = np.floor(positions).astype(np.int64)
    reach = int(_SUPPORT[mode])
    weights = np.zeros((new_size, size))
    rows = np.arange(new_size)
    for offset in range(1 - reach, reach + 1):
        neighbour = base + offset
        share = _PLAIN[mode](positions - neighbour)
        np.add.at(weights, (rows, np.clip(neighbour, 0, size - 1)), share)
    return weights


# --- rotation ----------------------------------------------------------------------------


class Sampling(NamedTuple):
    """Where each pixel of a rotated image comes from, in pixels of the source."""

    x: np.ndarray
    y: np.ndarray


def rotated_size(height: int, width: int, angle: float) -> tuple[int, int]:
    """The (height, width) that hold the whole image once it is turned about its centre."""
    x = np.array([-0.5, -0.5, 0.5, 0.5]) * width
    y = np.array([-0.5, 0.5, 0.5, -0.5]) * height
    cosine, sine = _cosine_and_sine(angle)
    turned = np.stack([cosine * x - sine * y, sine * x + cosine * y])
    # Rounding errors must not add a pixel.
    low = np.trunc(turned.min(axis=1) / 1e-3 + 0.5) * 1e-3
    high = np.trunc(turned.max(axis=1) / 1e-3 + 0.5) * 1e-3
    new_width, new_height = np.ceil(high) - np.floor(low)
    return int(new_height), int(new_width)


def rotation_sampling(
    height: int, width: int, angle: float, center: Sequence[float] | None, size: tuple[int, int]
) -> Sampling:
    """Turn by ``angle`` degrees counter-clockwise about ``center`` (x, y), into a new ``size``."""
    new_height, new_width = size
    centre_x, centre_y = center or (width * 0.5, height * 0.5)
    # The centre stays where it is relative to the middle of the image.
    shift_x, shift_y = centre_x - width * 0.5, centre_y - height * 0.5
    x = np.arange(new_width)[None, :] + (0.5 - new_width * 0.5 - shift_x)
    y = np.arange(new_height)[:, None] + (0.5 - new_height * 0.5 - shift_y)
    cosine, sine = _cosine_and_sine(angle)
    return Sampling(
        cosine * x - sine * y + (centre_x - 0.5), sine * x + cosine * y + (centre_y - 0.5)
    )


def _cosine_and_sine(angle: float) -> tuple[float, float]:
    radians = math.radians(angle)
    return math.cos(radians), math.sin(radians)


def source_pixels(
    positions: Sampling, height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and whether it is inside, of the nearest pixel to each position."""
    column, row = np.rint(positions.x).astype(np.int64), np.rint(positions.y).astype(np.int64)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return np.clip(row, 0, height - 1), np.clip(column, 0, width - 1), inside


def bilinear_pixels(positions: Sampling) -> list[tuple[Sampling, np.ndarray]]:
    """The four pixels about each position, and their weights."""
    left, top = np.floor(positions.x), np.floor(positions.y)
    right_share, bottom_share = positions.x - left, positions.y - top
    return [
        (Sampling(left, top), (1 - right_share) * (1 - bottom_share)),
        (Sampling(left + 1, top), right_share * (1 - bottom_share)),
        (Sampling(left, top + 1), (1 - right_share) * bottom_share),
        (Sampling(left + 1, top + 1), right_share * bottom_share),
    ]


def as_pair(value: Any) -> tuple[Any, Any]:
    """One number twice, or a sequence of one or two as a pair."""
    if isinstance(value, int | float):
        return value, value
    values = tuple(value)
    return values * 2 if len(values) == 1 else values
