"""Random arrays: what PyTorch's distributions make of the generator's stream, number for number.

Every function takes the generator first and consumes from it exactly what PyTorch's CPU kernels
consume, so that the same seed gives the same numbers whatever was drawn before.

| distribution | what one number takes from the stream |
| --- | --- |
| ``uniform`` | 24 bits of one word (float64: 53 bits of two) |
| ``normal``, 16 numbers or more | one uniform each, sixteen at a time (see ``_gaussian``); a rest
  shorter than 16 is filled by drawing the last 16 anew |
| ``normal``, fewer | two doubles for two numbers; the second is kept for the next call |
| ``integers`` | the remainder of one word, of two if the range is 2^28 or more |
| ``permutation`` | Fisher-Yates from the front, one word each |
| ``bernoulli``, ``exponential``, ``cauchy``, ``geometric`` | one double |
| ``bernoulli_each`` | one float if the probabilities are float32 or narrower, else one double |
| ``multinomial`` | one exponential for each weight, or with replacement one double a sample |
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from flambeau._gaussian import BLOCK, box_muller, fma, serial_box_muller
from flambeau.generator import Generator
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType

__all__ = [
    "any_integers",
    "bernoulli",
    "bernoulli_each",
    "cauchy",
    "dropout_mask",
    "exponential",
    "geometric",
    "integers",
    "log_normal",
    "multinomial",
    "normal",
    "permutation",
    "uniform",
]

Shape = tuple[int, ...]

_C_NAMES = {
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short int",
    "int32": "int",
    "int64": "long int",
    "bool": "bool",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "float32": "float",
    "float64": "double",
}
#: How many bits a float holds integers exactly with.
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
_WIDE_RANGE = 2**28  # a range from here on takes two words
_WIDE_PERMUTATION = (2**32 - 1) // 20


def _type_name(dtype: DType) -> str:
    return dtype.tensor_type.removesuffix("Tensor")


def _require_float(dtype: DType, kernel: str) -> None:
    if not dtype.is_floating_point:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{_type_name(dtype)}'")


def _rounded(values: np.ndarray, dtype: DType) -> np.ndarray:
    """Values computed in float64 in ``dtype``; the halves are rounded to float32 first."""
    if dtype.wide is not dtype:
        values = values.astype(np.float32)
    with np.errstate(over="ignore"):
        return values.astype(dtype.numpy)


# Uniform and normal -------------------------------------------------------------------------


def uniform(
    generator: Generator,
    shape: Shape,
    low: float = 0.0,
    high: float = 1.0,
    dtype: DType = dtypes.float32,
) -> np.ndarray:
    """Numbers from [low, high), every one equally likely.

    Raises RuntimeError if ``low`` is above ``high`` or either is beyond the dtype's range.
    """
    _require_float(dtype, "check_uniform_bounds")
    _check_uniform_bounds(low, high, dtype)
    size = math.prod(shape)
    if dtype is dtypes.float64:
        values = fma(generator.doubles(size), high - low, low)
    else:
        width = float(np.float32(high) - np.float32(low))
        values = fma(generator.floats(size), width, low).astype(dtype.numpy)
        # Rounding may reach the upper bound, which does not belong to the interval.
        values[values == dtype.numpy.type(high)] = dtype.numpy.type(low)
    return values.reshape(shape)


def _check_uniform_bounds(low: float, high: float, dtype: DType) -> None:
    limits = dtypes.finfo(dtype)
    for name, bound in (("from", low), ("to", high)):
        if not limits.min <= bound <= limits.max:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[dtype.name]}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > limits.max:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{_type_name(dtype)}>::max(), "
            f"but found to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


def normal(
    generator: Generator,
    shape: Shape,
    mean: float = 0.0,
    std: float = 1.0,
    dtype: DType = dtypes.float32,
    *,
    one_by_one: bool = False,
) -> np.ndarray:
    """Numbers from the normal distribution with this mean and standard deviation.

    Sixteen and more are made in blocks; ``one_by_one`` makes them singly, as PyTorch fills a
    tensor that is not contiguous. Raises RuntimeError if ``std`` is negative.
    """
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    _require_float(dtype, "normal_kernel_cpu")
    size = math.prod(shape)
    if size < BLOCK or one_by_one:
        return _rounded(_serial_normals(generator, size, mean, std), dtype).reshape(shape)
    draw = generator.doubles if dtype is dtypes.float64 else generator.floats
    whole = size - size % BLOCK
    # The halves draw block after block, the others all at once before the rest is drawn anew.
    drawn = draw(whole if dtype.wide is not dtype else size)
    values = np.empty(size, drawn.dtype)
    values[:whole] = box_muller(drawn[:whole])
    if whole < size:
        values[-BLOCK:] = box_muller(draw(BLOCK))
    return fma(values, std, mean).astype(dtype.numpy).reshape(shape)


def _serial_normals(generator: Generator, size: int, mean: float, std: float) -> np.ndarray:
    """Float64 normal numbers made in pairs; the second of the last pair waits its turn."""
    values = np.empty(size)
    start = 0
    if size and generator.spare_normal is not None:
        values[0] = generator.spare_normal
        generator.spare_normal = None
        start = 1
    missing = size - start
    pairs = serial_box_muller(generator.doubles(missing + missing % 2))
    values[start:] = pairs[:missing]
    if missing % 2:
        generator.spare_normal = float(pairs[-1])
    return fma(values, std, mean)


# Integers -----------------------------------------------------------------------------------


def integers(
    generator: Generator, shape: Shape, low: int, high: int, dtype: DType = dtypes.int64
) -> np.ndarray:
    """Integers from ``low`` up to but not including ``high``, in any dtype.

    Raises RuntimeError if there are none, or if ``dtype`` cannot hold them.
    """
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    for name, bound in (("from", low), ("to - 1", high - 1)):
        _check_integer_bound(name, bound, dtype)
    if dtype.is_floating_point:
        low = _next_exact(low, dtype)
        high = _last_exact(high, dtype)
    return _remainders(generator, shape, low, high - low, dtype)


def any_integers(
    generator: Generator, shape: Shape, dtype: DType = dtypes.int64, *, low: int | None = None
) -> np.ndarray:
    """Integers from ``low`` (default 0) to the largest that the dtype holds exactly.

    >>> from flambeau.generator import Generator
    >>> int(any_integers(Generator(), (1000,), dtypes.int8).max())
    127
    """
    largest = _largest_integer(dtype)
    if low is None:
        return _remainders(generator, shape, 0, largest + 1, dtype, wide=dtype.itemsize == 8)
    _check_integer_bound("from", low, dtype)
    if dtype.is_floating_point:
        low = _next_exact(low, dtype)
    return _remainders(generator, shape, low, largest - low + 1, dtype)


def _remainders(
    generator: Generator,
    shape: Shape,
    low: int,
    count: int,
    dtype: DType,
    wide: bool | None = None,
) -> np.ndarray:
    """``low`` plus a random word's remainder by ``count``."""
    if wide is None:
        wide = count >= _WIDE_RANGE
    draw = generator.double_words if wide else generator.words
    words = draw(math.prod(shape))
    if count < 2**64:
        words %= np.uint64(count)
    # Two's complement wraps to the right sum.
    values = (words + np.uint64(low % 2**64)).view(np.int64)
    return values.astype(dtype.numpy).reshape(shape)


