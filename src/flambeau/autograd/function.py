"""Function: an operation as a pair of forward and backward. Built-in and user's have one form.

    class Exp(Operator):
        @staticmethod
        def forward(ctx, x):
            y = emit(EXP, x)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad):
            (y,) = ctx.saved_tensors
            return grad * y

Backward is written with tensor operations, so it can itself be differentiated.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from flambeau.autograd.graph import GraphNode, attach, edges_of
from flambeau.autograd.modes import mode, no_grad
from flambeau.tensor import UNRECORDED, Tensor, from_node, node_of

__all__ = ["Function", "FunctionCtx", "Operator", "once_differentiable"]


class _FunctionMeta(type):
    """Gives each Function the class of its graph nodes, named as PyTorch names them."""

    def __init__(cls, name: str, bases: tuple, namespace: dict) -> None:
        super().__init__(name, bases, namespace)
        suffix = cls._suffix  # type: ignore[attr-defined]
        parent = cls._node_base  # type: ignore[attr-defined]
        label = namespace.get("_label", name)
        body = {"function": cls, "_prefix": cls._prefix}  # type: ignore[attr-defined]
        cls._node = type(f"{label}{suffix}", (parent,), body)


class Operator(metaclass=_FunctionMeta):
    """A built-in operation. Forward records nodes with ``emit``; nothing else is checked.

    A backward returns one gradient an argument of forward (None where there is none). It need
    not undo broadcasting or casts: the engine brings each gradient to its argument's form.
    """

    _suffix = "Backward0"
    _prefix = ""
    _node_base = GraphNode
    _node: Any

    forward: Callable[..., Any]
    backward: Callable[..., Any]

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward, and record the operation when a gradient is wanted."""
        ctx = cls._node()
        edges = edges_of(args) if mode.grad else None
        if edges is None:
            outputs = cls.forward(ctx, *args)
            if not mode.grad and type(outputs) is Tensor and outputs._base is not None:
                outputs._origin = UNRECORDED
            return outputs
        ctx._edges = edges
        outputs = cls.forward(ctx, *args)
        attach(ctx, outputs if isinstance(outputs, tuple) else (outputs,))
        return outputs


class FunctionCtx(GraphNode):
    """The ``ctx`` of a user's Function."""

    _materialize = True
    _dirty: tuple[Tensor, ...] = ()
    _non_differentiable: tuple[Tensor, ...] = ()
    _needs: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        for position, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    "save_for_backward can only save variables, but argument "
                    f"{position} is of type {type(tensor).__name__}"
                )
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted for PyTorch's sake: there is no forward mode."""

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say that forward changed these inputs in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say that no gradient flows through these outputs."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None for outputs that got no gradient."""
        self._materialize = value

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        return self._needs or super().needs_input_grad

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{self.name()} object at {hex(id(self))}>"


class Function(Operator):
    """An operation of the user's own: subclass it, and call it by ``apply``.

    ``forward(ctx, *args)`` computes; ``backward(ctx, *grad_outputs)`` returns one gradient an
    argument. With a separate ``setup_context(ctx, inputs, output)``, forward takes no ctx.

    >>> import flambeau as torch
    >>> class Square(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * grad
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)
    """

    _suffix = "Backward"
    _node_base = FunctionCtx

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Give one gradient for each argument of forward."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward with recording off, then record it as one operation."""
        ctx = cls._node()
        edges = edges_of(args) if mode.grad else None
        ctx._needs = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        with no_grad():
            if "setup_context" in _namespace(cls):
                outputs = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, outputs)  # type: ignore[attr-defined]
            else:
                outputs = cls.forward(ctx, *args, **kwargs)
        results = outputs if isinstance(outputs, tuple) else (outputs,)
        results = tuple(_as_output(ctx, result, args) for result in results)
        if edges is not None:
            _record(ctx, edges, results)
        return results if isinstance(outputs, tuple) else results[0]


def _namespace(cls: type) -> set[str]:
    return {name for base in cls.__mro__ if base not in (Function, Operator) for name in vars(base)}


def _as_output(ctx: FunctionCtx, result: Any, args: tuple[Any, ...]) -> Any:
    """An input returned as it is becomes a tensor of its own, unless it was changed in place."""
    if not isinstance(result, Tensor) or any(result is dirty for dirty in ctx._dirty):
        return result
    if result._grad_fn is not None or any(result is arg for arg in args):
        return result.detach()
    return result


def _record(ctx: FunctionCtx, edges: tuple, results: tuple[Any, ...]) -> None:
    tensors = tuple(r for r in results if isinstance(r, Tensor))
    for dirty in ctx._dirty:
        if dirty.is_leaf and dirty.requires_grad:
            raise RuntimeError(
                "a leaf Variable that requires grad has been used in an in-place operation."
            )
    ctx._edges = edges
    attach(ctx, tensors)
    for tensor in ctx._non_differentiable:
        tensor._grad_fn = None


def once_differentiable(backward: Callable) -> Callable:
    """Decorate a backward that cannot itself be differentiated: trying to is an error."""

    @functools.wraps(backward)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            outputs = backward(ctx, *grads)
        if not mode.grad or not any(isinstance(g, Tensor) and g.requires_grad for g in grads):
            return outputs
        single = not isinstance(outputs, tuple)
        results = (outputs,) if single else outputs
        guarded = tuple(
            _Once.apply(from_node(node_of(r)), *grads) if isinstance(r, Tensor) else r
            for r in results
        )
        return guarded[0] if single else guarded

    return wrapper


class _Once(Operator):
    """Marks a gradient whose own derivative is not known."""

    _label = "Error"
    _suffix = ""

    @staticmethod
    def forward(ctx: Any, result: Tensor, *grads: Any) -> Tensor:
        return from_node(node_of(result))

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )
