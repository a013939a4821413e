"""Telling in which module an exception arose."""

import threading
from typing import TYPE_CHECKING, Any

from flambeau import ops
from flambeau.tensor import Tensor

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = ["ModuleNote", "explain", "scope", "summary"]


class Scope(threading.local):
    """The module being called in this thread, as a chain ``(chain of its caller, module)``."""

    chain: "tuple[Any, Module] | None" = None


scope = Scope()


class ModuleNote(str):
    """A note on an exception (PEP 678) that says in which module it arose."""

    __slots__ = ()


def explain(error: BaseException, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Add a note with the path of the current module, its repr and the shapes it was given.

    Only the innermost module adds one: the exception passes the outer ones with it.
    """
    notes = getattr(error, "__notes__", ())
    if scope.chain is None or any(isinstance(note, ModuleNote) for note in notes):
        return
    _, module = scope.chain
    given = _list_inputs(args, kwargs)
    error.add_note(ModuleNote(f"in {_path(scope.chain)} ({summary(module)}){given}"))


def summary(module: "Module") -> str:
    """The repr of a module on one line, without its children."""
    extra = " ".join(module.extra_repr().split())
    return f"{module._get_name()}({extra})"


def _path(chain: "tuple[Any, Module]") -> str:
    outer, module = chain
    if outer is None:
        return module._get_name()
    for name, candidate in outer[1].named_modules():
        if candidate is module:
            return f"{_path(outer)}.{name}" if name else _path(outer)
    # A module that its caller does not own begins a path of its own.
    return module._get_name()


def _list_inputs(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    listed = [_describe(value) for value in args]
    listed += [f"{name}={_describe(value)}" for name, value in kwargs.items()]
    if not listed:
        return ""
    verb = "input is" if len(listed) == 1 else "inputs are"
    return f": {verb} {', '.join(listed)}"


def _describe(value: Any) -> str:
    if isinstance(value, Tensor):
        shape = tuple(value.shape)
        # The type is worth a word where it is not the one everything has.
        ordinary = value.dtype == ops.get_default_dtype()
        return str(shape) if ordinary else f"{shape} {str(value.dtype).rpartition('.')[2]}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_describe(item) for item in value)}]"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return type(value).__name__
