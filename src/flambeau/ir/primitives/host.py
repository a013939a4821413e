"""Primitives that call NumPy's linear algebra: decompositions that are not worth a kernel.

Each takes stacks of matrices: all but the last two dimensions are batch dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.ir.node import Node, Primitive, Shape, Spec

__all__ = ["CHOLESKY", "DET", "EIGH", "INV", "QR", "SLOGDET", "SOLVE", "SVD"]


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, with NumPy's complaint about a singular matrix in PyTorch's words."""

    def call(*arrays: np.ndarray, **attrs: Any) -> Any:
        try:
            return function(*arrays, **attrs)
        except np.linalg.LinAlgError as error:
            raise RuntimeError(f"linalg.{name}: {error}") from None

    return call


def _batch(x: Node) -> Shape:
    return x.shape[:-2]


def _square(x: Node) -> Spec:
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            "linalg: A must be batches of square matrices, "
            f"but they are {x.shape[-2]} by {x.shape[-1]} matrices"
        )
    return x.shape, x.dtype


def _scalar(x: Node) -> Spec:
    _square(x)
    return _batch(x), x.dtype


INV = Primitive("inv", _square, _guarded("inv", np.linalg.inv))
DET = Primitive("det", _scalar, _guarded("det", np.linalg.det))
CHOLESKY = Primitive("cholesky", _square, _guarded("cholesky", np.linalg.cholesky))


def _solve(a: Node, b: Node) -> Spec:
    _square(a)
    return (*_batch(a), a.shape[-1], b.shape[-1]), a.dtype


SOLVE = Primitive("solve", _solve, _guarded("solve", np.linalg.solve))


def _slogdet(x: Node) -> list[Spec]:
    return [_scalar(x), _scalar(x)]


SLOGDET = Primitive("slogdet", _slogdet, lambda x: tuple(np.linalg.slogdet(x)))


def _eigh(x: Node) -> list[Spec]:
    _square(x)
    return [(x.shape[:-1], x.dtype), (x.shape, x.dtype)]


EIGH = Primitive("eigh", _eigh, _guarded("eigh", lambda x: tuple(np.linalg.eigh(x))))


def _qr(x: Node, mode: str) -> list[Spec]:
    m, n = x.shape[-2:]
    k = m if mode == "complete" else min(m, n)
    return [((*_batch(x), m, k), x.dtype), ((*_batch(x), k, n), x.dtype)]


QR = Primitive("qr", _qr, lambda x, mode: tuple(np.linalg.qr(x, mode)))


def _svd(x: Node, full: bool) -> list[Spec]:
    m, n = x.shape[-2:]
    k = min(m, n)
    rows, columns = (m, n) if full else (k, k)
    batch = _batch(x)
    return [
        ((*batch, m, rows), x.dtype),
        ((*batch, k), x.dtype),
        ((*batch, columns, n), x.dtype),
    ]


SVD = Primitive("svd", _svd, lambda x, full: tuple(np.linalg.svd(x, full_matrices=full)))
