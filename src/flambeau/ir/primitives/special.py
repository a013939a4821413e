"""Special functions of float32 and float64 arrays, to within a few units in the last place.

Everything but ``erf`` is computed in float64 and rounded once. Each function has its pieces: where
a series, a recurrence or an asymptotic expansion holds. Their coefficients follow from formulas,
but for ``erfc``'s, which ``tools/fit_erfc.py`` makes. Formulas: Abramowitz and Stegun,
"Handbook of Mathematical Functions", chapters 6 (gamma), 7 (erf), 9 (Bessel), 23 (zeta).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["digamma", "erf", "erfc", "erfinv", "i0", "i1", "lgamma", "polygamma", "zeta"]

Function = Callable[[np.ndarray], np.ndarray]
#: Elements computed at a time, so that intermediate values stay in the cache.
_BLOCK = 8192


def _in_blocks(function: Function) -> Function:
    """Let ``function``, which takes one row, take an array of any shape."""

    def computed(x: np.ndarray) -> np.ndarray:
        flat = np.reshape(x, -1)
        out = np.empty_like(flat)
        for start in range(0, flat.size, _BLOCK):
            out[start : start + _BLOCK] = function(flat[start : start + _BLOCK])
        return out.reshape(np.shape(x))

    computed.__name__ = function.__name__
    computed.__doc__ = function.__doc__
    return computed


def _in_double(function: Function) -> Function:
    """As ``_in_blocks``, with each block in float64."""

    def widened(x: np.ndarray) -> np.ndarray:
        return function(x.astype(np.float64))

    widened.__name__ = function.__name__
    widened.__doc__ = function.__doc__
    return _in_blocks(widened)


def _piecewise(x: np.ndarray, where: np.ndarray, inside: Function, outside: Function) -> np.ndarray:
    """``inside(x)`` where the condition holds and ``outside(x)`` elsewhere, nan included."""
    count = np.count_nonzero(where)
    if count == x.size:
        return inside(x)
    if count == 0:
        return outside(x)
    out = np.empty_like(x)
    out[where] = inside(x[where])
    elsewhere = ~where
    out[elsewhere] = outside(x[elsewhere])
    return out


def _polynomial(coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
    """Horner's rule; the constant term comes first."""
    out = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        out *= x
        out += coefficient
    return out


# The error function ---------------------------------------------------------------------------

#: The series of ``erf(x) / x`` in ``x**2`` (7.1.5), for ``|x| < 1``.
_ERF_SERIES = [
    2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(19)
]
#: ``x * exp(x**2) * erfc(x)`` for ``x >= 1`` as a polynomial in ``(x - 4) / (x + 2)``.
_ERFC_FIT = [
    0.5479978305002455,
    0.04479259946985352,
    -0.04599123267443672,
    0.023217201787345258,
    -0.006486869334778809,
    0.0003667676548376199,
    0.0003944798841229771,
    -8.22078739461109e-05,
    -3.0743254143593635e-05,
    9.570046142054858e-06,
    3.5875731872999454e-06,
    -1.0054186854329895e-06,
    -5.523236481721168e-07,
    7.706925757523803e-08,
    9.203436966652535e-08,
    3.6410902076995526e-09,
    -1.4111188995429445e-08,
    -3.4051178889891334e-09,
    1.6587545669346316e-09,
    8.14057990208716e-10,
    -9.754301522001887e-11,
    -8.886015432087993e-11,
    -3.1591175428799615e-12,
]


def _erf_series(x: np.ndarray) -> np.ndarray:
    terms = 12 if x.dtype == np.float32 else len(_ERF_SERIES)
    return x * _polynomial(_ERF_SERIES[:terms], x * x)


def _erf_outside(x: np.ndarray) -> np.ndarray:
    # The tail is small beside 1: it needs fewer digits than erfc does.
    terms = 12 if x.dtype == np.float32 else len(_ERFC_FIT)
    size = np.clip(np.abs(x), 1, 6)
    fit = _polynomial(_ERFC_FIT[:terms], (size - 4) / (size + 2))
    return np.copysign(1 - np.exp(-size * size) * fit / size, x)


def _exp_minus_square(x: np.ndarray) -> np.ndarray:
    # The square of float32's leading bits is exact; the rest is a small correction.
    head = x.astype(np.float32).astype(np.float64)
    return np.exp(-head * head) * np.exp((head - x) * (head + x))


def _erfc_tail(x: np.ndarray) -> np.ndarray:
    """``erfc`` for ``x >= 1``; from 28 on it is 0."""
    x = np.minimum(x, 28.0)
    return _exp_minus_square(x) * _polynomial(_ERFC_FIT, (x - 4) / (x + 2)) / x


def _erfc_outside(x: np.ndarray) -> np.ndarray:
    tail = _erfc_tail(np.abs(x))
    return np.where(x < 0, 2 - tail, tail)


