"""Quantiles, covariances and histograms."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.shapes import normalize_dim
from flambeau.ops import return_types
from flambeau.ops._arguments import (
    c_name,
    is_number,
    must_be_tensor,
    no_overload,
    not_implemented,
    type_name,
)
from flambeau.ops._promotion import as_tensor_of, to_float
from flambeau.ops._registry import operation
from flambeau.ops.ordering import sort
from flambeau.ops.pointwise import sqrt
from flambeau.ops.rounding import ceil, floor, isnan
from flambeau.ops.selecting import gather
from flambeau.ops.selection import clamp, where
from flambeau.ops.shape import diagonal, expand, movedim, reshape, squeeze, unsqueeze
from flambeau.tensor import Tensor

__all__ = [
    "bincount",
    "corrcoef",
    "cov",
    "histc",
    "histogram",
    "nanquantile",
    "quantile",
]

# Quantiles ----------------------------------------------------------------------------------

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")
_CASES = (
    "d(3, 4), 0.3",
    "d(3, 4), 0.3, 0",
    "d(3, 5), u(3), 1",
    "d(3, 5), u(2), -1, True",
    "d(3, 5), 0.4, keepdim=True",
    "d(7), 0.3, interpolation='lower'",
    "d(7), 0.3, interpolation='higher'",
    "d(7), 0.3, interpolation='midpoint'",
    "d(7), 0.4, interpolation='nearest'",
    "d(4) * torch.tensor([1.0, float('nan'), 1.0, 1.0]), 0.5",
    "d(), 0.5",
)


@operation(cases=_CASES)
def quantile(
    input: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The ``q``-th quantiles along ``dim`` (of all elements without it); nan where there is one.

    A vector of ``q`` gives a new first dimension. Between two elements the quantile is
    interpolated ``"linear"``\\ ly, or ``"lower"``, ``"higher"``, ``"nearest"`` or ``"midpoint"``.
    """
    return _quantile(quantile, input, q, dim, keepdim, interpolation, skips_nan=False)


@operation(cases=_CASES)
def nanquantile(
    input: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """As :func:`quantile`, of the elements that are not nan."""
    return _quantile(nanquantile, input, q, dim, keepdim, interpolation, skips_nan=True)


def _quantile(
    function: Any,
    input: Tensor,
    q: Any,
    dim: int | None,
    keepdim: bool,
    interpolation: str,
    skips_nan: bool,
) -> Tensor:
    points = _points(function, input, q, interpolation)
    shape = tuple(input.shape)
    if dim is None:
        rows = reshape(input, (-1,))
        kept = (1,) * len(shape)
    else:
        dim = normalize_dim(dim, len(shape))
        rows = movedim(input, dim, -1) if shape else reshape(input, (1,))
        kept = shape[:dim] + (1,) + shape[dim + 1 :] if shape else ()
    found = _along_rows(rows, reshape(points, (-1,)), interpolation, skips_nan)
    result = movedim(found, -1, 0)
    if keepdim:
        result = reshape(result, (result.shape[0], *kept))
    return result if points.ndim else squeeze(result, 0)


def _points(function: Any, input: Tensor, q: Any, interpolation: str) -> Tensor:
    """``q`` as a tensor, after all checks. They speak of quantile() for both functions."""
    must_be_tensor(input, "input", 1)
    if not isinstance(q, Tensor) and not is_number(q):
        tail = (
            "int dim = None, bool keepdim = False, *, "
            'str interpolation = "linear", Tensor out = None)'
        )
        signatures = (f"(Tensor input, {kind} q, {tail}" for kind in ("Tensor", "float"))
        raise no_overload(function.__name__, (input, q), *signatures)
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q:g}")
        q = as_tensor_of(float(q), input.dtype)
    if not input.numel():
        raise RuntimeError("quantile() input tensor must be non-empty")
    if q.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q.dtype is not input.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    if q.ndim and not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return q


def _along_rows(rows: Tensor, q: Tensor, interpolation: str, skips_nan: bool) -> Tensor:
    """The quantiles in the last dimension."""
    ordered, _ = sort(rows, -1)
    missing = isnan(ordered)
    size = rows.shape[-1]
    if skips_nan:
        last = (~missing).sum(-1, keepdim=True) - 1
        ranks = clamp(q * last, min=0)
    else:
        # A nan sorts last, so the last place has it.
        ranks = where(missing.any(-1, keepdim=True), size - 1, q * (size - 1))
    ranks = expand(ranks, (*rows.shape[:-1], q.shape[0]))
    if interpolation == "lower":
        ranks = floor(ranks)
    elif interpolation == "higher":
        ranks = ceil(ranks)
    elif interpolation == "nearest":
        ranks = ranks.round()
    below = floor(ranks)
    low = gather(ordered, -1, below.long())
    if interpolation in ("lower", "higher", "nearest"):
        return low
    weight = ranks - below if interpolation == "linear" else ranks.new_full(ranks.shape, 0.5)
    high = gather(ordered, -1, ceil(ranks).long())
    return low.lerp(high, weight)


