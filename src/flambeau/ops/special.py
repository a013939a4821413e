"""Special functions, elementwise: of the error, gamma and Bessel families, and others.

Integers and bools are computed in the default floating-point dtype.
"""

from __future__ import annotations

import math
from typing import Any

from flambeau.autograd import CompositeOperator, Operator
from flambeau.ir.primitives import elementwise as e
from flambeau.ops._arguments import floating, is_number, must_be_tensor, no_overload
from flambeau.ops._promotion import Number, as_tensor_of, operands
from flambeau.ops._registry import operation
from flambeau.ops._unary import by_input, by_result, in_wide
from flambeau.ops.pointwise import cos, exp, log, log1p, sigmoid, sin
from flambeau.ops.selection import Where, keep
from flambeau.tensor import Tensor, emit, filled

#: What the ``torch`` namespace has of these; ``torch.special`` has them all.
__all__ = [
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "i0",
    "lgamma",
    "logit",
    "mvlgamma",
    "polygamma",
    "sinc",
    "xlogy",
]

_BOTH = ("torch", "Tensor", "special")
_SPECIAL = ("special",)
_ANY = ("f(3, 4)", "f()", "f(0, 3)", "f(3, 4).t()", "i(0, 4, 5)")

# Of the error function ----------------------------------------------------------------------

_SLOPE = 2 / math.sqrt(math.pi)

Erf = by_input("Erf", e.ERF, lambda grad, x: _SLOPE * exp(-(x * x)) * grad)
Erfc = by_input("Erfc", e.ERFC, lambda grad, x: -_SLOPE * exp(-(x * x)) * grad)
Erfinv = by_result("Erfinv", e.ERFINV, lambda grad, y: exp(y * y) / _SLOPE * grad)


@operation(namespaces=_BOTH, inplace=True, cases=_ANY)
def erf(input: Tensor) -> Tensor:
    """The error function: ``2 / sqrt(π)`` times the integral of ``exp(-t²)`` from 0 to x."""
    return Erf.apply(floating(input))


@operation(namespaces=_BOTH, inplace=True, cases=_ANY)
def erfc(input: Tensor) -> Tensor:
    """``1 - erf(input)``, exact also where that is small."""
    return Erfc.apply(floating(input))


@operation(namespaces=_BOTH, inplace=True, cases=("u(3, 4)", "-u(4)", "u()", "i(-1, 2, 5)"))
def erfinv(input: Tensor) -> Tensor:
    """The inverse of :func:`erf`: infinite at -1 and 1, nan outside."""
    return Erfinv.apply(floating(input))


@operation(namespaces=_SPECIAL, cases=_ANY)
def ndtr(input: Tensor) -> Tensor:
    """The area under the normal density (mean 0, deviation 1) up to ``input``."""
    x = floating(input) * math.sqrt(0.5)
    tail = 0.5 * erfc(x.abs())
    return Where.apply(x < 0, tail, Where.apply(x < 1, 0.5 + 0.5 * erf(x), 1 - tail))


# Of the gamma function ----------------------------------------------------------------------


class Polygamma(Operator):
    """A derivative of digamma."""

    @staticmethod
    def forward(ctx: Any, n: int, input: Tensor) -> Tensor:
        ctx.n = n
        ctx.save_for_backward(input)
        return emit(e.POLYGAMMA, input, n=n)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        return None, grad * Polygamma.apply(ctx.n + 1, input)


Lgamma = by_input("Lgamma", e.LGAMMA, lambda grad, x: grad * x.digamma())
Digamma = by_input("Digamma", e.DIGAMMA, lambda grad, x: grad * Polygamma.apply(1, x))

_POSITIVE = ("p(3, 4)", "p()", "p(0, 3)", "p(3) * 10", "i(1, 9, 4)")


@operation(inplace=True, cases=_POSITIVE)
def lgamma(input: Tensor) -> Tensor:
    """The logarithm of the absolute value of the gamma function."""
    return Lgamma.apply(floating(input))


@operation(namespaces=_BOTH, inplace=True, cases=_POSITIVE)
def digamma(input: Tensor) -> Tensor:
    """The derivative of :func:`lgamma`."""
    return Digamma.apply(floating(input))


@operation(
    namespaces=("torch", "special"),
    cases=("1, p(3, 4)", "2, p(4)", "0, p(4)", "3, i(1, 5, 4)"),
)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The ``n``-th derivative of :func:`digamma`."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(
            f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}"
        )
    must_be_tensor(input, "input", 2)
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return Polygamma.apply(n, floating(input))


def _polygamma_method(self: Tensor, n: int) -> Tensor:
    """The ``n``-th derivative of digamma."""
    return polygamma(n, self)


