"""Values saved for backward, and the hooks that may store them in another form."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from flambeau.autograd.modes import no_grad
from flambeau.ir.node import Node
from flambeau.tensor import Tensor, from_node, node_of

__all__ = ["Saved", "disable_saved_tensors_hooks", "pack", "save_on_cpu", "saved_tensors_hooks"]

SECOND_BACKWARD = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you "
    "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
    "through the graph a second time or if you need to access saved tensors after calling backward."
)

_SELF = object()  # stands for the node that saves its own output, which would make a cycle


class Saved(NamedTuple):
    """A value kept for backward, with the history it had when it was saved.

    Holding the immutable value, not the tensor, keeps later in-place writes from reaching it.
    """

    value: Any  # a Node; what the pack hook gave, when there is an unpack hook
    leaf: Tensor | None
    grad_fn: Any
    output_nr: int
    unpack_hook: Callable[[Any], Any] | None = None

    def unpack(self, owner: Any) -> Tensor:
        """The tensor, as it was when the graph node ``owner`` saved it."""
        tensor = from_node(self._node())
        if self.grad_fn is not None:
            tensor._grad_fn = owner if self.grad_fn is _SELF else self.grad_fn
            tensor._output_nr = self.output_nr
        elif self.leaf is not None:
            tensor._requires_grad = True
            tensor._leaf = self.leaf  # type: ignore[attr-defined]
        return tensor

    def _node(self) -> Node:
        if self.unpack_hook is None:
            return self.value
        with no_grad():
            tensor = self.unpack_hook(self.value)
        if not isinstance(tensor, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got "
                f"result of type {type(tensor)}"
            )
        return node_of(tensor)


def pack(tensor: Any, outputs: tuple[Tensor, ...]) -> Any:
    """What is kept of a tensor (or None, or number) that an operation saves for backward."""
    if not isinstance(tensor, Tensor):
        return tensor  # a Python number that a composite keeps as a run-time scalar
    if tensor._is_inference:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
            "inference mode in computation tracked by autograd. To work around this, you can make "
            "a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` "
            "instead of `torch.inference_mode()`."
        )
    kept = _with_history(tensor, outputs)
    if not _state.hooks:
        return kept
    pack_hook, unpack_hook = _state.hooks[-1]
    with no_grad():
        packed = pack_hook(tensor.detach())
    return kept._replace(value=packed, unpack_hook=unpack_hook)


def _with_history(tensor: Tensor, outputs: tuple[Tensor, ...]) -> Saved:
    for number, output in enumerate(outputs):
        if tensor is output:
            return Saved(node_of(tensor), None, _SELF, number)
    fn = tensor._grad_fn if tensor._base is None else tensor.grad_fn
    leaf = None
    if fn is None and tensor._requires_grad:
        leaf = getattr(tensor, "_leaf", tensor)
    return _tuple(Saved, (node_of(tensor), leaf, fn, tensor._output_nr, None))


_tuple = tuple.__new__  # a named tuple's own constructor takes three times as long


class _State(threading.local):
    """The pairs of hooks in force in this thread, and why there must be none."""

    hooks: tuple[tuple[Callable, Callable], ...] = ()
    disabled: str | None = None


_state = _State()


class saved_tensors_hooks:
    """Within the body, keep ``pack_hook(tensor)`` of what is saved for backward.

    Backward gets ``unpack_hook`` of that: values may be compressed, or kept on disk.

    >>> import flambeau as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), torch.tensor):
    ...     y = x * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([2., 2.])
    """

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if _state.disabled is not None:
            raise RuntimeError(_state.disabled)
        _state.hooks = (*_state.hooks, (self.pack_hook, self.unpack_hook))

    def __exit__(self, *exception: object) -> None:
        _state.hooks = _state.hooks[:-1]


class save_on_cpu(saved_tensors_hooks):
    """Accepted for PyTorch's sake: saved values are on the CPU already."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor, lambda tensor: tensor)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Within the body, ``saved_tensors_hooks`` is a RuntimeError with this message."""
    if _state.hooks:
        raise RuntimeError(error_message)
    outer, _state.disabled = _state.disabled, error_message
    try:
        yield
    finally:
        _state.disabled = outer
