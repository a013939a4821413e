"""Largest, smallest and middle elements, and where they are.

Where several elements are the largest, ``amax`` and the one-argument ``max`` share the gradient
among them; ``max`` over a dimension gives it to the one whose index it returns.
"""

from __future__ import annotations

from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.node import Primitive
from flambeau.ir.primitives import elementwise as e, indexing as ix, movement as m, reduction as r
from flambeau.ir.shapes import normalize_dims
from flambeau.ops import return_types
from flambeau.ops._arguments import must_be_tensor, not_implemented
from flambeau.ops._axes import (
    Dims,
    by_numpy_names,
    dropped,
    every,
    is_dims,
    kept_shape,
    one_dim,
    reduced,
    spread,
)
from flambeau.ops._promotion import as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.ops.selecting import Scatter
from flambeau.ops.selection import keep, maximum, minimum
from flambeau.ops.shape import unsqueeze
from flambeau.tensor import Tensor, emit, emit_many, filled, from_node, node_of

__all__ = [
    "amax",
    "amin",
    "aminmax",
    "argmax",
    "argmin",
    "max",
    "median",
    "min",
    "mode",
    "nanmedian",
]

# The largest over dimensions ----------------------------------------------------------------


class Amax(Operator):
    """The largest elements over some dimensions."""

    primitive = r.MAX

    @staticmethod
    def forward(ctx: Any, input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        ctx.dims, ctx.keepdim = dims, keepdim
        result = reduced(ctx.function.primitive, input, dims, keepdim)
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, result = ctx.saved_tensors
        return _shared(grad, input, result, ctx.dims, ctx.keepdim), None, None


class Amin(Amax):
    """The smallest elements over some dimensions."""

    primitive = r.MIN


class Max(Operator):
    """The largest element."""

    _suffix = "Backward1"
    primitive = r.MAX

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        result = reduced(ctx.function.primitive, input, every(input), False)
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        input, result = ctx.saved_tensors
        return _shared(grad, input, result, every(input), False)


class Min(Max):
    """The smallest element."""

    primitive = r.MIN


def _shared(
    grad: Tensor, input: Tensor, result: Tensor, dims: tuple[int, ...], keepdim: bool
) -> Tensor:
    """The gradient in equal parts at the elements that equal the result."""
    shape = tuple(input.shape)
    grad, result = spread(grad, shape, dims, keepdim), spread(result, shape, dims, keepdim)
    chosen = input == result
    both_nan = emit(e.AND, emit(e.ISNAN, input), emit(e.ISNAN, result))
    chosen = emit(e.OR, chosen, both_nan)
    if not dims:
        return grad
    return keep(grad / chosen.sum(dims, keepdim=True), chosen)


def _check_not_empty(function: str, input: Tensor, dims: tuple[int, ...], given: bool) -> None:
    shape = tuple(input.shape)
    if 0 not in shape:
        return
    if not given:
        kind = IndexError if function.startswith("arg") else RuntimeError
        hint = "" if kind is IndexError else " Specify the reduction dim with the 'dim' argument."
        raise kind(
            f"{function}(): Expected reduction dim to be specified for input.numel() == 0.{hint}"
        )
    for dim in dims:
        if shape[dim] == 0:
            raise IndexError(f"{function}(): Expected reduction dim {dim} to have non-zero size.")


_ALONG = (
    "d(3, 4)",
    "d(3, 4), 0",
    "d(2, 3, 4), -1, True",
    "d(), 0",
    "d(2, 0), 0",
    "i(0, 3, 4, 5), 1",
    "b(3, 4), 1",
)
_TIES = ("torch.zeros(2, 2) * d(2, 2)", "torch.tensor([1.0, float('nan'), 2.0])")


def _extreme(function: Any, operator: Any, input: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    name = function.__name__
    if not is_dims(dim):
        raise TypeError(
            f"{name}(): argument 'dim' (position 2) must be tuple of ints, not {type(dim).__name__}"
        )
    dims = normalize_dims(dim, input.ndim)
    _check_not_empty(name, input, dims, dim not in (None, (), []))
    return operator.apply(input, dims, keepdim)


@operation(cases=(*_ALONG, *_TIES, "d(2, 3, 4), (0, 2)", "d(3, 4), axis=0"))
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False, **numpy_names: Any) -> Tensor:
    """The largest elements over ``dim`` (all dimensions, if none is named)."""
    if numpy_names:
        return by_numpy_names(amax, input, numpy_names, dim=dim, keepdim=keepdim)
    must_be_tensor(input, "input", 1)
    return _extreme(amax, Amax, input, dim, keepdim)


@operation(cases=(*_ALONG, *_TIES, "d(2, 3, 4), (0, 2)", "d(3, 4), axis=0"))
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False, **numpy_names: Any) -> Tensor:
    """The smallest elements over ``dim`` (all dimensions, if none is named)."""
    if numpy_names:
        return by_numpy_names(amin, input, numpy_names, dim=dim, keepdim=keepdim)
    must_be_tensor(input, "input", 1)
    return _extreme(amin, Amin, input, dim, keepdim)


