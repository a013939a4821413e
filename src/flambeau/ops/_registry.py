"""How an operation is put on the map: ``@operation`` names it, and its test cases, once.

    @operation(inplace=True, methods=("__abs__", "absolute"), cases=("f(3, 4)", "i(-5, 5, 4)"))
    def abs(input: Tensor) -> Tensor: ...

binds the function itself (no wrapper) as ``Tensor.abs`` and the other methods, derives
``Tensor.abs_``, and records the cases, which drive the golden, gradient and parity tests.

A case is a call's arguments as text. In it, ``f(*shape)`` stands for normal floats, ``p`` for
positive ones in [0.5, 2], ``u`` for floats in (0.05, 0.95), ``d`` for distinct, well separated
floats, ``spd(*batch, n)`` for positive definite matrices, ``i(low, high, *shape)`` for integers,
``b(*shape)`` for bools. Floating arguments are differentiated, unless they are detached.
``torch.`` in a case is the package under test. ``python -m tools.golden.ops`` records what PyTorch
makes of new cases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from flambeau.autograd import assign
from flambeau.ops._arguments import NotAnOperand
from flambeau.tensor import Tensor

__all__ = ["OPERATIONS", "Operation", "operation"]

F = TypeVar("F", bound=Callable[..., Any])


class Operation(NamedTuple):
    """One public operation: where it is found, and how it is tried."""

    name: str
    function: Callable[..., Any]
    #: Dotted places: "torch", "nn.functional", "linalg", "special", "Tensor".
    namespaces: tuple[str, ...]
    methods: tuple[str, ...]
    cases: tuple[str, ...]
    #: Whether the derivative exists (comparisons, argmax and the like have none).
    differentiable: bool


#: Every operation, by the qualified name "torch.abs", "nn.functional.relu", "Tensor.view".
OPERATIONS: dict[str, Operation] = {}


def operation(
    *,
    namespaces: tuple[str, ...] = ("torch", "Tensor"),
    methods: tuple[str, ...] = (),
    inplace: bool | tuple[str, ...] = False,
    cases: tuple[str, ...] = (),
    differentiable: bool = True,
) -> Callable[[F], F]:
    """Register a function as an operation, and bind it as a method of Tensor.

    ``methods`` are further method names. ``inplace`` derives ``name_`` (and, given as a tuple,
    those names too, such as ``__iadd__``): compute, then write the result to the tensor.
    """

    def register(function: F) -> F:
        name = function.__name__
        bound = (name, *methods) if "Tensor" in namespaces else methods
        for method in bound:
            setattr(Tensor, method, _operator(function) if method in _BINARY else function)
        if inplace:
            further = inplace if isinstance(inplace, tuple) else ()
            variant = _inplace_variant(function)
            for method in (f"{name}_", *further):
                setattr(Tensor, method, variant)
        key = f"{namespaces[0]}.{name}"
        OPERATIONS[key] = Operation(name, function, namespaces, bound, cases, differentiable)
        return function

    return register


_BINARY = {
    *("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__"),
    *("__floordiv__", "__mod__", "__pow__", "__matmul__"),
}


def _operator(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as Python's operators want it: the other operand may know what to do."""

    def method(self: Tensor, other: Any) -> Any:
        try:
            return function(self, other)
        except NotAnOperand:
            return NotImplemented

    method.__wrapped__ = function  # type: ignore[attr-defined]
    return method


def _inplace_variant(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def variant(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return assign(self, function(self, *args, **kwargs))

    variant.__name__ = f"{function.__name__}_"
    variant.__qualname__ = f"Tensor.{variant.__name__}"
    variant.__doc__ = f"In-place version of :func:`{function.__name__}`; gives the tensor itself."
    variant.__wrapped__ = function  # type: ignore[attr-defined]
    return variant