def _largest_integer(dtype: DType) -> int:
    if dtype.is_floating_point:
        return 2 ** _DIGITS[dtype.name]
    return 1 if dtype is dtypes.bool_ else dtypes.iinfo(dtype).max


def _check_integer_bound(name: str, bound: int, dtype: DType) -> None:
    if dtype is dtypes.bool_:
        smallest, largest = 0.0, 1.0
    else:
        limits = dtypes.finfo(dtype) if dtype.is_floating_point else dtypes.iinfo(dtype)
        smallest, largest = limits.min, limits.max
    if not smallest <= bound <= largest:
        raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[dtype.name]}")
    digits = _DIGITS.get(dtype.name)
    if digits is not None and abs(bound) > 2**digits:
        warnings.warn(
            f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations "
            f"{_C_NAMES[dtype.name]} can support discrete uniform distribution only within this "
            "range. This warning will become an error in version 1.7 release, please fix the "
            "code in advance",
            stacklevel=4,
        )


def _next_exact(low: int, dtype: DType) -> int:
    """``low``, or if the dtype rounds ``low + 1`` below it, the next number that it holds."""
    rounded = int(dtype.numpy.type(low + 1))
    if rounded >= low:
        return low
    return rounded + (1 << (abs(low + 1).bit_length() - _DIGITS[dtype.name]))


