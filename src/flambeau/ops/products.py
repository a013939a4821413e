"""Matrix products."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import Operator
from flambeau.ir.primitives import elementwise as e
from flambeau.ir.primitives.contraction import DOT_GENERAL
from flambeau.ir.shapes import broadcast
from flambeau.ops._arguments import NotAnOperand, c_name, must_be_tensor, type_name
from flambeau.ops._promotion import Number, as_tensor_of
from flambeau.ops._registry import operation
from flambeau.ops.arithmetic import add, mul
from flambeau.ops.shape import (
    SqueezeDim,
    UnsafeView,
    expand,
    expand_steps,
    reshape,
    t,
    transpose,
    unsqueeze,
)
from flambeau.tensor import Tensor, emit, node_of

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "dot",
    "ger",
    "inner",
    "linear",
    "matmul",
    "mm",
    "mv",
    "outer",
    "vdot",
]


def _names(*tensors: Tensor) -> str:
    return " != ".join(c_name(tensor.dtype) for tensor in tensors)


def _same_dtype(a: Tensor, b: Tensor, what: str = "m1 and m2") -> None:
    if a.dtype is not b.dtype:
        raise RuntimeError(f"expected {what} to have the same dtype, but got: {_names(a, b)}")


def _product(a: Tensor, b: Tensor) -> Tensor:
    return emit(DOT_GENERAL, a, b, contract=((1,), (0,)), batch=((), ()))


class Mm(Operator):
    """The product of two matrices."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, mat2: Tensor) -> Tensor:
        ctx.save_for_backward(input, mat2)
        return _product(input, mat2)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, mat2 = ctx.saved_tensors
        needs_input, needs_mat2 = ctx.needs_input_grad
        return mm(grad, t(mat2)) if needs_input else None, (
            mm(t(input), grad) if needs_mat2 else None
        )


@operation(cases=("f(2, 3), f(3, 4)", "f(0, 3), f(3, 4)", "f(2, 3), f(4, 3).t()"))
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices, (n, m) and (m, p)."""
    a, b = node_of(input).shape, node_of(mat2).shape
    for name, shape in (("self", a), ("mat2", b)):
        if len(shape) != 2:
            raise RuntimeError(f"{name} must be a matrix")
    _same_dtype(input, mat2)
    if a[1] != b[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})"
        )
    return Mm.apply(input, mat2)


class Addmm(Operator):
    """beta * input + alpha * (mat1 @ mat2)"""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, mat1: Tensor, mat2: Tensor, beta: Number, alpha: Number
    ) -> Tensor:
        ctx.save_for_backward(mat1, mat2)
        ctx.beta, ctx.alpha = beta, alpha
        product = _scaled(_product(mat1, mat2), alpha)
        return product if beta == 0 else emit(e.ADD, product, _scaled(input, beta))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        mat1, mat2 = ctx.saved_tensors
        needs_input, needs_mat1, needs_mat2 = ctx.needs_input_grad[:3]
        by_input = _times(grad, ctx.beta) if needs_input else None
        by_mat1 = _times(mm(grad, t(mat2)), ctx.alpha) if needs_mat1 else None
        by_mat2 = _times(mm(t(mat1), grad), ctx.alpha) if needs_mat2 else None
        return by_input, by_mat1, by_mat2, None, None


def _scaled(x: Tensor, factor: Number) -> Tensor:
    return x if factor == 1 else emit(e.MUL, x, as_tensor_of(factor, x.dtype))


def _times(x: Tensor, factor: Number) -> Tensor:
    return x if factor == 1 else mul(x, factor)


@operation(
    inplace=True,
    cases=(
        "f(4), f(2, 3), f(3, 4)",
        "f(2, 4), f(2, 3), f(3, 4), beta=0.5, alpha=2",
    ),
)
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``."""
    a, b = node_of(mat1).shape, node_of(mat2).shape
    for name, shape in (("mat1", a), ("mat2", b)):
        if len(shape) != 2:
            raise RuntimeError(f"{name} must be a matrix, got {len(shape)}-D tensor")
    if a[1] != b[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})"
        )
    for name, tensor in (("self", input), ("mat1", mat1)):
        if tensor.dtype is not mat2.dtype:
            raise RuntimeError(
                f"{name} and mat2 must have the same dtype, but got "
                f"{type_name(tensor.dtype)} and {type_name(mat2.dtype)}"
            )
    expand_steps(node_of(input).shape, (a[0], b[1]))  # raises where it cannot be
    return Addmm.apply(input, mat1, mat2, beta, alpha)


