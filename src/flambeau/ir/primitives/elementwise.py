"""Elementwise primitives. Operands broadcast, and but for ``WHERE``'s first share one dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.node import Node, Primitive, Spec
from flambeau.ir.primitives import special
from flambeau.ir.shapes import broadcast

HALVES = (dtypes.float16.numpy, dtypes.bfloat16.numpy)


def in_single(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute half-precision operands in float32 and round the result once."""

    def computed(*arrays: Any, **attrs: Any) -> Any:
        dtype = arrays[0].dtype
        if dtype not in HALVES:
            return function(*arrays, **attrs)
        result = function(*(a.astype(np.float32) for a in arrays), **attrs)
        return result.astype(dtype) if result.dtype == np.float32 else result

    return computed


def _same(*inputs: Node) -> Spec:
    first = inputs[0]
    shape = first.shape
    for other in inputs[1:]:
        if other.shape != shape:
            shape = broadcast(shape, other.shape)
        if other.dtype is not first.dtype:
            raise TypeError(f"operands of unlike types {first.dtype} and {other.dtype}")
    return shape, first.dtype


def _truth(*inputs: Node) -> Spec:
    return _same(*inputs)[0], dtypes.bool_


def _unary(name: str, function: Callable[..., Any]) -> Primitive:
    return Primitive(name, _same, in_single(function))


def _predicate(name: str, function: Callable[..., Any]) -> Primitive:
    return Primitive(name, _truth, in_single(function))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(x.dtype)


def _sign(x: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(x), x.dtype.type(0), np.sign(x)) if x.dtype.kind == "f" else np.sign(x)


NEG = _unary("neg", np.negative)
ABS = _unary("abs", np.abs)
SIGN = _unary("sign", _sign)
FLOOR = _unary("floor", np.floor)
CEIL = _unary("ceil", np.ceil)
ROUND = _unary("round", np.rint)
TRUNC = _unary("trunc", np.trunc)
SQRT = _unary("sqrt", np.sqrt)
RSQRT = _unary("rsqrt", lambda x: 1 / np.sqrt(x))
EXP = _unary("exp", np.exp)
EXP2 = _unary("exp2", np.exp2)
EXPM1 = _unary("expm1", np.expm1)
LOG = _unary("log", np.log)
LOG2 = _unary("log2", np.log2)
LOG10 = _unary("log10", np.log10)
LOG1P = _unary("log1p", np.log1p)
SIN = _unary("sin", np.sin)
COS = _unary("cos", np.cos)
TAN = _unary("tan", np.tan)
ASIN = _unary("asin", np.arcsin)
ACOS = _unary("acos", np.arccos)
ATAN = _unary("atan", np.arctan)
SINH = _unary("sinh", np.sinh)
COSH = _unary("cosh", np.cosh)
TANH = _unary("tanh", np.tanh)
ASINH = _unary("asinh", np.arcsinh)
ACOSH = _unary("acosh", np.arccosh)
ATANH = _unary("atanh", np.arctanh)
SIGMOID = _unary("sigmoid", _sigmoid)
ERF = _unary("erf", special.erf)
ERFC = _unary("erfc", special.erfc)
ERFINV = _unary("erfinv", special.erfinv)
LGAMMA = _unary("lgamma", special.lgamma)
DIGAMMA = _unary("digamma", special.digamma)
I0 = _unary("i0", special.i0)
I1 = _unary("i1", special.i1)


def _polygamma(x: Node, n: int) -> Spec:
    return x.shape, x.dtype


#: The ``n``-th derivative of digamma.
POLYGAMMA = Primitive("polygamma", _polygamma, in_single(lambda x, n: special.polygamma(n, x)))
#: Hurwitz's zeta function of ``s`` and ``q``.
ZETA = _unary("zeta", special.zeta)
#: Bitwise complement; logical negation of a bool.
NOT = _unary("not", np.invert)
ISNAN = _predicate("isnan", np.isnan)

ADD = _unary("add", np.add)
SUB = _unary("sub", np.subtract)
MUL = _unary("mul", np.multiply)
#: True division, of floating-point operands only.
DIV = _unary("div", np.divide)


def _integer_divisor(y: np.ndarray) -> np.ndarray:
    if y.dtype.kind != "f" and not np.all(y):
        raise RuntimeError("ZeroDivisionError")
    return y


def _floor_divide(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    result = np.floor_divide(x, _integer_divisor(y))
    # NumPy gives nan for x // 0 where PyTorch gives x / 0.
    return np.where(y == 0, x / y, result) if x.dtype.kind == "f" else result


FLOOR_DIVIDE = _unary("floor_divide", _floor_divide)
#: The remainder with the divisor's sign, and the one with the dividend's.
REMAINDER = _unary("remainder", lambda x, y: np.remainder(x, _integer_divisor(y)))
FMOD = _unary("fmod", lambda x, y: np.fmod(x, _integer_divisor(y)))


def _power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "f":
        return np.power(x, y)
    # Integers raised to negative powers: 1 and -1 have inverses, the others give 0.
    negative = y < 0
    result = np.power(x, np.where(negative, -y if y.dtype.kind == "i" else y, y))
    return np.where(negative & (np.abs(result) != 1), 0, result).astype(x.dtype)


POW = _unary("pow", _power)
ATAN2 = _unary("atan2", np.arctan2)
#: ``nan`` where either operand is.
MAXIMUM = _unary("maximum", np.maximum)
MINIMUM = _unary("minimum", np.minimum)
AND = _unary("and", np.bitwise_and)
OR = _unary("or", np.bitwise_or)
XOR = _unary("xor", np.bitwise_xor)
SHIFT_LEFT = _unary("shift_left", np.left_shift)
SHIFT_RIGHT = _unary("shift_right", np.right_shift)
NEXTAFTER = Primitive("nextafter", _same, np.nextafter)

EQ = _predicate("eq", np.equal)
NE = _predicate("ne", np.not_equal)
LT = _predicate("lt", np.less)
LE = _predicate("le", np.less_equal)
GT = _predicate("gt", np.greater)
GE = _predicate("ge", np.greater_equal)


def _where(condition: Node, x: Node, y: Node) -> Spec:
    shape = broadcast(condition.shape, x.shape, y.shape)
    return shape, _same(x, y)[1]


WHERE = Primitive("where", _where, np.where)


def _cast(x: Node, dtype: DType) -> Spec:
    return x.shape, dtype


def _astype(x: np.ndarray, dtype: DType) -> np.ndarray:
    if dtype.category == dtypes.BOOL:
        return x != 0
    if x.dtype.kind == "f" and dtype is dtypes.uint8:
        # As C compilers do: negative numbers wrap around.
        return x.astype(np.int64).astype(np.uint8)
    return x.astype(dtype.numpy)


CAST = Primitive("cast", _cast, _astype)
