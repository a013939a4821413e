"""The handle that every ``register_…_hook`` returns."""

from flambeau.handles import RemovableHandle

__all__ = ["RemovableHandle"]
