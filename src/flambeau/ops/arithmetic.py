"""The four operations and their kin: what Python's arithmetic operators do to tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.primitives import elementwise as e
from flambeau.ops._arguments import NotAnOperand, not_implemented
from flambeau.ops._promotion import Number, operands, to_float
from flambeau.ops._registry import operation
from flambeau.ops._unary import NOT_IMPLEMENTED, Undifferentiable, zeros_as
from flambeau.tensor import Tensor, emit

__all__ = [
    "absolute",
    "add",
    "div",
    "divide",
    "float_power",
    "floor_divide",
    "fmod",
    "mul",
    "multiply",
    "neg",
    "negative",
    "positive",
    "pow",
    "reciprocal",
    "remainder",
    "rsub",
    "square",
    "sub",
    "subtract",
    "true_divide",
]

Operand = Tensor | Number

_PAIRS = ("f(3, 4), f(3, 4)", "f(2, 1, 4), f(3, 1)", "f(), f(3)", "f(0, 3), f(3)", "f(3), 2.5")


class Add(Operator):
    """input + other"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        return emit(e.ADD, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return grad, grad


@operation(
    methods=("__add__", "__radd__"),
    inplace=("__iadd__",),
    cases=(*_PAIRS, "f(3), f(3), alpha=2", "i(0, 9, 3), f(3)", "i(0, 9, 3), 2"),
)
def add(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """``input + alpha * other``, elementwise, with broadcasting and type promotion.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2]) + 0.5
    tensor([1.5000, 2.5000])
    """
    return Add.apply(*operands(input, other if alpha == 1 else mul(other, alpha)))


class Sub(Operator):
    """input - other"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        return emit(e.SUB, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return grad, neg(grad) if ctx.needs_input_grad[1] else None


@operation(methods=("__sub__",), inplace=("__isub__",), cases=(*_PAIRS, "f(3), f(3), alpha=2"))
def sub(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """``input - alpha * other``, elementwise, with broadcasting and type promotion."""
    _refuse_bools(input, other)
    return Sub.apply(*operands(input, other if alpha == 1 else mul(other, alpha)))


def _refuse_bools(input: Operand, other: Operand) -> None:
    bools = [
        isinstance(x, bool) or getattr(x, "dtype", None) is dtypes.bool_ for x in (input, other)
    ]
    if True not in bools:
        return
    if all(getattr(x, "dtype", None) is dtypes.bool_ for x in (input, other)):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    raise RuntimeError(
        "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
        "to invert a mask, use the `~` or `logical_not()` operator instead."
    )


class Rsub(Operator):
    """other - input"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        return emit(e.SUB, other, input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return neg(grad), grad


class RsubNumber(Rsub):
    """other - input, for a Python number"""

    _label, _suffix = "Rsub", "Backward1"


@operation(methods=("__rsub__",), cases=("f(3), 2.5", "f(3), f(2, 3)", "f(3), f(3), alpha=2"))
def rsub(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """``other - alpha * input``."""
    _refuse_bools(other, input)
    operator = Rsub if isinstance(other, Tensor) else RsubNumber
    return operator.apply(*operands(input if alpha == 1 else mul(input, alpha), other))


class Mul(Operator):
    """input * other"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return emit(e.MUL, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        needs_input, needs_other = ctx.needs_input_grad
        return mul(grad, other) if needs_input else None, (
            mul(grad, input) if needs_other else None
        )


@operation(
    methods=("__mul__", "__rmul__"), inplace=("__imul__",), cases=(*_PAIRS, "b(3), i(0, 9, 3)")
)
def mul(input: Operand, other: Operand) -> Tensor:
    """``input * other``, elementwise, with broadcasting and type promotion."""
    return Mul.apply(*operands(input, other))


class Div(Operator):
    """input / other"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return emit(e.DIV, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        scaled = div(grad, other)
        needs_other = ctx.needs_input_grad[1]
        return scaled, neg(mul(scaled, div(input, other))) if needs_other else None


@operation(
    methods=("__truediv__",),
    inplace=("__itruediv__",),
    cases=(
        "f(3, 4), p(3, 4)",
        "f(2, 1, 4), p(3, 1)",
        "i(0, 9, 3), i(1, 5, 3)",
        "f(3), 2.5",
        "f(3), p(3), rounding_mode='floor'",
        "i(-9, 9, 7), 4, rounding_mode='trunc'",
    ),
)
def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``: true division, or rounded ``"floor"`` or ``"trunc"``."""
    if rounding_mode is None:
        return Div.apply(*operands(input, other, floating=True))
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' "
            f"but found '{rounding_mode}'"
        )
    return DivRounded.apply(*operands(input, other), rounding_mode)


class DivRounded(Operator):
    """input / other, rounded: its derivative is zero"""

    _label, _suffix = "Div", "Backward2"

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor, rounding_mode: str) -> Tensor:
        if rounding_mode == "floor":
            return emit(e.FLOOR_DIVIDE, input, other)
        if input.dtype.is_floating_point:
            return emit(e.TRUNC, emit(e.DIV, input, other))
        return emit(e.FLOOR_DIVIDE, emit(e.SUB, input, emit(e.FMOD, input, other)), other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return zeros_as(grad), zeros_as(grad), None


class FloorDivide(Undifferentiable):
    """The largest integer not above input / other"""

    _label, aten = NOT_IMPLEMENTED, "floor_divide"

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        return emit(e.FLOOR_DIVIDE, input, other)


@operation(
    methods=("__floordiv__",),
    inplace=("__ifloordiv__",),
    cases=("i(-9, 9, 7), i(1, 5, 7)", "i(-9, 9, 7), -4", "f(5), 0.7"),
    differentiable=False,
)
def floor_divide(input: Operand, other: Operand) -> Tensor:
    """``input // other``, rounded towards minus infinity."""
    return FloorDivide.apply(*operands(input, other))


class Remainder(Operator):
    """input - floor(input / other) * other"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return emit(e.REMAINDER, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        return grad, neg(mul(grad, div(input, other, rounding_mode="floor")))


class RemainderTensor(Remainder):
    """As Remainder, by a tensor"""

    _label, _suffix = "Remainder", "Backward1"


@operation(
    methods=("__mod__",), inplace=("__imod__",), cases=("f(5), 0.7", "f(5), p(5)", "i(-9, 9, 7), 4")
)
def remainder(input: Operand, other: Operand) -> Tensor:
    """The remainder of the division, with the divisor's sign (Python's ``%``)."""
    operator = RemainderTensor if isinstance(other, Tensor) else Remainder
    return operator.apply(*operands(input, other))


class Fmod(Operator):
    """input - trunc(input / other) * other"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return emit(e.FMOD, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        return grad, neg(mul(grad, div(input, other, rounding_mode="trunc")))


class FmodTensor(Fmod):
    """As Fmod, by a tensor"""

    _label, _suffix = "Fmod", "Backward1"


@operation(inplace=True, cases=("f(5), 0.7", "f(5), p(5)", "i(-9, 9, 7), 4"))
def fmod(input: Tensor, other: Operand) -> Tensor:
    """The remainder of the division, with the dividend's sign (C's ``fmod``)."""
    operator = FmodTensor if isinstance(other, Tensor) else Fmod
    return operator.apply(*operands(input, other))


class Neg(Operator):
    """-input"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        return emit(e.NEG, input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return neg(grad)


@operation(methods=("__neg__",), inplace=True, cases=("f(3, 4)", "i(-5, 5, 4)"))
def neg(input: Tensor) -> Tensor:
    """``-input``; RuntimeError on bools."""
    if input.dtype is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return Neg.apply(input)


@operation(methods=("__pos__",), cases=("f(3, 4)",))
def positive(input: Tensor) -> Tensor:
    """``+input``: the tensor itself; RuntimeError on bools."""
    if input.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


class Abs(Operator):
    """|input|"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        return emit(e.ABS, input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return mul(grad, emit(e.SIGN, ctx.saved_tensors[0]))


@operation(methods=("__abs__", "abs"), inplace=("abs_",), cases=("f(3, 4)", "i(-5, 5, 4)"))
def absolute(input: Tensor) -> Tensor:
    """The absolute value; the derivative at 0 is 0."""
    if input.dtype is dtypes.bool_:
        raise not_implemented("abs_cpu", input.dtype)
    return Abs.apply(input)


class Pow(Operator):
    """input ** exponent, of two tensors"""

    _suffix = "Backward1"

    @staticmethod
    def forward(ctx: Any, input: Tensor, exponent: Tensor) -> Tensor:
        result = emit(e.POW, input, exponent)
        ctx.save_for_backward(input, exponent, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, exponent, result = ctx.saved_tensors
        needs_input, needs_exponent = ctx.needs_input_grad
        by_input = by_exponent = None
        if needs_input:
            slope = mul(exponent, pow(input, sub(exponent, 1)))
            by_input = mul(grad, slope.masked_fill(exponent == 0, 0))
        if needs_exponent:
            by_exponent = mul(grad, result * _safe_log(input, exponent))
        return by_input, by_exponent


class PowOfNumber(Pow):
    """input ** exponent, for a number input"""

    _label, _suffix = "Pow", "Backward2"


def _safe_log(input: Tensor, exponent: Tensor) -> Tensor:
    """log(input), and 0 where 0 ** exponent is constant in the exponent."""
    vanishing = (input == 0) & (exponent >= 0)
    return input.log().masked_fill(vanishing, 0)


class PowScalar(Operator):
    """input ** exponent, for a Python number"""

    _label = "Pow"

    @staticmethod
    def forward(ctx: Any, input: Tensor, exponent: Number) -> Tensor:
        ctx.save_for_backward(input)
        ctx.exponent = exponent
        return _power(input, exponent)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        if ctx.exponent == 0:
            return mul(grad, 0), None
        return mul(grad, mul(pow(input, ctx.exponent - 1), ctx.exponent)), None


def _power(input: Tensor, exponent: Number) -> Tensor:
    """The usual exponents without a general power."""
    if exponent == 2:
        return emit(e.MUL, input, input)
    if input.dtype.is_floating_point:
        if exponent == 1:
            return emit(e.MUL, input, operands(input, 1)[1])
        if exponent == 0.5:
            return emit(e.SQRT, input)
        if exponent == 3:
            return emit(e.MUL, emit(e.MUL, input, input), input)
        if exponent == -1:
            return emit(e.DIV, operands(input, 1)[1], input)
    return emit(e.POW, *operands(input, exponent))


@operation(
    methods=("__pow__",),
    inplace=("__ipow__",),
    cases=(
        "f(3, 4), 2",
        "f(3, 4), 3",
        "p(3, 4), 0.5",
        "p(3, 4), -1.5",
        "f(3), 0",
        "p(3, 4), f(4)",
        "2.0, f(3)",
        "i(0, 5, 4), 3",
    ),
)
def pow(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent``, elementwise."""
    if isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        integral = not input.dtype.is_floating_point
        if integral and isinstance(exponent, int) and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        if integral and isinstance(exponent, float):
            input = to_float(input)
        return PowScalar.apply(input, exponent)
    operator = Pow if isinstance(input, Tensor) else PowOfNumber
    return operator.apply(*operands(input, exponent))


@operation(cases=("f(3), 2", "i(0, 5, 4), 0.5"))
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent`` in float64."""
    base = input.to(dtypes.float64) if isinstance(input, Tensor) else float(input)
    power = exponent.to(dtypes.float64) if isinstance(exponent, Tensor) else exponent
    return pow(base, power)


@operation(inplace=True, cases=("f(3, 4)", "i(-5, 5, 4)"))
def square(input: Tensor) -> Tensor:
    """``input * input``."""
    return pow(input, 2)


class Reciprocal(Operator):
    """1 / input"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        result = emit(e.DIV, operands(input, 1)[1], input)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (result,) = ctx.saved_tensors
        return neg(mul(grad, mul(result, result)))


@operation(inplace=True, cases=("p(3, 4)", "i(1, 5, 4)"))
def reciprocal(input: Tensor) -> Tensor:
    """``1 / input``."""
    return Reciprocal.apply(to_float(input))


# ``abs`` is the name in the ``torch`` namespace; inside this file it would hide Python's.
multiply = mul
subtract = sub
divide = true_divide = div
negative = neg

_ALIASES: tuple[tuple[str, Callable[..., Tensor]], ...] = (
    ("multiply", mul),
    ("subtract", sub),
    ("divide", div),
    ("true_divide", div),
    ("negative", neg),
)
for _name, _function in _ALIASES:
    setattr(Tensor, _name, _function)
    setattr(Tensor, f"{_name}_", getattr(Tensor, f"{_function.__name__}_"))


def _reflected(name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def method(self: Tensor, other: Operand) -> Tensor:
        try:
            return function(other, self)
        except NotAnOperand:
            return NotImplemented

    method.__name__ = name
    method.__doc__ = f"``other`` and this tensor, in that order, given to ``{function.__name__}``."
    return method


def _by_reciprocal(input: Operand, other: Tensor) -> Tensor:
    """``input / other`` as PyTorch rounds it where the number comes first."""
    return mul(reciprocal(other), input)


_REFLECTED: tuple[tuple[str, Callable[..., Tensor]], ...] = (
    ("__rtruediv__", _by_reciprocal),
    ("__rdiv__", _by_reciprocal),
    ("__rfloordiv__", floor_divide),
    ("__rmod__", remainder),
    ("__rpow__", pow),
)
for _name, _function in _REFLECTED:
    setattr(Tensor, _name, _reflected(_name, _function))
