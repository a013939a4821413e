"""Decompositions whose vectors are free to change sign: what does not depend on the signs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import flambeau as torch
from flambeau import Tensor
from flambeau.autograd import gradcheck, gradgradcheck


def matrix(*shape: int, seed: int = 0) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.standard_normal(shape), dtype=torch.float64, requires_grad=True)


def symmetric(x: Tensor) -> Tensor:
    return x + x.mT


def close(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (1, 1)])
def test_eigh_takes_a_symmetric_matrix_apart(shape: tuple[int, ...]) -> None:
    a = symmetric(matrix(*shape))
    values, vectors = torch.linalg.eigh(a)
    assert close(vectors * values.unsqueeze(-2) @ vectors.mT, a)
    assert close(vectors.mT @ vectors, torch.eye(shape[-1], dtype=a.dtype).expand(shape))
    assert bool((values.diff(dim=-1) >= 0).all())


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 3, 3)])
@pytest.mark.parametrize("full", [True, False])
def test_svd_takes_a_matrix_apart(shape: tuple[int, ...], full: bool) -> None:
    a = matrix(*shape)
    u, s, vh = torch.linalg.svd(a, full_matrices=full)
    rank = s.shape[-1]
    assert close((u[..., :rank] * s.unsqueeze(-2)) @ vh[..., :rank, :], a)
    assert close(
        u.mT @ u, torch.eye(u.shape[-1], dtype=a.dtype).expand(u.mT.shape[:-1] + u.shape[-1:])
    )
    assert bool((s.diff(dim=-1) <= 0).all())


def eigenvalues(x: Tensor) -> Tensor:
    return torch.linalg.eigh(symmetric(x)).eigenvalues


def eigenvectors_squared(x: Tensor) -> Tensor:
    return torch.linalg.eigh(symmetric(x)).eigenvectors ** 2


def largest_component(x: Tensor) -> Tensor:
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    return s[0] * u[:, :1] @ vh[:1]


@pytest.mark.parametrize("function", [eigenvalues, eigenvectors_squared])
def test_eigh_is_differentiated(function: Callable[[Tensor], Tensor]) -> None:
    assert gradcheck(function, (matrix(3, 3),))
    assert gradgradcheck(function, (matrix(3, 3),), fast_mode=True)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
def test_svd_is_differentiated(shape: tuple[int, ...]) -> None:
    assert gradcheck(largest_component, (matrix(*shape),))
    assert gradgradcheck(largest_component, (matrix(*shape),), fast_mode=True)