def _last_exact(high: int, dtype: DType) -> int:
    """``high``, or if the dtype rounds ``high - 1`` up to it, the last number that it holds."""
    rounded = int(dtype.numpy.type(high - 1))
    if rounded < high:
        return high
    return rounded - (1 << (abs(high - 1).bit_length() - _DIGITS[dtype.name]))


def permutation(generator: Generator, n: int, dtype: DType = dtypes.int64) -> np.ndarray:
    """The integers from 0 to n - 1 in random order, by Fisher and Yates's shuffle.

    Raises RuntimeError if ``n`` is negative or the dtype does not hold ``n - 1``.
    """
    _check_permutation(n, dtype)
    draw = generator.words if n < _WIDE_PERMUTATION else generator.double_words
    left = np.arange(n, 1, -1, dtype=np.uint64)
    targets = draw(max(n - 1, 0)) % left + np.arange(max(n - 1, 0), dtype=np.uint64)
    order = list(range(n))
    for i, target in enumerate(targets.tolist()):
        order[i], order[target] = order[target], order[i]
    return np.array(order, np.int64).astype(dtype.numpy)


def _check_permutation(n: int, dtype: DType) -> None:
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    if dtype is dtypes.bool_:
        raise NotImplementedError("\"randperm\" not implemented for 'Bool'")
    if not dtype.is_floating_point:
        if n - 1 > dtypes.iinfo(dtype).max:
            raise RuntimeError(f"value cannot be converted to type {dtype.name}_t without overflow")
        return
    if dtype is dtypes.bfloat16:
        return  # PyTorch sets no limit here, and rounds
    digits = _DIGITS[dtype.name]
    if n > 2**digits + 1:
        limit = "2049" if dtype is dtypes.float16 else f"2^{digits}+1"
        raise RuntimeError(f"n cannot be greater than {limit} for {_type_name(dtype)} type.")


# Bernoulli trials ---------------------------------------------------------------------------


def bernoulli(
    generator: Generator, shape: Shape, p: float = 0.5, dtype: DType = dtypes.float32
) -> np.ndarray:
    """One with probability ``p``, else zero. Raises RuntimeError unless p is in [0, 1]."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    return (generator.doubles(math.prod(shape)) < p).astype(dtype.numpy).reshape(shape)


def bernoulli_each(
    generator: Generator, p: np.ndarray, dtype: DType = dtypes.float32
) -> np.ndarray:
    """One with the probability that stands in ``p``, else zero, for each element.

    Raises RuntimeError if a probability is not in [0, 1].
    """
    _require_float(dtypes.from_numpy(p.dtype), "bernoulli_tensor_cpu_p_")
    draw = generator.doubles if p.dtype == np.float64 else generator.floats
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error "
            "message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    drawn = draw(p.size)
    return (drawn < p.reshape(-1).astype(drawn.dtype)).astype(dtype.numpy).reshape(p.shape)


def dropout_mask(
    generator: Generator, shape: Shape, p: float, dtype: DType = dtypes.float32
) -> np.ndarray:
    """What dropout multiplies by: zero with probability ``p``, else ``1 / (1 - p)``.

    Draws nothing when nothing or everything is dropped, as PyTorch.
    """
    if p in (0, 1) or 0 in shape:
        return np.full(shape, 1 - p, dtype.numpy)
    kept = bernoulli(generator, shape, 1 - p, dtype.wide)
    return (kept / dtype.wide.numpy.type(1 - p)).astype(dtype.numpy)


# Other distributions ------------------------------------------------------------------------


def exponential(
    generator: Generator, shape: Shape, rate: float = 1.0, dtype: DType = dtypes.float32
) -> np.ndarray:
    """Numbers of density ``rate * exp(-rate * x)`` for x >= 0; ``rate`` must be positive."""
    if not rate > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    _require_continuous(dtype, "Exponential", _type_name(dtype))
    values = -1 / rate * np.log1p(-generator.doubles(math.prod(shape)))
    return _rounded(values, dtype).reshape(shape)


def cauchy(
    generator: Generator,
    shape: Shape,
    median: float = 0.0,
    sigma: float = 1.0,
    dtype: DType = dtypes.float32,
) -> np.ndarray:
    """Numbers of density ``sigma / (pi * ((x - median)^2 + sigma^2))``; sigma must be positive."""
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    _require_continuous(dtype, "Cauchy", _C_NAMES[dtype.name])
    tangents = np.tan(np.pi * (generator.doubles(math.prod(shape)) - 0.5))
    return _rounded(fma(tangents, sigma, median), dtype).reshape(shape)


def _require_continuous(dtype: DType, distribution: str, name: str) -> None:
    if not dtype.is_floating_point:
        raise RuntimeError(
            f"{distribution} distribution is a continuous probability distribution. "
            f"dtype must be a floating point but you specified {name}"
        )


def log_normal(
    generator: Generator,
    shape: Shape,
    mean: float = 1.0,
    std: float = 2.0,
    dtype: DType = dtypes.float32,
) -> np.ndarray:
    """Numbers whose logarithm is normal with this mean and (positive) standard deviation."""
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    _require_float(dtype, "log_normal_cpu")
    logarithms = _serial_normals(generator, math.prod(shape), mean, std)
    return _rounded(np.exp(logarithms), dtype).reshape(shape)


def geometric(
    generator: Generator, shape: Shape, p: float, dtype: DType = dtypes.float32
) -> np.ndarray:
    """How many trials until the first success, each of probability ``p`` in (0, 1)."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if dtype is dtypes.bool_:
        raise NotImplementedError("\"geometric_cpu\" not implemented for 'Bool'")
    with np.errstate(divide="ignore"):
        trials = np.ceil(np.log(generator.doubles(math.prod(shape))) / math.log(1 - p))
    return _rounded(trials, dtype).reshape(shape)


