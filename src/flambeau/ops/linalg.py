"""Decompositions and what rests on them: inverses, determinants, solutions, norms (``linalg``)."""

from __future__ import annotations

from functools import reduce
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.primitives import host
from flambeau.ops._registry import operation
from flambeau.ops.joining import diag_embed, tril, triu
from flambeau.ops.products import matmul
from flambeau.ops.return_types import (
    linalg_eigh,
    linalg_qr,
    linalg_slogdet,
    linalg_svd,
    lstsq as Lstsq,
)
from flambeau.ops.shape import diagonal, expand, reshape, transpose, unsqueeze
from flambeau.tensor import Tensor, emit, emit_many

__all__ = [
    "cholesky",
    "det",
    "eigh",
    "eigvalsh",
    "inv",
    "inverse",
    "lstsq",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
]

LINALG = ("linalg",)


def _check_matrices(name: str, A: Tensor, square: bool = True) -> None:
    if A.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    rows, columns = A.shape[-2:]
    if square and rows != columns:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {rows} by "
            f"{columns} matrices"
        )
    if not A.dtype.is_floating_point:
        name_ = A.dtype.tensor_type.removesuffix("Tensor")
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {name_}"
        )
    if A.dtype.wide is not A.dtype:
        name_ = A.dtype.tensor_type.removesuffix("Tensor")
        raise RuntimeError(f"linalg.{name}: Low precision dtypes not supported. Got {name_}")


class LinalgInvEx(Operator):
    """A⁻¹;  dA⁻¹ = -A⁻¹ dA A⁻¹"""

    @staticmethod
    def forward(ctx: Any, A: Tensor) -> Tensor:
        result = emit(host.INV, A)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (result,) = ctx.saved_tensors
        turned = transpose(result, -2, -1)
        return -matmul(matmul(turned, grad), turned)


@operation(namespaces=LINALG, cases=("f(3, 3)", "f(2, 3, 3)"))
def inv(A: Tensor) -> Tensor:
    """The inverses of square matrices; RuntimeError on a singular one."""
    _check_matrices("inv", A)
    return LinalgInvEx.apply(A)


inverse = inv
setattr(Tensor, "inverse", inv)  # noqa: B010  its parameter has another name


