"""Norms of vectors and matrices (``linalg``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.primitives import elementwise as e, reduction as r
from flambeau.ir.shapes import normalize_dim, normalize_dims
from flambeau.ops._arguments import must_be_tensor, type_name
from flambeau.ops._axes import Dims, dropped, every, spread
from flambeau.ops._promotion import Number, as_tensor_of, cast
from flambeau.ops._registry import operation
from flambeau.ops._unary import in_wide
from flambeau.ops.linalg import svdvals
from flambeau.ops.selection import keep
from flambeau.ops.shape import movedim, unsqueeze
from flambeau.tensor import Tensor, emit

__all__ = ["matrix_norm", "norm", "norm_gradient", "vector_norm"]

LINALG = ("linalg",)
_OVERALL = {math.inf: r.MAX, -math.inf: r.MIN, 1: r.SUM}

# Vectors ------------------------------------------------------------------------------------


class LinalgVectorNorm(Operator):
    """sum(|x| ** order) ** (1 / order) over some dimensions"""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, order: float, dims: tuple[int, ...], keepdim: bool
    ) -> Tensor:
        ctx.order, ctx.dims, ctx.keepdim = order, dims, keepdim
        result = _norm(input, order=order, dims=dims)
        result = result if keepdim else dropped(result, dims)
        ctx.save_for_backward(input, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, result = ctx.saved_tensors
        shape = tuple(input.shape)
        if ctx.order == 0:
            return None, None, None, None
        grad, result = (spread(x, shape, ctx.dims, ctx.keepdim) for x in (grad, result))
        return norm_gradient(grad, input, result, ctx.order, ctx.dims), None, None, None


@in_wide
def _norm(x: Tensor, order: float, dims: tuple[int, ...]) -> Tensor:
    """The norm, with its dimensions kept."""
    if order == 0:
        nonzero = emit(e.NE, x, as_tensor_of(0, x.dtype))
        return _over(r.SUM, emit(e.CAST, nonzero, dtype=x.dtype), dims)
    size = emit(e.ABS, x)
    if order in _OVERALL:
        return _over(_OVERALL[order], size, dims)
    if order == 2:
        return emit(e.SQRT, _over(r.SUM, emit(e.MUL, x, x), dims))
    powers = _over(r.SUM, emit(e.POW, size, as_tensor_of(order, x.dtype)), dims)
    return emit(e.POW, powers, as_tensor_of(1 / order, x.dtype))


def _over(primitive: Any, x: Tensor, dims: tuple[int, ...]) -> Tensor:
    return emit(primitive, x, axes=dims) if dims else x


def norm_gradient(
    grad: Tensor, input: Tensor, result: Tensor, order: float, dims: tuple[int, ...]
) -> Tensor:
    """The gradient through the norm; 0 where PyTorch's is, at 0."""
    if order == 1:
        return grad * input.sign()
    if order == 2:
        return input * keep(grad / result, result != 0)
    if math.isinf(order):
        reached = (input.abs() == result) | (emit(e.ISNAN, input) & emit(e.ISNAN, result))
        count = reached.sum(dims, keepdim=True) if dims else 1
        return keep(input.sign() * (grad / count), reached)
    if order < 1:
        powers = keep(input.sign() * input.abs() ** (order - 1), input != 0)
        return powers * grad * result ** (1 - order)
    scale = keep(grad / result ** (order - 1), result != 0)
    if order < 2:
        powers = keep(input.sign() * input.abs() ** (order - 1), input != 0)
        return powers * scale
    return input * input.abs() ** (order - 2) * scale


@operation(
    namespaces=LINALG,
    cases=(
        "f(3, 4)",
        "f(3, 4), 1",
        "f(3, 4), 3, 0",
        "f(3, 4), 1.5, (0, 1), True",
        "f(3, 4), 0.5",
        "f(3, 4), 0, 1",
        "d(3, 4), float('inf'), 1",
        "d(3, 4), -float('inf')",
        "d(3, 4), -1",
        "torch.zeros(3) * d(3)",
        "f(3, 4), dtype=torch.float64",
        "f()",
        "f(0, 3), dim=0",
    ),
)
def vector_norm(
    x: Tensor,
    ord: Number = 2,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """``sum(|x| ** ord) ** (1 / ord)`` over ``dim``; the largest (smallest) size for ``±inf``.

    For order 0 it is the number of elements that are not 0.
    """
    must_be_tensor(x, "self", 1)
    if not isinstance(ord, (int, float)):
        raise TypeError(
            "linalg_vector_norm(): argument 'ord' (position 2) must be Number, "
            f"not {type(ord).__name__}"
        )
    _check_dtypes("vector_norm", x, dtype)
    order = float(ord)
    dims = normalize_dims(dim, x.ndim)
    if order < 0 or order == math.inf:
        _check_identity(x, ord, dims, dim is not None)
    return LinalgVectorNorm.apply(cast(x, dtype or x.dtype), order, dims, keepdim)


def _check_dtypes(name: str, x: Tensor, dtype: DType | None) -> None:
    if not x.dtype.is_floating_point:
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. "
            f"Got {type_name(x.dtype)}"
        )
    if dtype is None:
        return
    if not dtype.is_floating_point:
        raise RuntimeError(
            f"linalg.{name}: dtype should be floating point or complex, but got {type_name(dtype)}"
        )
    if dtypes.promote(x.dtype, dtype) is not dtype:
        raise RuntimeError(
            f"linalg.{name}: the dtype of the input ({type_name(x.dtype)}) should be convertible "
            f"without narrowing to the specified dtype ({type_name(dtype)})"
        )


