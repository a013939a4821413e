"""What operations say, in PyTorch's words, about arguments they cannot take."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.tensor import Tensor, node_of

__all__ = [
    "NotAnOperand",
    "c_name",
    "check_fits",
    "floating",
    "is_number",
    "must_be_tensor",
    "no_overload",
    "not_implemented",
    "type_name",
]


class NotAnOperand(TypeError):
    """An operand is neither a tensor nor a number: Python's operators then ask the other one."""


def must_be_tensor(value: Any, name: str, position: int) -> None:
    """TypeError, in the name of the calling function, unless ``value`` is a Tensor."""
    if not isinstance(value, Tensor):
        raise _wrong_type(value, name, position, sys._getframe(1).f_code.co_name)


def floating(input: Tensor) -> Tensor:
    """The argument ``input`` of the calling function; in the default dtype if it is integral."""
    if not isinstance(input, Tensor):
        raise _wrong_type(input, "input", 1, sys._getframe(1).f_code.co_name)
    if node_of(input).dtype.is_floating_point:
        return input
    return input.to(dtypes.default())


def _wrong_type(value: Any, name: str, position: int, function: str) -> TypeError:
    return TypeError(
        f"{function}(): argument '{name}' (position {position}) must be Tensor, "
        f"not {type(value).__name__}"
    )


def type_name(dtype: DType) -> str:
    """What error messages call a dtype: ``Float``, ``Long``."""
    return dtype.tensor_type.removesuffix("Tensor")


_C_NAMES = {
    dtypes.float64: "double",
    dtypes.float32: "float",
    dtypes.float16: "c10::Half",
    dtypes.bfloat16: "c10::BFloat16",
    dtypes.int64: "long int",
    dtypes.int32: "int",
    dtypes.int16: "short int",
    dtypes.int8: "signed char",
    dtypes.uint8: "unsigned char",
    dtypes.bool_: "bool",
}


def c_name(dtype: DType) -> str:
    """What other error messages call a dtype: ``float``, ``long int``."""
    return _C_NAMES[dtype]


def not_implemented(kernel: str, dtype: DType) -> NotImplementedError:
    """The error of an operation that has no meaning for a dtype."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(dtype)}'")


def no_overload(function: str, arguments: tuple[Any, ...], *signatures: str) -> TypeError:
    """The error of arguments that fit none of a function's signatures."""
    given = ", ".join(type(argument).__name__ for argument in arguments)
    expected = "".join(f" * {signature}\n" for signature in signatures)
    return TypeError(
        f"{function}() received an invalid combination of arguments - got ({given}), "
        f"but expected one of:\n{expected}"
    )


def is_number(value: Any) -> bool:
    """Whether ``value`` can be an operand: a Python number, or one of NumPy's."""
    return isinstance(value, (bool, int, float, np.number, np.bool_))


_SMALL_INTEGERS = {"uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int"}


def check_fits(value: Any, dtype: DType) -> None:
    """RuntimeError unless a number (or None) is in the range of an integral dtype."""
    name = _SMALL_INTEGERS.get(dtype.name)
    if name is None or value is None:
        return
    limits = dtypes.iinfo(dtype)
    low = -limits.max if dtype is dtypes.uint8 else limits.min
    if not low <= value <= limits.max:
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