class Bmm(Operator):
    """The products of two batches of matrices."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, mat2: Tensor) -> Tensor:
        ctx.save_for_backward(input, mat2)
        return emit(DOT_GENERAL, input, mat2, contract=((2,), (1,)), batch=((0,), (0,)))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, mat2 = ctx.saved_tensors
        needs_input, needs_mat2 = ctx.needs_input_grad
        return bmm(grad, transpose(mat2, 1, 2)) if needs_input else None, (
            bmm(transpose(input, 1, 2), grad) if needs_mat2 else None
        )


@operation(cases=("f(2, 2, 3), f(2, 3, 4)", "f(0, 2, 3), f(0, 3, 4)"))
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of batches of matrices, (b, n, m) and (b, m, p)."""
    a, b = node_of(input).shape, node_of(mat2).shape
    for shape, name in ((a, "batch1"), (b, "batch2")):
        if len(shape) != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    _same_dtype(input, mat2, "scalar type")
    if a[0] != b[0] or a[2] != b[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a[0]}, {a[2]}] "
            f"but got: [{b[0]}, {b[1]}]."
        )
    return Bmm.apply(input, mat2)


@operation(inplace=True, cases=("f(2, 2, 4), f(2, 2, 3), f(2, 3, 4), beta=0.5, alpha=2",))
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2)``, for batches of matrices."""
    product = _times(bmm(batch1, batch2), alpha)
    return product if beta == 0 else add(_times(input, beta), product)


@operation(inplace=True, cases=("f(2, 4), f(2, 2, 3), f(2, 3, 4)",))
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """``beta * input`` plus ``alpha`` times the sum over the batch of ``batch1 @ batch2``."""
    product = _times(bmm(batch1, batch2).sum(0), alpha)
    return product if beta == 0 else add(_times(input, beta), product)


class Dot(Operator):
    """The inner product of two vectors."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, tensor: Tensor) -> Tensor:
        ctx.save_for_backward(input, tensor)
        return emit(DOT_GENERAL, input, tensor, contract=((0,), (0,)), batch=((), ()))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, tensor = ctx.saved_tensors
        return mul(grad, tensor), mul(grad, input)


@operation(cases=("f(4), f(4)", "f(0), f(0)"))
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors."""
    a, b = node_of(input).shape, node_of(tensor).shape
    if len(a) != 1 or len(b) != 1:
        raise RuntimeError(f"1D tensors expected, but got {len(a)}D and {len(b)}D tensors")
    if input.dtype is not tensor.dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{type_name(input.dtype)} and {type_name(tensor.dtype)}"
        )
    if a != b:
        raise RuntimeError(
            "inconsistent tensor size, expected tensor "
            f"{list(a)} and src {list(b)} to have the same number of elements, "
            f"but got {a[0]} and {b[0]} elements respectively"
        )
    return Dot.apply(input, tensor)


vdot = dot


class Mv(Operator):
    """A matrix times a vector."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, vec: Tensor) -> Tensor:
        ctx.save_for_backward(input, vec)
        return emit(DOT_GENERAL, input, vec, contract=((1,), (0,)), batch=((), ()))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, vec = ctx.saved_tensors
        needs_input, needs_vec = ctx.needs_input_grad
        return outer(grad, vec) if needs_input else None, (
            mv(t(input), grad) if needs_vec else None
        )


@operation(cases=("f(2, 3), f(3)",))
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix (n, m) times a vector (m)."""
    a, b = node_of(input).shape, node_of(vec).shape
    if len(a) != 2 or len(b) != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {len(a)}, {len(b)}")
    if a[1] != b[0]:
        raise RuntimeError(f"size mismatch, got input ({a[0]}), mat ({a[0]}x{a[1]}), vec ({b[0]})")
    _same_dtype(input, vec, "mat and vec")
    return Mv.apply(input, vec)


@operation(inplace=True, cases=("f(2), f(2, 3), f(3)", "f(2), f(2, 3), f(3), beta=0.5, alpha=2"))
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``."""
    product = _times(mv(mat, vec), alpha)
    return product if beta == 0 else add(_times(input, beta), product)