class LinalgDet(Operator):
    """det A;  d det A = det A tr(A⁻¹ dA)"""

    @staticmethod
    def forward(ctx: Any, A: Tensor) -> Tensor:
        result = emit(host.DET, A)
        ctx.save_for_backward(A, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        A, result = ctx.saved_tensors
        scale = reshape(grad * result, (*result.shape, 1, 1))
        return scale * transpose(inv(A), -2, -1)


@operation(namespaces=("linalg", "Tensor"), cases=("f(3, 3)", "f(2, 2, 2)"))
def det(A: Tensor) -> Tensor:
    """The determinants of square matrices."""
    _check_matrices("det", A)
    return LinalgDet.apply(A)


class LinalgSlogdet(Operator):
    """sign and log|det A|;  d log|det A| = tr(A⁻¹ dA)"""

    @staticmethod
    def forward(ctx: Any, A: Tensor) -> tuple[Tensor, ...]:
        ctx.save_for_backward(A)
        return emit_many(host.SLOGDET, A)

    @staticmethod
    def backward(ctx: Any, _: Any, grad: Tensor) -> Tensor:
        (A,) = ctx.saved_tensors
        return reshape(grad, (*grad.shape, 1, 1)) * transpose(inv(A), -2, -1)


@operation(namespaces=("linalg", "Tensor"), cases=("f(3, 3)",))
def slogdet(A: Tensor) -> linalg_slogdet:
    """The sign and the logarithm of the magnitude of the determinants."""
    _check_matrices("slogdet", A)
    return linalg_slogdet(*LinalgSlogdet.apply(A))


class LinalgSolveEx(Operator):
    """X of A X = B"""

    @staticmethod
    def forward(ctx: Any, A: Tensor, B: Tensor) -> Tensor:
        result = emit(host.SOLVE, A, B)
        ctx.save_for_backward(A, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        A, result = ctx.saved_tensors
        by_b = LinalgSolveEx.apply(transpose(A, -2, -1), grad)
        return -matmul(by_b, transpose(result, -2, -1)), by_b


@operation(namespaces=LINALG, cases=("f(3, 3), f(3, 2)", "f(3, 3), f(3)", "f(2, 3, 3), f(2, 3, 1)"))
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The solution of ``A X = B`` (``X A = B`` if not ``left``)."""
    _check_matrices("solve", A)
    if not left:
        return transpose(solve(transpose(A, -2, -1), transpose(B, -2, -1)), -2, -1)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    right = unsqueeze(B, -1) if vector else B
    if right.shape[-2] != A.shape[-1]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B "
            f"({A.shape[-2]}x{A.shape[-1]} and {right.shape[-2]}x{right.shape[-1]})"
        )
    batch = A.shape[:-2]
    if right.shape[:-2] != batch:
        from_shape = (matmul(A.detach(), right.detach())).shape[:-2]
        A = expand(A, (*from_shape, *A.shape[-2:]))
        right = expand(right, (*from_shape, *right.shape[-2:]))
    result = LinalgSolveEx.apply(A, right)
    return result.squeeze(-1) if vector else result


class LinalgCholeskyEx(Operator):
    """L of A = L Lᵀ (Murray, Differentiation of the Cholesky decomposition, 2016)"""

    @staticmethod
    def forward(ctx: Any, A: Tensor) -> Tensor:
        result = emit(host.CHOLESKY, A)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (L,) = ctx.saved_tensors
        inner = tril(matmul(transpose(L, -2, -1), tril(grad)))
        middle = inner - diag_embed(diagonal(inner, 0, -2, -1)) * 0.5
        inverse_l = inv(L)
        turned = transpose(inverse_l, -2, -1)
        result = matmul(matmul(turned, middle), inverse_l)
        return (result + transpose(result, -2, -1)) * 0.5


@operation(namespaces=LINALG, cases=("spd(3)",))
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangle ``L`` of ``A = L Lᵀ``, for symmetric positive definite matrices."""
    _check_matrices("cholesky", A)
    result = LinalgCholeskyEx.apply(A)
    return transpose(result, -2, -1) if upper else result


class LinalgEigh(Operator):
    """Eigenvalues and vectors of symmetric matrices."""

    @staticmethod
    def forward(ctx: Any, A: Tensor) -> tuple[Tensor, ...]:
        values, vectors = emit_many(host.EIGH, A)
        ctx.save_for_backward(values, vectors)
        return values, vectors

    @staticmethod
    def backward(ctx: Any, grad_values: Tensor, grad_vectors: Tensor) -> Tensor:
        values, vectors = ctx.saved_tensors
        turned = transpose(vectors, -2, -1)
        gaps = unsqueeze(values, -2) - unsqueeze(values, -1)
        inner = matmul(turned, grad_vectors) * _reciprocal_off_diagonal(gaps)
        inner = inner + diag_embed(grad_values)
        return matmul(matmul(vectors, inner), turned)


def _reciprocal_off_diagonal(gaps: Tensor) -> Tensor:
    """1 / gaps, and 0 on the diagonal."""
    size = gaps.shape[-1]
    eye = diag_embed(gaps.new_ones(size))
    return (1 - eye) / (gaps + eye)


@operation(namespaces=LINALG, cases=(), differentiable=True)
def eigh(A: Tensor, UPLO: str = "L") -> linalg_eigh:
    """Eigenvalues in ascending order, and orthonormal eigenvectors, of symmetric matrices."""
    _check_matrices("eigh", A)
    lower = tril(A) if UPLO.upper() == "L" else transpose(triu(A), -2, -1)
    full = lower + transpose(tril(lower, -1), -2, -1)
    return linalg_eigh(*LinalgEigh.apply(full))


@operation(namespaces=LINALG, cases=("spd(3)",))
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices, in ascending order."""
    return eigh(A, UPLO).eigenvalues


class LinalgQr(Operator):
    """Q R = A, Q orthonormal and R upper triangular (square or tall A)."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, mode: str) -> tuple[Tensor, ...]:
        q, r = emit_many(host.QR, A, mode=mode)
        ctx.save_for_backward(q, r)
        return q, r

    @staticmethod
    def backward(ctx: Any, grad_q: Tensor, grad_r: Tensor) -> tuple[Any, ...]:
        q, r = ctx.saved_tensors
        if q.shape[-1] != r.shape[-1]:
            raise RuntimeError("linalg.qr: the derivative is there for square or tall matrices")
        m = matmul(r, transpose(grad_r, -2, -1)) - matmul(transpose(grad_q, -2, -1), q)
        sym = tril(m, -1)
        sym = sym + transpose(sym, -2, -1) + diag_embed(diagonal(m, 0, -2, -1))
        inner = grad_q + matmul(q, sym)
        return transpose(solve(r, transpose(inner, -2, -1)), -2, -1), None


@operation(namespaces=LINALG, cases=("f(4, 3)", "f(3, 3)"))
def qr(A: Tensor, mode: str = "reduced") -> linalg_qr:
    """``A = Q R``: Q with orthonormal columns, R upper triangular."""
    _check_matrices("qr", A, square=False)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), "
            "'r', or 'complete'"
        )
    q, r = LinalgQr.apply(A, "reduced" if mode == "r" else mode)
    return linalg_qr(q.new_empty(0) if mode == "r" else q, r)


