"""One value or another, elementwise: ``where``, ``clamp``, ``maximum`` and their kin."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.primitives import elementwise as e
from flambeau.ops._arguments import check_fits, is_number, must_be_tensor, no_overload
from flambeau.ops._promotion import Number, as_tensor_of, cast, operands, result_type
from flambeau.ops._registry import operation
from flambeau.ops.comparison import ge, gt, le, lt
from flambeau.ops.indexing import nonzero
from flambeau.tensor import Tensor, emit

__all__ = [
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "where",
]

Bound = Tensor | Number | None

# where --------------------------------------------------------------------------------------


class Where(Operator):
    """input where condition, else other"""

    @staticmethod
    def forward(ctx: Any, condition: Tensor, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(condition)
        return emit(e.WHERE, condition, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (condition,) = ctx.saved_tensors
        _, needs_input, needs_other = ctx.needs_input_grad
        return (
            None,
            keep(grad, condition) if needs_input else None,
            drop(grad, condition) if needs_other else None,
        )


def keep(grad: Tensor, condition: Tensor) -> Tensor:
    """``grad`` where the condition holds, 0 elsewhere."""
    return Where.apply(condition, grad, as_tensor_of(0, grad.dtype))


def drop(grad: Tensor, condition: Tensor) -> Tensor:
    """0 where the condition holds, ``grad`` elsewhere."""
    return Where.apply(condition, as_tensor_of(0, grad.dtype), grad)


@operation(
    namespaces=("torch",),
    cases=(
        "b(3, 4), f(3, 4), f(3, 4)",
        "b(3, 1), f(4), f(3, 4)",
        "b(3), f(3), 1.5",
        "b(3), 1, i(0, 9, 3)",
        "b(3), f(), f()",
        "b(3), 1, 2.5",
        "b(3, 4)",
    ),
)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """``input`` where the condition is true, ``other`` where it is not.

    With the condition alone, the indices of its true elements, one tensor a dimension.

    >>> import flambeau as torch
    >>> x = torch.tensor([-1.0, 2.0])
    >>> torch.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if input is None and other is None and isinstance(condition, Tensor):
        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor) or _kind(input) is None or _kind(other) is None:
        given = (condition, input, other)
        raise no_overload("where", given[: 3 if other is not None else 2], *_WHERE)
    if condition.dtype is not dtypes.bool_:
        if condition.dtype is not dtypes.uint8:
            name = condition.dtype.tensor_type.removesuffix("Tensor")
            raise RuntimeError(
                "where expected condition to be a boolean tensor, "
                f"but got a tensor with dtype {name}"
            )
        condition = cast(condition, dtypes.bool_)
    return Where.apply(condition, *operands(input, other))


_WHERE = (
    "(Tensor condition)",
    "(Tensor condition, Tensor input, Tensor other, *, Tensor out = None)",
    "(Tensor condition, Number self, Tensor other)",
    "(Tensor condition, Tensor input, Number other)",
    "(Tensor condition, Number self, Number other)",
)


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where the condition is true, ``other`` where it is not."""
    return where(condition, self, other)


_where_method.__name__ = "where"
Tensor.where = _where_method


# clamp --------------------------------------------------------------------------------------


class Clamp(Operator):
    """input within tensors min and max, either of which may be None"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
        ctx.save_for_backward(input, low, high)
        return _bounded(input, low, high)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, low, high = ctx.saved_tensors
        _, needs_low, needs_high = ctx.needs_input_grad
        by_low = by_high = None
        if needs_low:
            below = lt(input, low)
            by_low = keep(grad, below if high is None else below & lt(low, high))
        if needs_high:
            above = gt(input, high)
            by_high = keep(grad, above if low is None else above | lt(high, low))
        return keep(grad, _within(input, low, high)), by_low, by_high


class ClampNumbers(Operator):
    """input within numbers min and max, either of which may be None"""

    _label = "Clamp"
    _suffix = "Backward1"

    @staticmethod
    def forward(ctx: Any, input: Tensor, low: Number | None, high: Number | None) -> Tensor:
        ctx.save_for_backward(input)
        ctx.bounds = low, high
        dtype = input.dtype
        bounds = (None if x is None else as_tensor_of(x, dtype) for x in (low, high))
        return _bounded(input, *bounds)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        return keep(grad, _within(input, *ctx.bounds)), None, None


class ClampMin(ClampNumbers):
    """input, no less than a number"""

    _suffix = "Backward0"


class ClampMax(ClampNumbers):
    """input, no greater than a number"""

    _suffix = "Backward0"


class ClampMinTensor(Clamp):
    """input, no less than a tensor"""

    _label = "ClampMin"
    _suffix = "Backward1"


class ClampMaxTensor(Clamp):
    """input, no greater than a tensor"""

    _label = "ClampMax"
    _suffix = "Backward1"


