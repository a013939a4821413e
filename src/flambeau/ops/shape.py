"""Views: other shapes, orders and windows of the same storage."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.autograd import Operator
from flambeau.autograd.inplace import CopySlices, become_view
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import movement as m
from flambeau.ir.shapes import normalize_dim, normalize_dims, numel, resolve_reshape
from flambeau.ops._registry import operation
from flambeau.tensor import MANY, Tensor, emit, filled, node_of, view_of
from flambeau.views import Step, reshape_strides

__all__ = [
    "adjoint",
    "as_strided",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_to",
    "chunk",
    "detach",
    "diagonal",
    "expand_steps",
    "flatten",
    "moveaxis",
    "movedim",
    "narrow",
    "permute",
    "ravel",
    "reshape",
    "select",
    "slice_dim",
    "split",
    "split_with_sizes",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "tensor_split",
    "transpose",
    "unbind",
    "unflatten",
    "unsqueeze",
    "view_as",
]


def sizes_of(args: tuple[Any, ...]) -> tuple[int, ...]:
    """The sizes in ``f(2, 3)`` or ``f((2, 3))``."""
    if len(args) == 1 and not hasattr(args[0], "__index__"):
        args = tuple(args[0])
    for position, size in enumerate(args):
        if not hasattr(size, "__index__"):
            raise TypeError(
                f"sizes must be integers, but found element of type {type(size).__name__} "
                f"at pos {position}"
            )
    return tuple(size.__index__() for size in args)


# Reshape ------------------------------------------------------------------------------------


class View(Operator):
    """Another shape for the same elements in the same order."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, shape: tuple[int, ...]) -> Tensor:
        ctx.shape = node_of(input).shape
        return view_of(input, Step(m.RESHAPE, {"shape": shape}))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return reshape(grad, ctx.shape), None


class UnsafeView(View):
    """A reshape of a copy, where no view can be."""


class Unsqueeze(View):
    """A new dimension of size 1."""


class Squeeze(View):
    """No dimensions of size 1."""


class SqueezeDim(View):
    """A dimension less, if its size is 1."""

    _label = "Squeeze"
    _suffix = "Backward1"


class SqueezeDims(View):
    """Some dimensions less, those of size 1."""

    _label = "Squeeze"
    _suffix = "Backward2"


class ViewDtype(Operator):
    """The same bytes as another dtype."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dtype: DType) -> Tensor:
        return view_of(input, Step(m.BITCAST, {"dtype": dtype}))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return None, None


@operation(
    namespaces=("Tensor",),
    cases=("f(2, 6), 3, 4", "f(2, 6), -1", "f(2, 6), (4, -1)", "f(0, 3), 3, 0"),
)
def view(self: Tensor, *shape: Any, dtype: DType | None = None) -> Tensor:
    """The same elements in another shape (or, given a dtype, the same bytes as that).

    One size may be -1: it is worked out. RuntimeError where the elements would have to move.

    >>> import flambeau as torch
    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], DType)):
        return _view_dtype(self, dtype or shape[0])
    sizes = resolve_reshape(sizes_of(shape), numel(node_of(self).shape))
    if self._views and reshape_strides(self._geometry(), sizes) is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return View.apply(self, sizes)


def _view_dtype(self: Tensor, dtype: DType) -> Tensor:
    if dtype.itemsize != self.dtype.itemsize:
        raise RuntimeError(
            f"view: from {self.dtype!r} to {dtype!r}, elements of another size: not supported"
        )
    return self if dtype is self.dtype else ViewDtype.apply(self, dtype)


@operation(cases=("f(2, 6), (3, 4)", "f(2, 6).t(), (-1,)", "f(2, 3), (6,)", "f(), (1, 1)"))
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape: a view where one can be, else a copy.

    >>> import flambeau as torch
    >>> torch.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    sizes = resolve_reshape(sizes_of(shape), numel(node_of(input).shape))
    if input._views and reshape_strides(input._geometry(), sizes) is None:
        return UnsafeView.apply(input.clone(), sizes)
    return View.apply(input, sizes)


@operation(namespaces=("Tensor",), cases=("f(2, 6), f(3, 4)",))
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor's elements, as a view in the shape of another."""
    return view(self, other.shape)


@operation(namespaces=("Tensor",), cases=("f(2, 6), f(3, 4)",))
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor's elements in the shape of another."""
    return reshape(self, other.shape)


