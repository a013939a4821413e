"""Poisson and binomial numbers, drawn one by one: how many words one takes is itself random.

Large rates use Hörmann's transformed rejection (*The transformed rejection method for generating
Poisson random variables*, 1993, and *The generation of binomial random variates*, 1993), small
ones count products of uniform numbers and geometric gaps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from flambeau.generator import Generator
from flambeau.ir import dtypes

__all__ = ["binomial", "poisson"]

_BATCH = 4096
_REJECT_FROM = 10  # a mean from which rejection is used

# What Stirling's approximation of log(k!) lacks, for k from 0 to 9.
_STIRLING_REST = (
    0.0810614667953272,
    0.0413406959554092,
    0.0276779256849983,
    0.02079067210376509,
    0.0166446911898211,
    0.0138761288230707,
    0.0118967099458917,
    0.0104112652619720,
    0.00925546218271273,
    0.00833056343336287,
)


def poisson(generator: Generator, rates: np.ndarray) -> np.ndarray:
    """For each rate, a Poisson number of that mean. Raises RuntimeError on negative rates."""
    _require_float(rates, "poisson_cpu")
    if not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")

    def draw(uniforms: Iterator[float]) -> list[int]:
        return [_poisson(rate, uniforms) for rate in rates.reshape(-1).tolist()]

    return np.array(_draw_any_number(generator, draw), rates.dtype).reshape(rates.shape)


def binomial(generator: Generator, counts: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """For each pair, how many of ``count`` trials of that probability succeed."""
    _require_float(counts, "binomial_cpu")
    pairs = zip(counts.reshape(-1).tolist(), probabilities.reshape(-1).tolist(), strict=True)

    def draw(uniforms: Iterator[float]) -> list[float]:
        return [_binomial(count, p, uniforms) for count, p in pairs]

    return np.array(_draw_any_number(generator, draw), counts.dtype).reshape(counts.shape)


def _require_float(values: np.ndarray, kernel: str) -> None:
    dtype = dtypes.from_numpy(values.dtype)
    if not dtype.is_floating_point:
        name = dtype.tensor_type.removesuffix("Tensor")
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{name}'")


def _draw_any_number(generator: Generator, draw: Callable[[Iterator[float]], list]) -> list:
    """Call ``draw`` with an endless supply of doubles, and consume only those that it took."""
    ahead = generator.clone_state()
    taken = 0

    def supply() -> Iterator[float]:
        nonlocal taken
        while True:
            for value in ahead.doubles(_BATCH).tolist():
                taken += 1
                yield value

    drawn = draw(supply())
    generator.words(2 * taken)
    return drawn


def _poisson(rate: float, uniforms: Iterator[float]) -> int:
    if rate >= _REJECT_FROM:
        return _poisson_by_rejection(rate, uniforms)
    if rate == 0:
        return 0
    limit = math.exp(-rate)
    product = next(uniforms)
    count = 0
    while product > limit:
        count += 1
        product *= next(uniforms)
    return count


def _poisson_by_rejection(rate: float, uniforms: Iterator[float]) -> int:
    root, log_rate = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    log_inverse_alpha = math.log(1.1239 + 1.1328 / (b - 3.4))
    accept_below = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = next(uniforms) - 0.5
        v = next(uniforms)
        us = 0.5 - abs(u)
        if us == 0:
            continue  # infinitely far on the negative side
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= accept_below:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        density = -rate + k * log_rate - math.lgamma(k + 1)
        if _log(v) + log_inverse_alpha - math.log(a / (us * us) + b) <= density:
            return k


def _binomial(count: float, p: float, uniforms: Iterator[float]) -> float:
    if not count > 0 or not p > 0:
        return math.nan if count != count or p != p else 0
    if p >= 1:
        return count
    if p > 0.5:
        return count - _binomial(count, 1 - p, uniforms)
    if count * p >= _REJECT_FROM:
        return _binomial_by_rejection(count, p, uniforms)
    successes, trials = 0, 0.0
    log_failure = math.log1p(-p)
    while True:
        u = next(uniforms)
        trials += math.ceil(math.log(u) / log_failure) if u else math.inf
        if trials > count:
            return successes
        successes += 1


def _binomial_by_rejection(count: float, p: float, uniforms: Iterator[float]) -> float:
    deviation = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre = count * p + 0.5
    accept_below = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = math.floor((count + 1) * p)
    while True:
        u = next(uniforms) - 0.5
        v = next(uniforms)
        us = 0.5 - abs(u)
        if us == 0:
            continue  # infinitely far on the negative side
        k = math.floor((2 * a / us + b) * u + centre)
        if us >= 0.07 and v <= accept_below:
            return k
        if not 0 <= k <= count:
            continue
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _stirling_rest(mode)
            + _stirling_rest(count - mode)
            - _stirling_rest(k)
            - _stirling_rest(count - k)
        )
        if _log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _stirling_rest(k: float) -> float:
    if k < len(_STIRLING_REST):
        return _STIRLING_REST[int(k)]
    square = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
