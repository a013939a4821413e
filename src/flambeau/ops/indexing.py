"""Indexing as in NumPy: ``x[…]`` and ``x[…] = y``.

An index is read in two passes. Integers, slices, ``None`` and ``...`` make a view (slice, then
drop and insert dimensions); tensors, masks and lists then gather from that view:

    x[0, :, idx, None]   ──►   view = x[0, :, :, None]   ──►   gather along dimension 1
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flambeau.autograd import Operator, assign
from flambeau.ir import dtypes
from flambeau.ir.primitives import elementwise as e, indexing as ix, movement as m
from flambeau.ir.shapes import broadcast, numel, strides_of
from flambeau.literals import to_array
from flambeau.ops._promotion import as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.ops.creation import as_tensor
from flambeau.ops.shape import Select, Slice, Unsqueeze, expand, reshape
from flambeau.tensor import Tensor, emit, filled, node_of
from flambeau.views import Step

__all__ = ["argwhere", "index_put", "nonzero"]


class _Basic(NamedTuple):
    """The view that an index's integers, slices and ``None`` make."""

    starts: list[int]
    stops: list[int]
    steps: list[int]
    shape: list[int]
    last: str  # the kind of the last entry, by which PyTorch names the result's grad_fn


def getitem(self: Tensor, index: Any) -> Tensor:
    """``self[index]``: a view for integers, slices, ``None`` and ``...``; a copy for tensors."""
    if isinstance(index, int) and not isinstance(index, bool):
        return _select_first(self, index)
    view, gathered = _parse(self, index)
    if not gathered:
        return view
    dims = tuple(gathered)
    return Index.apply(view, dims, *gathered.values())


def _select_first(self: Tensor, index: int) -> Tensor:
    shape = node_of(self).shape
    if not shape:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
            "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
        )
    size = shape[0]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension 0 with size {size}")
    return self.select(0, index)


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """``self[index] = value``, with ``value`` broadcast and cast; every alias sees it."""
    if not isinstance(value, Tensor):
        value = _literal(value, self)
    masked = isinstance(index, Tensor) and index.dtype is dtypes.bool_
    if masked and value.numel() == 1 and index.shape == self.shape:
        assign(self, self.masked_fill(index, cast(value, self.dtype).reshape(())))
        return
    view, gathered = _parse(self, index)
    value = cast(value, self.dtype)
    if not gathered:
        view.copy_(_without_leading_ones(value, view.ndim).expand(view.shape))
        return
    dims = tuple(gathered)
    assign(view, _put(view, dims, tuple(gathered.values()), value, False))


def _literal(value: Any, like: Tensor) -> Tensor:
    if isinstance(value, (bool, int, float)):
        return as_tensor_of(value, like.dtype)
    return Tensor._from_array(*to_array(value, like.dtype))


def _without_leading_ones(value: Tensor, rank: int) -> Tensor:
    shape = tuple(value.shape)
    extra = len(shape) - rank
    if extra > 0 and shape[:extra] == (1,) * extra:
        return reshape(value, shape[extra:])
    return value


Tensor.__getitem__ = getitem
Tensor.__setitem__ = setitem


# Reading an index ---------------------------------------------------------------------------


def _parse(self: Tensor, index: Any) -> tuple[Tensor, dict[int, Tensor]]:
    """The view an index makes, and the tensors to gather by, each at a dimension of the view."""
    entries = _entries(index)
    shape = node_of(self).shape
    _check_count(entries, shape)
    basic = _Basic([], [], [], [], "")
    gathered: dict[int, Tensor] = {}
    dim = 0
    for entry in entries:
        if entry is Ellipsis:
            for _ in range(len(shape) - sum(map(_consumed, entries))):
                _keep(basic, 0, shape[dim], 1)
                dim += 1
        elif entry is None:
            basic.shape.append(1)
            basic = basic._replace(last="none")
        elif isinstance(entry, slice):
            bounds = _bounds(entry, shape[dim])
            _keep(basic, *bounds)
            if bounds != (0, shape[dim], 1):
                basic = basic._replace(last="slice")
            dim += 1
        elif isinstance(entry, Tensor):
            dim = _gather_at(basic, gathered, entry, shape, dim)
        else:
            basic = _pick(basic, entry, shape, dim)
            dim += 1
    while dim < len(shape):
        _keep(basic, 0, shape[dim], 1)
        dim += 1
    return _view(self, basic, bool(gathered)), gathered