def multinomial(
    generator: Generator, weights: np.ndarray, samples: int, replacement: bool = False
) -> np.ndarray:
    """Indices (int64) drawn from each row of ``weights``, in proportion to them.

    ``weights`` has one or two dimensions and need not sum to one. Raises RuntimeError on
    negative or not finite weights, on rows of zeros, and if there are too few to draw from.
    """
    _check_multinomial(weights, samples, replacement)
    rows = weights.reshape(-1, weights.shape[-1])
    if replacement and samples > 1:
        indices = _with_replacement(generator, rows, samples)
    else:
        # Dividing by exponentials and taking the largest draws without replacement
        # (Efraimidis and Spirakis 2006, there in the form of powers).
        scale = exponential(generator, rows.shape, 1.0, dtypes.from_numpy(rows.dtype))
        wide = dtypes.from_numpy(rows.dtype).wide.numpy
        with np.errstate(divide="ignore", invalid="ignore"):
            keys = (rows.astype(wide) / scale.astype(wide)).astype(rows.dtype)
        indices = np.argsort(-keys.astype(np.float64), axis=1, kind="stable")[:, :samples]
    return indices.reshape(*weights.shape[:-1], samples)


def _with_replacement(generator: Generator, rows: np.ndarray, samples: int) -> np.ndarray:
    wide = rows.astype(dtypes.from_numpy(rows.dtype).wide.numpy)
    sums = np.add.accumulate(wide, axis=1)
    sums /= sums[:, -1:]
    sums[:, -1] = 1
    drawn = generator.doubles(len(rows) * samples).reshape(-1, samples)
    pairs = zip(sums, drawn, strict=True)
    found = [np.searchsorted(row.astype(np.float64), u) for row, u in pairs]
    return np.array(found, np.int64).reshape(len(rows), samples)


def _check_multinomial(weights: np.ndarray, samples: int, replacement: bool) -> None:
    dtype = dtypes.from_numpy(weights.dtype)
    if not dtype.is_floating_point:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {_type_name(dtype)}"
        )
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and samples > weights.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    if replacement and samples > 1:
        _check_weights_one_by_one(weights)
    if not ((weights >= 0) & np.isfinite(weights)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if not (weights.sum(-1, dtype=np.float64) > 0).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def _check_weights_one_by_one(weights: np.ndarray) -> None:
    valid = (weights >= 0) & np.isfinite(weights)
    if not valid.all():
        first = weights[~valid][0]
        problem = "= infinity or NaN" if first > 0 else "< 0"
        raise RuntimeError(
            f"invalid multinomial distribution (encountering probability entry {problem})"
        )