# Covariances --------------------------------------------------------------------------------


@operation(
    cases=(
        "f(3, 5)",
        "f(5)",
        "f(3, 5), correction=0",
        "f(3, 5), fweights=i(1, 4, 5)",
        "f(3, 5), aweights=p(5)",
        "f(3, 5), correction=2, fweights=i(1, 4, 5), aweights=p(5)",
        "i(0, 9, 2, 4)",
    )
)
def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """The covariances of variables, one a row, over observations, one a column.

    ``fweights`` say how often each observation counts, ``aweights`` how much it weighs.
    """
    must_be_tensor(input, "input", 1)
    _check_observations("cov", input)
    if input.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = to_float(input)
    x = x if x.ndim == 2 else reshape(x, (1, -1))
    count = x.shape[1]
    weights = _weights(fweights, aweights, count)
    if weights is None:
        total: Any = count
        mean = x.mean(1, keepdim=True)
        divisor: Any = count - correction
    else:
        total = weights.sum()
        mean = (x * weights).sum(1, keepdim=True) / total
        divisor = total - correction
        if aweights is not None and correction:
            divisor = total - correction * (weights * aweights).sum() / total
    if not isinstance(divisor, Tensor):
        if divisor <= 0:
            _warn_of_freedom()
            divisor = 0
    elif bool(divisor <= 0):
        _warn_of_freedom()
        divisor = 0
    centred = x - mean
    weighted = centred if weights is None else centred * weights
    return squeeze(weighted.mm(centred.t().to(weighted.dtype)) / divisor)


def _warn_of_freedom() -> None:
    warnings.warn(
        "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number "
        "of observations.",
        UserWarning,
        stacklevel=3,
    )


def _check_observations(name: str, input: Tensor) -> None:
    if input.ndim > 2:
        raise RuntimeError(
            f"{name}(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )


def _weights(fweights: Tensor | None, aweights: Tensor | None, count: int) -> Tensor | None:
    for name, weights, kind in (
        ("fweights", fweights, "integral"),
        ("aweights", aweights, "floating point"),
    ):
        if weights is None:
            continue
        if weights.ndim > 1:
            raise RuntimeError(
                f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
                f"{weights.ndim} dimensions"
            )
        if weights.dtype.is_floating_point is (kind == "integral"):
            raise RuntimeError(
                f"cov(): expected {name} to have {kind} dtype but got {name} with "
                f"{type_name(weights.dtype)} dtype"
            )
        if weights.numel() != count:
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the "
                f"input but got {weights.numel()} != {count}"
            )
        if weights.numel() and bool(weights.min() < 0):
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if fweights is None:
        return aweights
    return fweights if aweights is None else fweights * aweights


