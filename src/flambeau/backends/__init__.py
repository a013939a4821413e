"""What runs a recorded graph: the reference interpreter (and, in time, compilers).

``backends.cudnn``, ``backends.cuda`` and ``backends.mps`` answer programs that ask PyTorch's
backends what is there, or that set them.
"""

import importlib
from types import ModuleType

__all__ = ["cuda", "cudnn", "mps"]


def __getattr__(name: str) -> ModuleType:
    # Imported when first used: `import flambeau` alone must stay quick.
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
