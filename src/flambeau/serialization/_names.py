"""The names that checkpoints use: PyTorch's, whatever flambeau calls a thing.

A pickle refers to classes and functions as (module, name). flambeau's modules stand where
PyTorch's do, so most names follow from exchanging the package; the table holds the rest.
"""

import sys
from importlib import import_module
from operator import attrgetter
from types import FunctionType
from typing import Any

from flambeau.ir.naming import flambeau_module, torch_module, within

__all__ = ["find", "is_torch", "torch_name"]

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

# Modules that PyTorch has in one with others.
_MERGED = {
    "flambeau.nn.modules.multihead": "flambeau.nn.modules.activation",
    "flambeau.nn.modules.parameter_container": "flambeau.nn.modules.container",
}

# Operations are defined in files of their own; users, and PyTorch, see them in these modules.
_OPERATIONS = "flambeau.ops"
_SHOWN_IN = ("flambeau.nn.functional", "flambeau")


def torch_name(obj: Any) -> tuple[str, str] | None:
    """PyTorch's module and name of a class or function of flambeau; None for anything else."""
    if not isinstance(obj, (type, FunctionType)):
        return None
    name = obj.__qualname__
    # Under `flambeau run` what is defined here carries PyTorch's names already.
    ours = flambeau_module(obj.__module__) or obj.__module__
    place = next((place for place in _places(ours) if _holds(place, name, obj)), None)
    if place is None:
        return None
    if (place, name) in _MOVED:
        return _MOVED[place, name]
    theirs = torch_module(_MERGED.get(place, place))
    return None if theirs is None else (theirs, name)


def find(module: str, name: str) -> Any:
    """What flambeau has for a module and name of PyTorch's.

    Raises:
        AttributeError: if it has nothing.
    """
    complaint = f"flambeau has no counterpart of {module}.{name}"
    if (module, name) in _MOVED_BACK:
        module, name = _MOVED_BACK[module, name]
    place = flambeau_module(module) or module
    # What PyTorch defines in one file may stand in two here; the packages show it all.
    while True:
        try:
            return attrgetter(name)(import_module(place))
        except (ModuleNotFoundError, AttributeError) as error:
            place = place.rpartition(".")[0]
            if "." not in place:
                raise AttributeError(complaint) from error


def is_torch(module: str) -> bool:
    """Whether a module of this name is one of PyTorch's."""
    return flambeau_module(module) is not None


def _places(module: str) -> tuple[str, ...]:
    """The modules that may be PyTorch's place for what stands in a module, the best one first."""
    if within(module, _OPERATIONS):
        return _SHOWN_IN
    package, _, last = module.rpartition(".")
    return (package, module) if last.startswith("_") else (module,)


def _holds(module: str, name: str, obj: Any) -> bool:
    """Whether a module that has been imported has this very object under this name."""
    return getattr(sys.modules.get(module), name, None) is obj
