"""Batches made by NumPy: at once, in this process or a worker, with nothing recorded.

A batch is data, not a computation: recorded, it would put a node a sample into the graph of every
training step.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau import ops
from flambeau.tensor import Tensor

__all__ = ["adopt", "gather", "positions_of", "stack", "take"]


def adopt(array: np.ndarray) -> Tensor:
    """A tensor on an array that nobody else will write to; it is not copied."""
    return Tensor._from_array(array)


def positions_of(indices: Any, length: int) -> np.ndarray | None:
    """Indices into ``length`` samples as an array, or ``None`` if they are not all that."""
    positions = np.asarray(indices)
    if positions.ndim != 1 or positions.dtype.kind not in "iu" or not positions.size:
        return None
    if positions.min() < -length or positions.max() >= length:
        return None  # Reading them one by one says which.
    return positions


def gather(tensor: Tensor, positions: np.ndarray) -> Tensor:
    """The entries of ``tensor`` at the given positions of its first dimension."""
    if tensor.requires_grad:
        return tensor[adopt(positions)]
    return adopt(take(tensor.numpy(), positions))


def take(array: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The entries of ``array`` at the given positions of its first dimension."""
    if array.flags.c_contiguous:
        return np.take(array, positions, axis=0)
    # `take` would first copy all of a transposed array.
    return np.ascontiguousarray(array[positions])


def stack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors along a new first dimension; errors are those of ``stack``."""
    if all(_is_like(tensor, tensors[0]) for tensor in tensors):
        return adopt(np.stack([tensor.numpy() for tensor in tensors]))
    return ops.stack(list(tensors), 0)


def _is_like(tensor: Any, model: Tensor) -> bool:
    return (
        type(tensor) is Tensor
        and not tensor.requires_grad
        and tensor.shape == model.shape
        and tensor.dtype == model.dtype
    )