@operation(cases=("f(2, 3, 4)", "f(2, 3, 4), 1", "f(2, 3, 4), 0, 1", "f()", "f(2, 3).t()"))
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions ``start_dim`` to ``end_dim`` made one."""
    shape = node_of(input).shape
    start, end = normalize_dim(start_dim, len(shape)), normalize_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if start == end:
        return input
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@operation(cases=("f(2, 3)", "f(2, 3).t()", "f(4)"))
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, (-1,))


@operation(cases=("f(2, 12), 1, (3, 4)", "f(2, 12), 1, (-1, 4)"))
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension split into several."""
    shape = node_of(input).shape
    dim = normalize_dim(dim, len(shape))
    sizes = tuple(sizes)
    known = math.prod(n for n in sizes if n != -1)
    if -1 in sizes and known and shape[dim] % known == 0:
        sizes = tuple(shape[dim] // known if n == -1 else n for n in sizes)
    if math.prod(sizes) != shape[dim]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        )
    return view(input, (*shape[:dim], *sizes, *shape[dim + 1 :]))


@operation(cases=("f(2, 3), 0", "f(2, 3), -1", "f(), 0"))
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 inserted at ``dim``."""
    shape = node_of(input).shape
    dim = normalize_dim(dim, len(shape) + 1)
    return Unsqueeze.apply(input, (*shape[:dim], 1, *shape[dim:]))


@operation(cases=("f(1, 3, 1)", "f(1, 3, 1), 0", "f(1, 3, 1), 1", "f(1, 2, 1), (0, 2)"))
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Dimensions of size 1 dropped: all of them, or those named."""
    shape = node_of(input).shape
    dims = range(len(shape)) if dim is None else normalize_dims(dim, len(shape))
    kept = tuple(n for d, n in enumerate(shape) if n != 1 or d not in dims)
    operator = Squeeze if dim is None else SqueezeDim if isinstance(dim, int) else SqueezeDims
    return operator.apply(input, kept)


# Permute ------------------------------------------------------------------------------------


class Permute(Operator):
    """The dimensions in another order."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, axes: tuple[int, ...]) -> Tensor:
        ctx.axes = axes
        return view_of(input, Step(m.PERMUTE, {"axes": axes}))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return permute(grad, sorted(range(len(ctx.axes)), key=ctx.axes.__getitem__)), None


class Transpose(Permute):
    """Two dimensions swapped."""


class T(Permute):
    """A matrix transposed."""


@operation(cases=("f(2, 3, 4), (2, 0, 1)", "f(2, 3), (-1, 0)"))
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in the order ``dims``."""
    order = sizes_of(dims)
    rank = len(node_of(input).shape)
    if len(order) != rank:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {rank} is not equal "
            f"to len(dims) = {len(order)}"
        )
    axes = tuple(normalize_dim(dim, rank) for dim in order)
    if len(set(axes)) != rank:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return Permute.apply(input, axes)


@operation(methods=("swapaxes", "swapdims"), cases=("f(2, 3, 4), 0, 2", "f(2, 3), -1, -2"))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Dimensions ``dim0`` and ``dim1`` swapped."""
    rank = len(node_of(input).shape)
    a, b = normalize_dim(dim0, rank), normalize_dim(dim1, rank)
    axes = list(range(rank))
    if rank:
        axes[a], axes[b] = axes[b], axes[a]
    return Transpose.apply(input, tuple(axes))


swapaxes = swapdims = transpose


@operation(cases=("f(2, 3)", "f(3)", "f()"))
def t(input: Tensor) -> Tensor:
    """A matrix transposed; fewer dimensions stay as they are."""
    rank = len(node_of(input).shape)
    if rank > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {rank}D")
    return T.apply(input, tuple(reversed(range(rank))))


@operation(methods=("moveaxis",), cases=("f(2, 3, 4), 0, 2", "f(2, 3, 4), (0, 1), (1, 2)"))
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions ``source`` moved to the places ``destination``; the others keep their order."""
    rank = len(node_of(input).shape)
    sources = normalize_dims(source, rank)
    targets = normalize_dims(destination, rank)
    if len(sources) != len(targets):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source "
            f"({list(sources)} dims) should contain the same number of dims as destination "
            f"({list(targets)} dims)"
        )
    rest = iter(dim for dim in range(rank) if dim not in sources)
    placed = dict(zip(targets, sources, strict=True))
    return permute(input, [placed[d] if d in placed else next(rest) for d in range(rank)])


