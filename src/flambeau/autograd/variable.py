"""Variable: what tensors were called before Variable and Tensor became one."""

from __future__ import annotations

from typing import Any

from flambeau.tensor import Tensor

__all__ = ["Variable"]


class _VariableMeta(type):
    def __instancecheck__(cls, other: Any) -> bool:
        return isinstance(other, Tensor)

    def __call__(cls, data: Tensor, requires_grad: bool = False) -> Tensor:
        return data.detach().requires_grad_(requires_grad)


class Variable(metaclass=_VariableMeta):
    """``Variable(tensor)`` is a tensor that shares its storage; every tensor is a Variable."""
