"""Choosing elements by masks and indices: gathers, scatters, masked writes."""

from __future__ import annotations

import math
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import elementwise as e, indexing as ix
from flambeau.ir.primitives.movement import RESHAPE
from flambeau.ir.shapes import normalize_dim
from flambeau.ops._arguments import check_fits
from flambeau.ops._promotion import Number, as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.ops.arithmetic import mul
from flambeau.ops.indexing import from_front, nonzero
from flambeau.ops.shape import expand, flatten, reshape
from flambeau.tensor import Tensor, emit, filled, node_of

__all__ = [
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_select",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "take",
    "take_along_dim",
]


# Masks --------------------------------------------------------------------------------------


class MaskedFill(Operator):
    """``value`` where the mask is true."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, mask: Tensor, value: Tensor) -> Tensor:
        ctx.save_for_backward(mask)
        return emit(e.WHERE, mask, value, input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (mask,) = ctx.saved_tensors
        needs_input, _, needs_value = ctx.needs_input_grad
        return (
            masked_fill(grad, mask, 0) if needs_input else None,
            None,
            (mul(grad, mask) if needs_value else None),
        )


class MaskedFillTensor(MaskedFill):
    """As MaskedFill, of a tensor."""

    _label, _suffix = "MaskedFill", "Backward1"


@operation(inplace=True, cases=("f(3, 4), b(3, 4), 2.5", "f(3, 4), b(4), f()", "f(4), b(3, 4), 0"))
def masked_fill(input: Tensor, mask: Tensor, value: Number | Tensor) -> Tensor:
    """``value`` where ``mask`` is true, ``input`` elsewhere."""
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {_name(mask)}"
        )
    operator = MaskedFillTensor if isinstance(value, Tensor) else MaskedFill
    if not isinstance(value, Tensor):
        if input.dtype.category == dtypes.INTEGER:
            value = _as_integer(value, input.dtype)
        value = as_tensor_of(value, input.dtype)
    elif value.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s)."
        )
    return operator.apply(input, mask, cast(value, input.dtype))


def _as_integer(value: Number, dtype: DType) -> int:
    """The number without its fraction; RuntimeError where the dtype cannot hold it."""
    if not math.isfinite(value) or abs(value) >= 2**63:
        name = {"int32": "int"}.get(dtype.name, f"{dtype.name}_t")
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    check_fits(int(value), dtype)
    return int(value)


def _name(tensor: Tensor) -> str:
    return tensor.dtype.tensor_type.removesuffix("Tensor")


@operation(cases=("f(3, 4), b(3, 4)", "f(4), b(3, 4)"))
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where ``mask`` is true, in one dimension. Its size depends on the data."""
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = tuple((mask.to(dtypes.float32) + filled(input.shape, 0, dtypes.float32)).shape)
    index = reshape(nonzero(flatten(expand(mask, shape))), (-1,))
    return index_select(flatten(expand(input, shape)), 0, index)


@operation(inplace=True, cases=("f(3, 4), b(3, 4), f(12)",))
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """``input`` with the elements where ``mask`` is true taken from ``source``, in order."""
    index = reshape(nonzero(flatten(expand(mask, input.shape))), (-1,))
    count = index.shape[0]
    if source.numel() < count:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got too few elements"
        )
    flat = index_copy(flatten(input), 0, index, flatten(source)[:count])
    return reshape(flat, input.shape)


# Whole slices -------------------------------------------------------------------------------


def _vector_index(index: Tensor, size: int, dim: int, name: str) -> Tensor:
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index")
    if index.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    values = node_of(index).buffer
    if values is not None and values.size and (values.min() < 0 or values.max() >= size):
        raise IndexError("index out of range in self")
    return reshape(from_front(index, size, dim), (-1,))


class IndexSelect(Operator):
    """Slices along a dimension, by index."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, index: Tensor) -> Tensor:
        node = node_of(input)
        ctx.spec, ctx.dim = (node.shape, 0, node.dtype), dim
        ctx.save_for_backward(index)
        return emit(ix.TAKE, input, index, axis=dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (index,) = ctx.saved_tensors
        zeros = filled(*ctx.spec)
        return IndexPutSlices.apply(zeros, ctx.dim, index, grad, "add"), None, None


@operation(cases=("f(4, 3), 0, i(0, 4, 5)", "f(4, 3), 1, i(0, 3, 2)", "f(4), 0, i(0, 4, 2)"))
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of ``input`` along ``dim`` at the places in the vector ``index``."""
    if not input.ndim:
        return input.clone()
    dim = normalize_dim(dim, input.ndim)
    index = _vector_index(index, input.shape[dim], dim, "index_select")
    return IndexSelect.apply(input, dim, index)


