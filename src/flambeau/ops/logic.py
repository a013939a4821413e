"""Logical and bitwise operations, and the operators ``& | ^ ~ << >>``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.ir import dtypes
from flambeau.ir.node import Primitive
from flambeau.ir.primitives import elementwise as e
from flambeau.ops._arguments import is_number, must_be_tensor, no_overload, not_implemented
from flambeau.ops._promotion import Number, cast, operands
from flambeau.ops._registry import operation
from flambeau.tensor import Tensor, emit

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
]

Operand = Tensor | Number

# Logical ------------------------------------------------------------------------------------

_TRUTHS = ("b(3, 4), b(4)", "i(-1, 2, 5), i(0, 2, 5)", "torch.tensor([0.0, 0.5]), b(2)")


def _truths(input: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    return cast(input, dtypes.bool_), cast(other, dtypes.bool_)


@operation(inplace=True, cases=_TRUTHS, differentiable=False)
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Whether both elements are true, that is, not zero."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return emit(e.AND, *_truths(input, other))


@operation(inplace=True, cases=_TRUTHS, differentiable=False)
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Whether either element is true, that is, not zero."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return emit(e.OR, *_truths(input, other))


@operation(inplace=True, cases=_TRUTHS, differentiable=False)
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Whether just one of the elements is true, that is, not zero."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return emit(e.XOR, *_truths(input, other))


@operation(
    inplace=True, cases=("b(3)", "i(-1, 2, 5)", "torch.tensor([0.0, 0.5])"), differentiable=False
)
def logical_not(input: Tensor) -> Tensor:
    """Whether each element is zero."""
    must_be_tensor(input, "input", 1)
    return emit(e.NOT, cast(input, dtypes.bool_))


# Bitwise ------------------------------------------------------------------------------------

_BITS = ("i(-9, 9, 3, 4), i(-9, 9, 4)", "i(0, 9, 5), 3", "6, i(0, 9, 5)", "b(4), b(4)")
_SHIFTS = ("i(-9, 9, 5), i(0, 9, 5)", "i(-9, 9, 5), 2", "6, i(0, 4, 5)", "i(-9, 9, 5), 70")


def _bitwise(name: str, kernel: str, primitive: Primitive, input: Any, other: Any) -> Tensor:
    tensors = isinstance(input, Tensor) + isinstance(other, Tensor)
    if not tensors or tensors + is_number(input) + is_number(other) < 2:
        raise no_overload(
            name,
            (input, other),
            "(Tensor input, Tensor other, *, Tensor out = None)",
            "(Number self, Tensor other)",
            "(Tensor input, Number other, *, Tensor out = None)",
        )
    a, b = operands(input, other)
    dtype = a.dtype
    if dtype.is_floating_point or (dtype is dtypes.bool_ and primitive in _OF_INTEGERS):
        raise not_implemented(kernel, dtype)
    return emit(primitive, a, b)


_OF_INTEGERS = (e.SHIFT_LEFT, e.SHIFT_RIGHT)


@operation(inplace=("__iand__",), cases=_BITS, differentiable=False)
def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """The bits set in both operands; for bools, whether both are true."""
    return _bitwise("bitwise_and", "bitwise_and_cpu", e.AND, input, other)


@operation(inplace=("__ior__",), cases=_BITS, differentiable=False)
def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """The bits set in either operand; for bools, whether one is true."""
    return _bitwise("bitwise_or", "bitwise_or_cpu", e.OR, input, other)


@operation(inplace=("__ixor__",), cases=_BITS, differentiable=False)
def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """The bits set in just one operand; for bools, whether they differ."""
    return _bitwise("bitwise_xor", "bitwise_xor_cpu", e.XOR, input, other)


@operation(inplace=True, cases=("i(-9, 9, 5)", "b(4)"), differentiable=False)
def bitwise_not(input: Tensor) -> Tensor:
    """All bits inverted; for bools, the negation."""
    must_be_tensor(input, "input", 1)
    if input.dtype.is_floating_point:
        raise not_implemented("bitwise_not_cpu", input.dtype)
    return emit(e.NOT, input)


@operation(inplace=("__ilshift__",), cases=_SHIFTS, differentiable=False)
def bitwise_left_shift(input: Operand, other: Operand) -> Tensor:
    """``input`` with its bits moved left by ``other`` places: 0 when it is that wide."""
    return _bitwise("bitwise_left_shift", "lshift_cpu", e.SHIFT_LEFT, input, other)


@operation(inplace=("__irshift__",), cases=_SHIFTS, differentiable=False)
def bitwise_right_shift(input: Operand, other: Operand) -> Tensor:
    """``input`` with its bits moved right by ``other`` places; the sign moves in."""
    return _bitwise("bitwise_right_shift", "rshift_cpu", e.SHIFT_RIGHT, input, other)


# Operators ----------------------------------------------------------------------------------


def _invert(self: Tensor) -> Tensor:
    """``~self``: all bits inverted; for bools, the negation."""
    if self.dtype.is_floating_point:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return emit(e.NOT, self)


def _operator(function: Callable[[Any, Any], Tensor]) -> Callable[[Tensor, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not is_number(other):
            return NotImplemented  # Python then raises TypeError
        return function(self, other)

    method.__doc__ = f"``self`` and ``other`` given to :func:`{function.__name__}`."
    return method


def _reflected(function: Callable[[Any, Any], Tensor]) -> Callable[[Tensor, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not is_number(other):
            return NotImplemented
        return function(other, self)

    method.__doc__ = f"``other`` and ``self``, in that order, given to :func:`{function.__name__}`."
    return method


Tensor.__invert__ = _invert

for _symbol, _function in (
    ("and", bitwise_and),
    ("or", bitwise_or),
    ("xor", bitwise_xor),
    ("lshift", bitwise_left_shift),
    ("rshift", bitwise_right_shift),
):
    for _name, _method in (
        (f"__{_symbol}__", _operator(_function)),
        (f"__r{_symbol}__", _reflected(_function)),
    ):
        _method.__name__ = _name
        setattr(Tensor, _name, _method)
