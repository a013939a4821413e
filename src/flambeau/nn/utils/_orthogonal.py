"""Orthogonal matrices as functions of any matrix, for parametrizations.orthogonal."""

import math

from flambeau import ops
from flambeau.autograd import no_grad
from flambeau.ir import dtypes
from flambeau.nn.modules.module import Module
from flambeau.ops.linalg import qr, solve
from flambeau.tensor import Tensor

__all__ = ["MAPS", "_Orthogonal"]

MAPS = ("matrix_exp", "cayley", "householder")

# With arguments of norm at most 1/2, sixteen terms of the series are exact in double precision.
_TERMS = 16


class _Orthogonal(Module):
    """Maps any matrix to one with orthonormal columns, or rows if it is wide.

    Args:
        weight: a matrix, or a batch of them, of the shape to be mapped.
        orthogonal_map: one of ``MAPS``.
        use_trivialization: multiply by a fixed orthogonal matrix ``base``, to which assigning
            to the parametrized tensor then sets it; the map begins at the identity.
    """

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.size(-2) < X.size(-1)
        matrix = X.mT if wide else X
        mapped = householder(matrix) if self.orthogonal_map == "householder" else self._turn(matrix)
        base = getattr(self, "base", None)
        if base is not None:
            mapped = base @ mapped
        return mapped.mT if wide else mapped

    def _turn(self, matrix: Tensor) -> Tensor:
        """The first columns of the rotation that belongs to the lower triangle."""
        rows, columns = matrix.shape[-2:]
        lower = matrix.tril()
        if rows != columns:
            missing = lower.new_zeros((*lower.shape[:-1], rows - columns))
            lower = ops.cat([lower, missing], -1)
        skew = lower - lower.mT
        turn = matrix_exp if self.orthogonal_map == "matrix_exp" else cayley
        return turn(skew)[..., :columns]

    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. "
                f"Got a tensor of shape {Q.shape}."
            )
        if hasattr(self, "base"):
            with no_grad():
                self.base = _completed(Q.mT if Q.size(-2) < Q.size(-1) else Q)
            # Minus the identity is what each of the maps takes to the identity.
            return ops.zeros_like(Q) - ops.eye(*Q.shape[-2:], dtype=Q.dtype)
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        wide = Q.size(-2) < Q.size(-1)
        reflections = reflections_of(Q.mT if wide else Q)
        return reflections.mT if wide else reflections


def _completed(Q: Tensor) -> Tensor:
    """A square orthogonal matrix that begins with these columns, made orthonormal if need be."""
    rows, columns = Q.shape[-2:]
    if rows > columns:
        further = Q.new_empty((*Q.shape[:-1], rows - columns)).normal_()
        Q = ops.cat([Q, further], -1)
    elif _is_orthogonal(Q):
        return Q.clone()
    q, r = qr(Q)
    return q * r.diagonal(0, -2, -1).sign().unsqueeze(-2)


def _is_orthogonal(Q: Tensor) -> bool:
    # The rounding errors of a product of n x n matrices.
    tolerance = 10 * Q.size(-1) * dtypes.finfo(Q.dtype).eps
    error = Q.mT @ Q - ops.eye(Q.size(-1), dtype=Q.dtype)
    return error.abs().max().item() < tolerance


def matrix_exp(matrix: Tensor) -> Tensor:
    """The exponential of square matrices, by scaling and squaring of its series."""
    norm = matrix.detach().abs().sum(-1).max().item()
    halvings = max(0, math.ceil(math.log2(norm)) + 1) if norm > 0 else 0
    small = matrix * 0.5**halvings
    identity = ops.eye(matrix.size(-1), dtype=matrix.dtype)
    result = identity
    for term in range(_TERMS, 0, -1):
        result = identity + small @ result * (1 / term)
    for _ in range(halvings):
        result = result @ result
    return result


def cayley(skew: Tensor) -> Tensor:
    """``(1 - A/2)⁻¹ (1 + A/2)``, which is orthogonal for skew-symmetric A."""
    identity = ops.eye(skew.size(-1), dtype=skew.dtype)
    return solve(identity - skew * 0.5, identity + skew * 0.5)


def householder(matrix: Tensor) -> Tensor:
    """The product of the reflections at the columns below the diagonal, each ``(…, 1, v)``.

    Its columns are multiplied by the diagonal, which holds ones and minus ones.
    """
    rows, columns = matrix.shape[-2:]
    vectors = matrix.tril(-1) + ops.eye(rows, columns, dtype=matrix.dtype)
    product = ops.eye(rows, columns, dtype=matrix.dtype)
    for v in reversed(vectors.split(1, dim=-1)):
        product = _reflected(product, v)
    signs = matrix.diagonal(0, -2, -1).detach().sign()
    return product * signs.unsqueeze(-2)


def _reflected(matrix: Tensor, v: Tensor) -> Tensor:
    """The columns of a matrix mirrored in the plane that is perpendicular to ``v``."""
    scale = 2 / v.square().sum(-2, keepdim=True)
    return matrix - v @ (v.mT @ matrix) * scale


def reflections_of(Q: Tensor) -> Tensor:
    """The matrix that :func:`householder` takes to ``Q``, whose columns are orthonormal."""
    rest = Q
    columns = []
    for above in range(Q.size(-1)):
        # Reflecting by v takes the first column to a multiple of the first unit vector.
        x = rest[..., :1]
        first = x[..., :1, :]
        sign = ops.where(first < 0, -1.0, 1.0)
        head = first + sign * x.square().sum(-2, keepdim=True).sqrt()
        below = x[..., 1:, :] / head
        v = ops.cat([ops.ones_like(head), below], -2)
        rest = _reflected(rest, v)[..., 1:, 1:]
        zeros = Q.new_zeros((*Q.shape[:-2], above, 1))
        columns.append(ops.cat([zeros, -sign, below], -2))
    return ops.cat(columns, -1)
