"""Joining tensors, repeating them, and moving their elements about."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from functools import reduce
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.primitives import movement as m
from flambeau.ir.shapes import normalize_dim, normalize_dims
from flambeau.ops._promotion import as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.ops.broadcasting import broadcast_tensors
from flambeau.ops.creation import arange, tensor, zeros
from flambeau.ops.selecting import MaskedFill
from flambeau.ops.shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    diagonal,
    expand,
    flatten,
    movedim,
    narrow,
    reshape,
    tensor_split,
    transpose,
    unsqueeze,
)
from flambeau.tensor import Tensor, emit, node_of

__all__ = [
    "block_diag",
    "cartesian_prod",
    "cat",
    "column_stack",
    "combinations",
    "concat",
    "concatenate",
    "diag",
    "diag_embed",
    "diagflat",
    "dsplit",
    "dstack",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "meshgrid",
    "repeat_interleave",
    "roll",
    "rot90",
    "row_stack",
    "stack",
    "tile",
    "trace",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
    "vander",
    "vsplit",
    "vstack",
]


class Cat(Operator):
    """Tensors joined along a dimension."""

    @staticmethod
    def forward(ctx: Any, dim: int, *tensors: Tensor) -> Tensor:
        ctx.dim, ctx.sizes = dim, [node_of(x).shape[dim] for x in tensors]
        return emit(m.CONCAT, *tensors, axis=dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        starts = itertools.accumulate([0, *ctx.sizes[:-1]])
        needed = ctx.needs_input_grad[1:]
        pieces = zip(starts, ctx.sizes, needed, strict=True)
        return None, *(narrow(grad, ctx.dim, a, n) if need else None for a, n, need in pieces)


@operation(
    namespaces=("torch",),
    cases=(
        "(f(2, 3), f(1, 3))",
        "(f(2, 3), f(2, 1)), 1",
        "(f(0, 3), f(2, 3))",
        "(f(2), i(0, 9, 2))",
        "(f(2, 3), torch.zeros(0))",
    ),
)
def cat(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors one after another along ``dim``; their other sizes are equal.

    >>> import flambeau as torch
    >>> torch.cat([torch.zeros(2), torch.ones(1)])
    tensor([0., 0., 1.])
    """
    given = _tensors(tensors, "cat")
    dtype = reduce(dtypes.promote, (x.dtype for x in given))
    # Empty vectors are skipped, whatever the others' rank.
    kept = [cast(x, dtype) for x in given if node_of(x).shape != (0,)]
    if not kept:
        return cast(given[0], dtype).clone()
    rank = kept[0].ndim
    if rank == 0:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    dim = normalize_dim(dim if axis is None else axis, rank)
    _check_joinable(kept, dim)
    return Cat.apply(dim, *kept)


concat = concatenate = cat


def _tensors(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    if isinstance(tensors, Tensor):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        )
    given = list(tensors)
    for position, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 0, but got {type(x).__name__}"
            )
    if not given:
        if name == "cat":
            raise ValueError("torch.cat(): expected a non-empty list of Tensors")
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return given


def _check_joinable(tensors: list[Tensor], dim: int) -> None:
    first = node_of(tensors[0]).shape
    for position, x in enumerate(tensors[1:], 1):
        shape = node_of(x).shape
        if len(shape) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
            )
        for d, (expected, got) in enumerate(zip(first, shape, strict=True)):
            if d != dim and expected != got:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size "
                    f"{expected} but got size {got} for tensor number {position} in the list."
                )


@operation(
    namespaces=("torch",), cases=("(f(2, 3), f(2, 3))", "(f(2, 3), f(2, 3)), -1", "(f(), f())")
)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors, all of one shape, along a new dimension ``dim``."""
    given = _tensors(tensors, "stack")
    first = node_of(given[0]).shape
    dim = normalize_dim(dim, len(first) + 1)
    for position, x in enumerate(given):
        if node_of(x).shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                f"and {list(x.shape)} at entry {position}"
            )
    dtype = reduce(dtypes.promote, (x.dtype for x in given))
    return Stack.apply(dim, *(cast(x, dtype) for x in given))


class Stack(Operator):
    """Tensors along a new dimension."""

    @staticmethod
    def forward(ctx: Any, dim: int, *tensors: Tensor) -> Tensor:
        ctx.dim = dim
        shape = node_of(tensors[0]).shape
        single = (*shape[:dim], 1, *shape[dim:])
        parts = [emit(m.RESHAPE, x, shape=single) for x in tensors]
        return emit(m.CONCAT, *parts, axis=dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        needed = enumerate(ctx.needs_input_grad[1:])
        return None, *(grad.select(ctx.dim, i) if need else None for i, need in needed)


@operation(namespaces=("torch",), cases=("(f(2), f(3))", "(f(2, 1), f(2, 3))"))
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension (the first, for vectors)."""
    given = atleast_1d(*tensors) if len(tensors) > 1 else (atleast_1d(*tensors),)
    return cat(given, 0 if given[0].ndim == 1 else 1)


