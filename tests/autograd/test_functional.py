"""Jacobians, Hessians and their products with vectors."""

import pytest


def allclose(torch, found, expected):
    if isinstance(found, tuple):
        return len(found) == len(expected) and all(
            allclose(torch, a, b) for a, b in zip(found, expected, strict=True)
        )
    return torch.allclose(found, torch.tensor(expected))


def point(torch):
    return torch.tensor([1.0, 2.0, 3.0])


def test_jacobians(torch):
    F = torch.autograd.functional
    x = point(torch)
    diagonal = [[2.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 6.0]]
    assert allclose(torch, F.jacobian(lambda x: x * x, x), diagonal)
    assert allclose(torch, F.jacobian(lambda x: x * x, x, vectorize=True), diagonal)
    rows = F.jacobian(lambda x: (x * x, x.sum()), (x,))
    assert allclose(torch, rows, ((diagonal,), ([1.0] * 3,)))
    pair = F.jacobian(lambda x, y: (x * y).sum(), (x, x + 1))
    assert allclose(torch, pair, ([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]))
    assert F.jacobian(lambda x: x.outer(x), x).shape == (3, 3, 3)
    assert not F.jacobian(lambda x: x * x, x).requires_grad


def test_a_jacobian_of_a_constant_is_zero_or_an_error(torch):
    F = torch.autograd.functional
    x = point(torch)
    assert allclose(torch, F.jacobian(lambda x: torch.ones(1), x), [[0.0] * 3])
    message = "^Output 0 of the user-provided function does not require gradients. The outputs must"
    with pytest.raises(RuntimeError, match=message):
        F.jacobian(lambda x: torch.ones(1), x, strict=True)
    message = "^Output 0 of the user-provided function is independent of input 1. This is not allo"
    with pytest.raises(RuntimeError, match=message):
        F.jacobian(lambda x, y: x, (x, x), strict=True)


def test_a_jacobian_can_be_differentiated(torch):
    F = torch.autograd.functional
    x = point(torch).requires_grad_()
    jacobian = F.jacobian(lambda x: x**3, x, create_graph=True)
    jacobian.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0, 18.0]


def test_hessians(torch):
    F = torch.autograd.functional
    x = point(torch)
    hessian = F.hessian(lambda x: x.prod(), x)
    assert allclose(torch, hessian, [[0.0, 3.0, 2.0], [3.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
    blocks = F.hessian(lambda x, y: (x * y).sum(), (x[:1], x[1:2]))
    assert allclose(torch, blocks, (([[0.0]], [[1.0]]), ([[1.0]], [[0.0]])))
    assert allclose(torch, F.hessian(lambda x: x.sum(), x), [[0.0] * 3] * 3)
    with pytest.raises(
        RuntimeError, match="function given to hessian should contain a single elem"
    ):
        F.hessian(lambda x: x, x)
    with pytest.raises(RuntimeError, match="found that the jacobian of the user-provided function"):
        F.hessian(lambda x: x.sum(), x, strict=True)


def test_a_hessian_can_be_differentiated(torch):
    F = torch.autograd.functional
    x = point(torch).requires_grad_()
    F.hessian(lambda x: (x**4).sum(), x, create_graph=True).sum().backward()
    assert x.grad.tolist() == [24.0, 48.0, 72.0]


def test_products_with_vectors(torch):
    F = torch.autograd.functional
    x, v = point(torch), torch.tensor([1.0, 0.0, -1.0])

    def roll(x):
        return x * x.roll(1)

    y, left = F.vjp(roll, x, v)
    assert allclose(torch, y, [3.0, 2.0, 6.0])
    assert allclose(torch, left, [3.0 - 0.0, -3.0, 1.0 - 2.0])
    y, right = F.jvp(roll, x, v)
    assert allclose(torch, right, [3.0 - 1.0, 2.0, -2.0])
    y, product = F.vhp(lambda x: (x**3).sum(), x, v)
    assert y.item() == 36.0
    assert allclose(torch, product, [6.0, 0.0, -18.0])
    y, product = F.hvp(lambda x: (x**3).sum(), x, v)
    assert allclose(torch, product, [6.0, 0.0, -18.0])
    assert allclose(torch, F.hvp(lambda x: x.sum(), x, v)[1], [0.0] * 3)


def test_products_of_several_inputs(torch):
    F = torch.autograd.functional
    x, y = point(torch), point(torch) + 1
    _, products = F.vjp(lambda x, y: x * y, (x, y), torch.ones(3))
    assert allclose(torch, products, ([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]))
    _, product = F.jvp(lambda x, y: (x * y, x), (x, y), (torch.ones(3), torch.zeros(3)))
    assert allclose(torch, product, ([2.0, 3.0, 4.0], [1.0] * 3))
    _, products = F.hvp(lambda x, y: (x * y).sum(), (x, y), (x, y))
    assert allclose(torch, products, ([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]))


def test_a_vector_may_be_left_out_where_it_is_a_number(torch):
    F = torch.autograd.functional
    assert F.vjp(lambda x: x.sum(), point(torch))[1].tolist() == [1.0] * 3
    assert F.jvp(lambda x: x * 3, torch.ones(1))[1].tolist() == [3.0]
    with pytest.raises(
        RuntimeError, match="^The vector v can only be None if the user-provided fu"
    ):
        F.vjp(lambda x: x, point(torch))
    with pytest.raises(
        RuntimeError, match="^The vector v can only be None if the input to the use"
    ):
        F.jvp(lambda x: x, point(torch))


def test_a_vector_has_the_form_of_what_it_multiplies(torch):
    F = torch.autograd.functional
    x = point(torch)
    with pytest.raises(
        RuntimeError, match=r"v has invalid size: should be \w+.Size\(\[3\]\) but go"
    ):
        F.jvp(lambda x: x, x, torch.ones(2))
    with pytest.raises(
        RuntimeError, match="^v is a tuple of invalid length: should be 2 but got 1"
    ):
        F.jvp(lambda x, y: x, (x, x), (x,))


def test_what_is_no_tensor_is_refused(torch):
    F = torch.autograd.functional
    with pytest.raises(
        TypeError, match="^The inputs given to jvp must be either a Tensor or a tup"
    ):
        F.jvp(lambda x: x, 3, point(torch))
    with pytest.raises(
        TypeError, match="^The outputs of the user-provided function given to jacob"
    ):
        F.jacobian(lambda x: 3, point(torch))
