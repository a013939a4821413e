"""Type promotion: which dtype operands of unlike types meet in, and how they get there."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from flambeau import runtime
from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives.elementwise import CAST
from flambeau.literals import to_array
from flambeau.ops._arguments import NotAnOperand, is_number
from flambeau.tensor import Tensor, emit, from_node, node_of

__all__ = ["Number", "as_tensor_of", "cast", "operands", "result_type", "to_float"]

Number = bool | int | float


class ToCopy(Operator):
    """A cast to another dtype."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dtype: DType) -> Tensor:
        ctx.dtype = input.dtype
        return emit(CAST, input, dtype=dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return cast(grad, ctx.dtype), None


def cast(input: Tensor, dtype: DType) -> Tensor:
    """``input`` in another dtype; itself when it has that already."""
    if node_of(input).dtype is dtype:
        return input
    return ToCopy.apply(input, dtype)


def to_float(input: Tensor) -> Tensor:
    """``input``, in the default dtype if it holds integers or bools."""
    return input if node_of(input).dtype.is_floating_point else cast(input, dtypes.default())


def as_tensor_of(value: Number, dtype: DType) -> Tensor:
    """A 0-d tensor for a Python number."""
    return from_node(runtime.constant(value, dtype))


# A tensor with dimensions outranks a 0-d one, which outranks a Python number: the lower ranks
# count only where their category (bool < integer < float) is higher.
def _rank(value: Any) -> int:
    if not isinstance(value, Tensor) or value._is_number:
        return 0
    return 2 if node_of(value).shape else 1


def result_type(*values: Tensor | Number) -> DType:
    """The dtype in which an operation on these operands is done.

    >>> import flambeau as torch
    >>> torch.result_type(torch.ones(2, dtype=torch.int32), 1.5)
    flambeau.float32
    """
    by_rank: list[DType | None] = [None, None, None]
    for value in values:
        rank = _rank(value)
        dtype = _of_number(value) if rank == 0 else node_of(value).dtype  # type: ignore[arg-type]
        before = by_rank[rank]
        by_rank[rank] = dtype if before is None else dtypes.promote(before, dtype)
    number, zero_dim, dimensioned = by_rank
    if zero_dim is dimensioned is None and any(isinstance(v, Tensor) for v in values):
        return dtypes.float64  # numbers among themselves, in a composite: as Python computes
    result = _outranked(dimensioned, _outranked(zero_dim, number))
    assert result is not None
    return result


def _of_number(value: Any) -> DType:
    return dtypes.default() if isinstance(value, Tensor) else dtypes.of_scalar(value)


def _outranked(higher: DType | None, lower: DType | None) -> DType | None:
    if higher is None or lower is None:
        return higher or lower
    return lower if lower.category > higher.category else higher


def operands(
    input: Tensor | Number, other: Tensor | Number, floating: bool = False
) -> tuple[Tensor, Tensor]:
    """Both operands as tensors of their common dtype (``floating``: at least the default)."""
    if isinstance(input, Tensor) and isinstance(other, Tensor):
        dtype = node_of(input).dtype
        if dtype is node_of(other).dtype and (dtype.category == dtypes.FLOAT or not floating):
            return input, other
    elif type(other) is float and isinstance(input, Tensor):
        dtype = node_of(input).dtype
        if dtype.category == dtypes.FLOAT and not input._is_number:
            return input, as_tensor_of(other, dtype)
    if isinstance(other, np.ndarray):
        other = Tensor._from_array(*to_array(other))
    for position, value in enumerate((input, other), 1):
        if not isinstance(value, (Tensor, complex)) and not is_number(value):
            raise _no_operand(value, position)
    dtype = result_type(input, other)
    if floating and not dtype.is_floating_point:
        dtype = dtypes.default()
    return _in(input, dtype), _in(other, dtype)


def _no_operand(value: Any, position: int) -> NotAnOperand:
    function = sys._getframe(2).f_code.co_name
    name = "input" if position == 1 else "other"
    return NotAnOperand(
        f"{function}(): argument '{name}' (position {position}) must be Tensor, "
        f"not {type(value).__name__}"
    )


def _in(value: Tensor | Number, dtype: DType) -> Tensor:
    if isinstance(value, Tensor):
        return cast(value, dtype)
    if isinstance(value, complex):
        raise RuntimeError("complex numbers are not supported")
    return as_tensor_of(value, dtype)
