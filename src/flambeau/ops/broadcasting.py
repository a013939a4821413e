"""Broadcasting by name: common shapes, and the sums that undo it."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import Operator
from flambeau.ir.primitives.movement import RESHAPE
from flambeau.ir.primitives.reduction import SUM
from flambeau.ir.shapes import broadcast
from flambeau.ops._registry import operation
from flambeau.ops.shape import expand, reshape, sizes_of
from flambeau.size import Size
from flambeau.tensor import Tensor, emit, node_of

__all__ = ["broadcast_shapes", "broadcast_tensors"]


class SumToSize(Operator):
    """Sums over the dimensions that a broadcast repeated."""

    _label = "Sum"

    @staticmethod
    def forward(ctx: Any, input: Tensor, shape: tuple[int, ...]) -> Tensor:
        ctx.shape = before = node_of(input).shape
        padded = (1,) * (len(before) - len(shape)) + shape
        axes = tuple(d for d, (n, k) in enumerate(zip(before, padded, strict=True)) if k != n)
        result = emit(SUM, input, axes=axes) if axes else input
        return emit(RESHAPE, result, shape=shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        missing = len(ctx.shape) - len(node_of(grad).shape)
        return expand(reshape(grad, (1,) * missing + tuple(grad.shape)), ctx.shape), None


@operation(namespaces=("Tensor",), cases=("f(3, 4), 1, 4", "f(3, 4), (4,)", "f(3, 4), (3, 4)"))
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The tensor summed to a size that broadcasts to its own."""
    shape = sizes_of(size)
    before = tuple(self.shape)
    try:
        fits = broadcast(before, shape) == before
    except RuntimeError:
        fits = False
    if not fits:
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(before)}}}.")
    return self if shape == before else SumToSize.apply(self, shape)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to."""
    given = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    try:
        return Size(broadcast(*given)) if given else Size()
    except RuntimeError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape"
        ) from None


@operation(namespaces=("torch",), cases=("f(3, 1), f(4)",))
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    shape = broadcast(*(tuple(x.shape) for x in given))
    return tuple(x if tuple(x.shape) == tuple(shape) else expand(x, shape) for x in given)
