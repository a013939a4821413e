"""Copies and casts: ``clone``, ``to`` and its kin, ``contiguous``, in-place copies and fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives.movement import EXPAND
from flambeau.ir.shapes import broadcast
from flambeau.ops._promotion import Number, as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.size import check_device, device
from flambeau.tensor import Tensor, emit, filled, from_node, node_of

__all__ = ["clone", "fill"]


class Clone(Operator):
    """The same value in a storage of its own."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        return from_node(node_of(input))  # values are immutable: sharing one is a copy

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


@operation(cases=("f(3, 4)", "i(0, 9, 3)"))
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy that gradients flow through.

    >>> import flambeau as torch
    >>> x = torch.zeros(2)
    >>> y = x.clone()
    >>> y[0] = 1
    >>> x
    tensor([0., 0.])
    """
    return Clone.apply(input)


@operation(namespaces=("Tensor",), cases=("f(3, 4)", "f(3, 4).t()"))
def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements stand in row-major order, else a copy."""
    return self if self.is_contiguous() else Clone.apply(self)


@operation(namespaces=("Tensor",), cases=("f(3), torch.float64", "i(0, 9, 3), torch.float32"))
def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor in another dtype: ``to(dtype)``, ``to(device, dtype)``, ``to(other)``.

    The tensor itself when nothing changes, unless ``copy=True``.
    """
    dtype = kwargs.get("dtype")
    check_device(kwargs.get("device"))
    for arg in args:
        if isinstance(arg, DType):
            dtype = arg
        elif isinstance(arg, Tensor):
            dtype = arg.dtype
        elif isinstance(arg, (str, device)):
            check_device(arg)
        elif not isinstance(arg, bool) and arg is not None:
            raise TypeError(f"to() received an invalid argument of type {type(arg).__name__}")
    copies = kwargs.get("copy", len(args) > 0 and args[-1] is True and len(args) >= 3)
    result = self if dtype is None else cast(self, dtype)
    return Clone.apply(self) if result is self and copies else result


@operation(namespaces=("Tensor",), cases=("i(0, 9, 3), f(2)",))
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of another."""
    return cast(self, other.dtype)


@operation(namespaces=("Tensor",), cases=("f(3)",))
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself: it is on the CPU."""
    return self


def cuda(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """There is no CUDA here: raises AssertionError, as PyTorch's CPU build does."""
    check_device("cuda")
    return self


Tensor.cuda = cuda


def _caster(name: str, dtype: DType) -> Callable[[Tensor], Tensor]:
    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        return cast(self, dtype)

    method.__name__ = name
    method.__doc__ = f"The tensor cast to {dtype.name}; itself when it is that already."
    return method


for _name, _dtype in (
    ("double", dtypes.float64),
    ("float", dtypes.float32),
    ("half", dtypes.float16),
    ("bfloat16", dtypes.bfloat16),
    ("long", dtypes.int64),
    ("int", dtypes.int32),
    ("short", dtypes.int16),
    ("char", dtypes.int8),
    ("byte", dtypes.uint8),
    ("bool", dtypes.bool_),
):
    setattr(Tensor, _name, _caster(_name, _dtype))


class Copy(Operator):
    """What ``copy_`` makes of a tensor: the source's elements."""

    _label, _suffix = "CopyBackwards", ""

    @staticmethod
    def forward(ctx: Any, input: Tensor, source: Tensor) -> Tensor:
        if node_of(source).shape == node_of(input).shape:
            return from_node(node_of(source))
        return emit(EXPAND, source, shape=tuple(input.shape))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _nothing(grad), grad


def _nothing(grad: Tensor) -> Tensor:
    """Zeros for what was written over."""
    return filled(grad.shape, 0, grad.dtype)


@operation(namespaces=("Tensor",), inplace=True, cases=("f(2, 3), f(3)", "f(3), i(0, 9, 3)"))
def copy(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """The elements of ``src``, broadcast to this shape and cast to this dtype."""
    if not isinstance(src, Tensor):
        raise TypeError(
            f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}"
        )
    if broadcast(tuple(self.shape), tuple(src.shape)) != self.shape:
        raise RuntimeError(
            f"output with shape {list(self.shape)} doesn't match the broadcast shape "
            f"{list(broadcast(tuple(self.shape), tuple(src.shape)))}"
        )
    return Copy.apply(self, cast(src, self.dtype))


class Fill(Operator):
    """One value everywhere."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, value: Tensor) -> Tensor:
        return emit(EXPAND, value, shape=tuple(input.shape))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _nothing(grad), grad


class FillTensor(Fill):
    """As Fill, of a tensor."""

    _label, _suffix = "Fill", "Backward1"


class Zero(Fill):
    """Zero everywhere."""


@operation(inplace=True, cases=("f(2, 3), 2.5", "f(2, 3), f()"))
def fill(input: Tensor, value: Number | Tensor) -> Tensor:
    """``value`` in every element."""
    operator = FillTensor if isinstance(value, Tensor) else Fill
    if not isinstance(value, Tensor):
        value = as_tensor_of(value, input.dtype)
    elif value.ndim:
        raise RuntimeError(
            "fill_ only supports 0-dimension value tensor but got tensor with "
            f"{value.ndim} dimensions."
        )
    return operator.apply(input, cast(value, input.dtype))


@operation(namespaces=("Tensor",), inplace=True, cases=("f(2, 3)",))
def zero(self: Tensor) -> Tensor:
    """Zero in every element."""
    return Zero.apply(self, as_tensor_of(0, self.dtype))


del Tensor.copy, Tensor.zero, Tensor.fill  # type: ignore[attr-defined]  # only in-place in PyTorch