@operation(cases=("d(3, 4)", "d(3, 4), dim=0", "d(3, 4), dim=1, keepdim=True", "i(0, 9, 5)"))
def aminmax(
    input: Tensor, *, dim: int | None = None, keepdim: bool = False, **numpy_names: Any
) -> return_types.aminmax:
    """The smallest and the largest elements, of all or over one dimension."""
    if numpy_names:
        return by_numpy_names(aminmax, input, numpy_names, dim=dim, keepdim=keepdim)
    must_be_tensor(input, "input", 1)
    if dim is None:
        if not input.numel():
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has "
                "no identity."
            )
        dims = every(input)
    else:
        dims = (one_dim("aminmax", input, dim),)[: input.ndim]
        for d in dims:
            if not input.shape[d]:
                raise IndexError(f"aminmax: Expected reduction dim {d} to have non-zero size.")
    return return_types.aminmax(*Aminmax.apply(input, dims, keepdim))


class Aminmax(Operator):
    """The smallest and the largest elements over some dimensions."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dims: tuple[int, ...], keepdim: bool
    ) -> tuple[Tensor, ...]:
        ctx.dims, ctx.keepdim = dims, keepdim
        results = tuple(reduced(p, input, dims, keepdim) for p in (r.MIN, r.MAX))
        ctx.save_for_backward(input, *results)
        return results

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        input, *results = ctx.saved_tensors
        low, high = (
            _shared(grad, input, result, ctx.dims, ctx.keepdim)
            for grad, result in zip(grads, results, strict=True)
        )
        return low + high, None, None


# Values with their places -------------------------------------------------------------------


class MaxDim(Operator):
    """The largest elements over a dimension, and their places."""

    _label = "Max"
    argument = r.ARGMAX

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, ...]:
        if not input.ndim:
            return _chosen(ctx, input, dim, keepdim, filled((), 0, dtypes.int64))
        # NumPy has no argmax of bools along an axis that prefers the first.
        keys = cast(input, dtypes.uint8) if input.dtype is dtypes.bool_ else input
        return _chosen(ctx, input, dim, keepdim, emit(ctx.function.argument, keys, axis=dim))

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> tuple[Any, ...]:
        return _at_places(ctx, grad), None, None


class MinDim(MaxDim):
    """The smallest elements over a dimension, and their places."""

    _label = "Min"
    argument = r.ARGMIN


def _chosen(
    ctx: Any, input: Tensor, dim: int, keepdim: bool, places: Tensor
) -> tuple[Tensor, Tensor]:
    """The elements at ``places`` (of size 1 along ``dim``), and those places."""
    node = node_of(input)
    ctx.spec, ctx.dim, ctx.keepdim = (node.shape, 0, node.dtype), dim, keepdim
    ctx.save_for_backward(places)
    if not node.shape:
        return from_node(node), places
    values = emit(ix.GATHER, input, places, axis=dim)
    if keepdim:
        return values, places
    return dropped(values, (dim,)), dropped(places, (dim,))


def _at_places(ctx: Any, grad: Tensor) -> Tensor:
    """The gradient of chosen elements: theirs at their places, 0 elsewhere."""
    (places,) = ctx.saved_tensors
    if not places.ndim:
        return grad
    if not ctx.keepdim:
        grad = unsqueeze(grad, ctx.dim)
    return Scatter.apply(filled(*ctx.spec), ctx.dim, places, grad, "add")


def _overloads(function: str) -> tuple[str, ...]:
    return (
        "(Tensor input, *, Tensor out = None)",
        "(Tensor input, Tensor other, *, Tensor out = None)",
        "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)",
    )


def _max_or_min(function: Any, input: Tensor, dim: Any, keepdim: bool) -> Any:
    name = function.__name__
    must_be_tensor(input, "input", 1)
    full, along, pair, result = _FORMS[name]
    if dim is None:
        _check_not_empty(name, input, (), False)
        return full.apply(input)
    if isinstance(dim, Tensor):
        return pair(input, dim)
    place = one_dim(name, input, dim, _overloads(name))
    _check_not_empty(name, input, (place,), True)
    return result(*along.apply(input, place, keepdim))


_FORMS = {
    "max": (Max, MaxDim, maximum, return_types.max),
    "min": (Min, MinDim, minimum, return_types.min),
}


@operation(cases=(*_ALONG, *_TIES, "d(3, 4), d(4)", "d(3, 4), axis=0"))
def max(
    input: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    other: Tensor | None = None,
    **numpy_names: Any,
) -> Any:
    """The largest element; with ``dim`` those along it and their indices; or of two tensors.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 5], [7, 2]]).max(dim=1).indices
    tensor([1, 0])
    """
    if numpy_names:
        return by_numpy_names(max, input, numpy_names, dim=dim, keepdim=keepdim)
    return _max_or_min(max, input, dim if other is None else other, keepdim)


@operation(cases=(*_ALONG, *_TIES, "d(3, 4), d(4)", "d(3, 4), axis=0"))
def min(
    input: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    other: Tensor | None = None,
    **numpy_names: Any,
) -> Any:
    """The smallest element; with ``dim`` those along it and their indices; or of two tensors."""
    if numpy_names:
        return by_numpy_names(min, input, numpy_names, dim=dim, keepdim=keepdim)
    return _max_or_min(min, input, dim if other is None else other, keepdim)


def _argument(
    function: Any, primitive: Primitive, input: Tensor, dim: int | None, keepdim: bool
) -> Tensor:
    name = function.__name__
    must_be_tensor(input, "input", 1)
    if input.dtype is dtypes.bool_:
        raise RuntimeError(f"{name}(): does not support bool input")
    place = None if dim is None else one_dim(name, input, dim)
    _check_not_empty(name, input, () if place is None else (place,), place is not None)
    if place is not None and input.ndim:
        found = emit(primitive, input, axis=place)
        return found if keepdim else dropped(found, (place,))
    flat = emit(m.RESHAPE, input, shape=(input.numel(),))
    shape = kept_shape(tuple(input.shape), every(input)) if keepdim else ()
    return emit(m.RESHAPE, emit(primitive, flat, axis=0), shape=shape)


_ARGUMENT_CASES = (
    "d(3, 4)",
    "d(3, 4), 0",
    "d(3, 4), -1, True",
    "i(0, 3, 4, 5), 1",
    "d(3, 4), keepdim=True",
    "d()",
    "torch.tensor([1.0, float('nan'), 2.0])",
)


@operation(cases=_ARGUMENT_CASES, differentiable=False)
def argmax(
    input: Tensor, dim: int | None = None, keepdim: bool = False, **numpy_names: Any
) -> Tensor:
    """The index of the largest element (the first of several), in all or along ``dim``."""
    if numpy_names:
        return by_numpy_names(argmax, input, numpy_names, dim=dim, keepdim=keepdim)
    return _argument(argmax, r.ARGMAX, input, dim, keepdim)


@operation(cases=_ARGUMENT_CASES, differentiable=False)
def argmin(
    input: Tensor, dim: int | None = None, keepdim: bool = False, **numpy_names: Any
) -> Tensor:
    """The index of the smallest element (the first of several), in all or along ``dim``."""
    if numpy_names:
        return by_numpy_names(argmin, input, numpy_names, dim=dim, keepdim=keepdim)
    return _argument(argmin, r.ARGMIN, input, dim, keepdim)


# The middle, and the most frequent ----------------------------------------------------------


class MedianDim(Operator):
    """The lower median along a dimension, and its place."""

    _label = "Median"
    _suffix = "Backward1"
    skips_nan = False

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, ...]:
        if not input.ndim:
            return _chosen(ctx, input, dim, keepdim, filled((), 0, dtypes.int64))
        rank = _middle(input, dim, ctx.function.skips_nan)
        _, order = emit_many(ix.SORT, input, axis=dim, descending=False)
        return _chosen(ctx, input, dim, keepdim, emit(ix.GATHER, order, rank, axis=dim))

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> tuple[Any, ...]:
        return _at_places(ctx, grad), None, None


class NanmedianDim(MedianDim):
    """The lower median, along a dimension, of what is not nan, and its place."""

    _label = "Nanmedian"
    skips_nan = True


def _middle(input: Tensor, dim: int, skips_nan: bool) -> Tensor:
    """The rank of the median. A nan, which sorts last, is the median unless nans are skipped."""
    shape = tuple(input.shape)
    size = shape[dim]
    kept = kept_shape(shape, (dim,))
    middle = filled(kept, (size - 1) // 2, dtypes.int64)
    if not input.dtype.is_floating_point:
        return middle
    known = cast(emit(e.NOT, emit(e.ISNAN, input)), dtypes.int64)
    count = emit(r.SUM, known, axes=(dim,))
    if not skips_nan:
        whole = emit(e.EQ, count, as_tensor_of(size, dtypes.int64))
        return emit(e.WHERE, whole, middle, count)
    last = emit(e.SUB, count, as_tensor_of(1, dtypes.int64))
    last = emit(e.MAXIMUM, last, as_tensor_of(0, dtypes.int64))
    return emit(e.FLOOR_DIVIDE, last, as_tensor_of(2, dtypes.int64))


class Median(Operator):
    """The lower median of all elements: equals share the gradient."""

    along = MedianDim

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        along = ctx.function.along
        flat = emit(m.RESHAPE, input, shape=(input.numel(),))
        result = along.forward(along._node(), flat, 0, False)[0]
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        input, result = ctx.saved_tensors
        return _shared(grad, input, result, every(input), False)


class Nanmedian(Median):
    """The lower median of all elements that are not nan: equals share the gradient."""

    along = NanmedianDim


def _median(
    function: Any, full: Any, along: Any, input: Tensor, dim: int | None, keepdim: bool
) -> Any:
    name = function.__name__
    must_be_tensor(input, "input", 1)
    if input.dtype is dtypes.bool_:
        raise not_implemented("median_cpu" if dim is None else "median_out", input.dtype)
    if dim is None:
        if input.numel():
            return full.apply(input)
        nothing = float("nan") if input.dtype.is_floating_point else dtypes.iinfo(input.dtype).min
        return filled((), nothing, input.dtype)
    place = one_dim(name, input, dim)
    _check_not_empty("median", input, (place,), True)
    return getattr(return_types, name)(*along.apply(input, place, keepdim))


_MEDIAN_CASES = (
    "d(3, 4)",
    "d(3, 4), 0",
    "d(3, 5), 1, True",
    "d()",
    "d(), 0",
    "i(0, 90, 7)",
    "d(3) * torch.tensor([1.0, float('nan'), 2.0])",
    "d(3) * torch.tensor([1.0, float('nan'), 2.0]), 0",
)


@operation(cases=_MEDIAN_CASES)
def median(input: Tensor, dim: int | None = None, keepdim: bool = False, **numpy_names: Any) -> Any:
    """The middle element, the lower one of two; with ``dim`` those along it and their indices."""
    if numpy_names:
        return by_numpy_names(median, input, numpy_names, dim=dim, keepdim=keepdim)
    return _median(median, Median, MedianDim, input, dim, keepdim)


@operation(cases=_MEDIAN_CASES)
def nanmedian(
    input: Tensor, dim: int | None = None, keepdim: bool = False, **numpy_names: Any
) -> Any:
    """As :func:`median`, of the elements that are not nan."""
    if numpy_names:
        return by_numpy_names(nanmedian, input, numpy_names, dim=dim, keepdim=keepdim)
    return _median(nanmedian, Nanmedian, NanmedianDim, input, dim, keepdim)


class Mode(Operator):
    """The most frequent elements along a dimension, and a place of each."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, ...]:
        if not input.ndim:
            return _chosen(ctx, input, dim, keepdim, filled((), 0, dtypes.int64))
        axes = [d for d in every(input) if d != dim] + [dim]
        rows = emit(m.PERMUTE, input, axes=tuple(axes))
        rows = cast(rows, rows.dtype.wide)  # NumPy cannot search halves
        ordered, order = emit_many(ix.SORT, rows, axis=rows.ndim - 1, descending=False)
        start = emit(ix.SEARCHSORTED, ordered, ordered, right=False)
        stop = emit(ix.SEARCHSORTED, ordered, ordered, right=True)
        # The first of the longest runs is that of the smallest element.
        best = emit(r.ARGMAX, emit(e.SUB, stop, start), axis=rows.ndim - 1)
        last = emit(ix.GATHER, stop, best, axis=rows.ndim - 1)
        last = emit(e.SUB, last, as_tensor_of(1, dtypes.int64))
        place = emit(ix.GATHER, order, last, axis=rows.ndim - 1)
        inverse = tuple(sorted(range(len(axes)), key=axes.__getitem__))
        return _chosen(ctx, input, dim, keepdim, emit(m.PERMUTE, place, axes=inverse))

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> tuple[Any, ...]:
        return _at_places(ctx, grad), None, None


@operation(cases=("i(0, 3, 4, 7)", "i(0, 3, 4, 7), 0", "d(3, 4), -1, True", "d()", "b(3, 5)"))
def mode(
    input: Tensor, dim: int = -1, keepdim: bool = False, **numpy_names: Any
) -> return_types.mode:
    """The most frequent elements along ``dim`` (the smallest of several), and their indices."""
    if numpy_names:
        return by_numpy_names(mode, input, numpy_names, dim=dim, keepdim=keepdim)
    must_be_tensor(input, "input", 1)
    place = one_dim("mode", input, dim)
    _check_not_empty("mode", input, (place,), True)
    return return_types.mode(*Mode.apply(input, place, keepdim))