def _entries(index: Any) -> list[Any]:
    entries = list(index) if isinstance(index, tuple) else [index]
    out = []
    for entry in entries:
        if isinstance(entry, (list, range, np.ndarray)):
            entry = as_tensor(np.array(entry) if len(entry) else np.zeros(0, np.int64))
        elif isinstance(entry, bool):
            entry = as_tensor_of(entry, dtypes.bool_)
        elif isinstance(entry, Tensor):
            integral = entry.dtype.category == dtypes.INTEGER and entry.dtype is not dtypes.uint8
            if entry.ndim == 0 and integral:
                entry = entry.item()
        elif hasattr(entry, "__index__"):
            entry = entry.__index__()
        elif entry is not None and entry is not Ellipsis and not isinstance(entry, slice):
            if isinstance(entry, str):
                raise TypeError("new(): invalid data type 'str'")
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables "
                f"are valid indices (got {type(entry).__name__})"
            )
        out.append(entry)
    if not any(entry is Ellipsis for entry in out):
        out.append(Ellipsis)
    return out


def _consumed(entry: Any) -> int:
    """How many dimensions of the tensor an entry stands for."""
    if entry is None or entry is Ellipsis:
        return 0
    if isinstance(entry, Tensor) and entry.dtype in (dtypes.bool_, dtypes.uint8):
        return entry.ndim
    return 1


def _check_count(entries: list[Any], shape: tuple[int, ...]) -> None:
    if sum(entry is Ellipsis for entry in entries) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if sum(map(_consumed, entries)) > len(shape):
        if not shape and all(isinstance(e, (int, slice)) or e is Ellipsis for e in entries):
            if any(isinstance(entry, slice) for entry in entries):
                raise IndexError("slice() cannot be applied to a 0-dim tensor.")
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")


def _keep(basic: _Basic, start: int, stop: int, step: int) -> None:
    basic.starts.append(start)
    basic.stops.append(stop)
    basic.steps.append(step)
    basic.shape.append(m.slice_size(start, stop, step))


def _bounds(entry: slice, size: int) -> tuple[int, int, int]:
    step = 1 if entry.step is None else entry.step.__index__()
    if step <= 0:
        raise ValueError("step must be greater than zero")
    parts = (None if x is None else x.__index__() for x in (entry.start, entry.stop))
    start, stop, _ = slice(*parts).indices(size)
    return start, max(start, stop), step


def _pick(basic: _Basic, entry: int, shape: tuple[int, ...], dim: int) -> _Basic:
    size = shape[dim]
    if not -size <= entry < size:
        raise IndexError(f"index {entry} is out of bounds for dimension {dim} with size {size}")
    entry %= size
    basic.starts.append(entry)
    basic.stops.append(entry + 1)
    basic.steps.append(1)
    return basic._replace(last="int")


def _gather_at(
    basic: _Basic, gathered: dict[int, Tensor], entry: Tensor, shape: tuple[int, ...], dim: int
) -> int:
    """Note a tensor index; a mask becomes the indices of its true places."""
    if entry.dtype in (dtypes.bool_, dtypes.uint8):
        return _mask_at(basic, gathered, entry, shape, dim)
    if entry.dtype.category != dtypes.INTEGER:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    gathered[len(basic.shape)] = from_front(entry, shape[dim], dim)
    _keep(basic, 0, shape[dim], 1)
    return dim + 1


def _mask_at(
    basic: _Basic, gathered: dict[int, Tensor], mask: Tensor, shape: tuple[int, ...], dim: int
) -> int:
    covered = shape[dim : dim + mask.ndim]
    for offset, (have, want) in enumerate(zip(mask.shape, covered, strict=True)):
        if have != want:
            raise IndexError(
                f"The shape of the mask {list(mask.shape)} at index {offset} does not match the "
                f"shape of the indexed tensor {list(shape)} at index {dim + offset}"
            )
    if not mask.ndim:
        # A 0-d mask inserts a dimension: of size 1 if true, 0 if false.
        places = np.zeros(int(bool(mask)), np.int64)
        gathered[len(basic.shape)] = Tensor._from_array(places)
        basic.shape.append(1)
        return dim
    for offset, places in enumerate(np.nonzero(mask._array())):
        gathered[len(basic.shape)] = Tensor._from_array(places.astype(np.int64))
        _keep(basic, 0, shape[dim + offset], 1)
    return dim + mask.ndim