class IndexPutSlices(Operator):
    """Slices along a dimension replaced, or added to, by index."""

    _label = "IndexAdd"

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dim: int, index: Tensor, source: Tensor, mode: str
    ) -> Tensor:
        ctx.dim, ctx.mode = dim, mode
        ctx.save_for_backward(index)
        return emit(ix.PUT, input, index, source, axis=dim, mode=mode)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (index,) = ctx.saved_tensors
        kept = grad if ctx.mode == "add" else index_fill(grad, ctx.dim, index, 0)
        return kept, None, None, IndexSelect.apply(grad, ctx.dim, index), None


@operation(
    inplace=True, cases=("f(4, 3), 0, i(0, 4, 5), f(5, 3)", "f(4), 0, i(0, 4, 2), f(2), alpha=2")
)
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1
) -> Tensor:
    """``input`` with ``alpha`` times the slices of ``source`` added at the places in ``index``."""
    dim = normalize_dim(dim, input.ndim)
    index = _vector_index(index, input.shape[dim], dim, "index_add")
    if source.shape[dim] != index.shape[0]:
        raise RuntimeError("index_add_(): Number of indices should be equal to source.size(dim)")
    source = cast(source, input.dtype)
    return IndexPutSlices.apply(input, dim, index, source if alpha == 1 else source * alpha, "add")


@operation(inplace=True, cases=("f(4, 3), 0, torch.tensor([2, 0]), f(2, 3)",))
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """``input`` with the slices of ``source`` at the places in ``index``."""
    dim = normalize_dim(dim, input.ndim)
    index = _vector_index(index, input.shape[dim], dim, "index_copy")
    return IndexCopy.apply(input, dim, index, source, "set")


class IndexCopy(IndexPutSlices):
    """Slices along a dimension replaced, by index."""


@operation(inplace=True, cases=("f(4, 3), 0, i(0, 4, 2), 2.5", "f(4, 3), 1, i(0, 3, 2), f()"))
def index_fill(input: Tensor, dim: int, index: Tensor, value: Number | Tensor) -> Tensor:
    """``input`` with ``value`` in the slices at the places in ``index``."""
    dim = normalize_dim(dim, input.ndim)
    index = _vector_index(index, input.shape[dim], dim, "index_fill")
    operator = IndexFillTensor if isinstance(value, Tensor) else IndexFill
    if not isinstance(value, Tensor):
        value = as_tensor_of(value, input.dtype)
    return operator.apply(input, cast(value, input.dtype), dim, index)


class IndexFill(Operator):
    """One value in some slices."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, value: Tensor, dim: int, index: Tensor) -> Tensor:
        size = (input.shape[dim],)
        untouched = filled(size, False, dtypes.bool_)
        chosen = filled(index.shape, True, dtypes.bool_)
        mask = emit(ix.PUT, untouched, index, chosen, axis=0, mode="set")
        mask = emit(RESHAPE, mask, shape=size + (1,) * (input.ndim - dim - 1))
        ctx.save_for_backward(mask)
        return emit(e.WHERE, mask, value, input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (mask,) = ctx.saved_tensors
        return grad.masked_fill(mask, 0), grad.masked_fill(~mask, 0), None, None


class IndexFillTensor(IndexFill):
    """As IndexFill, of a tensor."""

    _label, _suffix = "IndexFill", "Backward1"


@operation(cases=("f(3, 4), i(0, 12, 5)", "f(3, 4), i(-12, 12, 2, 2)"))
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at places in the flattened tensor, in the index's shape."""
    flat = from_front(flatten(index), input.numel(), 0)
    return reshape(IndexSelect.apply(flatten(input), 0, flat), index.shape)


@operation(inplace=True, cases=("f(3, 4), torch.tensor([1, 5]), f(2)",))
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """``input`` with ``source`` put (or added) at places in the flattened tensor."""
    flat = from_front(flatten(index), input.numel(), 0)
    mode = "add" if accumulate else "set"
    result = IndexPutSlices.apply(flatten(input), 0, flat, flatten(source), mode)
    return reshape(result, input.shape)


