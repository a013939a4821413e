"""Telling in which module an exception arose."""

from typing import TYPE_CHECKING, Any

from flambeau.ir import dtypes
from flambeau.runtime import scope_path
from flambeau.tensor import Tensor

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = ["ModuleNote", "explain"]


class ModuleNote(str):
    """A note on an exception (PEP 678) that says in which module it arose."""

    __slots__ = ()


def explain(
    error: BaseException, scope: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Add a note with the path of a module, its repr and the shapes it was given.

    Only the innermost module adds one: the exception passes the outer ones with it.

    Args:
        error: what was raised.
        scope: that of the module, which is alive.
        args: what the module was called with.
        kwargs: the same, by keyword.
    """
    notes = getattr(error, "__notes__", ())
    if any(isinstance(note, ModuleNote) for note in notes):
        return
    given = _list_inputs(args, kwargs)
    error.add_note(ModuleNote(f"in {scope_path(scope)} ({_summary(scope[0]())}){given}"))


def _summary(module: "Module") -> str:
    """The repr of a module on one line, without its children."""
    extra = " ".join(module.extra_repr().split())
    return f"{module._get_name()}({extra})"


def _list_inputs(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    listed = [_describe(value) for value in args]
    listed += [f"{name}={_describe(value)}" for name, value in kwargs.items()]
    if not listed:
        return ""
    verb = "input is" if len(listed) == 1 else "inputs are"
    return f": {verb} {', '.join(listed)}"


def _describe(value: Any) -> str:
    if isinstance(value, Tensor):
        shape = str(tuple(value.shape))
        # The type is worth a word where it is not the one everything has.
        ordinary = value.dtype == dtypes.default()
        return shape if ordinary else f"{shape} {str(value.dtype).rpartition('.')[2]}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_describe(item) for item in value)}]"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return type(value).__name__
