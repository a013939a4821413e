"""Sums, means, products and truth over dimensions.

``dim`` names one dimension or several (all of them if it is left out), and ``keepdim`` leaves
them in the result with size 1. NumPy's names, ``axis`` and ``keepdims``, are understood too.
"""

from __future__ import annotations

from typing import Any

from flambeau.autograd import CompositeOperator, Operator
from flambeau.autograd.modes import mode
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import elementwise as e, movement as m, reduction as r
from flambeau.ir.shapes import normalize_dims, numel
from flambeau.ops._arguments import must_be_tensor, no_overload, type_name
from flambeau.ops._axes import (
    Dims,
    by_numpy_names,
    dropped,
    every,
    is_dims,
    one_dim,
    reduced,
    spread,
)
from flambeau.ops._promotion import as_tensor_of, cast, to_float
from flambeau.ops._registry import operation
from flambeau.ops.pointwise import exp
from flambeau.ops.selection import Where, keep
from flambeau.ops.shape import reshape, unsqueeze
from flambeau.tensor import Tensor, emit, filled, node_of

__all__ = [
    "all",
    "any",
    "count_nonzero",
    "logsumexp",
    "mean",
    "nanmean",
    "nansum",
    "prod",
    "sum",
]

_FULL = "(Tensor input, *, torch.dtype dtype = None)"
_ALONG = (
    "(Tensor input, tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None, "
    "Tensor out = None)"
)
_CASES = (
    "f(3, 4)",
    "f(3, 4), 0",
    "f(2, 3, 4), (0, -1)",
    "f(2, 3, 4), -1, True",
    "f(2, 3, 4), dim=(1,), keepdim=True",
    "f(3, 4), axis=1, keepdims=True",
    "f(3, 4).t(), 1",
    "f()",
    "f(), 0",
    "f(0, 3)",
    "f(0, 3), 0",
    "f(0, 3), 1",
)

# sum ----------------------------------------------------------------------------------------


class Sum(Operator):
    """The sum of all elements."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.shape = node_of(input).shape
        return reduced(r.SUM, input, every(input), False)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return spread(grad, ctx.shape, tuple(range(len(ctx.shape))))


class SumDim(Operator):
    """Sums over some dimensions."""

    _label = "Sum"
    _suffix = "Backward1"

    @staticmethod
    def forward(ctx: Any, input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        ctx.form = node_of(input).shape, dims, keepdim
        return reduced(r.SUM, input, dims, keepdim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return spread(grad, *ctx.form), None, None


@operation(
    cases=(
        *_CASES,
        "i(-9, 9, 3, 4)",
        "i(-9, 9, 3, 4), 0",
        "b(3, 4), 1",
        "i(0, 9, 4), dtype=torch.float32",
        "f(3, 4), dtype=torch.float64",
    )
)
def sum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    **numpy_names: Any,
) -> Tensor:
    """The sum over ``dim``. Integers and bools are summed as int64 unless ``dtype`` is given.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).sum(dim=1)
    tensor([3, 7])
    """
    if numpy_names:
        return by_numpy_names(sum, input, numpy_names, dim=dim, keepdim=keepdim, dtype=dtype)
    must_be_tensor(input, "input", 1)
    if not is_dims(dim):
        raise no_overload("sum", (input, dim), _FULL, _ALONG)
    input = _as_summand(input, dtype)
    if dim is None and not keepdim:
        return Sum.apply(input)
    return SumDim.apply(input, normalize_dims(dim, len(node_of(input).shape)), keepdim)


def _as_summand(input: Tensor, dtype: DType | None) -> Tensor:
    if dtype is not None:
        return cast(input, dtype)
    return input if node_of(input).dtype.is_floating_point else cast(input, dtypes.int64)


# mean ---------------------------------------------------------------------------------------


class Mean(Operator):
    """The mean of all elements."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.shape = node_of(input).shape
        return _mean(input, every(input), False)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        share = grad / numel(ctx.shape)
        return spread(share, ctx.shape, tuple(range(len(ctx.shape))))