@operation(cases=("f(3, 5)", "f(5)", "i(0, 9, 2, 5)"))
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, one a row: covariances over the standard deviations."""
    must_be_tensor(input, "input", 1)
    _check_observations("corrcoef", input)
    covariance = cov(input)
    if not covariance.ndim:
        return covariance / covariance
    deviation = sqrt(diagonal(covariance))
    return clamp(covariance / unsqueeze(deviation, 1) / deviation, -1, 1)


# Histograms ---------------------------------------------------------------------------------


@operation(
    cases=(
        "i(0, 6, 9)",
        "i(0, 6, 9), p(9)",
        "i(0, 3, 5), minlength=5",
        "i(0, 3, 5), i(0, 9, 5)",
        "torch.zeros(0, dtype=torch.int64)",
    ),
    differentiable=False,
)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often (or with how much weight in all) each integer from 0 on stands in a vector."""
    must_be_tensor(input, "input", 1)
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if input.dtype.category != dtypes.INTEGER:
        raise not_implemented("bincount_cpu", input.dtype)
    numbers = input._array()
    if numbers.ndim != 1 or (numbers.size and numbers.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return Tensor._from_array(np.bincount(numbers, minlength=minlength).astype(np.int64))
    if weights.ndim != 1 or weights.numel() != numbers.size:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    dtype = dtypes.float32 if weights.dtype is dtypes.float32 else dtypes.float64
    mass = weights.detach()._array().astype(np.float64)
    return Tensor._from_array(np.bincount(numbers, mass, minlength).astype(dtype.numpy))


@operation(
    cases=("f(20), 4", "f(20), 5, -1.0, 1.0", "torch.ones(3), 3", "f(3)"), differentiable=False
)
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of ``bins`` equal bins from ``min`` to ``max``.

    Where these are equal, the bins reach from the smallest to the largest element.
    """
    must_be_tensor(input, "input", 1)
    if not input.dtype.is_floating_point:
        raise not_implemented("histogram_cpu", input.dtype)
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    values = input.detach()._array().reshape(-1)
    low, high = _reach(values, min, max)
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    inside = values[(values >= low) & (values <= high)]
    number = values.dtype.type
    places = ((inside - number(low)) * number(bins) / number(high - low)).astype(np.int64)
    counts = np.bincount(np.minimum(places, bins - 1), minlength=bins)
    return Tensor._from_array(counts.astype(input.dtype.numpy), input.dtype)


def _reach(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    if low == high and values.size:
        return float(values.min()), float(values.max())
    return float(low), float(high)


@operation(
    cases=(
        "f(20), 4",
        "f(20), 4, range=(-1.0, 1.0)",
        "f(3, 4), 4, weight=p(3, 4)",
        "f(20), 4, density=True",
        "f(20), torch.tensor([-1.0, 0.0, 0.5, 2.0])",
        "torch.zeros(0), 3",
        "torch.ones(3), 3",
    ),
    differentiable=False,
)
def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> return_types.histogram:
    """The elements counted (or weighed) by bins, and the bins' edges.

    ``bins`` are equal ones over ``range``, so many, or the edges. With ``density`` the histogram
    is scaled to an area of 1.
    """
    must_be_tensor(input, "input", 1)
    dtype = input.dtype
    values = input.detach()._array().reshape(-1).astype(dtype.wide.numpy)
    mass = _mass(input, weight)
    if isinstance(bins, Tensor):
        edges = _given_edges(bins, input)
    else:
        edges = _equal_edges(values, bins, range)
    if not dtype.is_floating_point:
        raise not_implemented("histogramdd", dtype)
    edges = edges.astype(dtype.numpy).astype(values.dtype)
    places = np.searchsorted(edges, values, "right") - 1
    places[values == edges[-1]] = len(edges) - 2
    inside = (values >= edges[0]) & (values <= edges[-1])
    heights = np.bincount(places[inside], mass[inside], len(edges) - 1).astype(values.dtype)
    if density:
        with np.errstate(all="ignore"):
            heights = heights / heights.sum() / np.diff(edges)
    arrays = (heights.astype(dtype.numpy), edges.astype(dtype.numpy))
    return return_types.histogram(*(Tensor._from_array(array, dtype) for array in arrays))


def _mass(input: Tensor, weight: Tensor | None) -> np.ndarray:
    if weight is None:
        return np.ones(input.numel())
    if weight.shape != input.shape:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            "input tensor excluding its innermost dimension, but got input with shape "
            f"{[input.numel(), 1]} and weight with shape {[weight.numel()]}"
        )
    return weight.detach()._array().reshape(-1)


def _given_edges(bins: Tensor, input: Tensor) -> np.ndarray:
    if bins.ndim != 1:
        raise RuntimeError(
            f"torch.histogramdd: bins tensor should have one dimension, but got {bins.ndim} "
            "dimensions in the bins tensor for dimension 0"
        )
    if bins.dtype is not input.dtype:
        names = [c_name(x.dtype) for x in (input, bins)]
        raise RuntimeError(
            "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got "
            f"input with dtype {names[0]} and bins for dimension 0 with dtype {names[1]}"
        )
    return bins.detach()._array()


def _equal_edges(values: np.ndarray, bins: int, range: Sequence[float] | None) -> np.ndarray:
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if range is None:
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    else:
        if len(range) != 2:
            raise RuntimeError(
                "torch.histogramdd: for a 1-dimensional histogram range should have 2 elements, "
                f"but got {len(range)}"
            )
        low, high = map(float, range)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(
            f"torch.histogramdd: dimension 0's range [{low:g}, {high:g}] is not finite"
        )
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for "
            "dimension 0"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1).astype(values.dtype)
