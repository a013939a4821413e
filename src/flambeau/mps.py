"""``torch.mps``: Apple's GPU is not served; these are the calls that do nothing without one."""

from __future__ import annotations

__all__ = ["current_allocated_memory", "device_count", "empty_cache", "manual_seed", "synchronize"]


def device_count() -> int:
    """Zero."""
    return 0


def current_allocated_memory() -> int:
    """Zero bytes."""
    return 0


def empty_cache() -> None:
    """Nothing to free."""


def manual_seed(seed: int) -> None:
    """No generator to seed."""


def synchronize() -> None:
    """Nothing to wait for."""
