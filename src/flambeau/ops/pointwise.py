"""Exponentials, logarithms, roots, trigonometric and hyperbolic functions, one element at a time.

Integers and bools are computed in the default floating-point dtype.
"""

from __future__ import annotations

import math
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir.primitives import elementwise as e
from flambeau.ops._arguments import floating
from flambeau.ops._promotion import as_tensor_of
from flambeau.ops._registry import operation
from flambeau.ops._unary import by_input, by_result
from flambeau.tensor import Tensor, emit

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "rad2deg",
    "rsqrt",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]

_SPECIAL = ("torch", "Tensor", "special")
_ANY = ("f(3, 4)", "f()", "f(0, 3)", "f(3, 4).t()", "i(0, 4, 5)")
_POSITIVE = ("p(3, 4)", "p()", "p(0, 3)", "p(3, 4).t()", "i(1, 5, 4)")
_INSIDE = ("u(3, 4)", "u()", "u(0, 3)", "-u(3, 4).t()", "i(0, 1, 5)")

# Exponentials -------------------------------------------------------------------------------

Exp = by_result("Exp", e.EXP, lambda grad, y: grad * y)
Exp2 = by_result("Exp2", e.EXP2, lambda grad, y: grad * y * math.log(2))
Expm1 = by_result("Expm1", e.EXPM1, lambda grad, y: grad * (y + 1))
Sigmoid = by_result("Sigmoid", e.SIGMOID, lambda grad, y: grad * (1 - y) * y)


@operation(inplace=True, cases=_ANY)
def exp(input: Tensor) -> Tensor:
    """``e`` to the power of each element.

    >>> import flambeau as torch
    >>> torch.exp(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return Exp.apply(floating(input))


@operation(namespaces=_SPECIAL, inplace=True, cases=_ANY)
def exp2(input: Tensor) -> Tensor:
    """2 to the power of each element."""
    return Exp2.apply(floating(input))


@operation(namespaces=_SPECIAL, inplace=True, cases=_ANY)
def expm1(input: Tensor) -> Tensor:
    """``exp(input) - 1``, exact also near 0."""
    return Expm1.apply(floating(input))


@operation(inplace=True, cases=_ANY)
def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-input))``."""
    return Sigmoid.apply(floating(input))


# Logarithms and roots -----------------------------------------------------------------------

Log = by_input("Log", e.LOG, lambda grad, x: grad / x)
Log2 = by_input("Log2", e.LOG2, lambda grad, x: grad / (x * math.log(2)))
Log10 = by_input("Log10", e.LOG10, lambda grad, x: grad / (x * math.log(10)))
Log1P = by_input("Log1P", e.LOG1P, lambda grad, x: grad / (x + 1))
Sqrt = by_result("Sqrt", e.SQRT, lambda grad, y: grad / (2 * y))
Rsqrt = by_result("Rsqrt", e.RSQRT, lambda grad, y: -0.5 * grad * y**3)


@operation(inplace=True, cases=_POSITIVE)
def log(input: Tensor) -> Tensor:
    """The natural logarithm; nan for negative numbers, -inf for 0."""
    return Log.apply(floating(input))


@operation(inplace=True, cases=_POSITIVE)
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return Log2.apply(floating(input))


@operation(inplace=True, cases=_POSITIVE)
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return Log10.apply(floating(input))


@operation(namespaces=_SPECIAL, inplace=True, cases=(*_POSITIVE, "-u(4)"))
def log1p(input: Tensor) -> Tensor:
    """``log(1 + input)``, exact also near 0."""
    return Log1P.apply(floating(input))


@operation(inplace=True, cases=_POSITIVE)
def sqrt(input: Tensor) -> Tensor:
    """The square root; nan for negative numbers."""
    return Sqrt.apply(floating(input))


@operation(inplace=True, cases=_POSITIVE)
def rsqrt(input: Tensor) -> Tensor:
    """``1 / sqrt(input)``."""
    return Rsqrt.apply(floating(input))


# Angles -------------------------------------------------------------------------------------

