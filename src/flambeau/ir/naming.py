"""Whether names are printed as flambeau's or as PyTorch's.

A dtype prints as ``flambeau.float32``, and as ``torch.float32`` in a program that runs
under ``flambeau run``. This module holds that one switch.
"""

__all__ = ["prefix", "use_torch_names"]

_prefix = "flambeau"


def prefix() -> str:
    """Return the package name to print before a public name: ``flambeau`` or ``torch``."""
    return _prefix


def use_torch_names(enabled: bool = True) -> None:
    """Print PyTorch's names from now on, or flambeau's own when ``enabled`` is false."""
    global _prefix
    _prefix = "torch" if enabled else "flambeau"
