"""Rounding, signs, and the tests for infinities and nan."""

from __future__ import annotations

import math
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.node import Primitive
from flambeau.ir.primitives import elementwise as e
from flambeau.ir.primitives.movement import BITCAST
from flambeau.ops._arguments import must_be_tensor, not_implemented
from flambeau.ops._promotion import as_tensor_of
from flambeau.ops._registry import operation
from flambeau.ops._unary import in_wide, without_slope, zeros_as
from flambeau.ops.selection import keep
from flambeau.tensor import Tensor, emit, filled, from_node, node_of

__all__ = [
    "ceil",
    "fix",
    "floor",
    "frac",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "nan_to_num",
    "negative_sign",
    "round",
    "sgn",
    "sign",
    "signbit",
    "trunc",
]

_CASES = ("d(3, 4)", "d()", "f(0, 3)", "i(-5, 5, 4)", "torch.tensor([-0.5, 0.5, 1.5, -1.5])")

# Rounding -----------------------------------------------------------------------------------

Floor = without_slope("Floor", e.FLOOR)
Ceil = without_slope("Ceil", e.CEIL)
Trunc = without_slope("Trunc", e.TRUNC)
Round = without_slope("Round", e.ROUND)


def _rounded(function: Any, operator: type[Operator], input: Tensor) -> Tensor:
    dtype = input.dtype
    if dtype.is_floating_point:
        return operator.apply(input)
    if dtype is dtypes.bool_:
        raise not_implemented(f"{function.__name__}_vml_cpu", dtype)
    return from_node(node_of(input))


@operation(inplace=True, cases=_CASES)
def floor(input: Tensor) -> Tensor:
    """The largest integer that is not above each element."""
    must_be_tensor(input, "input", 1)
    return _rounded(floor, Floor, input)


@operation(inplace=True, cases=_CASES)
def ceil(input: Tensor) -> Tensor:
    """The smallest integer that is not below each element."""
    must_be_tensor(input, "input", 1)
    return _rounded(ceil, Ceil, input)


@operation(methods=("fix",), inplace=("fix_",), cases=_CASES)
def trunc(input: Tensor) -> Tensor:
    """Each element without its fraction."""
    must_be_tensor(input, "input", 1)
    return _rounded(trunc, Trunc, input)


fix = trunc


class RoundDecimals(Operator):
    """The nearest number with so many decimals."""

    _label = "Round"
    _suffix = "Backward1"

    @staticmethod
    def forward(ctx: Any, input: Tensor, decimals: int) -> Tensor:
        return _round_decimals(input, decimals=decimals)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return zeros_as(grad), None


@in_wide
def _round_decimals(x: Tensor, decimals: int) -> Tensor:
    power = as_tensor_of(10.0 ** abs(decimals), x.dtype)
    apart, together = (e.MUL, e.DIV) if decimals > 0 else (e.DIV, e.MUL)
    return emit(together, emit(e.ROUND, emit(apart, x, power)), power)


@operation(
    namespaces=("torch", "Tensor", "special"),
    inplace=True,
    cases=(*_CASES, "f(3, 4), decimals=2", "f(3, 4) * 1000, decimals=-2"),
)
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integer (the even one of two), or number with so many ``decimals``."""
    must_be_tensor(input, "input", 1)
    if decimals == 0:
        return _rounded(round, Round, input)
    if not input.dtype.is_floating_point:
        raise not_implemented("round_cpu", input.dtype)
    return RoundDecimals.apply(input, decimals)


class Frac(Operator):
    """What is behind the decimal point."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        return emit(e.SUB, input, emit(e.TRUNC, input))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


@operation(inplace=True, cases=("f(3, 4)", "f()", "torch.tensor([-1.5, 2.25])"))
def frac(input: Tensor) -> Tensor:
    """The fraction of each element, with its sign."""
    must_be_tensor(input, "input", 1)
    if not input.dtype.is_floating_point:
        raise not_implemented("frac_cpu", input.dtype)
    return Frac.apply(input)


# Signs --------------------------------------------------------------------------------------

Sign = without_slope("Sign", e.SIGN)
Sgn = without_slope("Sgn", e.SIGN)

_SIGNED = (*_CASES, "b(4)", "torch.tensor([-0.0, 0.0, float('nan'), float('-inf')])")


