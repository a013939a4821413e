"""Methods that say where a tensor is, or that call Python for each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.autograd import assign
from flambeau.ops._registry import operation
from flambeau.tensor import Tensor

__all__: list[str] = []

METHOD = ("Tensor",)

setattr(Tensor, "is_cpu", True)  # noqa: B010  not in the stub


@operation(namespaces=METHOD)
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """There is no device to copy to: raises RuntimeError, as PyTorch does without one."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


@operation(namespaces=METHOD, differentiable=False, cases=("f(2)",))
def is_pinned(self: Tensor, device: Any = None) -> bool:
    """False: there is no device to copy to."""
    return False


@operation(namespaces=METHOD, differentiable=False)
def is_shared(self: Tensor) -> bool:
    """False: tensors travel between processes as copies."""
    return False


@operation(namespaces=METHOD)
def share_memory_(self: Tensor) -> Tensor:
    """The tensor itself: tensors travel between processes as copies."""
    return self


@operation(namespaces=METHOD, cases=("f(2)",))
def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool = True) -> Tensor:
    """The tensor itself, or cast to ``dtype``: all are dense."""
    return self if dtype is None else self.to(dtype)


@operation(
    namespaces=METHOD, differentiable=False, cases=("torch.tensor([2.0])", "torch.tensor(0)")
)
def is_nonzero(self: Tensor) -> bool:
    """Whether the only element is not zero; RuntimeError if there is not just one."""
    return bool(self)


@operation(namespaces=METHOD, differentiable=False, cases=("f(2), f(2)", "f(2), f(3)"))
def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape."""
    return self.shape == other.shape


def _each(self: Tensor, function: Callable, *others: Tensor) -> Tensor:
    columns = [
        np.broadcast_to(x._array(), self.shape).reshape(-1).tolist() for x in (self, *others)
    ]
    values = [function(*elements) for elements in zip(*columns, strict=True)]
    array = np.array(values, dtype=self.dtype.numpy).reshape(self.shape)
    return assign(self, Tensor._from_array(array, self.dtype))


def _needs_no_gradient(name: str) -> RuntimeError:
    return RuntimeError(
        f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
    )


@operation(namespaces=METHOD, differentiable=False)
def apply_(self: Tensor, callable: Callable) -> Tensor:
    """Replace each element by what a Python function makes of it. Slow."""
    if self.requires_grad:
        raise _needs_no_gradient("apply_")
    return _each(self, callable)


@operation(namespaces=METHOD, differentiable=False)
def map_(self: Tensor, tensor: Tensor, callable: Callable) -> Tensor:
    """Replace each element by a Python function of it and another tensor's. Slow."""
    if self.requires_grad:
        raise _needs_no_gradient("map_")
    if tensor.dtype is not self.dtype:
        raise TypeError(f"map_: expected {self.type()} for 'other' (got {tensor.type()})")
    return _each(self, callable, tensor)
