"""A batch of images at once, where the transform is the same arithmetic for every image.

That is so for ``ToTensor`` and ``Normalize``, whose results are here the same to the bit. Any
other transform is called for each image.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.tensor import Tensor
from flambeau.utils.data._utils.arrays import adopt, positions_of, take
from flambeau.vision.transforms import Compose, Normalize, ToTensor

__all__ = ["array_of", "transformed_batch"]


def array_of(data: Any) -> np.ndarray:
    """A dataset's tensor, array or list as an array."""
    return data.numpy() if isinstance(data, Tensor) else np.asarray(data)


def transformed_batch(
    transform: Any, images: Any, targets: Any, indices: Sequence[int]
) -> list[Tensor] | None:
    """The transformed images at ``indices``, and their targets.

    Images are (N, H, W) or (N, H, W, C) of uint8; the batch is (n, C, H, W). Returns ``None`` if
    the transform must be called for each image.
    """
    normalizations = _normalizations(transform)
    pixels = array_of(images)
    if normalizations is None or pixels.dtype != np.uint8 or pixels.ndim not in (3, 4):
        return None
    positions = positions_of(indices, min(len(pixels), len(targets)))
    if positions is None:
        return None
    numbers = _at(targets, positions)
    if numbers.dtype.kind != "i":
        return None
    batch = take(pixels, positions)
    channels_first = batch[:, None] if batch.ndim == 3 else batch.transpose(0, 3, 1, 2)
    tensor = adopt(np.divide(channels_first, np.float32(255), dtype=np.float32, order="C"))
    for normalize in normalizations:
        tensor = normalize(tensor)
    return [tensor, adopt(numbers.astype(np.int64, copy=False))]


def _at(targets: Any, positions: np.ndarray) -> np.ndarray:
    if isinstance(targets, list):
        return np.array([targets[position] for position in positions])
    return take(array_of(targets), positions)


def _normalizations(transform: Any) -> list[Normalize] | None:
    """What follows ``ToTensor``, if that comes first and only ``Normalize`` follows."""
    steps = transform.transforms if type(transform) is Compose else [transform]
    if not steps or type(steps[0]) is not ToTensor:
        return None
    normalizations = [step for step in steps[1:] if type(step) is Normalize]
    return normalizations if len(normalizations) == len(steps) - 1 else None