@operation(inplace=True, cases=_SIGNED)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1 by the sign of each element; 0 for nan."""
    must_be_tensor(input, "input", 1)
    return from_node(node_of(input)) if input.dtype is dtypes.bool_ else Sign.apply(input)


@operation(inplace=True, cases=_SIGNED)
def sgn(input: Tensor) -> Tensor:
    """As :func:`sign`: they differ for complex numbers only."""
    must_be_tensor(input, "input", 1)
    return from_node(node_of(input)) if input.dtype is dtypes.bool_ else Sgn.apply(input)


@operation(cases=_SIGNED, differentiable=False)
def signbit(input: Tensor) -> Tensor:
    """Whether the sign bit is set, as in -1 and in -0."""
    must_be_tensor(input, "input", 1)
    return negative_sign(input)


_INTEGER_OF_SIZE = {2: dtypes.int16, 4: dtypes.int32, 8: dtypes.int64}


def negative_sign(input: Tensor) -> Tensor:
    """Whether the sign bit is set, with no history."""
    dtype = input.dtype
    if not dtype.is_signed:
        return filled(input.shape, False, dtypes.bool_)
    if dtype.is_floating_point:
        dtype = _INTEGER_OF_SIZE[dtype.itemsize]
        input = emit(BITCAST, input, dtype=dtype)
    return emit(e.LT, input, as_tensor_of(0, dtype))


# Infinities and nan -------------------------------------------------------------------------

_EXTREME = (
    "torch.tensor([1.0, float('inf'), float('-inf'), float('nan')])",
    "torch.tensor([[1.0, float('inf')]], dtype=torch.float64)",
    "i(-5, 5, 4)",
    "b(3)",
)


def _compared(primitive: Primitive, input: Tensor, value: float, otherwise: bool) -> Tensor:
    """``input`` against ``value``; ``otherwise`` everywhere if it holds integers."""
    if not input.dtype.is_floating_point:
        return filled(input.shape, otherwise, dtypes.bool_)
    return emit(primitive, input, as_tensor_of(value, input.dtype))


def _size(input: Tensor) -> Tensor:
    return emit(e.ABS, input) if input.dtype.is_floating_point else input


@operation(cases=_EXTREME, differentiable=False)
def isnan(input: Tensor) -> Tensor:
    """Whether each element is nan."""
    must_be_tensor(input, "input", 1)
    if not input.dtype.is_floating_point:
        return filled(input.shape, False, dtypes.bool_)
    return emit(e.ISNAN, input)


@operation(cases=_EXTREME, differentiable=False)
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite."""
    must_be_tensor(input, "input", 1)
    return _compared(e.EQ, _size(input), math.inf, False)


@operation(cases=_EXTREME, differentiable=False)
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor nan."""
    must_be_tensor(input, "input", 1)
    return _compared(e.LT, _size(input), math.inf, True)


@operation(cases=_EXTREME, differentiable=False)
def isposinf(input: Tensor) -> Tensor:
    """Whether each element is positive infinity."""
    must_be_tensor(input, "input", 1)
    return _compared(e.EQ, input, math.inf, False)


@operation(cases=_EXTREME, differentiable=False)
def isneginf(input: Tensor) -> Tensor:
    """Whether each element is negative infinity."""
    must_be_tensor(input, "input", 1)
    return _compared(e.EQ, input, -math.inf, False)


@operation(cases=_EXTREME, differentiable=False)
def isreal(input: Tensor) -> Tensor:
    """Whether each element is a real number: all are, here."""
    must_be_tensor(input, "input", 1)
    return filled(input.shape, True, dtypes.bool_)


class NanToNum(Operator):
    """Numbers in place of nan and the infinities."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, nan: float, posinf: float, neginf: float) -> Tensor:
        ctx.save_for_backward(input)
        dtype = input.dtype
        result = emit(e.WHERE, emit(e.ISNAN, input), as_tensor_of(nan, dtype), input)
        for infinite, number in ((math.inf, posinf), (-math.inf, neginf)):
            there = emit(e.EQ, input, as_tensor_of(infinite, dtype))
            result = emit(e.WHERE, there, as_tensor_of(number, dtype), result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        return keep(grad, isfinite(input)), None, None, None


@operation(
    inplace=True,
    cases=(
        *_EXTREME,
        "f(3, 4)",
        "f(4) * torch.tensor([1.0, float('inf'), float('-inf'), float('nan')])",
        "torch.tensor([1.0, float('inf'), float('-inf'), float('nan')]), 1.0, 2.0, 3.0",
    ),
)
def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """nan as ``nan`` (0), infinities as ``posinf`` and ``neginf`` (the dtype's limits)."""
    must_be_tensor(input, "input", 1)
    if not input.dtype.is_floating_point:
        return from_node(node_of(input))
    limit = dtypes.finfo(input.dtype).max
    return NanToNum.apply(
        input,
        0.0 if nan is None else nan,
        limit if posinf is None else posinf,
        -limit if neginf is None else neginf,
    )
