"""PyTorch's names for what is flambeau's.

A dtype prints as ``flambeau.float32``, and as ``torch.float32`` in a program that runs
under ``flambeau run``: this module holds that one switch. Checkpoints and ``flambeau run``
call modules by PyTorch's names: this module knows which those are.
"""

__all__ = ["flambeau_module", "prefix", "torch_module", "use_torch_names", "within"]

_prefix = "flambeau"

# flambeau's packages and modules, and PyTorch's; the first that fits counts.
_MODULES = [
    ("flambeau.vision", "torchvision"),
    ("flambeau.autograd.anomaly", "torch.autograd.anomaly_mode"),
    ("flambeau.autograd.modes", "torch.autograd.grad_mode"),
    ("flambeau", "torch"),
]


def prefix() -> str:
    """Return the package name to print before a public name: ``flambeau`` or ``torch``."""
    return _prefix


def use_torch_names(enabled: bool = True) -> None:
    """Print PyTorch's names from now on, or flambeau's own when ``enabled`` is false."""
    global _prefix
    _prefix = "torch" if enabled else "flambeau"


def torch_module(name: str) -> str | None:
    """Return PyTorch's name of one of flambeau's modules; ``None`` for any other module.

    >>> torch_module("flambeau.nn.functional")
    'torch.nn.functional'
    """
    for ours, theirs in _MODULES:
        if within(name, ours):
            return theirs + name[len(ours) :]
    return None


def flambeau_module(name: str) -> str | None:
    """Return flambeau's name of one of PyTorch's modules; ``None`` for any other module.

    >>> flambeau_module("torchvision.transforms")
    'flambeau.vision.transforms'
    """
    for ours, theirs in _MODULES:
        if within(name, theirs):
            return ours + name[len(theirs) :]
    return None


def within(module: str, package: str) -> bool:
    """Tell whether a module is the package or stands in it."""
    return module == package or module.startswith(package + ".")
