"""``torch.jit``: programs are recorded and compiled as they run, so scripting changes nothing."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = [
    "export",
    "ignore",
    "is_scripting",
    "is_tracing",
    "load",
    "save",
    "script",
    "trace",
    "unused",
]


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """``obj`` itself: a function or a module runs as it is."""
    return obj


def export(fn: Any) -> Any:
    """``fn`` itself."""
    return fn


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself, or a decorator that gives it: ``@ignore`` and ``@ignore()``."""
    return drop if callable(drop) else export


def unused(fn: Any) -> Any:
    """``fn`` itself."""
    return fn


def is_scripting() -> bool:
    """False: Python always runs."""
    return False


def is_tracing() -> bool:
    """False: Python always runs."""
    return False


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"jit.{name} is left out: there is no TorchScript here. Keep a model's state_dict with "
        "save and load; nothing needs tracing to run compiled"
    )


def trace(*args: Any, **kwargs: Any) -> NoReturn:
    """Left out: raises NotImplementedError."""
    _refuse("trace")


def save(*args: Any, **kwargs: Any) -> NoReturn:
    """Left out: raises NotImplementedError."""
    _refuse("save")


def load(*args: Any, **kwargs: Any) -> NoReturn:
    """Left out: raises NotImplementedError."""
    _refuse("load")
