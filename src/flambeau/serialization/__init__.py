"""Checkpoints: ``save`` and ``load`` in PyTorch's format, safe against damaged and hostile files.

``flambeau.save`` and ``flambeau.load`` are the functions of this package. The rest of it decides
what a checkpoint may contain beside tensors and plain values when it is loaded.
"""

from flambeau.serialization._load import get_unsafe_globals_in_checkpoint, load
from flambeau.serialization._safe_globals import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from flambeau.serialization._save import save

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
    "save",
]