def _erfc_inside(x: np.ndarray) -> np.ndarray:
    # Above 1/2, 1 - erf(x) would lose digits; half of the difference is exact.
    return np.where(x < 0.5, 1 - _erf_series(x), 0.5 - (_erf_series(x) - 0.5))


@_in_blocks
def erf(x: np.ndarray) -> np.ndarray:
    """The error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to x."""
    # Both polynomials everywhere: quicker than picking elements.
    return np.where(np.abs(x) < 1, _erf_series(np.clip(x, -1, 1)), _erf_outside(x))


@_in_double
def erfc(x: np.ndarray) -> np.ndarray:
    """``1 - erf(x)``, without the loss of digits for large x."""
    return _piecewise(x, np.abs(x) < 1, _erfc_inside, _erfc_outside)


def _erfinv_guess(y: np.ndarray) -> np.ndarray:
    """The inverse to about three digits (S. Winitzki, 2008)."""
    a = 0.147
    log = np.log1p(-y) + np.log1p(y)
    b = 2 / (math.pi * a) + log / 2
    return np.sqrt(-log / a / (b + np.sqrt(b * b - log / a)))


@_in_double
def erfinv(y: np.ndarray) -> np.ndarray:
    """The inverse of ``erf``: infinite at -1 and 1, nan outside."""
    target = np.abs(y)
    inside = np.minimum(target, 1 - 2**-53)
    x = _erfinv_guess(inside)
    for _ in range(2):
        # Halley's step on erf(x) - y, whose second derivative is -2x times the first.
        error = np.where(inside < 0.5, erf(x) - inside, (1 - inside) - erfc(x))
        step = error * np.exp(x * x) * (math.sqrt(math.pi) / 2)
        x = x - step / (1 + x * step)
    x = np.where(target == 1, np.inf, x)
    return np.copysign(np.where(target > 1, np.nan, x), y)


# The gamma function ---------------------------------------------------------------------------


def zeta(s: np.ndarray | float, q: np.ndarray) -> np.ndarray:
    """Hurwitz's zeta function, the sum of ``(q + n) ** -s`` over ``n >= 0``.

    Infinite at ``s = 1`` and where q is 0 or a negative integer; nan for ``s < 1``, and for
    other negative q unless s is an integer.
    """
    q = np.asarray(q)
    s64, q64 = np.broadcast_arrays(np.asarray(s, np.float64), q.astype(np.float64))
    out = np.where(q64 > 0, _zeta_positive(s64, q64), _zeta_negative(s64, q64))
    out = np.where((q64 <= 0) & (q64 == np.floor(q64)), np.inf, out)
    out = np.where((s64 < 1) | np.isnan(s64 + q64) | (q64 == -np.inf), np.nan, out)
    out = np.where(s64 == 1, np.inf, out)
    return out.astype(q.dtype)


#: Bernoulli's numbers over factorials, ``B[2k] / (2k)!`` for k = 1, 2 …
_BERNOULLI = [
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
]