# Single elements ----------------------------------------------------------------------------


def _element_index(input: Tensor, dim: int, index: Tensor, name: str) -> Tensor:
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{name}(): Expected dtype int64 for index")
    if max(index.ndim, 1) != max(input.ndim, 1):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as "
            f"{'input' if name == 'gather' else 'self'} tensor"
        )
    for d, (wanted, have) in enumerate(zip(index.shape, input.shape, strict=False)):
        if d != dim and wanted > have and index.numel():
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {list(index.shape)} to be "
                f"no larger than self {list(input.shape)} apart from dimension {dim}"
            )
    size = input.shape[dim] if input.ndim else 1
    values = node_of(index).buffer
    if values is not None and values.size and (values.min() < 0 or values.max() >= size):
        bad = values[(values < 0) | (values >= size)].flat[0]
        raise RuntimeError(f"index {bad} is out of bounds for dimension {dim} with size {size}")
    return from_front(index, size, dim)


class Gather(Operator):
    """One element for each index, along a dimension."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, index: Tensor) -> Tensor:
        node = node_of(input)
        ctx.spec, ctx.dim = (node.shape, 0, node.dtype), dim
        ctx.save_for_backward(index)
        return emit(ix.GATHER, input, index, axis=dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (index,) = ctx.saved_tensors
        return Scatter.apply(filled(*ctx.spec), ctx.dim, index, grad, "add"), None, None


@operation(cases=("f(3, 4), 1, i(0, 4, 3, 2)", "f(3, 4), 0, i(0, 3, 2, 4)", "f(4), -1, i(0, 4, 6)"))
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for ``dim`` 0, and so on for the others."""
    dim = normalize_dim(dim, input.ndim)
    index = _element_index(input, dim, index, "gather")
    if not input.ndim or not index.ndim:
        flat = Gather.apply(reshape(input, (-1,)), 0, reshape(index, (-1,)))
        return reshape(flat, index.shape)
    return Gather.apply(input, dim, index)


@operation(cases=("d(3, 4), torch.tensor([[0], [2], [1]]), 1", "f(6), i(0, 6, 3)"))
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As ``gather``, with ``input`` and ``indices`` broadcast to each other elsewhere."""
    if dim is None:
        return gather(flatten(input), 0, flatten(indices))
    dim = normalize_dim(dim, input.ndim)
    pairs = zip(input.shape, indices.shape, strict=True)
    common = [max(a, b) for a, b in pairs]
    wide = [input.shape[dim] if d == dim else n for d, n in enumerate(common)]
    narrow = [indices.shape[dim] if d == dim else n for d, n in enumerate(common)]
    return gather(expand(input, wide), dim, expand(indices, narrow))


class Scatter(Operator):
    """Elements written to (or added at) indexed places along a dimension."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dim: int, index: Tensor, source: Tensor, mode: str
    ) -> Tensor:
        ctx.dim, ctx.mode = dim, mode
        ctx.save_for_backward(index)
        return emit(ix.SCATTER, input, index, source, axis=dim, mode=mode)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (index,) = ctx.saved_tensors
        kept = grad if ctx.mode == "add" else scatter(grad, ctx.dim, index, 0)
        return kept, None, None, Gather.apply(grad, ctx.dim, index), None


class ScatterNumber(Scatter):
    """As Scatter, of a number."""

    _label, _suffix = "Scatter", "Backward1"


class ScatterAdd(Scatter):
    """Elements added at indexed places along a dimension."""


def _source(src: Tensor, index: Tensor) -> Tensor:
    """The corner of ``src`` that the index covers."""
    for d, (wanted, have) in enumerate(zip(index.shape, src.shape, strict=True)):
        if wanted > have:
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than src "
                f"{list(src.shape)} in dimension {d}"
            )
    if index.shape == src.shape:
        return src
    return src[tuple(slice(n) for n in index.shape)]


