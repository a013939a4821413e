"""In-place operations: a new value and a new history for a tensor and all its aliases.

y = x * 2;  v = y[0];  v.add_(w)

storage   y's cell gets a node in which v's elements are the sum; y and v both read it
history   y.grad_fn becomes CopySlices(old y, v + w); v's is read off y's when asked for
"""

from __future__ import annotations

from typing import Any

from flambeau import views
from flambeau.autograd.function import Operator
from flambeau.autograd.modes import enable_grad, mode
from flambeau.tensor import (
    MANY,
    UNRECORDED,
    Tensor,
    filled,
    from_node,
    inference,
    node_of,
    write,
)

__all__ = ["assign", "become_view"]


def assign(target: Tensor, result: Tensor) -> Tensor:
    """Make ``result``, computed from ``target``, its value and its history; gives ``target``.

    RuntimeError for a leaf that requires a gradient, for a result of another shape, or of a
    type that the target's cannot hold.
    """
    if mode.grad:
        _refuse_leaf(target)
    if target._is_inference and not inference.on:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    _check_form(target, result)
    if result.dtype is not target.dtype:
        result = result.to(target.dtype)
    node = node_of(result)
    if mode.grad and (result.requires_grad or target.requires_grad):
        if target._origin == MANY:
            _refuse_one_of_many(target)
        _rewrite_history(target, result)
    write(target, node)
    return target


def _refuse_leaf(target: Tensor) -> None:
    base = target._base
    if base is not None and target._origin == UNRECORDED and base.requires_grad:
        raise RuntimeError(
            "A view was created in no_grad mode and is being modified inplace with grad mode "
            "enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You "
            "can clarify your code by moving both the view and the inplace either both inside the "
            "no_grad block (if you don't want the inplace to be tracked) or both outside (if you "
            "want the inplace to be tracked)."
        )
    if base is None:
        if target._requires_grad and target._grad_fn is None:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
    elif base._requires_grad and base._grad_fn is None:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )


def _refuse_one_of_many(target: Tensor) -> None:
    fn = target.grad_fn
    name = "a function" if fn is None else fn.name().removesuffix("Backward0")
    raise RuntimeError(
        f"Output {target._output_nr} of {name} is a view and is being modified inplace. This view "
        "is the output of a function that returns multiple views. Such functions do not allow the "
        "output views to be modified inplace. You should replace the inplace operation by an "
        "out-of-place one."
    )


def _check_form(target: Tensor, result: Tensor) -> None:
    if result.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(result.shape)}"
        )
    if result.dtype.category > target.dtype.category:
        names = [t.dtype.tensor_type.removesuffix("Tensor") for t in (result, target)]
        raise RuntimeError(
            f"result type {names[0]} can't be cast to the desired output type {names[1]}"
        )


def _rewrite_history(target: Tensor, result: Tensor) -> None:
    base = target._base
    if base is None:
        _adopt(target, result)
        return
    steps = target._views[len(base._views) :]
    _adopt(base, CopySlices.apply(base, result, steps))


def _adopt(tensor: Tensor, result: Tensor) -> None:
    tensor._grad_fn = result.grad_fn
    tensor._output_nr = result._output_nr
    tensor._requires_grad = result.requires_grad
    tensor._history += 1


def become_view(target: Tensor, view: Tensor) -> Tensor:
    """Make ``target`` itself the view of it that ``view`` is: ``t_()``, ``unsqueeze_()`` …."""
    if mode.grad:
        _refuse_leaf(target)
    target._views = view._views
    target._read = None
    target._cell.version += 1
    if view._grad_fn is not None:
        _adopt(target, view)
        if target._base is not None:  # the newest history is its own, not the base's
            target._history = target._base._history
    return target


class CopySlices(Operator):
    """A tensor with a view of it replaced by other elements."""

    _suffix = ""
    _prefix = "torch::autograd::"

    @staticmethod
    def forward(ctx: Any, base: Tensor, source: Tensor, steps: tuple) -> Tensor:
        ctx.steps = steps
        return from_node(views.write_back(node_of(base), steps, node_of(source)))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        shape = views.geometry(grad.shape, ctx.steps).shape
        zeros = filled(shape, 0, grad.dtype)
        return CopySlices.apply(grad, zeros, ctx.steps), AsStrided.apply(grad, ctx.steps), None


class AsStrided(Operator):
    """The elements that a view reads, by its steps."""

    @staticmethod
    def forward(ctx: Any, base: Tensor, steps: tuple) -> Tensor:
        ctx.steps, ctx.spec = steps, (base.shape, base.dtype)
        return from_node(views.read(node_of(base), steps))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return CopySlices.apply(filled(*_zero(ctx.spec)), grad, ctx.steps), None


def _zero(spec: tuple) -> tuple:
    return spec[0], 0, spec[1]


def _follow_base(self: Tensor) -> None:
    """Read a view's history off that of its base, which was written in place since."""
    base = self._base
    assert base is not None
    self._history = base._history
    steps = self._views[len(base._views) :]
    with enable_grad():
        fresh = AsStrided.apply(base, steps)
    self._grad_fn = fresh._grad_fn
    self._output_nr = 0
    self._requires_grad = fresh._grad_fn is not None


Tensor._follow_base = _follow_base  # type: ignore[method-assign]
