"""Variances and standard deviations over dimensions, alone or with the mean.

The sum of squared deviations is divided by the number of elements less ``correction`` (1, unless
it is given, or 0 where ``unbiased`` is false).
"""

from __future__ import annotations

import warnings
from typing import Any

from flambeau.autograd import CompositeOperator
from flambeau.ir.shapes import normalize_dims, numel
from flambeau.ops._arguments import no_overload
from flambeau.ops._axes import Dims, by_numpy_names, is_dims, spread
from flambeau.ops._promotion import Number
from flambeau.ops._registry import operation
from flambeau.ops.pointwise import sqrt
from flambeau.ops.selection import keep
from flambeau.tensor import Tensor

__all__ = ["std", "std_mean", "var", "var_mean"]


def _moments(
    input: Tensor, dims: tuple[int, ...], divisor: float, keepdim: bool
) -> tuple[Tensor, Tensor]:
    """The variance and the mean, in the type that sums are made in."""
    wide = input.to(input.dtype.wide)
    mean = wide.mean(dims, keepdim=True)
    deviations = wide - mean
    squares = deviations * deviations
    variance = squares.sum(dims, keepdim=keepdim) / divisor
    return variance, mean if keepdim else mean.reshape(variance.shape)


def _slope(grad: Tensor, input: Tensor, dims: tuple[int, ...], divisor: float) -> Tensor:
    """The gradient through the variance; ``grad`` is spread over the input already."""
    return grad * 2 / divisor * (input - input.mean(dims, keepdim=True))


class Var(CompositeOperator):
    """Variances over some dimensions."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dims: tuple[int, ...], divisor: float, keepdim: bool
    ) -> Tensor:
        ctx.save_for_backward(input, divisor)
        ctx.form = dims, keepdim
        return _moments(input, dims, divisor, keepdim)[0].to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, divisor = ctx.saved_tensors
        dims, keepdim = ctx.form
        grad = spread(grad, tuple(input.shape), dims, keepdim)
        return _slope(grad, input, dims, divisor), None, None, None


class Std(CompositeOperator):
    """Standard deviations over some dimensions."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dims: tuple[int, ...], divisor: float, keepdim: bool
    ) -> Tensor:
        result = sqrt(_moments(input, dims, divisor, keepdim)[0]).to(input.dtype)
        ctx.save_for_backward(input, result, divisor)
        ctx.form = dims, keepdim
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, result, divisor = ctx.saved_tensors
        dims, keepdim = ctx.form
        grad = keep(grad / (result * 2), result != 0)
        grad = spread(grad, tuple(input.shape), dims, keepdim)
        return _slope(grad, input, dims, divisor), None, None, None


class VarMean(CompositeOperator):
    """Variances and means over some dimensions."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dims: tuple[int, ...], divisor: float, keepdim: bool
    ) -> tuple[Tensor, ...]:
        ctx.save_for_backward(input, divisor)
        ctx.form = dims, keepdim
        variance, mean = _moments(input, dims, divisor, keepdim)
        return variance.to(input.dtype), mean.to(input.dtype)

    @staticmethod
    def backward(ctx: Any, by_var: Tensor, by_mean: Tensor) -> tuple[Any, ...]:
        input, divisor = ctx.saved_tensors
        dims, keepdim = ctx.form
        shape = tuple(input.shape)
        by_var, by_mean = (spread(grad, shape, dims, keepdim) for grad in (by_var, by_mean))
        count = numel(shape[d] for d in dims)
        return _slope(by_var, input, dims, divisor) + by_mean / count, None, None, None


class StdMean(CompositeOperator):
    """Standard deviations and means over some dimensions."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dims: tuple[int, ...], divisor: float, keepdim: bool
    ) -> tuple[Tensor, ...]:
        variance, mean = _moments(input, dims, divisor, keepdim)
        result = sqrt(variance).to(input.dtype)
        ctx.save_for_backward(input, result, divisor)
        ctx.form = dims, keepdim
        return result, mean.to(input.dtype)

    @staticmethod
    def backward(ctx: Any, by_std: Tensor, by_mean: Tensor) -> tuple[Any, ...]:
        input, result, divisor = ctx.saved_tensors
        dims, keepdim = ctx.form
        shape = tuple(input.shape)
        by_var = keep(by_std / (result * 2), result != 0)
        by_var, by_mean = (spread(grad, shape, dims, keepdim) for grad in (by_var, by_mean))
        count = numel(shape[d] for d in dims)
        return _slope(by_var, input, dims, divisor) + by_mean / count, None, None, None


