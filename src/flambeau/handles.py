"""The handle that every ``register_…_hook`` returns."""

import weakref
from collections import OrderedDict
from types import TracebackType
from typing import Any

__all__ = ["RemovableHandle"]


class RemovableHandle:
    """Removes one hook from the dictionary it was put into.

    The handle knows the dictionary only weakly: it keeps neither the module nor the hook alive.
    As a context manager it removes the hook on leaving the block.

    Args:
        hooks_dict: the dictionary in which the hook will be stored under ``handle.id``.
        extra_dict: a dictionary, or a list of them, with options stored under the same id.
    """

    id: int
    next_id: int = 0

    def __init__(
        self,
        hooks_dict: "OrderedDict[int, Any]",
        *,
        extra_dict: "OrderedDict[int, Any] | list[OrderedDict[int, Any]] | None" = None,
    ) -> None:
        extras = extra_dict if isinstance(extra_dict, list) else [extra_dict]
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        self.extra_dict_ref = tuple(weakref.ref(extra) for extra in extras if extra is not None)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1

    def remove(self) -> None:
        """Take the hook out. Doing so twice, or after its owner is gone, is harmless."""
        for reference in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> tuple[Any, int, tuple[Any, ...]]:
        extras = tuple(reference() for reference in self.extra_dict_ref)
        return self.hooks_dict_ref(), self.id, extras

    def __setstate__(self, state: tuple[Any, int, tuple[Any, ...]]) -> None:
        hooks_dict, self.id, extras = state
        # A handle whose hooks are gone points at an empty dictionary that nobody else holds.
        self.hooks_dict_ref = weakref.ref(OrderedDict() if hooks_dict is None else hooks_dict)
        present = (OrderedDict() if extra is None else extra for extra in extras)
        self.extra_dict_ref = tuple(weakref.ref(extra) for extra in present)
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()
