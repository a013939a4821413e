"""Comparisons, elementwise or of whole tensors. Their results are bools, with no derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flambeau.ir import dtypes
from flambeau.ir.node import Primitive
from flambeau.ir.primitives import elementwise as e, indexing as ix
from flambeau.ir.primitives.movement import RESHAPE
from flambeau.ir.primitives.reduction import ALL
from flambeau.ops._arguments import is_number, must_be_tensor, no_overload, type_name
from flambeau.ops._promotion import Number, as_tensor_of, cast, operands, result_type
from flambeau.ops._registry import operation
from flambeau.tensor import Tensor, emit, emit_many, filled, node_of

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "isclose",
    "isin",
    "le",
    "less",
    "less_equal",
    "lt",
    "ne",
    "not_equal",
]

Operand = Tensor | Number

_PAIRS = (
    "f(3, 4), f(3, 4)",
    "i(0, 3, 2, 1, 4), i(0, 3, 3, 1)",
    "f(), f(3)",
    "f(0, 3), f(3)",
    "i(0, 4, 5), 2",
    "i(0, 4, 5), 1.5",
    "b(4), b(4)",
)
_OVERLOADS = (
    "(Tensor input, Tensor other, *, Tensor out = None)",
    "(Tensor input, Number other, *, Tensor out = None)",
)


def _compared(name: str, primitive: Primitive, input: Any, other: Any) -> Tensor:
    if not isinstance(input, Tensor) or not (isinstance(other, Tensor) or is_number(other)):
        raise no_overload(name, (input, other), *_OVERLOADS)
    return emit(primitive, *operands(input, other))


@operation(inplace=True, cases=_PAIRS, differentiable=False)
def eq(input: Tensor, other: Operand) -> Tensor:
    """Whether ``input == other``, elementwise.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2, 3]) == 2
    tensor([False,  True, False])
    """
    return _compared("eq", e.EQ, input, other)


@operation(methods=("not_equal",), inplace=("not_equal_",), cases=_PAIRS, differentiable=False)
def ne(input: Tensor, other: Operand) -> Tensor:
    """Whether ``input != other``, elementwise."""
    return _compared("ne", e.NE, input, other)


@operation(methods=("less",), inplace=("less_",), cases=_PAIRS, differentiable=False)
def lt(input: Tensor, other: Operand) -> Tensor:
    """Whether ``input < other``, elementwise."""
    return _compared("lt", e.LT, input, other)


@operation(methods=("less_equal",), inplace=("less_equal_",), cases=_PAIRS, differentiable=False)
def le(input: Tensor, other: Operand) -> Tensor:
    """Whether ``input <= other``, elementwise."""
    return _compared("le", e.LE, input, other)


@operation(methods=("greater",), inplace=("greater_",), cases=_PAIRS, differentiable=False)
def gt(input: Tensor, other: Operand) -> Tensor:
    """Whether ``input > other``, elementwise."""
    return _compared("gt", e.GT, input, other)


@operation(
    methods=("greater_equal",), inplace=("greater_equal_",), cases=_PAIRS, differentiable=False
)
def ge(input: Tensor, other: Operand) -> Tensor:
    """Whether ``input >= other``, elementwise."""
    return _compared("ge", e.GE, input, other)


not_equal = ne
less = lt
less_equal = le
greater = gt
greater_equal = ge


def _operator(name: str, primitive: Primitive) -> Callable[[Tensor, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not is_number(other):
            return NotImplemented  # Python then compares identities, or raises TypeError
        return emit(primitive, *operands(self, other))

    method.__name__ = name
    method.__doc__ = f"``self`` and ``other`` compared elementwise, as by :func:`{name[2:4]}`."
    return method


for _name, _primitive in (
    ("__eq__", e.EQ),
    ("__ne__", e.NE),
    ("__lt__", e.LT),
    ("__le__", e.LE),
    ("__gt__", e.GT),
    ("__ge__", e.GE),
):
    setattr(Tensor, _name, _operator(_name, _primitive))


# Whole tensors ------------------------------------------------------------------------------


def _holds(condition: Tensor) -> bool:
    """Whether all elements are true."""
    axes = tuple(range(condition.ndim))
    return bool(emit(RESHAPE, emit(ALL, condition, axes=axes), shape=()))


@operation(
    cases=("i(0, 2, 3), i(0, 2, 3)", "torch.ones(3), torch.ones(3)", "f(3), f(2, 3)"),
    differentiable=False,
)
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same size and the same elements."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    if input.shape != other.shape:
        return False
    return _holds(emit(e.EQ, *operands(input, other)))


@operation(
    cases=(
        "torch.tensor([1.0, 2.0, 1e-9]), torch.tensor([1.0 + 1e-6, 2.1, 0.0])",
        "torch.tensor([float('inf'), float('nan')]), torch.tensor([float('inf'), float('nan')])",
        "torch.tensor([float('nan')]), torch.tensor([float('nan')]), equal_nan=True",
        "i(0, 3, 4), i(0, 3, 4), atol=1",
        "b(4), b(4)",
    ),
    differentiable=False,
)
def isclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Tensor:
    """Whether ``|input - other| <= atol + rtol * |other|``, elementwise.

    Infinities are close to themselves alone, nan to itself if ``equal_nan``.
    """
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    _check_tolerances(input, other, rtol, atol)
    close = emit(e.EQ, input, other)
    if input.dtype is dtypes.bool_ or (rtol == 0 and atol == 0 and not equal_nan):
        return close
    if equal_nan and input.dtype.is_floating_point:
        both = emit(e.AND, emit(e.ISNAN, input), emit(e.ISNAN, other))
        close = emit(e.OR, close, both)
    if not input.dtype.is_floating_point:
        input, other = cast(input, dtypes.default()), cast(other, dtypes.default())
    dtype = input.dtype
    allowed = emit(e.ABS, emit(e.MUL, other, as_tensor_of(rtol, dtype)))
    allowed = emit(e.ADD, allowed, as_tensor_of(atol, dtype))
    actual = emit(e.ABS, emit(e.SUB, input, other))
    finite = emit(e.LT, actual, as_tensor_of(math.inf, dtype))
    near = emit(e.AND, emit(e.LE, actual, allowed), finite)
    return emit(e.OR, close, near)


def _check_tolerances(input: Tensor, other: Tensor, rtol: float, atol: float) -> None:
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{type_name(input.dtype)} did not match {type_name(other.dtype)}")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not value >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value:g}")


@operation(
    cases=(
        "torch.ones(3), torch.ones(3) + 1e-6",
        "torch.ones(3), 2 * torch.ones(3)",
        "torch.zeros(0), torch.zeros(0)",
    ),
    differentiable=False,
)
def allclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> bool:
    """Whether all elements of two tensors are close; see :func:`isclose`."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(other, "other", 2)
    return _holds(isclose(input, other, rtol, atol, equal_nan))


