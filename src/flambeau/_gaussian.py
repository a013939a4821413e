"""The Box-Muller transform of uniform numbers, to the last bit as PyTorch's AVX2 kernels do it.

In float32 the logarithm, sine and cosine are the polynomials of the Cephes library (Moshier,
netlib.org/cephes: logf.c, sinf.c), every product-and-sum rounded once. Working them out here
instead of calling NumPy gives the same bits on every machine: NumPy's own differ between
processors in the last place.
"""

from __future__ import annotations

import numpy as np

__all__ = ["BLOCK", "box_muller", "fma", "serial_box_muller"]

#: Blocks of eight radii and eight angles make sixteen numbers: eight cosines, then eight sines.
BLOCK = 16
_CHUNK = 2048 * BLOCK  # about what stays in a core's second-level cache

_f32 = np.float32
_SQRT_HALF = _f32(0.70710678)
_LN2_HIGH, _LN2_LOW = _f32(0.693359375), _f32(-2.12194440e-4)
_LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SPLITS_BELOW = 2.0**995  # beyond, Dekker's splitting overflows
_FOUR_OVER_PI = _f32(1.27323954473516)
# pi/4 in three parts, the first two short enough for exact products.
_MINUS_QUARTER_PI = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)


def fma(a: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """``a * scale + shift`` rounded once, in ``a``'s type (float32 or float64)."""
    if a.dtype == np.float32:
        return _fused(a, _f32(scale), _f32(shift))
    if not abs(scale) < _SPLITS_BELOW:
        return a * scale + shift
    product, low = _two_product(a, np.asarray(scale, np.float64))
    total = product + shift
    back = total - product
    rest = (product - (total - back)) + (shift - back)
    return total + (rest + low)


def _fused(a: np.ndarray, b: np.ndarray | np.float32, c: np.ndarray | np.float32) -> np.ndarray:
    """The float32 ``a * b + c`` rounded once: the product is exact in float64."""
    return (np.multiply(a, b, dtype=np.float64) + c).astype(_f32)


def _two_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rounded product and its rounding error (Dekker 1971)."""
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    product = a * b
    low = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, low


def _split(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shifted = a * np.float64(2**27 + 1)
    high = shifted - (shifted - a)
    return high, a - high


def _polynomial(x: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    wide = x.astype(np.float64)
    total: np.ndarray | np.floating = _f32(coefficients[0])
    for coefficient in coefficients[1:]:
        total = (wide * total + float(_f32(coefficient))).astype(_f32)
    return np.asarray(total)


def _log(x: np.ndarray) -> np.ndarray:
    """The natural logarithm of float32 numbers above 0."""
    fraction, exponent = np.frexp(x)
    small = fraction < _SQRT_HALF
    power = (exponent - small).astype(_f32)
    m = np.where(small, fraction + fraction, fraction) - _f32(1)
    square = m * m
    correction = _fused(_polynomial(m, _LOG) * m, square, power * _LN2_LOW)
    correction = _fused(square, _f32(-0.5), correction)
    return _fused(power, _LN2_HIGH, m + correction)


def _sin_cos(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of float32 numbers from 0 to 2 pi."""
    octant = ((x * _FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    turns = octant.astype(_f32)
    for part in _MINUS_QUARTER_PI:
        x = _fused(turns, _f32(part), x)
    square = x * x
    cosine = _fused(_polynomial(square, _COS) * square, square, square * _f32(-0.5)) + _f32(1)
    sine = _fused(_polynomial(square, _SIN) * square, x, x)
    swap = (octant & 2) != 0
    sine, cosine = np.where(swap, cosine, sine), np.where(swap, sine, cosine)
    return (
        np.where(octant & 4, -sine, sine),
        np.where((octant - 2) & 4, cosine, -cosine),
    )


def _transform(uniforms: np.ndarray, out: np.ndarray) -> None:
    radii = np.asarray(1, uniforms.dtype) - uniforms[:, 0]
    angles = np.asarray(2 * np.pi, uniforms.dtype) * uniforms[:, 1]
    if uniforms.dtype == np.float32:
        logarithm = _log(radii)
        sine, cosine = _sin_cos(angles)
    else:
        logarithm = np.log(radii)
        sine, cosine = np.sin(angles), np.cos(angles)
    radius = np.sqrt(np.asarray(-2, uniforms.dtype) * logarithm)
    np.multiply(radius, cosine, out=out[:, 0])
    np.multiply(radius, sine, out=out[:, 1])


def box_muller(uniforms: np.ndarray) -> np.ndarray:
    """Standard normal numbers from uniform ones, in blocks of 16 (a whole number of them)."""
    out = np.empty_like(uniforms)
    for start in range(0, uniforms.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        _transform(uniforms[part].reshape(-1, 2, 8), out[part].reshape(-1, 2, 8))
    return out


def serial_box_muller(uniforms: np.ndarray) -> np.ndarray:
    """Standard normal float64 numbers in pairs, cosine and sine, from pairs of uniform ones."""
    angles = 2 * np.pi * uniforms[0::2]
    radius = np.sqrt(-2 * np.log1p(-uniforms[1::2]))
    out = np.empty_like(uniforms)
    out[0::2] = radius * np.cos(angles)
    out[1::2] = radius * np.sin(angles)
    return out
