"""What a checkpoint may refer to when it is loaded with ``weights_only=True``.

Two lists: what is always allowed, each with the function that makes it from arguments nobody
has checked yet, and what the user has added.
"""

import codecs
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from types import TracebackType
from typing import Any

from flambeau.ir import dtypes
from flambeau.nn.parameter import Parameter
from flambeau.serialization import rebuild
from flambeau.serialization._names import torch_name
from flambeau.serialization._storages import STORAGE_TYPES
from flambeau.size import Size, device
from flambeau.tensor import Tensor

__all__ = [
    "BLOCKED_MODULES",
    "DEFAULT_GLOBALS",
    "MAKERS",
    "add_safe_globals",
    "check_key",
    "clear_safe_globals",
    "get_safe_globals",
    "safe_globals",
    "user_globals",
]

SafeGlobal = Any | tuple[Any, str]

#: Modules from which nothing is loaded, whatever the user allows.
BLOCKED_MODULES = frozenset({"sys", "os", "posix", "nt"})

# A key of a dictionary may be a tuple of tuples. Its hash is computed recursively in C, so a
# file of a few bytes could overflow the stack or take for ever: no sane key has more parts.
_KEY_PARTS = 1000

# What the user has allowed, in the order of allowing: a dictionary as an ordered set.
_user: dict[SafeGlobal, None] = {}


def check_key(key: Any) -> None:
    """Refuse what would be dangerous to hash."""
    if type(key) is not tuple:
        return
    parts = [key]
    seen = 0
    while parts:
        part = parts.pop()
        seen += 1
        if seen > _KEY_PARTS:
            raise UnpicklingError(f"a key has more than {_KEY_PARTS} parts")
        if type(part) is tuple:
            parts.extend(part[: _KEY_PARTS + 1])


def _ordered_dict(items: Any = ()) -> OrderedDict:
    result: OrderedDict = OrderedDict()
    for key, value in items.items() if isinstance(items, dict) else items:
        check_key(key)
        result[key] = value
    return result


def _counter(counts: Any = ()) -> Counter:
    if counts and not isinstance(counts, dict):
        raise UnpicklingError("a Counter is not made from a dict")
    return Counter(dict(counts))


def _set(items: Any = ()) -> set:
    if not isinstance(items, list | tuple):
        raise UnpicklingError("a set is not made from a list")
    for item in items:
        check_key(item)
    return set(items)


def _encode(text: Any, encoding: Any) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise UnpicklingError("bytes are not encoded as latin-1 text")
    return text.encode("latin-1")


def _bytearray(data: Any = "", encoding: Any = "latin-1") -> bytearray:
    return bytearray(data if isinstance(data, bytes) else _encode(data, encoding))


def _bytes() -> bytes:
    return b""


def _complex(real: Any, imaginary: Any) -> complex:
    if not isinstance(real, float) or not isinstance(imaginary, float):
        raise UnpicklingError("a complex number is not made from two floats")
    return complex(real, imaginary)


def _size(sizes: Any = ()) -> Size:
    if not isinstance(sizes, tuple) or not all(type(size) is int for size in sizes):
        raise UnpicklingError("a Size is not made from a tuple of integers")
    return Size(sizes)


def _device(kind: Any, index: Any = None) -> device:
    if not isinstance(kind, str) or not isinstance(index, int | None):
        raise UnpicklingError("a device is not made from a string")
    return device(kind, index)


def _parameter(data: Any, requires_grad: Any = True) -> Parameter:
    return rebuild.rebuild_parameter(data, requires_grad, None)


#: By the name in the pickle: what stands for it in the loaded object.
DEFAULT_GLOBALS: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "builtins.set": set,
    "builtins.bytearray": bytearray,
    "builtins.bytes": bytes,
    "builtins.complex": complex,
    "_codecs.encode": codecs.encode,
    "torch.Size": Size,
    "torch.device": device,
    "torch.Tensor": Tensor,
    "torch._tensor.Tensor": Tensor,
    "torch.nn.parameter.Parameter": Parameter,
    "torch._utils._rebuild_tensor": rebuild.rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": rebuild.rebuild_tensor_v2,
    "torch._utils._rebuild_parameter": rebuild.rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": rebuild.rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": rebuild.rebuild_from_type_v2,
}
DEFAULT_GLOBALS |= {f"torch.{name}": dtype for name, dtype in dtypes.ALL.items()}
DEFAULT_GLOBALS |= {f"{module}.{name}": kind for (module, name), kind in STORAGE_TYPES.items()}

#: By the identity of a default global: what is called in its place. The rest is no callable.
MAKERS: dict[int, Callable[..., Any]] = {
    id(OrderedDict): _ordered_dict,
    id(Counter): _counter,
    id(set): _set,
    id(bytearray): _bytearray,
    id(bytes): _bytes,
    id(complex): _complex,
    id(codecs.encode): _encode,
    id(Size): _size,
    id(device): _device,
    id(Parameter): _parameter,
    id(rebuild.rebuild_tensor): rebuild.rebuild_tensor,
    id(rebuild.rebuild_tensor_v2): rebuild.rebuild_tensor_v2,
    id(rebuild.rebuild_parameter): rebuild.rebuild_parameter,
    id(rebuild.rebuild_parameter_with_state): rebuild.rebuild_parameter_with_state,
    id(rebuild.rebuild_from_type_v2): rebuild.rebuild_from_type_v2,
}


def add_safe_globals(safe_globals: list[SafeGlobal]) -> None:
    """Allow classes and functions in checkpoints that are loaded with ``weights_only=True``.

    Args:
        safe_globals: the classes and functions, or pairs of one and the full name under which
            checkpoints know it.
    """
    _user.update(dict.fromkeys(safe_globals))


def get_safe_globals() -> list[SafeGlobal]:
    """The classes and functions that the user has allowed."""
    return list(_user)


def clear_safe_globals() -> None:
    """Forget the classes and functions that the user has allowed."""
    _user.clear()


class safe_globals:
    """Allow classes and functions in checkpoints within a ``with`` block.

    Args:
        safe_globals: as for :func:`add_safe_globals`.
    """

    def __init__(self, safe_globals: list[SafeGlobal]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        add_safe_globals(self.safe_globals)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for item in self.safe_globals:
            _user.pop(item, None)


def user_globals() -> dict[str, Any]:
    """What the user has allowed, by the names that checkpoints may use for it.

    Raises:
        ValueError, TypeError: if a pair among them is not (object, name).
    """
    return {name: obj for item in _user for name, obj in _named(item)}


def _named(item: SafeGlobal) -> list[tuple[str, Any]]:
    if not isinstance(item, tuple):
        ours = item.__module__, item.__qualname__
        return [(".".join(name), item) for name in (ours, torch_name(item)) if name]
    if len(item) != 2:
        raise ValueError(
            "Expected tuple of length 2 (global, str of callable full path), "
            f"but got tuple of length: {len(item)}"
        )
    obj, name = item
    if type(name) is not str:
        raise TypeError(
            f"Expected second item in tuple to be str of callable full path, but got: {type(name)}"
        )
    return [(name, obj)]