@operation(
    namespaces=("torch",),
    cases=(
        "i(0, 6, 3, 4), i(0, 6, 3)",
        "i(0, 6, 5), torch.tensor([1, 2]), invert=True",
        "i(0, 6, 5), 2",
        "2, i(0, 6, 5)",
        "torch.tensor([1.0, float('nan')]), torch.tensor([float('nan'), 1.0])",
        "i(0, 6, 5), torch.zeros(0, dtype=torch.int64)",
    ),
    differentiable=False,
)
def isin(
    elements: Operand,
    test_elements: Operand,
    *,
    assume_unique: bool = False,
    invert: bool = False,
) -> Tensor:
    """Whether each of ``elements`` is among ``test_elements`` (not among them, if ``invert``)."""
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise no_overload("isin", (elements, test_elements), *_ISIN_OVERLOADS)
    dtype = result_type(elements, test_elements)
    if dtype is dtypes.bool_:
        raise RuntimeError("Unsupported input type encountered for isin(): Bool")
    # The halves hold no more than float32, and NumPy cannot search them.
    dtype = dtype.wide
    wanted, pool = (
        cast(x, dtype) if isinstance(x, Tensor) else as_tensor_of(x, dtype)
        for x in (elements, test_elements)
    )
    count = pool.numel()
    if not count:
        return filled(wanted.shape, invert, dtypes.bool_)
    found = _found(wanted, emit(RESHAPE, pool, shape=(count,)))
    return emit(e.NOT, found) if invert else found


_ISIN_OVERLOADS = tuple(
    f"({pair}, *, bool assume_unique = False, bool invert = False, Tensor out = None)"
    for pair in (
        "Tensor elements, Tensor test_elements",
        "Number element, Tensor test_elements",
        "Tensor elements, Number test_element",
    )
)


def _found(wanted: Tensor, pool: Tensor) -> Tensor:
    """Whether each element equals that of the sorted pool at which a search for it ends."""
    ordered, _ = emit_many(ix.SORT, pool, axis=0, descending=False)
    place = emit(ix.SEARCHSORTED, ordered, wanted, right=False)
    last = as_tensor_of(node_of(pool).shape[0] - 1, dtypes.int64)
    return emit(e.EQ, emit(ix.TAKE, ordered, emit(e.MINIMUM, place, last), axis=0), wanted)
