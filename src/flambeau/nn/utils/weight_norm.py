"""Weight norm by a hook before ``forward``: the older form of parametrizations.weight_norm."""

import warnings
from typing import Any, TypeVar

from flambeau.nn.modules.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.nn.utils.parametrizations import norm_except_dim
from flambeau.tensor import Tensor

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook: before each ``forward`` it computes the weight from its length and direction.

    Args:
        name: the name of the weight.
        dim: the dimension whose slices have lengths of their own; -1 for none.
    """

    def __init__(self, name: str, dim: int) -> None:
        self.name = name
        self.dim = dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight, from ``name_g`` and ``name_v``."""
        length = getattr(module, f"{self.name}_g")
        direction = getattr(module, f"{self.name}_v")
        return direction * (length / norm_except_dim(direction, self.dim))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Learn ``name_g``, the length, and ``name_v``, the direction, in place of a weight.

    Deprecated: ``nn.utils.parametrizations.weight_norm`` does the same without a hook.

    Args:
        module: a layer.
        name: the name of its weight.
        dim: one length is learned for each index of this dimension; None learns a single one.
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of "
        "`torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if _find_hook(module, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, -1 if dim is None else dim)
    weight = getattr(module, name)
    delattr(module, name)
    length = norm_except_dim(weight.detach(), hook.dim)
    module.register_parameter(f"{name}_g", Parameter(length))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter again, with its present value."""
    identity = _find_hook(module, name)
    if identity is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    hook = module._forward_pre_hooks.pop(identity)
    weight = hook.compute_weight(module)  # type: ignore[attr-defined]
    delattr(module, name)
    delattr(module, f"{name}_g")
    delattr(module, f"{name}_v")
    setattr(module, name, Parameter(weight.detach()))
    return module


def _find_hook(module: Module, name: str) -> int | None:
    for identity, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            return identity
    return None