@operation(
    inplace=True,
    cases=(
        "f(3, 4), 1, torch.tensor([[0, 2], [1, 3], [3, 0]]), f(3, 2)",
        "f(3, 4), 1, i(0, 4, 3, 1), 2.5",
        "f(3, 4), 0, i(0, 3, 2, 4), f(2, 4), reduce='add'",
    ),
)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any, *, reduce: str | None = None
) -> Tensor:
    """``input`` with ``src`` (a tensor or a number) written at ``index`` along ``dim``."""
    dim = normalize_dim(dim, input.ndim)
    index = _element_index(input, dim, index, "scatter")
    if not isinstance(src, Tensor):
        source = filled(index.shape, src, input.dtype)
    else:
        if src.dtype is not input.dtype:
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
        source = _source(src, index)
    modes = {None: "set", "add": "add", "multiply": "mul"}
    if reduce not in modes:
        raise RuntimeError("reduce argument must be either add or multiply.")
    operator = Scatter if isinstance(src, Tensor) else ScatterNumber
    return operator.apply(input, dim, index, source, modes[reduce])


@operation(inplace=True, cases=("f(3, 4), 1, i(0, 4, 3, 2), f(3, 2)",))
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """``input`` with the elements of ``src`` added at ``index`` along ``dim``."""
    dim = normalize_dim(dim, input.ndim)
    index = _element_index(input, dim, index, "scatter_add")
    if src.dtype is not input.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    return ScatterAdd.apply(input, dim, index, _source(src, index), "add")


@operation(
    inplace=True,
    cases=(
        "f(3, 4), 1, i(0, 4, 3, 6), f(3, 6), 'sum'",
        "f(3, 4), 1, i(0, 4, 3, 6), f(3, 6), 'mean'",
        "d(3, 4), 1, i(0, 4, 3, 6), d(3, 6), 'amax'",
        "d(3, 4), 1, i(0, 4, 3, 6), d(3, 6), 'amin', include_self=False",
        "p(3, 4), 1, i(0, 4, 3, 6), p(3, 6), 'prod'",
    ),
)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """``input`` combined at ``index`` along ``dim`` with ``src`` by sum, prod, mean, amax, amin."""
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    dim = normalize_dim(dim, input.ndim)
    index = _element_index(input, dim, index, "scatter_reduce")
    src = _source(src, index)
    if not include_self:
        input = scatter(input, dim, index, _neutral(reduce, input.dtype))
    if reduce == "sum":
        return ScatterAdd.apply(input, dim, index, src, "add")
    if reduce == "mean":
        return _scatter_mean(input, dim, index, src, include_self)
    return ScatterReduce.apply(input, dim, index, src, _MODES[reduce])


def _neutral(reduce: str, dtype: DType) -> Number:
    """What changes nothing when it is combined."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.is_floating_point:
        return -math.inf if reduce == "amax" else math.inf
    limits = dtypes.iinfo(dtype)
    return limits.min if reduce == "amax" else limits.max


_MODES = {"prod": "mul", "amax": "amax", "amin": "amin"}


def _scatter_mean(
    input: Tensor, dim: int, index: Tensor, src: Tensor, include_self: bool
) -> Tensor:
    total = ScatterAdd.apply(input, dim, index, src, "add")
    count = filled(input.shape, int(include_self), input.dtype)
    count = emit(
        ix.SCATTER, count, index, filled(index.shape, 1, input.dtype), axis=dim, mode="add"
    )
    count = emit(e.MAXIMUM, count, as_tensor_of(1, input.dtype))
    if input.dtype.is_floating_point:
        return total / count
    return total.div(count, rounding_mode="floor")


class ScatterReduce(Operator):
    """Products, maxima or minima at indexed places along a dimension."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, dim: int, index: Tensor, source: Tensor, mode: str
    ) -> Tensor:
        result = emit(ix.SCATTER, input, index, source, axis=dim, mode=mode)
        ctx.dim, ctx.mode = dim, mode
        ctx.save_for_backward(input, index, source, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, index, source, result = ctx.saved_tensors
        chosen = gather(result, ctx.dim, index)
        spread = gather(grad, ctx.dim, index)
        if ctx.mode == "mul":
            return grad * result / input, None, None, spread * chosen / source, None
        # Ties share the gradient evenly.
        own = cast(input == result, grad.dtype)
        theirs = cast(source == chosen, grad.dtype)
        shared = grad / scatter_add(own, ctx.dim, index, theirs)
        return own * shared, None, None, theirs * gather(shared, ctx.dim, index), None
