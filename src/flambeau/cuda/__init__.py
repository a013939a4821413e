"""``torch.cuda``: there is none. What programs ask before they use it answers so.

>>> import flambeau as torch
>>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
device(type='cpu')
"""

from __future__ import annotations

from typing import Any, NoReturn

from flambeau.cuda import amp

__all__ = [
    "amp",
    "current_device",
    "device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_reserved",
    "reset_peak_memory_stats",
    "seed_all",
    "set_device",
    "synchronize",
]


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def device_count() -> int:
    """Zero."""
    return 0


def memory_allocated(device: Any = None) -> int:
    """Zero bytes."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def empty_cache() -> None:
    """Nothing to free."""


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing to forget."""


def manual_seed(seed: int) -> None:
    """No generator to seed: accepted, as PyTorch does."""


manual_seed_all = manual_seed


def seed_all() -> None:
    """No generator to seed."""


class device:
    """A context manager that chooses a device: with none there, it does nothing."""

    def __init__(self, device: Any) -> None:
        self.idx = device

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        pass


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    """There is no such device: raises AssertionError, as PyTorch's CPU build does."""
    raise AssertionError("Torch not compiled with CUDA enabled")


current_device = get_device_capability = get_device_name = get_device_properties = _refuse
mem_get_info = set_device = synchronize = _refuse