_OVERLOADS = (
    (
        "(Tensor input, tuple of ints dim, bool unbiased = True, bool keepdim = False, *, "
        "Tensor out = None)",
        "(Tensor input, tuple of ints dim = None, *, Number correction = None, "
        "bool keepdim = False, Tensor out = None)",
        "(Tensor input, bool unbiased = True)",
    ),
    (
        "(Tensor input, tuple of ints dim, bool unbiased = True, bool keepdim = False)",
        "(Tensor input, tuple of ints dim = None, *, Number correction = None, "
        "bool keepdim = False)",
        "(Tensor input, bool unbiased = True)",
    ),
)


def _spread_of(
    function: Any,
    operator: Any,
    input: Tensor,
    dim: Any,
    unbiased: bool | None,
    keepdim: bool,
    correction: Number | None,
) -> Any:
    name = function.__name__
    if isinstance(dim, bool):  # var(input, unbiased)
        dim, unbiased = None, dim
    if not isinstance(input, Tensor) or not is_dims(dim):
        given = (input,) if dim is None else (input, dim)
        raise no_overload(name, given, *_OVERLOADS[name.endswith("_mean")])
    if not input.dtype.is_floating_point:
        what = f"{name} only" if operator in (VarMean, StdMean) else "std and var only"
        raise RuntimeError(f"{what} support floating point and complex dtypes")
    if correction is None:
        correction = 0 if unbiased is False else 1
    dims = normalize_dims(dim, input.ndim)
    count = numel(input.shape[d] for d in dims)
    if count - correction <= 0 and input.numel():
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            UserWarning,
            stacklevel=3,
        )
    return operator.apply(input, dims, float(max(0, count - correction)), keepdim)


_CASES = (
    "f(3, 4)",
    "f(3, 4), 0",
    "f(2, 3, 4), (0, -1)",
    "f(3, 4), 1, True, True",
    "f(3, 4), False",
    "f(3, 4), 0, unbiased=False",
    "f(3, 4), dim=1, correction=2, keepdim=True",
    "f(3, 4), correction=0.5",
    "f(3, 4), axis=0, keepdims=True",
)


@operation(cases=_CASES)
def var(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
    **numpy_names: Any,
) -> Tensor:
    """The variance over ``dim``.

    >>> import flambeau as torch
    >>> torch.tensor([1.0, 2.0, 3.0, 4.0]).var(correction=0)
    tensor(1.2500)
    """
    if numpy_names:
        given = {"unbiased": unbiased, "keepdim": keepdim, "correction": correction}
        return by_numpy_names(var, input, numpy_names, dim=dim, **given)
    return _spread_of(var, Var, input, dim, unbiased, keepdim, correction)


@operation(cases=(*_CASES, "torch.ones(3) * d()"))
def std(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
    **numpy_names: Any,
) -> Tensor:
    """The standard deviation over ``dim``: the square root of :func:`var`."""
    if numpy_names:
        given = {"unbiased": unbiased, "keepdim": keepdim, "correction": correction}
        return by_numpy_names(std, input, numpy_names, dim=dim, **given)
    return _spread_of(std, Std, input, dim, unbiased, keepdim, correction)


@operation(namespaces=("torch",), cases=_CASES)
def var_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
    **numpy_names: Any,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean over ``dim``."""
    if numpy_names:
        given = {"unbiased": unbiased, "keepdim": keepdim, "correction": correction}
        return by_numpy_names(var_mean, input, numpy_names, dim=dim, **given)
    return _spread_of(var_mean, VarMean, input, dim, unbiased, keepdim, correction)


@operation(namespaces=("torch",), cases=_CASES)
def std_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
    **numpy_names: Any,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over ``dim``."""
    if numpy_names:
        given = {"unbiased": unbiased, "keepdim": keepdim, "correction": correction}
        return by_numpy_names(std_mean, input, numpy_names, dim=dim, **given)
    return _spread_of(std_mean, StdMean, input, dim, unbiased, keepdim, correction)
