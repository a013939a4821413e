"""The names that checkpoints use: PyTorch's, whatever flambeau calls a thing.

A pickle refers to classes and functions as (module, name). flambeau's modules stand where
PyTorch's do, so most names follow from exchanging the package; the table holds the rest.
"""

import sys
from importlib import import_module
from types import FunctionType
from typing import Any

__all__ = ["find", "is_torch", "torch_name"]

# flambeau's packages and PyTorch's; the first that fits counts.
_PACKAGES = (("flambeau.vision", "torchvision"), ("flambeau", "torch"))

# What PyTorch keeps elsewhere, or under another name.
_REBUILD = "flambeau.serialization.rebuild"
_MOVED = {
    ("flambeau.size", "Size"): ("torch", "Size"),
    ("flambeau.size", "device"): ("torch", "device"),
    ("flambeau.tensor", "Tensor"): ("torch", "Tensor"),
    (_REBUILD, "rebuild_tensor"): ("torch._utils", "_rebuild_tensor"),
    (_REBUILD, "rebuild_tensor_v2"): ("torch._utils", "_rebuild_tensor_v2"),
    (_REBUILD, "rebuild_parameter"): ("torch._utils", "_rebuild_parameter"),
    (_REBUILD, "rebuild_parameter_with_state"): ("torch._utils", "_rebuild_parameter_with_state"),
    (_REBUILD, "rebuild_from_type_v2"): ("torch._tensor", "_rebuild_from_type_v2"),
}
_MOVED_BACK = {theirs: ours for ours, theirs in _MOVED.items()}
_MOVED_BACK["torch._tensor", "Tensor"] = ("flambeau.tensor", "Tensor")

# Operations are defined in files of their own; users, and PyTorch, see them in these modules.
_OPERATIONS = "flambeau.ops"
_SHOWN_IN = ("flambeau.nn.functional", "flambeau")


def torch_name(obj: Any) -> tuple[str, str] | None:
    """PyTorch's module and name of a class or function of flambeau; None for anything else."""
    if not isinstance(obj, (type, FunctionType)):
        return None
    name = obj.__qualname__
    # Under `flambeau run` what is defined here carries PyTorch's names already.
    ours = _flambeau_module(obj.__module__) or obj.__module__
    if _within(ours, _OPERATIONS):
        ours = next((module for module in _SHOWN_IN if _holds(module, name, obj)), ours)
    if not _holds(ours, name, obj):
        return None
    if (ours, name) in _MOVED:
        return _MOVED[ours, name]
    theirs = _torch_module(ours)
    return None if theirs is None else (theirs, name)


def find(module: str, name: str) -> Any:
    """What flambeau has for a module and name of PyTorch's.

    Raises:
        ImportError, AttributeError: if it has nothing.
    """
    if (module, name) in _MOVED_BACK:
        module, name = _MOVED_BACK[module, name]
    found = import_module(_flambeau_module(module) or module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def is_torch(module: str) -> bool:
    """Whether a module of this name is one of PyTorch's."""
    return _flambeau_module(module) is not None


def _flambeau_module(name: str) -> str | None:
    for ours, theirs in _PACKAGES:
        if _within(name, theirs):
            return ours + name[len(theirs) :]
    return None


def _torch_module(name: str) -> str | None:
    for ours, theirs in _PACKAGES:
        if _within(name, ours):
            return theirs + name[len(ours) :]
    return None


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _holds(module: str, name: str, obj: Any) -> bool:
    """Whether a module that has been imported has this very object under this name."""
    return getattr(sys.modules.get(module), name, None) is obj