@operation(methods=("ger",), cases=("f(2), f(3)",))
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The outer product of two vectors."""
    for name, x in (("self", input), ("vec2", vec2)):
        if x.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D")
    return mul(reshape(input, (-1, 1)), vec2)


ger = outer


@operation(inplace=True, cases=("f(2, 3), f(2), f(3), beta=0.5, alpha=2",))
def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``."""
    product = _times(outer(vec1, vec2), alpha)
    return product if beta == 0 else add(_times(input, beta), product)


@operation(cases=("f(2, 3), f(4, 3)", "f(3), f(3)"))
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The inner products over the last dimensions."""
    if not input.ndim or not other.ndim:
        return mul(input, other)
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    width = input.shape[-1]
    flat = mm(reshape(input, (-1, width)), t(reshape(other, (-1, width))))
    return reshape(flat, (*input.shape[:-1], *other.shape[:-1]))


@operation(
    methods=("__matmul__",),
    cases=(
        "f(2, 3), f(3, 4)",
        "f(3), f(3)",
        "f(2, 3), f(3)",
        "f(3), f(3, 4)",
        "f(5, 2, 3), f(3, 4)",
        "f(5, 2, 3), f(3)",
        "f(3), f(5, 3, 4)",
        "f(2, 1, 2, 3), f(5, 3, 4)",
    ),
)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product of matrices, vectors or (broadcast) batches of matrices, as NumPy's ``@``.

    >>> import flambeau as torch
    >>> torch.ones(2, 3) @ torch.ones(3)
    tensor([3., 3.])
    """
    if not isinstance(other, Tensor):
        raise NotAnOperand(
            f"matmul(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}"
        )
    a, b = node_of(input).shape, node_of(other).shape
    if not a or not b:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {len(a)}D and {len(b)}D"
        )
    if len(a) == 1 and len(b) == 1:
        return dot(input, other)
    if len(a) == 2 and len(b) == 2:
        return mm(input, other)
    if len(a) == 2 and len(b) == 1:
        return mv(input, other)
    if len(a) == 1:
        return _dropped(matmul(unsqueeze(input, 0), other), -2)
    if len(b) == 1:
        return _dropped(matmul(input, unsqueeze(other, 1)), -1)
    if len(b) == 2:
        flat = mm(reshape(input, (-1, a[-1])), other)
        return UnsafeView.apply(flat, (*a[:-1], b[-1]))
    return _batched(input, other)


class Dropped(SqueezeDim):
    """The dimension that stood in for a vector's, dropped as PyTorch does it: in place."""

    _label = "Squeeze"
    _suffix = "Backward4"


def _dropped(x: Tensor, dim: int) -> Tensor:
    shape = list(x.shape)
    del shape[dim]
    return Dropped.apply(x, tuple(shape))


def _batched(input: Tensor, other: Tensor) -> Tensor:
    a, b = tuple(input.shape), tuple(other.shape)
    batch = broadcast(a[:-2], b[:-2])
    left = reshape(expand(input, (*batch, *a[-2:])), (-1, *a[-2:]))
    right = reshape(expand(other, (*batch, *b[-2:])), (-1, *b[-2:]))
    return UnsafeView.apply(bmm(left, right), (*batch, a[-2], b[-1]))


def _rmatmul(self: Tensor, other: Tensor) -> Tensor:
    """``other @ self``."""
    return matmul(other, self)


Tensor.__rmatmul__ = _rmatmul


@operation(
    namespaces=("nn.functional",),
    cases=(
        "f(2, 3), f(4, 3)",
        "f(2, 3), f(4, 3), f(4)",
        "f(3), f(4, 3), f(4)",
        "f(2, 5, 3), f(4, 3), f(4)",
    ),
)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (…, in_features) to (…, out_features)."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(weight, "weight", 2)
    if bias is not None:
        must_be_tensor(bias, "bias", 3)
    shape = node_of(input).shape
    if len(shape) == 2 and bias is not None:
        return addmm(bias, input, t(weight))
    if weight.ndim == 1:
        result = matmul(input, weight)
        return result if bias is None else add(result, bias)
    if shape and bias is not None:
        flat = addmm(bias, reshape(input, (-1, shape[-1])), t(weight))
        return reshape(flat, (*shape[:-1], weight.shape[0]))
    result = matmul(input, t(weight))
    return result if bias is None else add(result, bias)
