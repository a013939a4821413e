"""Warning of modules that sit in a plain list, tuple or dict, where nothing finds them.

The rule: the first time the parameters of a module are listed, every plain container that is an
attribute of it or of its descendants is looked through. If it holds a module with a trainable
parameter that the listing lacks, a warning names the class and the attribute, once for each.

Two uses of a plain container are meant, and pass in silence: a module kept out of training has
no trainable parameter, and a reference back to the owner contains the module that holds it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from flambeau import runtime

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = ["warn_of_hidden_modules"]

_examined: "WeakSet[Module]" = WeakSet()
_warned: set[tuple[type, str]] = set()


def warn_of_hidden_modules(root: "Module") -> None:
    """Look through ``root`` and its descendants, unless this was done before."""
    if root in _examined:
        return
    _examined.add(root)
    listed = {id(parameter) for module in root.modules() for parameter in _own(module)}
    for module in root.modules():
        for name, value in vars(module).items():
            if not isinstance(value, list | tuple | dict) or name.startswith("_"):
                continue
            if any(_is_lost(hidden, module, listed) for hidden in _modules_in(value)):
                _warn(type(module), name, value)


def _own(module: "Module") -> list[Any]:
    return [parameter for parameter in module._parameters.values() if parameter is not None]


def _modules_in(value: Any) -> "Iterator[Module]":
    items = value.values() if isinstance(value, dict) else value
    for item in items:
        # Anything with both of these is a Module, which this file cannot import.
        if hasattr(item, "_modules") and hasattr(item, "_parameters"):
            yield item


def _is_lost(hidden: "Module", holder: "Module", listed: set[int]) -> bool:
    inside = list(hidden.modules())
    if any(module is holder for module in inside):
        return False
    trainable = (each for module in inside for each in _own(module) if each.requires_grad)
    return any(id(parameter) not in listed for parameter in trainable)


def _warn(owner: type, name: str, value: Any) -> None:
    if (owner, name) in _warned:
        return
    _warned.add((owner, name))
    better = "nn.ModuleDict" if isinstance(value, dict) else "nn.ModuleList"
    runtime.warn(
        f"{owner.__name__}.{name} is a plain {type(value).__name__}: the modules in it are not "
        f"registered, so their parameters are neither trained, moved nor saved. "
        f"Use {better} instead."
    )
