"""The functions by which a checkpoint says how its tensors are made.

PyTorch's checkpoints call them by PyTorch's names (``torch._utils._rebuild_tensor_v2``), and so
do flambeau's. Their arguments come from files that may be damaged or hostile: each is checked.
"""

from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

from flambeau.nn.parameter import Parameter
from flambeau.serialization._storages import Storage
from flambeau.tensor import Tensor

__all__ = [
    "own_attributes",
    "rebuild_from_type_v2",
    "rebuild_parameter",
    "rebuild_parameter_with_state",
    "rebuild_tensor",
    "rebuild_tensor_v2",
]

# What a tensor keeps in its own dictionary for its own purposes. The mark of a subclass that
# counts as a parameter is the user's to set.
_INTERNAL = (frozenset(dir(Tensor)) | frozenset(Tensor.__annotations__)) - {"_is_param"}


def rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any) -> Tensor:
    """A tensor on part of a storage."""
    if not isinstance(storage, Storage):
        raise UnpicklingError(f"a tensor's storage is a {type(storage).__name__}")
    return storage.tensor(offset, size, stride)


def rebuild_tensor_v2(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    """A tensor on part of a storage. Hooks are never stored; the argument is for form."""
    if metadata:
        raise UnpicklingError(f"tensors with metadata {metadata!r} are not supported")
    tensor = rebuild_tensor(storage, offset, size, stride)
    return tensor.requires_grad_(_flag(requires_grad))


def rebuild_parameter(data: Any, requires_grad: Any, backward_hooks: Any) -> Parameter:
    """A parameter that shares a tensor's storage."""
    if not isinstance(data, Tensor):
        raise UnpicklingError(f"a parameter's data is a {type(data).__name__}")
    return Parameter(data, _flag(requires_grad))


def rebuild_parameter_with_state(
    data: Any, requires_grad: Any, backward_hooks: Any, state: Any
) -> Parameter:
    """A parameter to which the user had given attributes."""
    parameter = rebuild_parameter(data, requires_grad, backward_hooks)
    _set_attributes(parameter, state)
    return parameter


def rebuild_from_type_v2(
    function: Callable[..., Tensor], new_type: Any, arguments: Any, state: Any
) -> Tensor:
    """A tensor of a subclass, or one to which the user had given attributes."""
    if function not in (rebuild_tensor, rebuild_tensor_v2):
        raise UnpicklingError(f"a tensor cannot be rebuilt by {function!r}")
    if not isinstance(new_type, type) or not issubclass(new_type, Tensor):
        raise UnpicklingError(f"{new_type!r} is no class of tensors")
    tensor = function(*arguments)
    if new_type is not Tensor:
        requires_grad = tensor.requires_grad
        tensor = Tensor._make_subclass(new_type, tensor, requires_grad)
    _set_attributes(tensor, state)
    return tensor


def own_attributes(tensor: Tensor) -> dict[str, Any]:
    """The attributes that the user gave to a tensor."""
    return {name: value for name, value in tensor.__dict__.items() if name not in _INTERNAL}


def _set_attributes(tensor: Tensor, state: Any) -> None:
    if not isinstance(state, dict):
        raise UnpicklingError(f"a tensor's attributes are a {type(state).__name__}")
    for name, value in state.items():
        if not isinstance(name, str) or name in _INTERNAL:
            raise UnpicklingError(f"a tensor's attribute {name!r} cannot be set")
        tensor.__dict__[name] = value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnpicklingError(f"a flag is {value!r}")
    return value
