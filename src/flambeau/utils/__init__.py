"""Data loading, hooks and other helpers around training."""

import importlib
from types import ModuleType

__all__ = ["checkpoint", "data", "hooks", "summary"]


def __getattr__(name: str) -> ModuleType:
    # Imported when first used: `import flambeau` alone must stay quick.
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