Sin = by_input("Sin", e.SIN, lambda grad, x: grad * x.cos())
Cos = by_input("Cos", e.COS, lambda grad, x: grad * -x.sin())
Tan = by_result("Tan", e.TAN, lambda grad, y: grad * (1 + y * y))
Asin = by_input("Asin", e.ASIN, lambda grad, x: grad * rsqrt(1 - x * x))
Acos = by_input("Acos", e.ACOS, lambda grad, x: grad * -rsqrt(1 - x * x))
Atan = by_input("Atan", e.ATAN, lambda grad, x: grad / (x * x + 1))


@operation(inplace=True, cases=_ANY)
def sin(input: Tensor) -> Tensor:
    """The sine of angles in radians."""
    return Sin.apply(floating(input))


@operation(inplace=True, cases=_ANY)
def cos(input: Tensor) -> Tensor:
    """The cosine of angles in radians."""
    return Cos.apply(floating(input))


@operation(inplace=True, cases=_INSIDE)
def tan(input: Tensor) -> Tensor:
    """The tangent of angles in radians."""
    return Tan.apply(floating(input))


@operation(methods=("arcsin",), inplace=("arcsin_",), cases=_INSIDE)
def asin(input: Tensor) -> Tensor:
    """The inverse sine, in radians; nan outside [-1, 1]."""
    return Asin.apply(floating(input))


@operation(methods=("arccos",), inplace=("arccos_",), cases=_INSIDE)
def acos(input: Tensor) -> Tensor:
    """The inverse cosine, in radians; nan outside [-1, 1]."""
    return Acos.apply(floating(input))


@operation(methods=("arctan",), inplace=("arctan_",), cases=_ANY)
def atan(input: Tensor) -> Tensor:
    """The inverse tangent, in radians."""
    return Atan.apply(floating(input))


class Deg2Rad(Operator):
    """input * pi / 180"""

    factor = math.pi / 180

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        return emit(e.MUL, input, as_tensor_of(ctx.function.factor, input.dtype))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * ctx.function.factor


class Rad2Deg(Deg2Rad):
    """input * 180 / pi"""

    factor = 180 / math.pi


@operation(inplace=True, cases=("f(3, 4)", "i(0, 360, 5)"))
def deg2rad(input: Tensor) -> Tensor:
    """Angles in degrees as radians."""
    return Deg2Rad.apply(floating(input))


@operation(inplace=True, cases=("f(3, 4)", "i(0, 7, 5)"))
def rad2deg(input: Tensor) -> Tensor:
    """Angles in radians as degrees."""
    return Rad2Deg.apply(floating(input))


arcsin = asin
arccos = acos
arctan = atan

# Hyperbolic ---------------------------------------------------------------------------------

Sinh = by_input("Sinh", e.SINH, lambda grad, x: grad * x.cosh())
Cosh = by_input("Cosh", e.COSH, lambda grad, x: grad * x.sinh())
Tanh = by_result("Tanh", e.TANH, lambda grad, y: grad * (1 - y * y))
Asinh = by_input("Asinh", e.ASINH, lambda grad, x: grad * rsqrt(x * x + 1))
Acosh = by_input("Acosh", e.ACOSH, lambda grad, x: grad * rsqrt(x * x - 1))
Atanh = by_input("Atanh", e.ATANH, lambda grad, x: grad / (1 - x * x))


@operation(inplace=True, cases=_ANY)
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine."""
    return Sinh.apply(floating(input))


@operation(inplace=True, cases=_ANY)
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine."""
    return Cosh.apply(floating(input))


@operation(inplace=True, cases=_ANY)
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return Tanh.apply(floating(input))


@operation(methods=("arcsinh",), inplace=("arcsinh_",), cases=_ANY)
def asinh(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine."""
    return Asinh.apply(floating(input))


@operation(
    methods=("arccosh",), inplace=("arccosh_",), cases=("p(3, 4) + 1", "p() + 1", "i(1, 5, 4)")
)
def acosh(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine; nan below 1."""
    return Acosh.apply(floating(input))


@operation(methods=("arctanh",), inplace=("arctanh_",), cases=_INSIDE)
def atanh(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent; nan outside [-1, 1]."""
    return Atanh.apply(floating(input))


arcsinh = asinh
arccosh = acosh
arctanh = atanh
