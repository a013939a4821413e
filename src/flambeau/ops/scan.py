"""Running sums, products and extremes along a dimension, and integrals by trapezoids."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import Operator
from flambeau.autograd.modes import mode
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import movement as m, reduction as r
from flambeau.ir.shapes import normalize_dim
from flambeau.ops import return_types
from flambeau.ops._arguments import must_be_tensor, not_implemented
from flambeau.ops._axes import by_numpy_names
from flambeau.ops._promotion import Number, as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.ops.joining import flip
from flambeau.ops.pointwise import exp, log
from flambeau.ops.selecting import Scatter
from flambeau.ops.selection import Where, keep
from flambeau.ops.shape import narrow, reshape, unsqueeze
from flambeau.tensor import Tensor, emit, emit_many, filled, from_node, node_of

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]

_CASES = ("f(5), 0", "f(3, 4), 0", "f(2, 3, 4), -1", "f(), 0", "f(0, 3), 0", "f(3, 4).t(), 1")
_OF_INTEGERS = ("i(-4, 4, 3, 4), 1", "b(5), 0", "i(0, 9, 4), 0, dtype=torch.float32")


def _scanned(input: Tensor, dtype: DType | None) -> Tensor:
    if dtype is not None:
        return cast(input, dtype)
    return input if node_of(input).dtype.is_floating_point else cast(input, dtypes.int64)


def _reversed_cumsum(x: Tensor, dim: int) -> Tensor:
    return flip(cumsum(flip(x, dim), dim), dim)


# Sums ---------------------------------------------------------------------------------------


class Cumsum(Operator):
    """Running sums."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        ctx.dim = dim
        return emit(r.CUMSUM, input, axis=dim) if input.ndim else from_node(node_of(input))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _reversed_cumsum(grad, ctx.dim) if grad.ndim else grad, None


@operation(inplace=True, cases=(*_CASES, *_OF_INTEGERS, "f(3, 4), axis=1"))
def cumsum(
    input: Tensor, dim: int | None = None, *, dtype: DType | None = None, **numpy_names: Any
) -> Tensor:
    """Running sums along ``dim``; of integers and bools, as int64 unless ``dtype`` is given.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2, 3]).cumsum(0)
    tensor([1, 3, 6])
    """
    if numpy_names:
        return by_numpy_names(cumsum, input, numpy_names, dtype=dtype)
    dim = _checked_dim("cumsum", input, dim)
    input = _scanned(input, dtype)
    return Cumsum.apply(input, normalize_dim(dim, input.ndim))


def _checked_dim(function: str, input: Any, dim: Any) -> int:
    if dim is None:
        raise TypeError(f'{function}() missing 1 required positional arguments: "dim"')
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{function}(): argument 'input' (position 1) must be Tensor, "
            f"not {type(input).__name__}"
        )
    return dim


# Products -----------------------------------------------------------------------------------


class Cumprod(Operator):
    """Running products."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        ctx.dim = dim
        result = emit(r.CUMPROD, input, axis=dim) if input.ndim else from_node(node_of(input))
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, result = ctx.saved_tensors
        return _cumprod_gradient(grad, input, result, ctx.dim), None


def _cumprod_gradient(grad: Tensor, input: Tensor, result: Tensor, dim: int) -> Tensor:
    """The sum of ``grad[i]`` times the product of the first i elements without this one.

    Elements before the first zero can divide; the first zero needs the products without it;
    for those behind it every product is zero.
    """
    if not input.ndim:
        return grad
    zero = input == 0
    if mode.grad and bool(zero.any()):
        return _products_without(grad, input, dim)
    one = as_tensor_of(1, input.dtype)
    zeros_so_far = cumsum(zero, dim)
    first = zero & (zeros_so_far == 1)
    before = _reversed_cumsum(grad * result, dim) / Where.apply(zero, one, input)
    without_first = emit(r.CUMPROD, Where.apply(first, one, input), axis=dim)
    at_first = _reversed_cumsum(grad * without_first, dim)
    return Where.apply(first, at_first, keep(before, zeros_so_far == 0))


def _products_without(grad: Tensor, input: Tensor, dim: int) -> Tensor:
    """The same, as differentiable as ``cumprod``: row k holds the products without element k."""
    rows = unsqueeze(input.movedim(dim, -1), -2)
    places = emit(m.IOTA, size=input.shape[dim], dtype=dtypes.int64)
    here = unsqueeze(places, 1)
    products = cumprod(Where.apply(here == places, as_tensor_of(1, input.dtype), rows), -1)
    weights = unsqueeze(grad.movedim(dim, -1), -2)
    kept = keep(products * weights, here <= places)
    return kept.sum(-1).movedim(-1, dim)


@operation(
    inplace=True, cases=(*_CASES, *_OF_INTEGERS, "f(3, 5) * torch.tensor([1, 0, 1, 0, 1]), 1")
)
def cumprod(
    input: Tensor, dim: int | None = None, *, dtype: DType | None = None, **numpy_names: Any
) -> Tensor:
    """Running products along ``dim``; of integers and bools, as int64 unless ``dtype`` is given."""
    if numpy_names:
        return by_numpy_names(cumprod, input, numpy_names, dtype=dtype)
    dim = _checked_dim("cumprod", input, dim)
    input = _scanned(input, dtype)
    return Cumprod.apply(input, normalize_dim(dim, input.ndim))


# Extremes -----------------------------------------------------------------------------------


class Cummax(Operator):
    """Running maxima, and the places of the latest element that reached each."""

    primitive = r.CUMMAX

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> tuple[Tensor, ...]:
        node = node_of(input)
        ctx.spec, ctx.dim = (node.shape, 0, node.dtype), dim
        if not node.shape:
            return from_node(node), filled((), 0, dtypes.int64)
        values, indices = emit_many(ctx.function.primitive, input, axis=dim)
        ctx.save_for_backward(indices)
        return values, indices

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> tuple[Any, ...]:
        if not grad.ndim:
            return grad, None
        (indices,) = ctx.saved_tensors
        return Scatter.apply(filled(*ctx.spec), ctx.dim, indices, grad, "add"), None


class Cummin(Cummax):
    """Running minima, and the places of the latest element that reached each."""

    primitive = r.CUMMIN


_EXTREME_CASES = (
    "d(5), 0",
    "d(3, 4), 0",
    "d(2, 3, 4), -1",
    "d(), 0",
    "d(0, 3), 0",
    "i(0, 3, 8), 0",
    "b(6), 0",
    "torch.tensor([1.0, float('nan'), 2.0]), 0",
)


def _extremes(name: str, operator: Any, input: Tensor, dim: int | None) -> tuple[Tensor, Tensor]:
    dim = _checked_dim(name, input, dim)
    if not input.ndim and dim not in (0, -1):
        raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
    return operator.apply(input, normalize_dim(dim, input.ndim))


@operation(cases=_EXTREME_CASES)
def cummax(input: Tensor, dim: int | None = None, **numpy_names: Any) -> return_types.cummax:
    """The largest elements so far along ``dim``, and their indices (the latest of several)."""
    if numpy_names:
        return by_numpy_names(cummax, input, numpy_names)
    return return_types.cummax(*_extremes("cummax", Cummax, input, dim))


@operation(cases=_EXTREME_CASES)
def cummin(input: Tensor, dim: int | None = None, **numpy_names: Any) -> return_types.cummin:
    """The smallest elements so far along ``dim``, and their indices (the latest of several)."""
    if numpy_names:
        return by_numpy_names(cummin, input, numpy_names)
    return return_types.cummin(*_extremes("cummin", Cummin, input, dim))


# Logarithms of sums -------------------------------------------------------------------------


class Logcumsumexp(Operator):
    """log(cumsum(exp(input)))"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        ctx.dim = dim
        result = emit(r.LOGCUMSUMEXP, input, axis=dim) if input.ndim else from_node(node_of(input))
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        if not grad.ndim:
            return grad, None
        input, result = ctx.saved_tensors
        up = _weighed(grad, input, result, ctx.dim)
        down = _weighed(-grad, input, result, ctx.dim)
        return up - down, None