def from_front(index: Tensor, size: int, dim: int) -> Tensor:
    """Negative indices counted from the front; IndexError at once if the values are known."""
    index = cast(index, dtypes.int64)
    node = node_of(index)
    if node.buffer is None:
        wrapped = emit(e.ADD, index, as_tensor_of(size, dtypes.int64))
        negative = emit(e.LT, index, as_tensor_of(0, dtypes.int64))
        return emit(e.WHERE, negative, wrapped, index)
    values = node.buffer
    if not values.size:
        return index
    low, high = values.min(), values.max()
    if low < -size or high >= size:
        bad = high if high >= size else low
        raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {size}")
    return index if low >= 0 else Tensor._from_array(np.where(values < 0, values + size, values))


def _view(self: Tensor, basic: _Basic, gathers: bool) -> Tensor:
    shape = node_of(self).shape
    steps = []
    bounds = {
        "starts": tuple(basic.starts),
        "stops": tuple(basic.stops),
        "steps": tuple(basic.steps),
    }
    sliced = tuple(map(m.slice_size, *bounds.values()))
    if sliced != shape or any(basic.starts):
        steps.append(Step(m.SLICE, bounds))
    target = tuple(basic.shape)
    if target != sliced:
        steps.append(Step(m.RESHAPE, {"shape": target}))
    if not steps:
        return self if gathers else Slice.apply(self, Step(m.SLICE, bounds))
    if basic.last == "none" and len(steps) == 1 and steps[0].primitive is m.RESHAPE:
        return Unsqueeze.apply(self, target)
    kind = Select if basic.last == "int" else Slice
    return kind.apply(self, *steps)


# Gathering and scattering by several indices ------------------------------------------------


class _Plan(NamedTuple):
    """How indices at ``dims`` become one index into rows.

    x ──permute──► (indexed dims, rest) ──reshape──► (rows, rest) ──TAKE──► (index, rest)
    """

    order: tuple[int, ...]  # the indexed dimensions first
    sizes: tuple[int, ...]  # theirs
    rest: tuple[int, ...]
    index_shape: tuple[int, ...]
    place: int  # where the index's dimensions go in the result


def _plan(shape: tuple[int, ...], dims: tuple[int, ...], indices: tuple[Tensor, ...]) -> _Plan:
    others = tuple(d for d in range(len(shape)) if d not in dims)
    adjacent = dims == tuple(range(dims[0], dims[0] + len(dims)))
    try:
        index_shape = broadcast(*(tuple(i.shape) for i in indices))
    except RuntimeError:
        shapes = ", ".join(str(list(i.shape)) for i in indices)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        ) from None
    return _Plan(
        (*dims, *others),
        tuple(shape[d] for d in dims),
        tuple(shape[d] for d in others),
        index_shape,
        dims[0] if adjacent else 0,
    )


def _row_index(plan: _Plan, indices: tuple[Tensor, ...]) -> Tensor:
    """The indices as one, into the rows of the reshaped tensor."""
    total: Tensor | None = None
    for index, stride in zip(indices, strides_of(plan.sizes), strict=True):
        if stride != 1:
            index = emit(e.MUL, index, as_tensor_of(stride, dtypes.int64))
        total = index if total is None else emit(e.ADD, total, index)
    assert total is not None
    if tuple(total.shape) != plan.index_shape:
        total = emit(m.EXPAND, total, shape=plan.index_shape)
    return total


def _rows(input: Tensor, plan: _Plan) -> Tensor:
    if plan.order != tuple(range(len(plan.order))):
        input = emit(m.PERMUTE, input, axes=plan.order)
    return emit(m.RESHAPE, input, shape=(numel(plan.sizes), *plan.rest))


def _front_order(plan: _Plan) -> tuple[int, ...]:
    """The axes that bring the index's dimensions of the result to the front."""
    count, total = len(plan.index_shape), len(plan.index_shape) + len(plan.rest)
    moved = range(plan.place, plan.place + count)
    return (*moved, *(d for d in range(total) if d not in moved))


