"""The tensor methods that belong to autograd: ``backward``, hooks, ``retain_grad``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from flambeau.autograd import engine
from flambeau.autograd.graph import add_hook
from flambeau.handles import RemovableHandle
from flambeau.tensor import Tensor

__all__ = ["backward", "register_hook", "register_post_accumulate_grad_hook", "retain_grad"]


def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of this tensor to the ``.grad`` of every leaf it was computed from.

    ``gradient`` weighs the elements; it may be left out for a tensor of one element.
    """
    engine.backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call ``hook(grad)`` when this tensor's gradient is known; what it returns replaces it."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    fn = self.grad_fn
    if fn is None:
        return add_hook(self, "_backward_hooks", hook)
    if fn._tensor_hooks is None:
        fn._tensor_hooks = {}
    holder = _HookTable(fn._tensor_hooks, self._output_nr)
    return add_hook(holder, "table", hook)


class _HookTable:
    """One output's hooks, as an attribute that ``add_hook`` can fill."""

    def __init__(self, tables: dict, number: int) -> None:
        self.tables, self.number = tables, number

    @property
    def table(self) -> Any:
        return self.tables.get(self.number)

    @table.setter
    def table(self, value: Any) -> None:
        self.tables[self.number] = value


def register_post_accumulate_grad_hook(
    self: Tensor, hook: Callable[[Tensor], None]
) -> RemovableHandle:
    """Call ``hook(leaf)`` after a gradient was added to this leaf's ``.grad``."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.grad_fn is not None:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return add_hook(self, "_post_accumulate_grad_hooks", hook)


def retain_grad(self: Tensor) -> None:
    """Keep this non-leaf's gradient in ``.grad`` after backward."""
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    fn = self.grad_fn
    if fn is None or self._retains_grad:
        return
    self._retains_grad = True
    if fn._retained is None:
        fn._retained = {}
    fn._retained[self._output_nr] = ref(self)


for _method in (backward, register_hook, register_post_accumulate_grad_hook, retain_grad):
    setattr(Tensor, _method.__name__, _method)
