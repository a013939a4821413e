"""Creating a module whose initial values do not matter."""

import inspect
from typing import Any

from flambeau.generator import fork_rng
from flambeau.nn.modules.module import Module

__all__ = ["skip_init"]


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """Create a module whose parameters will be overwritten, drawing no random numbers.

    Args:
        module_cls: the class; its constructor has to know the argument ``device``.
        *args: what the constructor is given.
        **kwargs: the same, by keyword.

    >>> from flambeau import nn
    >>> nn.utils.skip_init(nn.Linear, 2, 3)
    Linear(in_features=2, out_features=3, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    # Afterwards the generator stands where a module without initial values would have left it.
    with fork_rng():
        return module_cls(*args, **kwargs)