class LinalgSvd(Operator):
    """U diag(S) Vh = A (Giles, Collected matrix derivative results, 2008)"""

    @staticmethod
    def forward(ctx: Any, A: Tensor, full: bool) -> tuple[Tensor, ...]:
        u, s, vh = emit_many(host.SVD, A, full=full)
        ctx.full = full and A.shape[-1] != A.shape[-2]
        ctx.save_for_backward(u, s, vh)
        return u, s, vh

    @staticmethod
    def backward(ctx: Any, gu: Tensor, gs: Tensor, gvh: Tensor) -> tuple[Any, ...]:
        u, s, vh = ctx.saved_tensors
        if ctx.full:
            size = s.shape[-1]
            u, gu = u[..., :size], gu[..., :size]
            vh, gvh = vh[..., :size, :], gvh[..., :size, :]
        ut, v = transpose(u, -2, -1), transpose(vh, -2, -1)
        gv = transpose(gvh, -2, -1)
        squares = s * s
        f = _reciprocal_off_diagonal(unsqueeze(squares, -2) - unsqueeze(squares, -1))
        column, row = unsqueeze(s, -1), unsqueeze(s, -2)
        by_u, by_v = matmul(ut, gu), matmul(vh, gv)
        skew_u = f * (by_u - transpose(by_u, -2, -1))
        skew_v = f * (by_v - transpose(by_v, -2, -1))
        inner = skew_u * row + column * skew_v + diag_embed(gs)
        result = matmul(matmul(u, inner), vh)
        if u.shape[-2] > s.shape[-1]:
            rest = gu - matmul(u, by_u)
            result = result + matmul(rest / row, vh)
        if v.shape[-2] > s.shape[-1]:
            rest = gv - matmul(v, by_v)
            result = result + matmul(u, transpose(rest / row, -2, -1))
        return result, None


@operation(namespaces=LINALG, cases=(), differentiable=True)
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> linalg_svd:
    """``A = U diag(S) Vh``, singular values in descending order."""
    _check_matrices("svd", A, square=False)
    return linalg_svd(*LinalgSvd.apply(A, full_matrices))


@operation(namespaces=LINALG, cases=("f(3, 4)", "f(2, 3, 2)"))
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values, in descending order."""
    return svd(A, False).S


@operation(namespaces=LINALG, cases=("f(4, 3)", "f(2, 3)"))
def pinv(A: Tensor, *, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """Moore and Penrose's pseudo-inverse."""
    u, s, vh = svd(A, False)
    rtol = max(A.shape[-2:]) * dtypes.finfo(A.dtype).eps if rtol is None else rtol
    small = s <= rtol * s.amax(-1, keepdim=True)
    inverse_s = s.masked_fill(small, 1).reciprocal().masked_fill(small, 0)
    return matmul(transpose(vh, -2, -1) * unsqueeze(inverse_s, -2), transpose(u, -2, -1))


@operation(namespaces=LINALG, cases=("f(3, 4)",), differentiable=False)
def matrix_rank(A: Tensor, *, tol: Any = None, hermitian: bool = False) -> Tensor:
    """The number of singular values that are not negligible."""
    s = svdvals(A)
    limit = max(A.shape[-2:]) * dtypes.finfo(A.dtype).eps * s.amax(-1, keepdim=True)
    return (s > (limit if tol is None else tol)).sum(-1)


@operation(namespaces=("linalg", "Tensor"), cases=("f(3, 3), 3", "f(3, 3), -1", "f(3, 3), 0"))
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A square matrix times itself, ``n`` times; of its inverse for negative ``n``."""
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        _check_matrices("matrix_power", A)
    if n < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        eye = diag_embed(A.new_ones(A.shape[-1]))
        return A.clone().copy_(eye)
    result = None
    while n:
        if n & 1:
            result = A if result is None else matmul(result, A)
        n >>= 1
        A = matmul(A, A) if n else A
    return result  # type: ignore[return-value]


@operation(namespaces=LINALG, cases=("[f(2, 3), f(3, 4), f(4, 2)]", "[f(3), f(3, 4), f(4)]"))
def multi_dot(tensors: Any) -> Tensor:
    """The product of two or more matrices (vectors may stand first and last)."""
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    return reduce(matmul, tensors)


@operation(namespaces=LINALG, cases=("f(4, 3), f(4, 2)",))
def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> Any:
    """The least-squares solution of ``A X = B``."""
    empty = A.new_empty(0)
    return Lstsq(matmul(pinv(A), B), empty, matrix_rank(A), empty)