def _bounded(input: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
    if low is not None:
        input = emit(e.MAXIMUM, input, low)
    return input if high is None else emit(e.MINIMUM, input, high)


def _within(input: Tensor, low: Bound, high: Bound) -> Tensor:
    if low is None:
        assert high is not None
        return le(input, high)
    if high is None:
        return ge(input, low)
    return ge(input, low) & le(input, high)


@operation(
    methods=("clip",),
    inplace=("clip_",),
    cases=(
        "f(3, 4), -0.5, 0.5",
        "f(3, 4), 0",
        "f(3, 4), max=0.3",
        "f(3, 4), 1, -1",
        "d(3, 4), f(4), f(3, 1)",
        "d(3, 4), f(4)",
        "d(3, 4), max=f()",
        "i(-5, 5, 6), -1, 2",
        "i(-5, 5, 6), 0.5",
        "f(0, 3), 0",
    ),
)
def clamp(input: Tensor, min: Bound = None, max: Bound = None) -> Tensor:
    """``input`` with what is below ``min`` raised to it, and what is above ``max`` lowered to it.

    Where the bounds cross, ``max`` wins. The derivative is 1 within the bounds (inclusive).
    """
    must_be_tensor(input, "input", 1)
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    kind = _kind(max if min is None else min)
    if kind is None or (max is not None and _kind(max) is not kind):
        given = (input, min) if max is None else (input, min, max)
        raise no_overload("clamp", given, *_CLAMP)
    return _clamped(Clamp if kind is Tensor else ClampNumbers, input, min, max)


_CLAMP = (
    "(Tensor input, Tensor min = None, Tensor max = None, *, Tensor out = None)",
    "(Tensor input, Number min = None, Number max = None, *, Tensor out = None)",
)


def _kind(bound: Any) -> type | None:
    if isinstance(bound, Tensor):
        return Tensor
    return int if is_number(bound) else None


def _clamped(operator: type[Operator], input: Tensor, low: Bound, high: Bound) -> Tensor:
    numbers = issubclass(operator, ClampNumbers)
    if numbers and input.dtype.is_floating_point:
        return operator.apply(input, low, high)
    dtype = result_type(input, *(bound for bound in (low, high) if bound is not None))
    if numbers:
        check_fits(low, dtype)
        check_fits(high, dtype)
    else:
        low, high = (None if x is None else cast(x, dtype) for x in (low, high))  # type: ignore[arg-type]
    return operator.apply(cast(input, dtype), low, high)


@operation(inplace=True, cases=("f(3, 4), 0", "d(3, 4), f(4)", "i(-5, 5, 6), 1.5"))
def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """``input`` with what is below ``min`` raised to it."""
    kind = _kind(min)
    if kind is None:
        raise no_overload(
            "clamp_min",
            (input, min),
            "(Tensor input, Tensor min, *, Tensor out = None)",
            "(Tensor input, Number min, *, Tensor out = None)",
        )
    return _clamped(ClampMinTensor if kind is Tensor else ClampMin, input, min, None)


@operation(inplace=True, cases=("f(3, 4), 0", "d(3, 4), f(4)", "i(-5, 5, 6), 1.5"))
def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """``input`` with what is above ``max`` lowered to it."""
    kind = _kind(max)
    if kind is None:
        raise no_overload(
            "clamp_max",
            (input, max),
            "(Tensor input, Tensor max, *, Tensor out = None)",
            "(Tensor input, Number max, *, Tensor out = None)",
        )
    return _clamped(ClampMaxTensor if kind is Tensor else ClampMax, input, None, max)


clip = clamp


# maximum ------------------------------------------------------------------------------------

_PAIRS = (
    "d(3, 4), f(3, 4)",
    "d(2, 1, 4), f(3, 1)",
    "i(0, 4, 9), i(0, 4, 9)",
    "d(3), i(0, 3, 3)",
    "f(0, 3), f(3)",
    "b(4), b(4)",
)
_WITH_NAN = "torch.tensor([1.0, float('nan'), 2.0]), torch.tensor([float('nan'), 1.0, 3.0])"


class Maximum(Operator):
    """The greater of input and other: equals share the gradient."""

    primitive = e.MAXIMUM

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return emit(ctx.function.primitive, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        shared = Where.apply(input == other, grad / 2, grad)
        if ctx.function.primitive is e.MINIMUM:
            input, other = other, input
        return drop(shared, lt(input, other)), drop(shared, gt(input, other))


class Minimum(Maximum):
    """The lesser of input and other: equals share the gradient."""

    primitive = e.MINIMUM


@operation(cases=(*_PAIRS, _WITH_NAN))
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The greater of the two, elementwise; nan where either is."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return Maximum.apply(*operands(input, other))


@operation(cases=(*_PAIRS, _WITH_NAN))
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The lesser of the two, elementwise; nan where either is."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return Minimum.apply(*operands(input, other))


class Fmax(Operator):
    """The greater of input and other: of equals, the first gets the gradient."""

    primitive = e.MAXIMUM

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        result = emit(ctx.function.primitive, input, other)
        if not result.dtype.is_floating_point:
            return result
        result = emit(e.WHERE, emit(e.ISNAN, other), input, result)
        return emit(e.WHERE, emit(e.ISNAN, input), other, result)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        beats = ge if ctx.function.primitive is e.MAXIMUM else le
        first = beats(input, other) | emit(e.ISNAN, other)
        return keep(grad, first), drop(grad, first)


class Fmin(Fmax):
    """The lesser of input and other: of equals, the first gets the gradient."""

    primitive = e.MINIMUM


@operation(cases=(*_PAIRS, _WITH_NAN))
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The greater of the two, elementwise; the other one where one is nan."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return Fmax.apply(*operands(input, other))


@operation(cases=(*_PAIRS, _WITH_NAN))
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The lesser of the two, elementwise; the other one where one is nan."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return Fmin.apply(*operands(input, other))