@operation(namespaces=("torch",), cases=("(f(3), f(3))", "(f(2, 3), f(1, 3))"))
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the first dimension, vectors as rows."""
    return cat([atleast_2d(x) for x in tensors])


row_stack = vstack


@operation(namespaces=("torch",), cases=("(f(3), f(3))", "(f(2, 3), f(2, 3))"))
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the third dimension."""
    return cat([atleast_3d(x) for x in tensors], 2)


@operation(namespaces=("torch",), cases=("(f(3), f(3, 2))",))
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension, vectors as columns."""
    return cat([reshape(x, (-1, 1)) if x.ndim <= 1 else x for x in tensors], 1)


@operation(namespaces=("torch",), cases=("f(2, 2), f(1, 3)",))
def block_diag(*tensors: Tensor) -> Tensor:
    """The matrices along the diagonal of a larger one."""
    matrices = [atleast_2d(x) for x in tensors]
    width = sum(x.shape[1] for x in matrices)
    rows, before = [], 0
    for x in matrices:
        after = width - before - x.shape[1]
        left, right = (x.new_zeros(x.shape[0], n) for n in (before, after))
        rows.append(cat([left, x, right], 1))
        before += x.shape[1]
    return cat(rows)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the second dimension (the first, of a vector)."""
    return tensor_split(input, indices_or_sections, 0 if input.ndim == 1 else 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the first dimension."""
    return tensor_split(input, indices_or_sections, 0)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the third dimension."""
    return tensor_split(input, indices_or_sections, 2)


for _function in (hsplit, vsplit, dsplit):
    setattr(Tensor, _function.__name__, _function)


# Repeating ----------------------------------------------------------------------------------


class Repeat(Operator):
    """Copies side by side: (2, 3) repeated (2, 1) is (4, 3)."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, repeats: tuple[int, ...]) -> Tensor:
        shape = (1,) * (len(repeats) - input.ndim) + node_of(input).shape
        ctx.shape, ctx.repeats = shape, repeats
        spread = tuple(itertools.chain(*zip(repeats, shape, strict=True)))
        single = tuple(itertools.chain(*((1, n) for n in shape)))
        result = emit(m.EXPAND, emit(m.RESHAPE, input, shape=single), shape=spread)
        return emit(
            m.RESHAPE, result, shape=tuple(map(math.prod, zip(repeats, shape, strict=True)))
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        spread = tuple(itertools.chain(*zip(ctx.repeats, ctx.shape, strict=True)))
        axes = tuple(range(0, len(spread), 2))
        if not axes:
            return grad, None
        return grad.reshape(spread).sum(axes), None


@operation(namespaces=("Tensor",), cases=("f(2, 3), 2, 1", "f(3), 2, 2", "f(3), (2,)", "f(2), 0"))
def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """Copies of the tensor side by side, so many along each dimension."""
    counts = tuple(repeats[0]) if len(repeats) == 1 and not isinstance(repeats[0], int) else repeats
    if len(counts) < self.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions "
            "of tensor"
        )
    if any(n < 0 for n in counts):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {list(counts)}")
    return Repeat.apply(self, tuple(int(n) for n in counts))


@operation(cases=("f(2, 3), (2,)", "f(3), (2, 2)"))
def tile(input: Tensor, *dims: Any) -> Tensor:
    """As ``repeat``; missing leading counts are 1."""
    counts = tuple(dims[0]) if len(dims) == 1 and not isinstance(dims[0], int) else dims
    return repeat(input, (1,) * (input.ndim - len(counts)) + counts)


@operation(
    cases=("f(3), 2", "f(2, 3), 2, 1", "f(3), torch.tensor([0, 2, 1]), 0", "f(2, 2), 2, dim=0")
)
def repeat_interleave(
    input: Tensor,
    repeats: int | Tensor | None = None,
    dim: int | None = None,
    *,
    output_size: int | None = None,
) -> Tensor:
    """Each element (or slice along ``dim``) repeated in place, so many times."""
    if repeats is None:
        return _interleaved_index(input)
    x, axis = (flatten(input), 0) if dim is None else (input, normalize_dim(dim, input.ndim))
    count = x.shape[axis]
    if isinstance(repeats, Tensor) and repeats.numel() != 1:
        if repeats.numel() != count:
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got "
                f"repeats.size(0) = {repeats.numel()} and input.size({axis}) = {count}"
            )
        return x.index_select(axis, _interleaved_index(repeats))
    times = int(repeats)
    if times < 0:
        raise RuntimeError("Repeats must be non-negative")
    shape = tuple(x.shape)
    wide = expand(unsqueeze(x, axis + 1), (*shape[: axis + 1], times, *shape[axis + 1 :]))
    return reshape(wide, (*shape[:axis], count * times, *shape[axis + 1 :]))


def _interleaved_index(repeats: Tensor) -> Tensor:
    counts = repeats.tolist()
    if any(n < 0 for n in counts):
        raise RuntimeError("repeats can not be negative")
    return tensor([i for i, n in enumerate(counts) for _ in range(n)], dtype=dtypes.int64)


# Reordering ---------------------------------------------------------------------------------


class Flip(Operator):
    """Dimensions reversed."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, axes: tuple[int, ...]) -> Tensor:
        ctx.axes = axes
        return emit(m.FLIP, input, axes=axes)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return flip(grad, ctx.axes), None


@operation(cases=("f(2, 3), (0,)", "f(2, 3), (0, 1)", "f(2, 3), (-1,)"))
def flip(input: Tensor, *dims: Any) -> Tensor:
    """The order of the elements reversed along ``dims``."""
    wanted = dims[0] if len(dims) == 1 else dims
    return Flip.apply(input, normalize_dims(wanted, input.ndim) if wanted != () else ())


@operation(cases=("f(2, 3)",))
def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order."""
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@operation(cases=("f(2, 3)",))
def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order."""
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@operation(cases=("f(5), 2", "f(2, 3), 1, 0", "f(2, 3), (1, -1), (0, 1)", "f(2, 3), 2"))
def roll(
    input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """Elements shifted along dimensions; those pushed out come in at the other end."""
    if dims is None or dims == ():
        return reshape(roll(flatten(input), shifts, 0), input.shape)
    amounts = [shifts] if isinstance(shifts, int) else list(shifts)
    axes = [dims] if isinstance(dims, int) else list(dims)
    if len(amounts) != len(axes):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(amounts)}, dims:{len(axes)}"
        )
    for amount, axis in zip(amounts, axes, strict=True):
        dim = normalize_dim(axis, input.ndim)
        size = input.shape[dim]
        cut = (-amount) % size if size else 0
        if cut:
            input = cat([narrow(input, dim, cut, size - cut), narrow(input, dim, 0, cut)], dim)
    return input


