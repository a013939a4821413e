"""Element types: their names, their NumPy counterparts, and how they promote.

>>> from flambeau.ir import dtypes
>>> dtypes.promote(dtypes.int64, dtypes.float32)
flambeau.float32
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from flambeau.ir import naming

__all__ = [
    "ALL",
    "DType",
    "bfloat16",
    "bool_",
    "default",
    "finfo",
    "float16",
    "float32",
    "float64",
    "from_numpy",
    "iinfo",
    "int8",
    "int16",
    "int32",
    "int64",
    "of_scalar",
    "promote",
    "set_default",
    "uint8",
]

# What a promotion looks at first: a float beats any integer, an integer beats bool.
BOOL, INTEGER, FLOAT = 0, 1, 2


class DType:
    """An element type. There is exactly one object for each: compare with ``is`` or ``==``."""

    __slots__ = ("category", "itemsize", "name", "numpy", "tensor_type", "wide")

    def __init__(self, name: str, numpy: np.dtype, category: int, tensor_type: str) -> None:
        self.name = name
        self.numpy = numpy
        self.category = category
        self.itemsize = numpy.itemsize
        #: ``torch.FloatTensor``'s last part, by which error messages call the type.
        self.tensor_type = tensor_type
        #: The type in which sums and products of this one are accumulated.
        self.wide: DType = self

    @property
    def is_floating_point(self) -> bool:
        """Whether the type holds real numbers in floating point."""
        return self.category == FLOAT

    @property
    def is_complex(self) -> bool:
        """Always false: complex types are left out."""
        return False

    @property
    def is_signed(self) -> bool:
        """Whether the type has negative numbers."""
        return self.name not in ("uint8", "bool")

    def to_complex(self) -> DType:
        """Complex types are left out: raises."""
        raise RuntimeError(f"{self!r} has no complex counterpart: complex types are not supported")

    def to_real(self) -> DType:
        """The type itself: every type here is real."""
        return self

    def __repr__(self) -> str:
        return f"{naming.prefix()}.{self.name}"

    def __reduce__(self) -> str | tuple:
        return _by_name, (self.name,)


def _make(name: str, numpy: Any, category: int, tensor_type: str) -> DType:
    return DType(name, np.dtype(numpy), category, tensor_type)


float64 = _make("float64", np.float64, FLOAT, "DoubleTensor")
float32 = _make("float32", np.float32, FLOAT, "FloatTensor")
float16 = _make("float16", np.float16, FLOAT, "HalfTensor")
bfloat16 = _make("bfloat16", ml_dtypes.bfloat16, FLOAT, "BFloat16Tensor")
int64 = _make("int64", np.int64, INTEGER, "LongTensor")
int32 = _make("int32", np.int32, INTEGER, "IntTensor")
int16 = _make("int16", np.int16, INTEGER, "ShortTensor")
int8 = _make("int8", np.int8, INTEGER, "CharTensor")
uint8 = _make("uint8", np.uint8, INTEGER, "ByteTensor")
bool_ = _make("bool", np.bool_, BOOL, "BoolTensor")

float16.wide = bfloat16.wide = float32

#: Every type, by its name.
ALL: dict[str, DType] = {
    d.name: d
    for d in (float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, bool_)
}
_FROM_NUMPY = {d.numpy: d for d in ALL.values()}


def _by_name(name: str) -> DType:
    return ALL[name]


def from_numpy(dtype: np.dtype) -> DType:
    """The type of an array's elements; raises TypeError for those that have no counterpart."""
    try:
        return _FROM_NUMPY[np.dtype(dtype)]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type {np.dtype(dtype).type.__module__}."
            f"{np.dtype(dtype).type.__name__}. The only supported types are: float64, float32, "
            "float16, int64, int32, int16, int8, uint8, and bool."
        ) from None


_default = float32


def default() -> DType:
    """The type that Python floats get: float32 unless ``set_default_dtype`` said otherwise."""
    return _default


def set_default(dtype: DType) -> None:
    """Let Python floats become ``dtype`` from now on."""
    global _default
    if not isinstance(dtype, DType) or not dtype.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {dtype}")
    _default = dtype


def of_scalar(value: bool | int | float) -> DType:
    """The type that a Python number, or one of NumPy's, has by itself."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    return int64 if isinstance(value, (int, np.integer)) else _default


# Integers by width; int8 and uint8 meet in int16.
_INTEGER_RANK = {uint8: 0, int8: 1, int16: 2, int32: 3, int64: 4}
_FLOAT_RANK = {float16: 0, bfloat16: 0, float32: 1, float64: 2}


def _promote(a: DType, b: DType) -> DType:
    if a is b:
        return a
    if a.category != b.category:
        return a if a.category > b.category else b
    if a.category == FLOAT:
        if _FLOAT_RANK[a] == _FLOAT_RANK[b]:
            return float32  # half with bfloat16: neither holds the other
        return a if _FLOAT_RANK[a] > _FLOAT_RANK[b] else b
    if {a, b} == {uint8, int8}:
        return int16
    return a if _INTEGER_RANK[a] > _INTEGER_RANK[b] else b


_PROMOTIONS = {(a, b): _promote(a, b) for a in ALL.values() for b in ALL.values()}


def promote(a: DType, b: DType) -> DType:
    """The smallest type that both convert to, by PyTorch's lattice."""
    return _PROMOTIONS[a, b]


class finfo:
    """The numerical limits of a floating-point type (as ``numpy.finfo``)."""

    def __init__(self, dtype: DType | None = None) -> None:
        dtype = dtype or _default
        if not dtype.is_floating_point:
            raise TypeError(
                f"{naming.prefix()}.finfo() requires a floating point input type. "
                "Use torch.iinfo to handle 'torch.finfo'"
            )
        info = ml_dtypes.finfo(dtype.numpy)
        self.dtype = dtype.name
        self.bits = dtype.itemsize * 8
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        fields = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({fields}, dtype={self.dtype})"


class iinfo:
    """The numerical limits of an integer type (as ``numpy.iinfo``)."""

    def __init__(self, dtype: DType) -> None:
        if dtype.category != INTEGER:
            raise TypeError(
                f"{naming.prefix()}.iinfo() requires an integer input type. "
                "Use torch.finfo to handle 'torch.iinfo'"
            )
        info = np.iinfo(dtype.numpy)
        self.dtype = dtype.name
        self.bits = dtype.itemsize * 8
        self.max = int(info.max)
        self.min = int(info.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