def _weighed(grad: Tensor, input: Tensor, result: Tensor, dim: int) -> Tensor:
    """exp(input) times the sum, from each element on, of the positive gradients / exp(result)."""
    nothing = as_tensor_of(float("-inf"), grad.dtype)
    positive = grad > 0
    size = log(Where.apply(positive, grad, as_tensor_of(1, grad.dtype)))
    scaled = Where.apply(positive, size - result, nothing)
    total = flip(logcumsumexp(flip(scaled, dim), dim), dim)
    return keep(exp(total + input), total > nothing)


@operation(cases=(*_CASES, "torch.tensor([-1000.0, 0.0, 1000.0]), 0"))
def logcumsumexp(input: Tensor, dim: int | None = None, **numpy_names: Any) -> Tensor:
    """``log(cumsum(exp(input), dim))``, without overflow."""
    if numpy_names:
        return by_numpy_names(logcumsumexp, input, numpy_names)
    dim = _checked_dim("logcumsumexp", input, dim)
    place = normalize_dim(dim, input.ndim)
    if not input.dtype.is_floating_point:
        raise not_implemented("logcumsumexp_out_cpu", input.dtype)
    return Logcumsumexp.apply(input, place)


# Integrals ----------------------------------------------------------------------------------


def _trapezoids(name: str, y: Tensor, x: Any, dx: Number | None, dim: int) -> Tensor:
    """Twice the areas of the trapezoids between neighbours along ``dim``."""
    if not y.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = normalize_dim(dim, y.ndim)
    count = y.shape[dim]
    pairs = narrow(y, dim, 1, count - 1) + narrow(y, dim, 0, count - 1)
    if x is None:
        return pairs * (1 if dx is None else dx)
    if x.ndim == 1:
        if x.shape[0] != count:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        shape = [1] * y.ndim
        shape[dim] = count
        x = reshape(x, tuple(shape))
    along = dim - y.ndim + x.ndim
    size = x.shape[along]
    return (narrow(x, along, 1, size - 1) - narrow(x, along, 0, size - 1)) * pairs


_INTEGRALS = (
    "f(5)",
    "f(3, 4), dx=0.5",
    "f(3, 4), d(4)",
    "f(3, 4), d(3, 4), dim=0",
    "f(3, 4), dim=0",
    "i(0, 9, 5)",
    "f(1)",
)


@operation(namespaces=("torch",), cases=_INTEGRALS)
def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1
) -> Tensor:
    """The integral of ``y`` along ``dim`` by the trapezoidal rule, at ``x`` or spaced by ``dx``."""
    must_be_tensor(y, "y", 1)
    if x is None and y.ndim and not y.shape[normalize_dim(dim, y.ndim)]:
        return y.sum(dim) * 0.0
    return _trapezoids("trapezoid", y, x, dx, dim).sum(dim) / 2.0


trapz = trapezoid


@operation(namespaces=("torch",), cases=_INTEGRALS)
def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1
) -> Tensor:
    """The running integral of ``y`` along ``dim`` by the trapezoidal rule."""
    must_be_tensor(y, "y", 1)
    return cumsum(_trapezoids("cumulative_trapezoid", y, x, dx, dim), dim) / 2.0
