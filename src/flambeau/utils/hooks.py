"""The handle that every ``register_…_hook`` returns (it lives on a lower floor)."""

from flambeau.handles import RemovableHandle

__all__ = ["RemovableHandle"]
