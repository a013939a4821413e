"""Functions of two and three operands: ``lerp``, ``addcmul``, ``atan2``, ``hypot`` and others."""

from __future__ import annotations

import math
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import elementwise as e
from flambeau.ops._arguments import is_number, must_be_tensor, no_overload, not_implemented
from flambeau.ops._promotion import Number, as_tensor_of, cast, operands, result_type
from flambeau.ops._registry import operation
from flambeau.ops._unary import NOT_IMPLEMENTED, Undifferentiable, in_wide, zeros_as
from flambeau.ops.pointwise import exp, exp2
from flambeau.ops.rounding import negative_sign
from flambeau.ops.selection import keep
from flambeau.tensor import Tensor, emit

__all__ = [
    "addcdiv",
    "addcmul",
    "arctan2",
    "atan2",
    "copysign",
    "heaviside",
    "hypot",
    "ldexp",
    "lerp",
    "logaddexp",
    "logaddexp2",
    "nextafter",
]

Operand = Tensor | Number

# Between two, and sums of products ----------------------------------------------------------


class Lerp(Operator):
    """start + weight * (end - start), for a number"""

    @staticmethod
    def forward(ctx: Any, start: Tensor, end: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        way = emit(e.SUB, end, start)
        # From the nearer end, so that 0 and 1 give the ends exactly.
        if abs(weight) < 0.5:
            return emit(e.ADD, start, emit(e.MUL, way, as_tensor_of(weight, way.dtype)))
        return emit(e.SUB, end, emit(e.MUL, way, as_tensor_of(1 - weight, way.dtype)))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return grad * (1 - ctx.weight), grad * ctx.weight, None


class LerpTensor(Operator):
    """start + weight * (end - start), for a tensor"""

    _label = "Lerp"
    _suffix = "Backward1"

    @staticmethod
    def forward(ctx: Any, start: Tensor, end: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(start, end, weight)
        way = emit(e.SUB, end, start)
        one, half = as_tensor_of(1, way.dtype), as_tensor_of(0.5, way.dtype)
        from_start = emit(e.ADD, start, emit(e.MUL, weight, way))
        from_end = emit(e.SUB, end, emit(e.MUL, way, emit(e.SUB, one, weight)))
        return emit(e.WHERE, emit(e.LT, emit(e.ABS, weight), half), from_start, from_end)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        start, end, weight = ctx.saved_tensors
        needs_weight = ctx.needs_input_grad[2]
        by_weight = grad * (end - start) if needs_weight else None
        return grad * (1 - weight), grad * weight, by_weight


_LERP = (
    "(Tensor input, Tensor end, Tensor weight, *, Tensor out = None)",
    "(Tensor input, Tensor end, Number weight, *, Tensor out = None)",
)


@operation(
    inplace=True,
    cases=(
        "f(3, 4), f(3, 4), 0.3",
        "f(3, 4), f(3, 4), 0.75",
        "f(2, 1), f(3), -2.0",
        "f(3, 4), f(3, 4), u(3, 4)",
        "f(3, 4), f(4), f()",
    ),
)
def lerp(input: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """``input + weight * (end - input)``: the way from ``input`` to ``end``."""
    given = (input, end, weight)
    if not isinstance(input, Tensor) or not isinstance(end, Tensor):
        raise no_overload("lerp", given, *_LERP)
    if not isinstance(weight, Tensor):
        if not is_number(weight):
            raise no_overload("lerp", given, *_LERP)
        _check_lerp(input, end, None)
        return Lerp.apply(input, end, weight)
    _check_lerp(input, end, weight)
    return LerpTensor.apply(input, end, cast(weight, input.dtype))


def _check_lerp(input: Tensor, end: Tensor, weight: Tensor | None) -> None:
    dtype = input.dtype
    for name, other in (("end", end), ("weight", weight)):
        if other is None or other.dtype is dtype or (name == "weight" and not other.ndim):
            continue
        raise RuntimeError(
            f"expected dtype {_c_name(dtype)} for `{name}` but got dtype {_c_name(other.dtype)}"
        )
    if not dtype.is_floating_point:
        raise not_implemented(f"lerp_kernel_{'scalar' if weight is None else 'tensor'}", dtype)


_C_NAMES = {"float64": "double", "float32": "float", "float16": "c10::Half"}


def _c_name(dtype: DType) -> str:
    return _C_NAMES.get(dtype.name, dtype.name)


def _times(tensor: Tensor, value: Number) -> Tensor:
    """``value * tensor`` in the tensor's dtype."""
    if not isinstance(value, Tensor):
        if value == 1:
            return tensor
        value = as_tensor_of(value, tensor.dtype)  # type: ignore[assignment]
    return emit(e.MUL, cast(value, tensor.dtype), tensor)  # type: ignore[arg-type]


class Addcmul(Operator):
    """input + value * tensor1 * tensor2"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any) -> Tensor:
        ctx.save_for_backward(tensor1, tensor2)
        ctx.value = value
        return emit(e.ADD, input, emit(e.MUL, _times(tensor1, value), tensor2))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        tensor1, tensor2 = ctx.saved_tensors
        scaled = grad if ctx.value == 1 else grad * ctx.value
        _, needs_1, needs_2, _ = ctx.needs_input_grad
        return (
            grad,
            scaled * tensor2 if needs_1 else None,
            scaled * tensor1 if needs_2 else None,
            None,
        )


class Addcdiv(Operator):
    """input + value * tensor1 / tensor2"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any) -> Tensor:
        ctx.save_for_backward(tensor1, tensor2)
        ctx.value = value
        return emit(e.ADD, input, emit(e.DIV, _times(tensor1, value), tensor2))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        tensor1, tensor2 = ctx.saved_tensors
        scaled = (grad if ctx.value == 1 else grad * ctx.value) / tensor2
        needs_2 = ctx.needs_input_grad[2]
        return grad, scaled, -scaled * (tensor1 / tensor2) if needs_2 else None, None


def _three(*tensors: Any) -> tuple[Tensor, ...]:
    dtype = result_type(*tensors)
    return tuple(cast(tensor, dtype) for tensor in tensors)


@operation(
    inplace=True,
    cases=(
        "f(3, 4), f(3, 4), f(3, 4)",
        "f(3, 4), f(4), f(3, 1), value=0.5",
        "i(0, 9, 3), i(0, 9, 3), i(0, 9, 3), value=2",
        "f(3), i(0, 9, 3), f(3)",
    ),
)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(tensor1, "tensor1", 2)
    must_be_tensor(tensor2, "tensor2", 3)
    return Addcmul.apply(*_three(input, tensor1, tensor2), value)


@operation(
    inplace=True,
    cases=(
        "f(3, 4), f(3, 4), p(3, 4)",
        "f(3, 4), f(4), p(3, 1), value=0.5",
        "f(3), i(0, 9, 3), p(3)",
    ),
)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(tensor1, "tensor1", 2)
    must_be_tensor(tensor2, "tensor2", 3)
    if not result_type(tensor1, tensor2).is_floating_point:
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release "
            "addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv "
            "behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2))"
            ".to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for "
            "float inputs. The future addcdiv behavior is just the latter implementation: "
            "(input + value * tensor1 / tensor2), for all dtypes."
        )
    return Addcdiv.apply(*_three(input, tensor1, tensor2), value)


# Geometry -----------------------------------------------------------------------------------


class Atan2(Operator):
    """The angle of the point (other, input)."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return emit(e.ATAN2, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        scaled = grad / (input * input + other * other)
        return scaled * other, -scaled * input


@operation(
    methods=("arctan2",),
    inplace=("arctan2_",),
    cases=("f(3, 4), f(3, 4)", "f(2, 1), f(3)", "i(-3, 4, 5), i(1, 4, 5)", "f(3), i(1, 4, 3)"),
)
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle, in radians from -π to π, of the points ``x = other``, ``y = input``."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return Atan2.apply(*operands(input, other, floating=True))


arctan2 = atan2


class Hypot(Operator):
    """sqrt(input² + other²)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        result = _hypotenuse(input, other)
        ctx.save_for_backward(input, other, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other, result = ctx.saved_tensors
        return grad * (input / result), grad * (other / result)


@in_wide
def _hypotenuse(a: Tensor, b: Tensor) -> Tensor:
    """By the longer side, so that no square overflows."""
    a, b = emit(e.ABS, a), emit(e.ABS, b)
    zero, one = as_tensor_of(0, a.dtype), as_tensor_of(1, a.dtype)
    longer, shorter = emit(e.MAXIMUM, a, b), emit(e.MINIMUM, a, b)
    ratio = emit(e.DIV, shorter, longer)
    scaled = emit(e.MUL, longer, emit(e.SQRT, emit(e.ADD, one, emit(e.MUL, ratio, ratio))))
    simple = emit(
        e.OR, emit(e.EQ, longer, zero), emit(e.EQ, longer, as_tensor_of(math.inf, a.dtype))
    )
    return emit(e.WHERE, simple, longer, scaled)


@operation(
    inplace=True,
    cases=(
        "f(3, 4), f(3, 4)",
        "f(2, 1), f(3)",
        "torch.tensor([3e30, 0.0]), torch.tensor([4e30, 0.0])",
    ),
)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """The length of the hypotenuse, ``sqrt(input² + other²)``, without overflow."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    a, b = operands(input, other)
    if not a.dtype.is_floating_point:
        raise not_implemented("hypot_cpu", a.dtype)
    return Hypot.apply(a, b)


# Logarithms of sums -------------------------------------------------------------------------


class Logaddexp(Operator):
    """log(exp(input) + exp(other))"""

    base, power = math.e, staticmethod(exp)

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return _log_of_sum(input, other, base=ctx.function.base)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        power = ctx.function.power
        return grad / (1 + power(other - input)), grad / (1 + power(input - other))


class Logaddexp2(Logaddexp):
    """log2(2**input + 2**other)"""

    base, power = 2, staticmethod(exp2)


@in_wide
def _log_of_sum(a: Tensor, b: Tensor, base: float) -> Tensor:
    """The larger, and the logarithm of what the smaller adds to it."""
    gap = emit(e.NEG, emit(e.ABS, emit(e.SUB, a, b)))
    rest = emit(e.LOG1P, emit(e.EXP2 if base == 2 else e.EXP, gap))
    if base == 2:
        rest = emit(e.MUL, rest, as_tensor_of(1 / math.log(2), rest.dtype))
    # Of equal infinities, the difference is nan.
    endless = emit(e.EQ, emit(e.ABS, a), as_tensor_of(math.inf, a.dtype))
    same = emit(e.AND, endless, emit(e.EQ, a, b))
    return emit(e.WHERE, same, a, emit(e.ADD, emit(e.MAXIMUM, a, b), rest))


_LOG_CASES = (
    "f(3, 4), f(3, 4)",
    "f(2, 1), f(3)",
    "torch.tensor([1000.0, float('inf')]), torch.tensor([0.0, float('inf')])",
)


def _added(operator: Any, kernel: str, input: Tensor, other: Tensor) -> Tensor:
    a, b = operands(input, other)
    if not a.dtype.is_floating_point:
        raise not_implemented(kernel, a.dtype)
    return operator.apply(a, b)


@operation(cases=_LOG_CASES)
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """``log(exp(input) + exp(other))``, without overflow."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return _added(Logaddexp, "logaddexp_cpu", input, other)


@operation(cases=_LOG_CASES)
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """``log2(2**input + 2**other)``, without overflow."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return _added(Logaddexp2, "logaddexp2_cpu", input, other)


# Signs, steps and scales --------------------------------------------------------------------


class Copysign(Operator):
    """The size of input with the sign of other."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        size = emit(e.ABS, input)
        result = emit(e.WHERE, negative_sign(other), emit(e.NEG, size), size)
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, result = ctx.saved_tensors
        ratio = keep(result.detach() / input, input != 0)
        return grad * ratio.detach(), zeros_as(grad) if ctx.needs_input_grad[1] else None


class CopysignNumber(Copysign):
    """The size of input with the sign of a number."""

    _label = "Copysign"
    _suffix = "Backward1"


@operation(
    inplace=True,
    cases=(
        "f(3, 4), f(3, 4)",
        "f(3, 4), -1.0",
        "i(1, 4, 3), f(3)",
        "torch.tensor([1.0, 0.0]), torch.tensor([-0.0, -2.0])",
    ),
)
def copysign(input: Tensor, other: Operand) -> Tensor:
    """The size of ``input`` with the sign of ``other`` (-0 counts as negative)."""
    must_be_tensor(input, "input", 1)
    operator = Copysign if isinstance(other, Tensor) else CopysignNumber
    return operator.apply(*operands(input, other, floating=True))


class Heaviside(Undifferentiable):
    """0 below zero, 1 above, and values at zero."""

    _label, aten = NOT_IMPLEMENTED, "heaviside"

    @staticmethod
    def forward(ctx: Any, input: Tensor, values: Tensor) -> Tensor:
        zero = as_tensor_of(0, input.dtype)
        above = emit(e.CAST, emit(e.GT, input, zero), dtype=input.dtype)
        return emit(e.WHERE, emit(e.EQ, input, zero), values, above)


@operation(
    inplace=True,
    cases=("torch.tensor([-1.5, 0.0, 2.0]), torch.tensor([0.5])", "i(-2, 2, 6), i(5, 6, 6)"),
    differentiable=False,
)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where ``input`` is negative, ``values`` where it is 0, and 1 where it is positive."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(values, "values", 2)
    if input.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return Heaviside.apply(input, values)


class Ldexp(Operator):
    """input * 2**other"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        power = emit(e.EXP2, other)
        result = emit(e.MUL, input, power)
        ctx.save_for_backward(other, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        other, result = ctx.saved_tensors
        needs_other = ctx.needs_input_grad[1]
        return grad * exp2(other), grad * result * math.log(2) if needs_other else None


@operation(inplace=True, cases=("f(3, 4), f(3, 4)", "f(3), i(0, 4, 3)", "i(0, 9, 3), i(0, 4, 3)"))
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2**other``."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return Ldexp.apply(*operands(input, other, floating=True))


class Nextafter(Operator):
    """The next floating-point number towards another: its slope counts as 1."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        return emit(e.NEXTAFTER, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return grad, zeros_as(grad) if ctx.needs_input_grad[1] else None


@operation(
    inplace=True,
    cases=(
        "torch.tensor([1.0, 1.0, 0.0]), torch.tensor([2.0, -2.0, 1.0])",
        "torch.tensor([1.0]), torch.tensor([1.0])",
    ),
    differentiable=False,
)
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The floating-point number next to ``input`` on the way to ``other``."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    a, b = operands(input, other)
    if not a.dtype.is_floating_point:
        raise not_implemented("nextafter_cpu", a.dtype)
    return Nextafter.apply(a, b)