@operation(cases=("f(2, 3)", "f(2, 3), 2", "f(2, 3, 2), -1, (1, 2)"))
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A quarter turn, ``k`` times, from the first of ``dims`` towards the second."""
    a, b = normalize_dims(tuple(dims), input.ndim)
    if k % 4 == 0:
        return input.clone()
    if k % 4 == 2:
        return flip(input, (a, b))
    turned = transpose(input, a, b)
    return flip(turned, a if k % 4 == 1 else b)


# Triangles and diagonals --------------------------------------------------------------------


class Tril(MaskedFill):
    """The elements on and below a diagonal."""


class Triu(MaskedFill):
    """The elements on and above a diagonal."""


def _triangle(input: Tensor, diagonal: int, lower: bool) -> Tensor:
    if input.ndim < 2:
        name = "tril" if lower else "triu"
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    rows, columns = input.shape[-2:]
    offset = unsqueeze(arange(columns), 0) - unsqueeze(arange(rows), 1)
    dropped = offset > diagonal if lower else offset < diagonal
    operator = Tril if lower else Triu
    return operator.apply(input, dropped, as_tensor_of(0, input.dtype))


@operation(inplace=True, cases=("f(3, 4)", "f(3, 3), -1", "f(2, 3, 3), 1"))
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and below a diagonal; zeros above."""
    return _triangle(input, diagonal, lower=True)


