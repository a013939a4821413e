"""What operations on images and their like share: sizes for each dimension, batches of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.ops.selecting import IndexPutSlices, IndexSelect
from flambeau.ops.shape import squeeze, unsqueeze
from flambeau.tensor import Tensor, filled, node_of

__all__ = ["Ints", "Sizes", "batched", "per_dimension", "put_back", "take", "unbatched"]

Ints = tuple[int, ...]
#: One number for all spatial dimensions, or one for each.
Sizes = int | Sequence[int]


def per_dimension(
    value: Any, rank: int, function: str, name: str, position: int | None = None
) -> Ints:
    """One integer a dimension, from one for all or a sequence; TypeError if it is neither.

    A longer sequence is given back as it is: what to say of it is the caller's to know.
    """
    where = f" (position {position})" if position else ""
    if hasattr(value, "__index__"):
        return (value.__index__(),) * rank
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(
            f"{function}(): argument '{name}'{where} must be tuple of ints, "
            f"not {type(value).__name__}"
        )
    for position, item in enumerate(value):
        if not hasattr(item, "__index__"):
            raise TypeError(
                f"{function}(): argument '{name}' failed to unpack the object at pos "
                f'{position + 1} with error "type must be tuple of ints,but got '
                f'{type(item).__name__}"'
            )
    sizes = tuple(item.__index__() for item in value)
    return sizes * rank if len(sizes) == 1 else sizes


def batched(input: Tensor, rank: int) -> Tensor:
    """``input`` with a dimension for the batch, which it lacks if it has ``rank + 1``."""
    return unsqueeze(input, 0) if input.ndim == rank + 1 else input


def unbatched(result: Tensor, input: Tensor, rank: int) -> Tensor:
    """``result`` without the dimension that ``batched`` gave to ``input``."""
    return squeeze(result, 0) if input.ndim == rank + 1 else result


# Slices by place --------------------------------------------------------------------------------


def _vector(places: Ints) -> Tensor:
    return Tensor._from_array(np.array(places, np.int64))


def take(x: Tensor, dim: int, places: Ints) -> Tensor:
    """The slices of ``x`` along ``dim`` at ``places``."""
    return IndexSelect.apply(x, dim, _vector(places))


def put_back(grad: Tensor, dim: int, places: Ints, size: int) -> Tensor:
    """The adjoint of ``take``: slices added at ``places`` along a dimension of ``size``."""
    shape = node_of(grad).shape
    zeros = filled((*shape[:dim], size, *shape[dim + 1 :]), 0, grad.dtype)
    return IndexPutSlices.apply(zeros, dim, _vector(places), grad, "add")