moveaxis = movedim


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped (numbers here are real)."""
    return transpose(input, -2, -1)


def _reversed_dims(self: Tensor) -> Tensor:
    """All dimensions in reverse order."""
    rank = self.ndim
    return Permute.apply(self, tuple(reversed(range(rank))))


for _name, _reader in (
    ("T", _reversed_dims),
    ("H", _reversed_dims),
    ("mT", adjoint),
    ("mH", adjoint),
):
    setattr(Tensor, _name, property(_reader))


# Expand -------------------------------------------------------------------------------------


class Expand(Operator):
    """Dimensions of size 1 repeated, without copying."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, shape: tuple[int, ...]) -> Tensor:
        return view_of(input, Step(m.EXPAND, {"shape": shape}))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return grad, None  # the engine sums over what was repeated


@operation(namespaces=("Tensor",), cases=("f(3, 1), 3, 4", "f(3), 2, -1", "f(), 2, 2"))
def expand(self: Tensor, *sizes: Any, implicit: bool = False) -> Tensor:
    """Dimensions of size 1 (and new leading ones) repeated to ``sizes``; -1 keeps a size."""
    return Expand.apply(self, expand_steps(node_of(self).shape, sizes_of(sizes)))


def expand_steps(shape: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes an expansion gives; RuntimeError where it cannot be."""
    missing = len(sizes) - len(shape)
    if missing < 0:
        raise RuntimeError(
            f"expand(torch.FloatTensor{{{list(shape)}}}, size={list(sizes)}): the number of sizes "
            f"provided ({len(sizes)}) must be greater or equal to the number of dimensions in the "
            f"tensor ({len(shape)})"
        )
    result = []
    for position, size in enumerate(sizes):
        before = shape[position - missing] if position >= missing else None
        if size == -1 and before is None:
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) isn't allowed in a leading, "
                f"non-existing dimension {position}"
            )
        if before not in (None, 1) and size not in (-1, before):
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) must match the existing size "
                f"({before}) at non-singleton dimension {position}.  Target sizes: "
                f"{list(sizes)}.  Tensor sizes: {list(shape)}"
            )
        result.append(before if size == -1 else size)
    return tuple(result)  # type: ignore[arg-type]


@operation(namespaces=("Tensor",), cases=("f(3, 1), f(3, 4)",))
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor expanded to the sizes of another."""
    return expand(self, other.shape)


@operation(cases=("f(3, 1), (2, 3, 4)",))
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """``input`` expanded to ``size``."""
    return expand(input, tuple(size))


# Slices -------------------------------------------------------------------------------------


class Window(Operator):
    """Some of the elements, by steps that slice (and then drop dimensions)."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, *steps: Step) -> Tensor:
        node = node_of(input)
        ctx.steps, ctx.spec = steps, (node.shape, 0, node.dtype)
        result = view_of(input, steps[0])
        for step in steps[1:]:
            base = result._base
            result = view_of(result, step)
            result._base = base
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return CopySlices.apply(filled(*ctx.spec), grad, ctx.steps), *(None for _ in ctx.steps)


class Slice(Window):
    """A range of one dimension (or of several)."""


class Select(Window):
    """One index of a dimension, which goes away."""


class Diagonal(Window):
    """The diagonal of two dimensions."""


class AsStrided(Window):
    """Any window on the storage."""


def slice_step(shape: tuple[int, ...], dim: int, start: int, stop: int, step: int = 1) -> Step:
    """The step that takes ``start:stop:step`` of one dimension and all of the others."""
    starts, stops, steps = [0] * len(shape), list(shape), [1] * len(shape)
    starts[dim], stops[dim], steps[dim] = start, max(start, stop), step
    return Step(m.SLICE, {"starts": tuple(starts), "stops": tuple(stops), "steps": tuple(steps)})


def slice_dim(input: Tensor, dim: int, start: int, stop: int, step: int = 1) -> Tensor:
    """``start:stop:step`` of one dimension; the bounds are within it."""
    return Slice.apply(input, slice_step(node_of(input).shape, dim, start, stop, step))


@operation(cases=("f(3, 4), 1, 2", "f(3, 4), 0, -1"))
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """``input`` at one index of dimension ``dim``, which goes away."""
    shape = node_of(input).shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = normalize_dim(dim, len(shape))
    index = index.__index__()
    size = shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(shape)} "
            f"at dimension {dim}"
        )
    index %= size
    dropped = Step(m.RESHAPE, {"shape": shape[:dim] + shape[dim + 1 :]})
    return Select.apply(input, slice_step(shape, dim, index, index + 1), dropped)


@operation(cases=("f(3, 4), 1, 1, 2", "f(3, 4), 0, -2, 2", "f(3), 0, 1, 0"))
def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """``length`` indices of dimension ``dim``, from ``start``."""
    shape = node_of(input).shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    dim = normalize_dim(dim, len(shape))
    start = int(start)
    if not -shape[dim] <= start <= shape[dim]:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-shape[dim]}, {shape[dim]}], "
            f"but got {start})"
        )
    start = start + shape[dim] if start < 0 else start
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if start + length > shape[dim]:
        raise RuntimeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({shape[dim]})."
        )
    return slice_dim(input, dim, start, start + length)


@operation(cases=("f(3, 4)", "f(3, 4), 1", "f(2, 3, 4), -1, 1, 2"))
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of dimensions ``dim1`` and ``dim2``, as a last dimension: a view."""
    rank = len(node_of(input).shape)
    a, b = normalize_dim(dim1, rank), normalize_dim(dim2, rank)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return Diagonal.apply(input, Step(m.DIAGONAL, {"offset": offset, "axis1": a, "axis2": b}))


@operation(cases=("f(4, 3), (2, 2), (1, 2)", "f(6), (3,), (2,), 1"))
def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """The window of the given geometry on the tensor's storage."""
    offset = input.storage_offset() if storage_offset is None else storage_offset
    attrs = {"shape": tuple(size), "strides": tuple(stride), "offset": offset}
    root = input if input._base is None else input._base
    if not root._views:
        return AsStrided.apply(root, Step(m.STRIDED, attrs))
    return Tensor._from_storage(input, tuple(size), tuple(stride), offset)


@operation(namespaces=("Tensor",), cases=("f(7), 0, 3, 2", "f(2, 5), 1, 2, 1"))
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of ``size`` every ``step`` along a dimension, as a new last dimension."""
    shape = self.shape
    dim = normalize_dim(dimension, len(shape))
    if size > shape[dim]:
        raise RuntimeError(
            f"maximum size for tensor at dimension {dim} is {shape[dim]} but size is {size}"
        )
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    index = Tensor._from_array(_window_places(shape[dim], size, step))
    windows = self.index_select(dim, index.reshape(-1))
    windows = unflatten(windows, dim, tuple(index.shape))
    return movedim(windows, dim + 1, -1)


def _window_places(count: int, size: int, step: int) -> Any:
    return np.arange(0, count - size + 1, step)[:, None] + np.arange(size)


# Views in place -----------------------------------------------------------------------------


def _in_place(function: Any) -> Any:
    """The variant of a view operation that changes the tensor itself."""

    def variant(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return become_view(self, function(self, *args, **kwargs))

    variant.__name__ = f"{function.__name__}_"
    variant.__qualname__ = f"Tensor.{variant.__name__}"
    variant.__doc__ = f"In-place version of :func:`{function.__name__}`; gives the tensor itself."
    return variant


for _function in (squeeze, t, transpose, unsqueeze):
    setattr(Tensor, f"{_function.__name__}_", _in_place(_function))
Tensor.swapaxes_ = Tensor.swapdims_ = Tensor.transpose_


# Several views at once ----------------------------------------------------------------------


class Joined(Operator):
    """Pieces put together along a dimension: the derivative of taking them apart."""

    @staticmethod
    def forward(ctx: Any, dim: int, *pieces: Tensor) -> Tensor:
        ctx.dim, ctx.sizes = dim, [node_of(piece).shape[dim] for piece in pieces]
        return emit(m.CONCAT, *pieces, axis=dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return None, *split_with_sizes(grad, ctx.sizes, ctx.dim)


class Unbind(Operator):
    """Each index of a dimension, which goes away."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> tuple[Tensor, ...]:
        ctx.dim = dim
        shape = node_of(input).shape
        dropped = Step(m.RESHAPE, {"shape": shape[:dim] + shape[dim + 1 :]})
        rows = [view_of(input, slice_step(shape, dim, i, i + 1)) for i in range(shape[dim])]
        return _several([view_of(row, dropped) for row in rows])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        return Joined.apply(ctx.dim, *(unsqueeze(grad, ctx.dim) for grad in grads)), None


class Split(Operator):
    """Pieces of the given sizes along a dimension."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
        ctx.dim = dim
        shape = node_of(input).shape
        ends = list(itertools.accumulate(sizes))
        bounds = zip([0, *ends], ends, strict=False)
        return _several([view_of(input, slice_step(shape, dim, a, b)) for a, b in bounds])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        return Joined.apply(ctx.dim, *grads), None, None


class SplitWithSizes(Split):
    """Pieces of sizes that were listed."""


def _several(views: list[Tensor]) -> tuple[Tensor, ...]:
    for view in views:
        view._origin = MANY
    return tuple(views)


@operation(cases=("f(3, 2)", "f(3, 2), 1"))
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along ``dim``, without that dimension."""
    shape = node_of(input).shape
    if not shape:
        raise RuntimeError("Dimension specified as 0 but tensor has no dimensions")
    dim = normalize_dim(dim, len(shape))
    return Unbind.apply(input, dim)


@operation(cases=("f(7, 2), 3", "f(2, 5), (2, 3), 1"))
def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Pieces of one size (the last may be smaller), or of the sizes listed, along ``dim``."""
    shape = node_of(tensor).shape
    dim = normalize_dim(dim, len(shape))
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    size = split_size_or_sections
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and shape[dim]:
        raise RuntimeError(
            "split_size can only be 0 if dimension size is 0, but got dimension size of "
            f"{shape[dim]}"
        )
    starts = range(0, shape[dim], size) if shape[dim] else range(1)
    return Split.apply(tensor, dim, tuple(min(size, shape[dim] - a) for a in starts))


@operation(cases=("f(2, 5), (2, 3), 1",))
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of the sizes listed, along ``dim``."""
    total = node_of(input).shape[dim]
    if sum(split_sizes) != total:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {total} (input tensor's size "
            f"at dimension {dim}), but got split_sizes={list(split_sizes)}"
        )
    return SplitWithSizes.apply(input, normalize_dim(dim, input.ndim), tuple(split_sizes))


@operation(cases=("f(7, 2), 3", "f(2, 5), 2, 1"))
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` pieces of equal size (the last may be smaller) along ``dim``."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = node_of(input).shape[normalize_dim(dim, input.ndim)]
    return split(input, max(1, -(-size // chunks)), dim)


@operation(cases=("f(7, 2), 3", "f(7), (1, 5)"))
def tensor_split(
    input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Pieces whose sizes differ by at most one, or cut at the indices listed, along ``dim``."""
    dim = normalize_dim(dim, input.ndim)
    size = node_of(input).shape[dim]
    if isinstance(indices_or_sections, int):
        count = indices_or_sections
        larger = size % count
        cuts = [i * (size // count) + min(i, larger) for i in range(1, count)]
    else:
        cuts = [min(size, max(0, i + size if i < 0 else i)) for i in indices_or_sections]
    bounds = [0, *cuts, size]
    return tuple(slice_dim(input, dim, a, b) for a, b in itertools.pairwise(bounds))


def _atleast(rank: int, tensors: tuple[Any, ...]) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return tuple(_atleast(rank, (x,)) for x in tensors[0])
    if len(tensors) > 1:
        return tuple(_atleast(rank, (x,)) for x in tensors)
    (tensor,) = tensors
    shape = tuple(tensor.shape)
    if rank == 3 and len(shape) == 2:
        return reshape(tensor, (*shape, 1))
    if rank == 3 and len(shape) == 1:
        return reshape(tensor, (1, *shape, 1))
    return reshape(tensor, (1,) * (rank - len(shape)) + shape) if len(shape) < rank else tensor


def atleast_1d(*tensors: Any) -> Any:
    """The tensor, or tensors, with at least one dimension."""
    return _atleast(1, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """The tensor, or tensors, with at least two dimensions."""
    return _atleast(2, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """The tensor, or tensors, with at least three dimensions."""
    return _atleast(3, tensors)


def detach(input: Tensor) -> Tensor:
    """``input`` without its history, on the same storage."""
    return input.detach()