class Index(Operator):
    """The elements at tensor indices."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dims: tuple[int, ...], *indices: Tensor) -> Tensor:
        node = node_of(input)
        ctx.spec, ctx.dims, ctx.indices = (node.shape, 0, node.dtype), dims, indices
        plan = _plan(node.shape, dims, indices)
        result = emit(ix.TAKE, _rows(input, plan), _row_index(plan, indices), axis=0)
        if plan.place:
            order = _front_order(plan)
            inverse = tuple(sorted(range(len(order)), key=order.__getitem__))
            result = emit(m.PERMUTE, result, axes=inverse)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        zeros = filled(*ctx.spec)
        result = IndexPut.apply(zeros, grad, ctx.dims, True, *ctx.indices)
        return result, None, *(None for _ in ctx.indices)


class IndexPut(Operator):
    """A tensor with the elements at tensor indices replaced, or added to."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        values: Tensor,
        dims: tuple[int, ...],
        accumulate: bool,
        *indices: Tensor,
    ) -> Tensor:
        ctx.dims, ctx.accumulate, ctx.indices = dims, accumulate, indices
        ctx.spec = (values.shape, 0, values.dtype)
        shape = node_of(input).shape
        plan = _plan(shape, dims, indices)
        if plan.place:
            values = emit(m.PERMUTE, values, axes=_front_order(plan))
        mode = "add" if accumulate else "set"
        rows = emit(
            ix.PUT, _rows(input, plan), _row_index(plan, indices), values, axis=0, mode=mode
        )
        result = emit(m.RESHAPE, rows, shape=(*plan.sizes, *plan.rest))
        if plan.order != tuple(range(len(shape))):
            inverse = tuple(sorted(range(len(shape)), key=plan.order.__getitem__))
            result = emit(m.PERMUTE, result, axes=inverse)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        kept = grad
        if not ctx.accumulate:
            zeros = filled(*ctx.spec)
            kept = IndexPut.apply(grad, zeros, ctx.dims, False, *ctx.indices)
        values = Index.apply(grad, ctx.dims, *ctx.indices)
        return kept, values, None, None, *(None for _ in ctx.indices)


def _put(
    input: Tensor, dims: tuple[int, ...], indices: tuple[Tensor, ...], values: Tensor, add: bool
) -> Tensor:
    plan = _plan(node_of(input).shape, dims, indices)
    shape = plan.rest[: plan.place] + plan.index_shape + plan.rest[plan.place :]
    values = _without_leading_ones(values, len(shape))
    try:
        fits = broadcast(tuple(values.shape), shape) == shape
    except RuntimeError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to "
            f"indexing result of shape {list(shape)}"
        )
    if tuple(values.shape) != shape:
        values = expand(values, shape)
    return IndexPut.apply(input, values, dims, add, *indices)


@operation(
    inplace=True,
    cases=(
        "f(4, 3), (i(0, 4, 2),), f(3)",
        "f(4, 3), (i(0, 4, 5), i(0, 3, 5)), f(5), accumulate=True",
    ),
)
def index_put(
    input: Tensor, indices: tuple[Tensor, ...], values: Tensor, accumulate: bool = False
) -> Tensor:
    """``input`` with ``values`` put (or added) at ``input[indices]``."""
    view, gathered = _parse(input, tuple(indices))
    return _put(view, tuple(gathered), tuple(gathered.values()), values, accumulate)


# Places -------------------------------------------------------------------------------------


@operation(cases=("b(3, 4)", "i(0, 3, 5)"), differentiable=False)
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero: (count, dimensions), or one tensor a dim."""
    places = np.nonzero(np.atleast_1d(input._array()) if as_tuple else input._array())
    places = tuple(np.asarray(p, np.int64) for p in places)
    if as_tuple:
        return tuple(Tensor._from_array(p) for p in places)
    if not input.ndim:
        return Tensor._from_array(np.zeros((int(bool(input)), 0), np.int64))
    return Tensor._from_array(np.stack(places, axis=1))


@operation(cases=("b(3, 4)",), differentiable=False)
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not zero, (count, dimensions)."""
    return nonzero(input)
