"""Pictures of tensors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from flambeau import ops
from flambeau.autograd import no_grad
from flambeau.ir.dtypes import uint8
from flambeau.tensor import Tensor
from flambeau.vision._pillow import pillow

__all__ = ["make_grid", "save_image"]

Images = Tensor | Sequence[Tensor]


@no_grad()
def make_grid(
    tensor: Images,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Put images of one size into one picture (C, H, W).

    Args:
        tensor: (N, C, H, W), an image, or a list of images. Grey images get three channels.
        nrow: how many images in a row.
        padding: pixels between them.
        normalize: whether to bring values to the range 0 to 1.
        value_range: what is brought to it; from the least to the greatest value if not given.
        scale_each: whether that is looked for in each image.
        pad_value: the value between images.

    Raises ``TypeError`` if there are no images.
    """
    images = _batch(tensor)
    if normalize:
        images = _normalized(images, value_range, scale_each)
    if len(images) == 1:
        return images.squeeze(0)
    count, channels, height, width = images.shape
    columns = min(nrow, count)
    rows = -(-count // columns)
    # Each cell has its padding above and to the left.
    cells = ops.full(
        (rows * columns, channels, height + padding, width + padding),
        pad_value,
        dtype=images.dtype,
    )
    cells[:count, :, padding:, padding:] = images
    cells = cells.reshape(rows, columns, *cells.shape[1:]).permute(2, 0, 3, 1, 4)
    inside = cells.reshape(channels, rows * (height + padding), columns * (width + padding))
    grid = ops.full(
        (channels, inside.shape[1] + padding, inside.shape[2] + padding),
        pad_value,
        dtype=images.dtype,
    )
    grid[:, : inside.shape[1], : inside.shape[2]] = inside
    return grid


def _batch(images: Any) -> Tensor:
    if not isinstance(images, Tensor):
        if not isinstance(images, list):
            raise TypeError(f"tensor or list of tensors expected, got {type(images)}")
        for image in images:
            if not isinstance(image, Tensor):
                raise TypeError(
                    f"tensor or list of tensors expected, got a list containing {type(image)}"
                )
        images = ops.stack(images, 0)
    if images.ndim == 2:
        images = images.unsqueeze(0)
    if images.ndim == 3:
        images = images.unsqueeze(0)
    if images.ndim == 4 and images.shape[1] == 1:
        images = ops.cat((images, images, images), 1)
    return images


def _normalized(
    images: Tensor, value_range: tuple[float, float] | None, scale_each: bool
) -> Tensor:
    if value_range is not None and not isinstance(value_range, tuple):
        raise TypeError(
            "value_range has to be a tuple (min, max) if specified. min and max are numbers"
        )
    if not scale_each:
        return _scaled(images, value_range)
    return ops.stack([_scaled(image, value_range) for image in images.unbind(0)], 0)


def _scaled(image: Tensor, value_range: tuple[float, float] | None) -> Tensor:
    low, high = value_range or (float(image.min()), float(image.max()))
    return (image.clamp(low, high) - low) / max(high - low, 1e-5)


@no_grad()
def save_image(
    tensor: Images,
    fp: str | Path | BinaryIO,
    format: str | None = None,
    **kwargs: Any,
) -> None:
    """Save :func:`make_grid` of images to a file, whose name tells the format if it is not given.

    Values are from 0 to 1; further arguments are those of :func:`make_grid`.
    """
    grid = make_grid(tensor, **kwargs)
    pixels = (grid * 255 + 0.5).clamp(0, 255).permute(1, 2, 0).to(uint8).numpy()
    pillow().fromarray(np.ascontiguousarray(pixels)).save(fp, format=format)