_polygamma_method.__name__ = "polygamma"
Tensor.polygamma = _polygamma_method


@operation(inplace=True, cases=("p(3, 4) + 2, 3", "p(3) + 1, 1"))
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension ``p``."""
    input = floating(input)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return Mvlgamma.apply(input, p)


class Mvlgamma(CompositeOperator):
    """The logarithm of the multivariate gamma function."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, p: int) -> Tensor:
        ctx.p = p
        ctx.save_for_backward(input)
        constant = p * (p - 1) / 4 * math.log(math.pi)
        total = filled(input.shape, constant, input.dtype)
        for j in range(p):
            total = total + lgamma(input - j / 2)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        slope = digamma(input)
        for j in range(1, ctx.p):
            slope = slope + digamma(input - j / 2)
        return grad * slope, None


multigammaln = mvlgamma


class SpecialZeta(Operator):
    """Hurwitz's zeta function."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        return emit(e.ZETA, input, other)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        if ctx.needs_input_grad[0]:
            raise RuntimeError("the derivative for 'self' is not implemented")
        input, other = ctx.saved_tensors
        return None, grad * -input * SpecialZeta.apply(input + 1, other)


class SpecialZetaOfNumber(SpecialZeta):
    """Hurwitz's zeta function, for a number input."""

    _label, _suffix = "SpecialZeta", "Backward1"


@operation(namespaces=_SPECIAL, cases=("2.0, p(3, 4)", "i(2, 5, 4), p(4)"))
def zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Hurwitz's zeta function: the sum of ``(other + n) ** -input`` over ``n >= 0``."""
    operator = SpecialZeta if isinstance(input, Tensor) else SpecialZetaOfNumber
    return operator.apply(*operands(input, other, floating=True))


# Of entropy ---------------------------------------------------------------------------------


class Xlogy(Operator):
    """input * log(other), and 0 where input is 0"""

    logarithm, offset = e.LOG, 0

    @staticmethod
    def forward(ctx: Any, input: Tensor, other: Tensor) -> Tensor:
        ctx.save_for_backward(input, other)
        zero = as_tensor_of(0, input.dtype)
        product = emit(e.MUL, input, emit(ctx.function.logarithm, other))
        vanishes = emit(e.WHERE, emit(e.ISNAN, other), other, zero)
        return emit(e.WHERE, emit(e.EQ, input, zero), vanishes, product)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, other = ctx.saved_tensors
        needs_input, needs_other = ctx.needs_input_grad
        offset = ctx.function.offset
        logarithm = log1p if offset else log
        return (
            grad * keep(logarithm(other), input != 0) if needs_input else None,
            grad * input / (other + offset if offset else other) if needs_other else None,
        )


class XlogyOfNumber(Xlogy):
    """input * log(other), for a number input"""

    _label, _suffix = "Xlogy", "Backward1"


class XlogyByNumber(Xlogy):
    """input * log(other), for a number other"""

    _label, _suffix = "Xlogy", "Backward2"


class SpecialXlog1Py(Xlogy):
    """input * log1p(other), and 0 where input is 0"""

    logarithm, offset = e.LOG1P, 1


class Xlog1pyOfNumber(SpecialXlog1Py):
    """input * log1p(other), for a number input"""

    _label, _suffix = "SpecialXlog1Py", "Backward1"


class Xlog1pyByNumber(SpecialXlog1Py):
    """input * log1p(other), for a number other"""

    _label, _suffix = "SpecialXlog1Py", "Backward2"


def _times_log(function: Any, forms: tuple[Any, Any, Any], input: Any, other: Any) -> Tensor:
    both, of_number, by_number = forms
    if isinstance(input, Tensor) and isinstance(other, Tensor):
        operator = both
    elif isinstance(other, Tensor) and is_number(input):
        operator = of_number
    elif isinstance(input, Tensor) and is_number(other):
        operator = by_number
    else:
        raise no_overload(
            function.__name__,
            (input, other),
            "(Tensor input, Tensor other, *, Tensor out = None)",
            "(Number self, Tensor other, *, Tensor out = None)",
            "(Tensor input, Number other, *, Tensor out = None)",
        )
    return operator.apply(*operands(input, other, floating=True))


_PAIRS = (
    "f(3, 4), p(3, 4)",
    "f(2, 1), p(3)",
    "f(3), 2.5",
    "2.0, p(3)",
    "i(0, 3, 5), p(5)",
    "torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.0, float('nan'), 0.0])",
)


