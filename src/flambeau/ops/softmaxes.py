"""Softmax and its kin."""

from __future__ import annotations

import warnings
from typing import Any

from flambeau.autograd import CompositeOperator
from flambeau.ir.dtypes import DType
from flambeau.ir.shapes import normalize_dim
from flambeau.ops._arguments import not_implemented
from flambeau.ops._promotion import cast
from flambeau.ops._registry import operation
from flambeau.ops.selecting import scatter
from flambeau.tensor import Tensor

__all__ = ["log_softmax", "softmax"]

FUNCTIONAL = ("nn.functional",)
EVERYWHERE = ("nn.functional", "torch", "Tensor", "special")


def _rows(input: Tensor) -> Tensor:
    """The input in the type that it is computed in, with a dimension at least."""
    x = input.to(input.dtype.wide)
    return x if x.ndim else x.reshape(1)


def _as_input(x: Tensor, input: Tensor) -> Tensor:
    x = x.to(input.dtype)
    return x if input.ndim else x.reshape(())


class Softmax(CompositeOperator):
    """exp(x) / Σ exp(x)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        x = _rows(input)
        powers = (x - x.amax(dim, keepdim=True)).exp()
        result = _as_input(powers / powers.sum(dim, keepdim=True), input)
        ctx.save_for_backward(result)
        ctx.dim = dim
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (result,) = ctx.saved_tensors
        weighted = grad * result
        total = weighted.sum(ctx.dim, keepdim=True) if weighted.ndim else weighted
        return weighted - result * total, None


class LogSoftmax(CompositeOperator):
    """x - log Σ exp(x)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        x = _rows(input)
        shifted = x - x.amax(dim, keepdim=True)
        result = _as_input(shifted - shifted.exp().sum(dim, keepdim=True).log(), input)
        ctx.save_for_backward(result)
        ctx.dim = dim
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (result,) = ctx.saved_tensors
        total = grad.sum(ctx.dim, keepdim=True) if grad.ndim else grad
        return grad - result.exp() * total, None


def _implicit_dim(name: str, rank: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=4,
    )
    return 0 if rank in (0, 1, 3) else 1


def _applied(
    operator: Any, name: str, input: Tensor, dim: int | None, dtype: DType | None
) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    dim = _implicit_dim(name, input.ndim) if dim is None else dim
    dim = normalize_dim(dim, input.ndim)
    x = input if dtype is None else cast(input, dtype)
    if not x.dtype.is_floating_point:
        inner = "" if dim < x.ndim - 1 else "_lastdim"
        raise not_implemented(f"{name}{inner}_kernel_impl", x.dtype)
    if not x.numel():
        return x.clone()
    return operator.apply(x, dim)


def _as_dtype(stacklevel: Any, dtype: DType | None) -> DType | None:
    """The dtype, which ``torch.softmax`` takes where ``nn.functional`` has its stacklevel."""
    return stacklevel if isinstance(stacklevel, DType) else dtype


@operation(namespaces=EVERYWHERE, cases=("f(3, 4), 1", "f(3, 4), 0", "f(), 0", "f(2, 3, 4), -1"))
def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: Any = 3, dtype: DType | None = None
) -> Tensor:
    """``exp(x) / Σ exp(x)`` along ``dim``.

    >>> import flambeau as torch
    >>> torch.softmax(torch.zeros(4), dim=0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    return _applied(Softmax, "softmax", input, dim, _as_dtype(_stacklevel, dtype))


@operation(namespaces=EVERYWHERE, cases=("f(3, 4), 1", "f(3, 4), 0", "f(), 0", "f(2, 3, 4), -1"))
def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: Any = 3, dtype: DType | None = None
) -> Tensor:
    """``log softmax(x)`` along ``dim``, computed without overflow."""
    return _applied(LogSoftmax, "log_softmax", input, dim, _as_dtype(_stacklevel, dtype))


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4), 1",))
def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """``softmax(-x)`` along ``dim``."""
    if dim is None:
        dim = _implicit_dim("softmin", input.ndim)
    return softmax(-input, dim, dtype=dtype)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(3, 4)", "f(3, 4), tau=0.5, dim=0", "f(3, 4), hard=True"),
    differentiable=False,
)
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A sample near the corners of the simplex (Jang et al., 2017); one-hot if ``hard``."""
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -logits.new_empty(logits.shape).exponential_().log()
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    index = soft.argmax(dim, keepdim=True)
    corner = scatter(logits.new_zeros(logits.shape), dim, index, 1.0)
    return corner - soft.detach() + soft