def _zeta_positive(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The first terms one by one, the others by Euler and Maclaurin's formula (23.1.30)."""
    total = np.zeros_like(q)
    for n in range(10):
        total += (q + n) ** -s
    q = q + 10
    power = q**-s
    total += q ** (1 - s) / (s - 1) + power / 2
    term = power * s / q
    for k, coefficient in enumerate(_BERNOULLI):
        total += coefficient * term
        term = term * (s + 2 * k + 1) * (s + 2 * k + 2) / (q * q)
    return total


def _zeta_negative(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """By the sum over all integers, which depends on q's fraction alone; for integer s."""
    sign = np.where(s % 2 == 0, 1.0, -1.0)
    fraction = q - np.floor(q)
    both_ways = _zeta_positive(s, fraction) + sign * _zeta_positive(s, 1 - fraction)
    result = both_ways - sign * _zeta_positive(s, 1 - q)
    return np.where(s == np.floor(s), result, np.nan)


def polygamma(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of ``digamma`` (6.4.10)."""
    if n == 0:
        return digamma(x)
    factorial = math.gamma(n + 1) if n < 171 else math.inf
    return x.dtype.type((-1) ** (n + 1) * factorial) * zeta(n + 1.0, x)


#: The series of ``lgamma(2 + w) / w`` (6.1.33), for ``|w| <= 1/2``.
_LGAMMA_SERIES = [1 - np.euler_gamma] + [
    (-1) ** k * float(_zeta_positive(np.array(float(k)), np.array(2.0))) / k for k in range(2, 28)
]
#: Stirling's series of ``lgamma`` (6.1.40) and ``digamma`` (6.3.18) in ``x**-2``, for large x.
_LGAMMA_TAIL = [b * math.factorial(2 * k) for k, b in enumerate(_BERNOULLI)]
_DIGAMMA_TAIL = [b * math.factorial(2 * k + 1) for k, b in enumerate(_BERNOULLI)]


def _stirling(x: np.ndarray) -> np.ndarray:
    tail = _polynomial(_LGAMMA_TAIL, 1 / (x * x)) / x
    # x - 1/2 times log(x), less x, without inf - inf.
    return (x - 0.5) * (np.log(x) - 1) + (math.log(2 * math.pi) - 1) / 2 + tail


def _lgamma_small(x: np.ndarray) -> np.ndarray:
    """For ``0 < x < 8``: the recurrence leads to the neighbourhood of 2."""
    above = np.ones_like(x)
    for _ in range(6):
        high = x >= 2.5
        x = np.where(high, x - 1, x)
        above = np.where(high, above * x, above)
    low, middle = x < 0.5, x < 1.5
    below = np.where(low, x * (1 + x), np.where(middle, x, 1))
    w = np.where(low, x, np.where(middle, x - 1, x - 2))
    return w * _polynomial(_LGAMMA_SERIES, w) + np.log(above) - np.log(below)


def _lgamma_positive(x: np.ndarray) -> np.ndarray:
    return _piecewise(x, x < 8, _lgamma_small, _stirling)


def _fraction(x: np.ndarray) -> np.ndarray:
    """The distance from the nearest integer, exact, so that ``sin(pi * x)`` is too."""
    return x - np.rint(x)


def _lgamma_negative(x: np.ndarray) -> np.ndarray:
    sine = np.abs(np.sin(math.pi * _fraction(x)))
    result = np.log(math.pi / sine) - _lgamma_positive(1 - x)
    return np.where(np.isinf(x), np.inf, result)


@_in_double
def lgamma(x: np.ndarray) -> np.ndarray:
    """The logarithm of ``|gamma(x)|``: infinite at 0 and the negative integers.

    Near its zeros at negative x the error is a few ulp of 1, not of the result.
    """
    return _piecewise(x, x <= 0, _lgamma_negative, _lgamma_positive)


def _digamma_positive(x: np.ndarray) -> np.ndarray:
    total = np.zeros_like(x)
    for _ in range(10):
        low = x < 10
        total -= np.where(low, 1 / x, 0)
        x = x + low
    square = 1 / (x * x)
    return np.log(x) - 0.5 / x - square * _polynomial(_DIGAMMA_TAIL, square) + total


def _digamma_negative(x: np.ndarray) -> np.ndarray:
    cotangent = math.pi / np.tan(math.pi * _fraction(x))
    result = _digamma_positive(1 - x) - cotangent
    result = np.where(x == np.floor(x), np.nan, result)
    return np.where(x == 0, -np.copysign(np.inf, x), result)


@_in_double
def digamma(x: np.ndarray) -> np.ndarray:
    """The derivative of ``lgamma``: nan at negative integers, infinite at 0."""
    return _piecewise(x, x <= 0, _digamma_negative, _digamma_positive)


# Bessel's functions ---------------------------------------------------------------------------

#: The series of ``i0`` in ``x**2 / 4`` (9.6.12), and for large x that in ``1 / x`` (9.7.1).
_I0_SERIES = [1 / math.factorial(k) ** 2 for k in range(48)]
_I0_TAIL = [math.prod(range(1, 2 * k, 2)) ** 2 / (math.factorial(k) * 8**k) for k in range(24)]


def _i0_tail(x: np.ndarray) -> np.ndarray:
    half = np.exp(x / 2)
    result = half * (half / np.sqrt(2 * math.pi * x)) * _polynomial(_I0_TAIL, 1 / x)
    return np.where(x == np.inf, np.inf, result)


@_in_double
def i0(x: np.ndarray) -> np.ndarray:
    """The modified Bessel function of the first kind, of order 0."""
    return _piecewise(
        np.abs(x), np.abs(x) < 25, lambda x: _polynomial(_I0_SERIES, x * x / 4), _i0_tail
    )


#: The same for ``i1``, over ``x / 2`` (9.6.10).
_I1_SERIES = [1 / (math.factorial(k) * math.factorial(k + 1)) for k in range(48)]
_I1_TAIL = [
    (-1) ** k
    * math.prod(4 - (2 * j - 1) ** 2 for j in range(1, k + 1))
    / (math.factorial(k) * 8**k)
    for k in range(24)
]


def _i1_tail(x: np.ndarray) -> np.ndarray:
    half = np.exp(np.abs(x) / 2)
    size = np.abs(x)
    result = half * (half / np.sqrt(2 * math.pi * size)) * _polynomial(_I1_TAIL, 1 / size)
    return np.copysign(np.where(size == np.inf, np.inf, result), x)


@_in_double
def i1(x: np.ndarray) -> np.ndarray:
    """The modified Bessel function of the first kind, of order 1: the derivative of ``i0``."""
    return _piecewise(
        x, np.abs(x) < 25, lambda x: x / 2 * _polynomial(_I1_SERIES, x * x / 4), _i1_tail
    )
