"""The form of operations on one tensor, elementwise: a primitive and a derivative."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir.node import Primitive
from flambeau.ir.primitives.elementwise import CAST
from flambeau.tensor import Tensor, emit, filled

__all__ = [
    "NOT_IMPLEMENTED",
    "Undifferentiable",
    "by_input",
    "by_result",
    "in_wide",
    "without_slope",
    "zeros_as",
]

#: The gradient for the input, from that of the result and from the input or the result.
Derivative = Callable[[Tensor, Tensor], Tensor]


class ByInput(Operator):
    """A function whose derivative is written in terms of its input."""

    primitive: Primitive
    derivative: Derivative

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        return emit(ctx.function.primitive, input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return ctx.function.derivative(grad, *ctx.saved_tensors)


class ByResult(ByInput):
    """A function whose derivative is written in terms of its result."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        result = emit(ctx.function.primitive, input)
        ctx.save_for_backward(result)
        return result


class WithoutSlope(ByInput):
    """A function that is constant between its steps: its derivative is zero."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        return emit(ctx.function.primitive, input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return zeros_as(grad)


def zeros_as(tensor: Tensor) -> Tensor:
    """Zeros in a tensor's shape and dtype."""
    return filled(tensor.shape, 0, tensor.dtype)


def in_wide(compute: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let ``compute``, a chain of primitives, work on halves in float32 and round once."""

    @functools.wraps(compute)
    def computed(*tensors: Tensor, **options: Any) -> Tensor:
        dtype = tensors[0].dtype
        if dtype.wide is dtype:
            return compute(*tensors, **options)
        wide = (emit(CAST, tensor, dtype=dtype.wide) for tensor in tensors)
        return emit(CAST, compute(*wide, **options), dtype=dtype)

    return computed


def by_input(label: str, primitive: Primitive, derivative: Derivative) -> type[Operator]:
    """The operator of a primitive whose derivative is ``derivative(grad, input)``."""
    return type(label, (ByInput,), {"primitive": primitive, "derivative": staticmethod(derivative)})


def by_result(label: str, primitive: Primitive, derivative: Derivative) -> type[Operator]:
    """The operator of a primitive whose derivative is ``derivative(grad, result)``."""
    return type(
        label, (ByResult,), {"primitive": primitive, "derivative": staticmethod(derivative)}
    )


def without_slope(label: str, primitive: Primitive) -> type[Operator]:
    """The operator of a primitive whose derivative is zero."""
    return type(label, (WithoutSlope,), {"primitive": primitive})


#: What PyTorch calls the graph's nodes of such operations.
NOT_IMPLEMENTED = "NotImplemented"


class Undifferentiable(Operator):
    """An operation whose derivative PyTorch leaves out: asking for it is an error.

    Subclasses are labelled NOT_IMPLEMENTED, and say the operation's name in ``aten``.
    """

    _label = NOT_IMPLEMENTED
    _suffix = ""
    aten: str

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        raise RuntimeError(f"derivative for aten::{ctx.function.aten} is not implemented")
