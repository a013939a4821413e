"""What a module holds, by name."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flambeau.ir import naming
from flambeau.nn.parameter import Parameter
from flambeau.tensor import Tensor

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = ["ModuleAttributes", "initial_state", "typename"]

Hooks = OrderedDict[int, Callable[..., Any]]
Flags = OrderedDict[int, bool]


class ModuleAttributes:
    """The attributes of every module, whichever file its methods are written in."""

    training: bool

    # The tensors and modules assigned as attributes.
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: "dict[str, Module | None]"

    # Hooks around the backward pass. A module's backward hooks are all of the full kind, or all
    # of the older kind that sees only the last operation; None until the first is registered.
    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks
    _is_full_backward_hook: bool | None

    # Hooks around forward(), and the options of each under the same id.
    _forward_hooks: Hooks
    _forward_hooks_with_kwargs: Flags
    _forward_hooks_always_called: Flags
    _forward_pre_hooks: Hooks
    _forward_pre_hooks_with_kwargs: Flags

    # Hooks around state_dict() and load_state_dict().
    _state_dict_hooks: Hooks
    _state_dict_pre_hooks: Hooks
    _load_state_dict_pre_hooks: Hooks
    _load_state_dict_post_hooks: Hooks


def initial_state() -> dict[str, Any]:
    """The attributes of a module that nothing was assigned to yet."""
    return {
        "training": True,
        "_parameters": {},
        "_buffers": {},
        "_non_persistent_buffers_set": set(),
        "_backward_pre_hooks": OrderedDict(),
        "_backward_hooks": OrderedDict(),
        "_is_full_backward_hook": None,
        "_forward_hooks": OrderedDict(),
        "_forward_hooks_with_kwargs": OrderedDict(),
        "_forward_hooks_always_called": OrderedDict(),
        "_forward_pre_hooks": OrderedDict(),
        "_forward_pre_hooks_with_kwargs": OrderedDict(),
        "_state_dict_hooks": OrderedDict(),
        "_state_dict_pre_hooks": OrderedDict(),
        "_load_state_dict_pre_hooks": OrderedDict(),
        "_load_state_dict_post_hooks": OrderedDict(),
        "_modules": {},
    }


def typename(value: Any) -> str:
    """How error messages name the type of a value: ``torch.FloatTensor``, ``str``, ``a.b.C``."""
    if isinstance(value, Tensor):
        return value.type()
    kind = value if hasattr(value, "__qualname__") else type(value)
    module = kind.__module__
    if module == "builtins":
        return kind.__qualname__
    if module.partition(".")[0] == "flambeau":
        module = module.replace("flambeau", naming.prefix(), 1)
    return f"{module}.{kind.__qualname__}"