@operation(inplace=True, cases=("f(3, 4)", "f(3, 3), -1", "f(2, 3, 3), 1"))
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and above a diagonal; zeros below."""
    return _triangle(input, diagonal, lower=False)


def _triangle_indices(row: int, col: int, offset: int, lower: bool) -> Tensor:
    pairs = [
        (i, j)
        for i in range(row)
        for j in range(col)
        if (j - i <= offset if lower else j - i >= offset)
    ]
    return reshape(tensor(pairs, dtype=dtypes.int64), (-1, 2)).t().contiguous()


@operation(namespaces=("torch",), cases=("3, 4", "3, 3, -1"), differentiable=False)
def tril_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The places of a matrix's lower triangle, (2, count)."""
    return _triangle_indices(row, col, offset, lower=True)


@operation(namespaces=("torch",), cases=("3, 4", "3, 3, 1"), differentiable=False)
def triu_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The places of a matrix's upper triangle, (2, count)."""
    return _triangle_indices(row, col, offset, lower=False)


class DiagEmbed(Operator):
    """The last dimension as a diagonal of two new ones, at the end."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, offset: int) -> Tensor:
        ctx.offset = offset
        shape = node_of(input).shape
        size = shape[-1] + abs(offset)
        square = zeros((*shape[:-1], size, size), dtype=input.dtype)
        axes = {"offset": offset, "axis1": len(shape) - 1, "axis2": len(shape)}
        return emit(m.DIAGONAL_WRITE, square, input, **axes)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return diagonal(grad, ctx.offset, -2, -1), None


@operation(cases=("f(3)", "f(2, 3), 1", "f(2, 3), 0, 0, 2"))
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension as the diagonals of new matrices in dimensions ``dim1`` and ``dim2``."""
    rank = input.ndim + 1
    a, b = normalize_dim(dim1, rank), normalize_dim(dim2, rank)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if a > b:
        a, b, offset = b, a, -offset
    return movedim(DiagEmbed.apply(input, offset), (-2, -1), (a, b))


@operation(cases=("f(3)", "f(3), 1", "f(3, 4)", "f(3, 4), -1"))
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as a diagonal matrix, or a matrix's diagonal."""
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim == 2:
        return input.diagonal(diagonal).clone()
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")


@operation(cases=("f(2, 2)", "f(3), 1"))
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements as the diagonal of a matrix."""
    return diag_embed(flatten(input), offset)


@operation(cases=("f(3, 4)",))
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input.ndim != 2:
        raise RuntimeError("trace: expected a matrix, but got tensor with dim " + str(input.ndim))
    return diagonal(input).sum()


# Grids --------------------------------------------------------------------------------------


@operation(namespaces=("torch",), cases=("f(2), f(3), indexing='ij'", "f(2), f(3), indexing='xy'"))
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Each vector spread over the grid of them all."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            UserWarning,
            stacklevel=2,
        )
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    vectors = [reshape(x, (-1,)) for x in given]
    rank = len(vectors)
    spread = [
        reshape(x, tuple(-1 if d == position else 1 for d in range(rank)))
        for position, x in enumerate(vectors)
    ]
    grids = broadcast_tensors(*spread)
    if indexing == "xy" and rank > 1:
        return tuple(transpose(x, 0, 1) for x in grids)
    return grids


@operation(namespaces=("torch",), cases=("i(0, 9, 2), i(0, 9, 3)",))
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of the vectors' elements, (count, vectors)."""
    if len(tensors) == 1:
        return tensors[0]
    return stack([flatten(x) for x in meshgrid(*tensors, indexing="ij")], 1)


@operation(namespaces=("torch",), cases=("f(4)", "f(3), 2, True"))
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of ``r`` elements of a vector, (count, r)."""
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = list(choose(range(input.shape[0]), r))
    index = reshape(tensor(places, dtype=dtypes.int64), (-1, r))
    return input[index]


@operation(namespaces=("torch",), cases=("f(3)", "f(3), 4, True"))
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of a vector's elements, (len, N)."""
    powers = arange(x.shape[0] if N is None else N)
    return unsqueeze(x, -1) ** (powers if increasing else flip(powers, 0))
