"""``@composite``: a pure function of tensors whose body is traced once and called as one node."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flambeau import runtime
from flambeau.autograd.modes import mode
from flambeau.ir import dtypes
from flambeau.ir.node import Node
from flambeau.ir.program import CALL, Program, program_of
from flambeau.tensor import Tensor, from_node, node_of

__all__ = ["composite"]

F = TypeVar("F", bound=Callable[..., Any])


def composite(function: F) -> F:
    """Record each call of ``function`` as one node.

    The function must be pure: tensors and Python values in, a tensor or a tuple of them out.
    Floats are run-time scalars (a new value costs nothing); ints, bools and others are part
    of the signature, and the body is traced again for each. Where a gradient is wanted the
    body runs as it stands, and every operation in it is recorded by itself.
    """
    programs: dict[Any, tuple[Program, bool]] = {}

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        if mode.grad and any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return function(*args)
        key, inputs = _signature(args)
        entry = programs.get(key)
        if entry is None:
            entry = programs[key] = _trace(function, args)
        program, single = entry
        results = tuple(map(from_node, runtime.record_many(CALL, *inputs, program=program)))
        return results[0] if single else results

    return call  # type: ignore[return-value]


def _signature(args: tuple[Any, ...]) -> tuple[Any, list[Node]]:
    """What a trace depends on, and the nodes that it takes as inputs."""
    key: list[Any] = [dtypes.default()]
    inputs = []
    for arg in args:
        if isinstance(arg, Tensor):
            node = node_of(arg)
            key.append((node.shape, node.dtype, arg._is_number))
            inputs.append(node)
        elif type(arg) is float:
            key.append(float)
            inputs.append(runtime.constant(arg, dtypes.float64))
        else:
            key.append((type(arg), arg))
    return tuple(key), inputs


def _trace(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Program, bool]:
    placeholders: list[Node] = []

    def stand_in(arg: Any) -> Any:
        number = type(arg) is float
        if not number and not isinstance(arg, Tensor):
            return arg
        spec = ((), dtypes.float64) if number else (node_of(arg).shape, node_of(arg).dtype)
        placeholders.append(Node(None, (), {}, *spec))
        tensor = from_node(placeholders[-1])
        tensor._is_number = number
        return tensor

    with runtime.tracing():
        results = function(*map(stand_in, args))
        single = isinstance(results, Tensor)
        outputs = [node_of(r) for r in ((results,) if single else results)]
    return program_of(placeholders, outputs), single