def _check_identity(x: Tensor, ord: Number, dims: tuple[int, ...], given: bool) -> None:
    """A largest or smallest of nothing there is not."""
    start = f"linalg.vector_norm cannot compute the {ord} norm on "
    end = "the operation does not have an identity"
    if not given and not x.numel():
        raise RuntimeError(f"{start}an empty tensor because {end}")
    for d in dims:
        if not x.shape[d]:
            raise RuntimeError(f"{start}the dimension {d}because this dimension is empty and {end}")


# Matrices -----------------------------------------------------------------------------------


@operation(
    namespaces=LINALG,
    cases=(
        "f(3, 4)",
        "f(2, 3, 4), 'nuc'",
        "f(3, 4), 2",
        "f(3, 4), -2, keepdim=True",
        "d(3, 4), 1",
        "d(3, 4), -1",
        "d(2, 3, 4), float('inf'), (0, 2)",
        "d(2, 3, 4), -float('inf'), (2, 0), True",
        "f(2, 3, 4), 'nuc', (0, 2), True",
    ),
)
def matrix_norm(
    A: Tensor,
    ord: Number | str = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """A norm of matrices, which stand in the dimensions ``dim``.

    ``"fro"``: the root of the sum of squares; ``"nuc"``: the sum of singular values; 2 (-2): the
    largest (smallest) of them; 1 and inf (-1 and -inf): the largest (smallest) sum of absolute
    values of a column and of a row.
    """
    must_be_tensor(A, "A", 1)
    if ord not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    _check_dtypes("matrix_norm", A, dtype)
    if A.ndim < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    given = tuple(dim) if isinstance(dim, Sequence) else (dim,)
    if len(given) != 2:
        shown = " ".join(map(str, given))
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {shown}")
    rows, columns = (normalize_dim(d, A.ndim) for d in given)
    if rows == columns:
        raise RuntimeError(
            f"linalg.matrix_norm: dims must be different. Got ({given[0]}, {given[1]})"
        )
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim, dtype=dtype)
    A = cast(A, dtype or A.dtype)
    if ord in (1, 2, math.inf) and not (A.shape[rows] and A.shape[columns]):
        return A.sum((rows, columns), keepdim)  # an empty matrix: 0
    if ord in ("nuc", 2, -2):
        return _spectral(A, ord, rows, columns, keepdim)
    assert not isinstance(ord, str)
    across, along = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = vector_norm(A, 1, across, keepdim)
    if not keepdim and along > across:
        along -= 1
    return sums.amax(along, keepdim) if ord > 0 else sums.amin(along, keepdim)


def _spectral(A: Tensor, ord: Number | str, rows: int, columns: int, keepdim: bool) -> Tensor:
    values = svdvals(movedim(A, (rows, columns), (-2, -1)))
    if ord == "nuc":
        result = values.sum(-1)
    else:
        result = values.amax(-1) if ord == 2 else values.amin(-1)
    if keepdim:
        for d in sorted((rows, columns)):
            result = unsqueeze(result, d)
    return result


@operation(
    namespaces=LINALG,
    cases=(
        "f(3, 4)",
        "f(2, 3, 4)",
        "f(3, 4), 'fro'",
        "f(4), 3",
        "d(3, 4), 1",
        "f(3, 4), 2, 1",
        "f(2, 3, 4), 'nuc', (0, 1)",
        "f(2, 3, 4), dim=(0, 1), keepdim=True",
    ),
)
def norm(
    input: Tensor,
    ord: Number | str | None = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """A norm of vectors (along one dimension) or of matrices (in two), as NumPy's.

    Without ``ord`` the root of the sum of squares over ``dim``, or over all elements.
    """
    must_be_tensor(input, "self", 1)
    if ord is None and dim is None:
        return vector_norm(input, 2, None, keepdim, dtype=dtype)
    if dim is None:
        if input.ndim not in (1, 2):
            raise RuntimeError(
                "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. "
                f"Got {input.ndim}D."
            )
        dims: tuple[int, ...] = every(input)
    else:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
        if len(dims) not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}"
            )
    if ord is None:
        return vector_norm(input, 2, dims, keepdim, dtype=dtype)
    if isinstance(ord, str) and len(dims) == 1:
        # Refused there, by the number of dimensions.
        return matrix_norm(input, ord, dims if dim is not None else (-2, -1), keepdim)  # type: ignore[arg-type]
    if len(dims) == 1:
        return vector_norm(input, ord, dims, keepdim, dtype=dtype)  # type: ignore[arg-type]
    return matrix_norm(input, ord, dims, keepdim, dtype=dtype)  # type: ignore[arg-type]
