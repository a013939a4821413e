"""``FloatTensor``, ``LongTensor`` …: the old constructors, one a dtype.

>>> import flambeau as torch
>>> torch.LongTensor([1, 2])
tensor([1, 2])
>>> isinstance(torch.zeros(2), torch.FloatTensor)
True
"""

from __future__ import annotations

from typing import Any

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.size import check_device
from flambeau.tensor import Tensor

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
]


class _TensorType(type):
    """The type of the constructors: calling one makes a Tensor of its dtype."""

    dtype: DType

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.dtype

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        check_device(device)
        return Tensor(*data, dtype=cls.dtype)


def _make(dtype: DType) -> Any:
    doc = f"``{dtype.tensor_type}(data)`` or ``(*sizes)``: a tensor of {dtype.name}."
    return _TensorType(dtype.tensor_type, (), {"dtype": dtype, "__doc__": doc})


BFloat16Tensor = _make(dtypes.bfloat16)
BoolTensor = _make(dtypes.bool_)
ByteTensor = _make(dtypes.uint8)
CharTensor = _make(dtypes.int8)
DoubleTensor = _make(dtypes.float64)
FloatTensor = _make(dtypes.float32)
HalfTensor = _make(dtypes.float16)
IntTensor = _make(dtypes.int32)
LongTensor = _make(dtypes.int64)
ShortTensor = _make(dtypes.int16)