class MeanDim(Operator):
    """Means over some dimensions."""

    _label = "Mean"
    _suffix = "Backward1"

    @staticmethod
    def forward(ctx: Any, input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        shape = node_of(input).shape
        ctx.form = shape, dims, keepdim
        ctx.count = numel(shape[d] for d in dims)
        return _mean(input, dims, keepdim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return spread(grad / ctx.count, *ctx.form), None, None


def _mean(input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    node = node_of(input)
    wide = node.dtype.wide  # a half's sum may not fit a half
    if wide is not node.dtype:
        input = emit(e.CAST, input, dtype=wide)
    count = as_tensor_of(numel(node.shape[d] for d in dims), wide)
    result = emit(e.DIV, reduced(r.SUM, input, dims, keepdim), count)
    return result if wide is node.dtype else emit(e.CAST, result, dtype=node.dtype)


@operation(cases=(*_CASES, "i(0, 9, 4), dtype=torch.float32", "f(3, 4), 0, dtype=torch.float64"))
def mean(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    **numpy_names: Any,
) -> Tensor:
    """The mean over ``dim``: floating-point numbers only, unless ``dtype`` makes them that.

    >>> import flambeau as torch
    >>> torch.tensor([[1.0, 2.0], [3.0, 5.0]]).mean(0)
    tensor([2.0000, 3.5000])
    """
    if numpy_names:
        return by_numpy_names(mean, input, numpy_names, dim=dim, keepdim=keepdim, dtype=dtype)
    must_be_tensor(input, "input", 1)
    if not is_dims(dim):
        raise no_overload(
            "mean", (input, dim), _FULL.replace("None)", "None, Tensor out = None)"), _ALONG
        )
    whose, wanted = ("Input", input.dtype) if dtype is None else ("Optional", dtype)
    if not wanted.is_floating_point:
        raise RuntimeError(
            f"mean(): could not infer output dtype. {whose} dtype must be either a floating point "
            f"or complex dtype. Got: {type_name(wanted)}"
        )
    input = cast(input, wanted)
    if dim is None and not keepdim:
        return Mean.apply(input)
    return MeanDim.apply(input, normalize_dims(dim, len(node_of(input).shape)), keepdim)


# Sums and means without nan -----------------------------------------------------------------


class Nansum(Operator):
    """Sums over some dimensions, with nan as zero."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        ctx.form = node_of(input).shape, dims, keepdim
        ctx.save_for_backward(input)
        missing = emit(e.ISNAN, input)
        known = emit(e.WHERE, missing, as_tensor_of(0, input.dtype), input)
        return reduced(r.SUM, known, dims, keepdim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        known = emit(e.NOT, emit(e.ISNAN, input))
        return keep(spread(grad, *ctx.form), known), None, None


_NAN_CASES = (
    "f(3, 4)",
    "f(3, 4), 0",
    "f(2, 3, 4), (0, -1), True",
    "f(3) * torch.tensor([1.0, float('nan'), 2.0])",
    "f(0, 3), 0",
)


@operation(cases=(*_NAN_CASES, "i(0, 9, 4)"))
def nansum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    **numpy_names: Any,
) -> Tensor:
    """The sum over ``dim`` of the elements that are not nan."""
    if numpy_names:
        return by_numpy_names(nansum, input, numpy_names, dim=dim, keepdim=keepdim, dtype=dtype)
    must_be_tensor(input, "input", 1)
    if not input.dtype.is_floating_point:
        return sum(input, dim, keepdim, dtype=dtype)
    input = _as_summand(input, dtype)
    return Nansum.apply(input, normalize_dims(dim, input.ndim), keepdim)


@operation(cases=_NAN_CASES)
def nanmean(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    **numpy_names: Any,
) -> Tensor:
    """The mean over ``dim`` of the elements that are not nan; nan where there are none."""
    if numpy_names:
        return by_numpy_names(nanmean, input, numpy_names, dim=dim, keepdim=keepdim, dtype=dtype)
    must_be_tensor(input, "input", 1)
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{type_name(input.dtype)}"
        )
    known = emit(e.NOT, emit(e.ISNAN, input.detach()))
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / sum(known, dim, keepdim)


# prod ---------------------------------------------------------------------------------------


class Prod(Operator):
    """The product of all elements."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        result = reduced(r.PROD, input, every(input), False)
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        input, result = ctx.saved_tensors
        flat = _prod_gradient(grad, reshape(input, (-1,)), reshape(result, (1,)), 0)
        return reshape(flat, input.shape)


class ProdDim(Operator):
    """Products over one dimension."""

    _label = "Prod"
    _suffix = "Backward1"

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, keepdim: bool) -> Tensor:
        kept = emit(r.PROD, input, axes=(dim,)) if input.ndim else emit(m.RESHAPE, input, shape=())
        ctx.dim, ctx.keepdim = dim, keepdim
        result = kept if keepdim else dropped(kept, (dim,))
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, result = ctx.saved_tensors
        if not input.ndim:
            return grad, None, None
        if not ctx.keepdim:
            grad, result = unsqueeze(grad, ctx.dim), unsqueeze(result, ctx.dim)
        return _prod_gradient(grad, input, result, ctx.dim), None, None


def _prod_gradient(grad: Tensor, input: Tensor, result: Tensor, dim: int) -> Tensor:
    """For each element, ``grad`` times the product of the others, also where some are zero."""
    zero = input == 0
    if mode.grad and bool(zero.any()):
        return grad * _product_of_others(input, dim)
    one = as_tensor_of(1, input.dtype)
    known = Where.apply(zero, one, input)
    # Where one element is zero, only it has others whose product is not.
    alone = zero & (sum(zero, dim, keepdim=True) == 1)
    rest = emit(r.PROD, known, axes=(dim,))
    return grad * Where.apply(alone, rest, result / known)


def _product_of_others(input: Tensor, dim: int) -> Tensor:
    """As differentiable as ``prod``: row k holds the elements with the k-th replaced by 1."""
    rows = unsqueeze(input.movedim(dim, -1), -2)
    count = input.shape[dim]
    places = emit(m.IOTA, size=count, dtype=dtypes.int64)
    same = unsqueeze(places, 1) == places
    others = prod(Where.apply(same, as_tensor_of(1, input.dtype), rows), -1)
    return others.movedim(-1, dim)


_PROD_OVERLOADS = (
    _FULL,
    "(Tensor input, int dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
)


@operation(
    cases=(
        "f(3, 4)",
        "f(3, 4), 0",
        "f(2, 3, 4), -1, True",
        "f(3, 4) * torch.tensor([1, 0, 1, 1]), 1",
        "f(3) * torch.tensor([0, 0, 1])",
        "f()",
        "f(), 0",
        "f(0, 3)",
        "f(0, 3), 0",
        "i(-3, 4, 3, 4), 1",
        "b(4)",
        "i(1, 4, 4), dtype=torch.float32",
    )
)
def prod(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    **numpy_names: Any,
) -> Tensor:
    """The product of all elements, or over one dimension."""
    if numpy_names:
        return by_numpy_names(prod, input, numpy_names, dim=dim, keepdim=keepdim, dtype=dtype)
    must_be_tensor(input, "input", 1)
    input = _as_summand(input, dtype)
    if dim is None:
        return Prod.apply(input)
    return ProdDim.apply(input, one_dim("prod", input, dim, _PROD_OVERLOADS), keepdim)


# Truth --------------------------------------------------------------------------------------

_TRUTH_CASES = (
    "b(3, 4)",
    "b(3, 4), 0",
    "b(2, 3, 4), (0, -1), True",
    "i(0, 2, 3, 4), 1",
    "torch.tensor([0.0, 0.5])",
    "torch.zeros(0, 3), 0",
    "torch.tensor(True), 0",
    "i(0, 2, 3).to(torch.uint8)",
)


def _truth(function: str, primitive: Any, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    if not isinstance(input, Tensor) or not is_dims(dim):
        raise no_overload(
            function,
            (input,) if dim is None else (input, dim),
            "(Tensor input, *, Tensor out = None)",
            "(Tensor input, tuple of ints dim = None, bool keepdim = False, *, Tensor out = None)",
            "(Tensor input, int dim, bool keepdim = False, *, Tensor out = None)",
        )
    # Unlike sums, these take an empty tuple to mean no dimension.
    dims = () if dim in ((), []) else normalize_dims(dim, input.ndim)
    result = reduced(primitive, cast(input, dtypes.bool_), dims, keepdim)
    return cast(result, dtypes.uint8) if input.dtype is dtypes.uint8 else result


@operation(cases=_TRUTH_CASES, differentiable=False)
def any(input: Tensor, dim: Dims = None, keepdim: bool = False, **numpy_names: Any) -> Tensor:
    """Whether any element over ``dim`` is true (not zero); a bool, but uint8 for uint8."""
    if numpy_names:
        return by_numpy_names(any, input, numpy_names, dim=dim, keepdim=keepdim)
    return _truth("any", r.ANY, input, dim, keepdim)


@operation(cases=_TRUTH_CASES, differentiable=False)
def all(input: Tensor, dim: Dims = None, keepdim: bool = False, **numpy_names: Any) -> Tensor:
    """Whether all elements over ``dim`` are true (not zero); a bool, but uint8 for uint8."""
    if numpy_names:
        return by_numpy_names(all, input, numpy_names, dim=dim, keepdim=keepdim)
    return _truth("all", r.ALL, input, dim, keepdim)


@operation(
    cases=("i(0, 2, 3, 4)", "i(0, 2, 3, 4), 0", "i(0, 2, 3, 4), (0, 1)", "f(3)"),
    differentiable=False,
)
def count_nonzero(input: Tensor, dim: Dims = None, **numpy_names: Any) -> Tensor:
    """How many elements over ``dim`` are not zero."""
    if numpy_names:
        return by_numpy_names(count_nonzero, input, numpy_names, dim=dim)
    must_be_tensor(input, "input", 1)
    counted = cast(cast(input, dtypes.bool_), dtypes.int64)
    return reduced(r.SUM, counted, normalize_dims(dim, input.ndim), False)


# logsumexp ----------------------------------------------------------------------------------


class Logsumexp(CompositeOperator):
    """log(sum(exp(input))), by the largest element"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        ctx.form = dims, keepdim
        largest = emit(r.MAX, input, axes=dims) if dims else input
        finite = emit(e.LT, emit(e.ABS, largest), as_tensor_of(float("inf"), input.dtype))
        largest = keep(largest, finite)
        total = sum(exp(input - largest), dims, True) if dims else exp(input - largest)
        result = emit(e.LOG, total) + largest
        result = result if keepdim else dropped(result, dims)
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, result = ctx.saved_tensors
        shape = tuple(input.shape)
        # exp(-inf) weighs nothing, also where all elements are -inf.
        result = Where.apply(result == float("-inf"), as_tensor_of(0, result.dtype), result)
        weight = exp(input - spread(result, shape, *ctx.form))
        return spread(grad, shape, *ctx.form) * weight, None, None


@operation(
    namespaces=("torch", "Tensor", "special"),
    cases=(
        "f(3, 4), 0",
        "f(2, 3, 4), (0, -1)",
        "f(3, 4), 1, True",
        "f(), 0",
        "f(3, 0), 0",
        "i(-3, 4, 3, 4), 1",
        "torch.tensor([float('-inf'), float('-inf')]), 0",
        "torch.tensor([float('inf'), 1.0]), 0",
    ),
)
def logsumexp(input: Tensor, dim: Dims = None, keepdim: bool = False, **numpy_names: Any) -> Tensor:
    """``log(sum(exp(input)))`` over ``dim``, without overflow."""
    if numpy_names:
        return by_numpy_names(logsumexp, input, numpy_names, dim=dim, keepdim=keepdim)
    if dim is None:
        raise TypeError('logsumexp() missing 1 required positional arguments: "dim"')
    must_be_tensor(input, "input", 1)
    input = to_float(input)
    dims = normalize_dims(dim, input.ndim)
    if 0 in (input.shape[d] for d in dims):
        kept = filled(
            tuple(1 if d in dims else n for d, n in enumerate(input.shape)), 0, input.dtype
        )
        return sum(kept, dims, keepdim) + float("-inf")
    return Logsumexp.apply(input, dims, keepdim)