@operation(namespaces=_BOTH, inplace=True, cases=_PAIRS)
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """``input * log(other)``, and 0 where ``input`` is 0 (nan where ``other`` is nan)."""
    return _times_log(xlogy, (Xlogy, XlogyOfNumber, XlogyByNumber), input, other)


@operation(namespaces=_SPECIAL, cases=_PAIRS)
def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """``input * log1p(other)``, and 0 where ``input`` is 0 (nan where ``other`` is nan)."""
    forms = (SpecialXlog1Py, Xlog1pyOfNumber, Xlog1pyByNumber)
    return _times_log(xlog1py, forms, input, other)


class SpecialEntr(Operator):
    """-input * log(input)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        zero = as_tensor_of(0, input.dtype)
        product = emit(e.NEG, emit(e.MUL, input, emit(e.LOG, input)))
        result = emit(e.WHERE, emit(e.EQ, input, zero), zero, product)
        negative = as_tensor_of(-math.inf, input.dtype)
        return emit(e.WHERE, emit(e.LT, input, zero), negative, result)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (input,) = ctx.saved_tensors
        return grad * (-1 - log(input))


@operation(namespaces=_SPECIAL, cases=("p(3, 4)", "torch.tensor([-1.0, 0.0, 1.0])", "i(0, 4, 3)"))
def entr(input: Tensor) -> Tensor:
    """``-input * log(input)``: 0 at 0, -inf for negative numbers."""
    return SpecialEntr.apply(floating(input))


class Logit(Operator):
    """log(input / (1 - input)), with input within eps and 1 - eps"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, eps: float | None) -> Tensor:
        ctx.save_for_backward(input)
        ctx.eps = eps
        if eps is not None:
            low, high = as_tensor_of(eps, input.dtype), as_tensor_of(1 - eps, input.dtype)
            input = emit(e.MINIMUM, emit(e.MAXIMUM, input, low), high)
        return _logit(input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        low = 0.0 if ctx.eps is None else ctx.eps
        inside = (input >= low) & (input <= 1 - low)
        outside = as_tensor_of(math.nan if ctx.eps is None else 0, grad.dtype)
        return Where.apply(inside, grad / (input * (1 - input)), outside), None


@in_wide
def _logit(x: Tensor) -> Tensor:
    return emit(e.LOG, emit(e.DIV, x, emit(e.SUB, as_tensor_of(1, x.dtype), x)))


@operation(
    namespaces=_BOTH, inplace=True, cases=("u(3, 4)", "u()", "f(3, 4), 0.1", "f(3, 4), eps=1e-6")
)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """``log(x / (1 - x))``, with x first clamped to [eps, 1 - eps] if eps is given."""
    return Logit.apply(floating(input), eps)


# Others -------------------------------------------------------------------------------------


class Sinc(Operator):
    """sin(π input) / (π input)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        return _sinc(input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (input,) = ctx.saved_tensors
        angle = input * math.pi
        slope = (cos(angle) * angle - sin(angle)) / (angle * input)
        return grad * keep(slope, input != 0)


@in_wide
def _sinc(x: Tensor) -> Tensor:
    angle = emit(e.MUL, x, as_tensor_of(math.pi, x.dtype))
    ratio = emit(e.DIV, emit(e.SIN, angle), angle)
    at_zero = emit(e.EQ, x, as_tensor_of(0, x.dtype))
    return emit(e.WHERE, at_zero, as_tensor_of(1, x.dtype), ratio)


@operation(namespaces=_BOTH, inplace=True, cases=("f(3, 4)", "f()", "torch.zeros(2)", "i(0, 3, 4)"))
def sinc(input: Tensor) -> Tensor:
    """``sin(π input) / (π input)``, and 1 at 0."""
    return Sinc.apply(floating(input))


def _i0_slope(grad: Tensor, x: Tensor) -> Tensor:
    return grad * i1(x)


I0 = by_input("I0", e.I0, _i0_slope)


@operation(namespaces=_BOTH, inplace=True, cases=_ANY)
def i0(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind, of order 0."""
    return I0.apply(floating(input))


class SpecialI1(Operator):
    """The modified Bessel function of the first kind, of order 1."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        result = emit(e.I1, input)
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        input, result = ctx.saved_tensors
        # At 0 the quotient's limit is 1/2.
        ratio = Where.apply(input == 0, as_tensor_of(0.5, input.dtype), result / input)
        return grad * (i0(input) - ratio)


@operation(namespaces=_SPECIAL, cases=(*_ANY, "torch.tensor([-30.0, 30.0, 80.0])"))
def i1(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind, of order 1: the derivative of :func:`i0`."""
    return SpecialI1.apply(floating(input))


expit = sigmoid
gammaln = lgamma
psi = digamma
