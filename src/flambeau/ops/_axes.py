"""What reductions share: naming the dimensions, dropping them, and spreading gradients back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.ir.node import Primitive
from flambeau.ir.primitives.movement import RESHAPE
from flambeau.ir.shapes import normalize_dim
from flambeau.ops._arguments import no_overload
from flambeau.ops.shape import expand, reshape
from flambeau.tensor import Tensor, emit, from_node, node_of

__all__ = [
    "Dims",
    "by_numpy_names",
    "dropped",
    "every",
    "is_dims",
    "kept_shape",
    "one_dim",
    "reduced",
    "spread",
]

#: One dimension, several, or (None, or no dimension named) all of them.
Dims = int | Sequence[int] | None

_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "a": "input", "x": "input"}


def by_numpy_names(function: Any, input: Any, numpy_names: dict[str, Any], **given: Any) -> Any:
    """Call ``function`` again, with NumPy's names of arguments put into PyTorch's."""
    for name, value in numpy_names.items():
        if name not in _NUMPY_NAMES:
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument '{name}'")
        given[_NUMPY_NAMES[name]] = value
    return function(input, **given)


def is_dims(dim: Any) -> bool:
    """Whether ``dim`` can name dimensions at all."""
    if dim is None or hasattr(dim, "__index__"):
        return True
    return isinstance(dim, (tuple, list)) and all(hasattr(d, "__index__") for d in dim)


def one_dim(function: str, input: Tensor, dim: Any, overloads: tuple[str, ...] = ()) -> int:
    """The dimension that an argument names, from the front; TypeError if it is no integer."""
    if not hasattr(dim, "__index__"):
        if overloads:
            raise no_overload(function, (input, dim), *overloads)
        raise TypeError(
            f"{function}(): argument 'dim' (position 2) must be int, not {type(dim).__name__}"
        )
    return normalize_dim(dim.__index__(), len(node_of(input).shape))


def every(input: Tensor) -> tuple[int, ...]:
    """All dimensions of a tensor."""
    return tuple(range(len(node_of(input).shape)))


def kept_shape(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    """The shape after a reduction that keeps its dimensions, as 1."""
    return tuple(1 if d in dims else n for d, n in enumerate(shape))


def dropped(tensor: Tensor, dims: tuple[int, ...]) -> Tensor:
    """``tensor``, fresh from a primitive, without its ``dims`` of size 1."""
    shape = node_of(tensor).shape
    kept = tuple(n for d, n in enumerate(shape) if d not in dims)
    return tensor if kept == shape else emit(RESHAPE, tensor, shape=kept)


def reduced(primitive: Primitive, input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """A reduction over ``dims``, with no history."""
    if not dims:
        return from_node(node_of(input))
    result = emit(primitive, input, axes=dims)
    return result if keepdim else dropped(result, dims)


def spread(
    grad: Tensor, shape: tuple[int, ...], dims: tuple[int, ...], keepdim: bool = False
) -> Tensor:
    """A gradient of the reduced result at every element that went into it."""
    if not keepdim and len(dims) < len(shape):
        grad = reshape(grad, kept_shape(shape, dims))
    return expand(grad, shape)
