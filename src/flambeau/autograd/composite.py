"""Composites: bodies written with tensor operations, traced once and recorded as one CALL node.

    @composite                     a pure function: an optimizer's update
    class Gelu(CompositeOperator)  an operation with a derivative: forward and backward are bodies

A body is traced again for each form of its arguments: shapes and dtypes of tensors, values of
ints, bools and others. Floats are run-time scalars: a new value costs nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from flambeau import runtime
from flambeau.autograd.function import Operator
from flambeau.autograd.graph import GraphNode, attach, edges_of
from flambeau.autograd.modes import mode, no_grad
from flambeau.autograd.saving import pack
from flambeau.ir import dtypes
from flambeau.ir.node import Node
from flambeau.ir.program import CALL, Program, program_of
from flambeau.tensor import Tensor, from_node, node_of

__all__ = ["CompositeOperator", "composite", "number"]

F = TypeVar("F", bound=Callable[..., Any])

# Where each result of a body is found among the outputs of its program; None for a lone tensor.
_Places = tuple[int | None, ...] | None


def composite(function: F) -> F:
    """Record each call of a pure function of tensors and Python values as one node.

    It returns a tensor, or a tuple of tensors and None. Where a gradient is wanted the body
    runs as it stands, and every operation in it is recorded by itself.
    """
    programs: dict[Any, tuple[Program, _Places]] = {}

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        if mode.grad and any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return function(*args)
        key, inputs = _signature(args)
        entry = programs.get(key)
        if entry is None:
            entry = programs[key] = _trace(function, args)
        program, places = entry
        results = _call(program, inputs)
        if places is None:
            return results[0]
        return tuple(None if place is None else results[place] for place in places)

    return call  # type: ignore[return-value]


def number(value: float) -> Tensor:
    """A run-time scalar, made once to be passed to several composites."""
    tensor = from_node(runtime.constant(value, dtypes.float64))
    tensor._is_number = True
    return tensor


def _call(program: Program, inputs: list[Node]) -> tuple[Tensor, ...]:
    return tuple(map(from_node, runtime.record_many(CALL, *inputs, program=program)))


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


def _stand_ins(args: tuple[Any, ...]) -> tuple[list[Any], list[Node]]:
    """The arguments with placeholders for tensors and floats, and the placeholders."""
    placeholders: list[Node] = []
    stand_ins = []
    for arg in args:
        number = type(arg) is float
        if number or isinstance(arg, Tensor):
            spec = ((), dtypes.float64) if number else (node_of(arg).shape, node_of(arg).dtype)
            placeholders.append(Node(None, (), {}, *spec))
            tensor = from_node(placeholders[-1])
            tensor._is_number = number or arg._is_number
            arg = tensor
        stand_ins.append(arg)
    return stand_ins, placeholders


def _trace(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Program, _Places]:
    stand_ins, placeholders = _stand_ins(args)
    with runtime.tracing(), no_grad():
        results = function(*stand_ins)
    if isinstance(results, Tensor):
        return program_of(placeholders, [node_of(results)]), None
    outputs = [node_of(r) for r in results if r is not None]
    numbers = iter(range(len(outputs)))
    places = tuple(None if r is None else next(numbers) for r in results)
    return program_of(placeholders, outputs), places


# Operators ----------------------------------------------------------------------------------


class _Forward(NamedTuple):
    """A traced forward.

    The program's outputs are forward's, then the interior values saved for backward. ``saved``
    says where each saved value is found: among the arguments, or among those outputs.
    """

    program: Program
    single: bool
    results: int
    saved: tuple[tuple[str, int] | None, ...]
    notes: dict[str, Any]

    @property
    def interior(self) -> bool:
        """Whether a saved value is neither an argument nor a result."""
        return any(place is not None and place >= ("output", self.results) for place in self.saved)


class CompositeOperator(Operator):
    """An operation whose forward and backward are written with tensor operations.

    Each is recorded as one node. Values (tensors, floats) are kept by ``save_for_backward``;
    what else forward puts on ``ctx`` is part of the form of the call. With ``create_graph``
    backward runs as it stands, differentiably.
    """

    _forwards: dict[Any, _Forward]
    _backwards: dict[Any, Any]

    def __init_subclass__(cls) -> None:
        cls._forwards, cls._backwards = {}, {}

    @classmethod
    def apply(cls, *args: Any) -> Any:
        edges = edges_of(args) if mode.grad else None
        key, inputs = _signature(args)
        needs = () if edges is None else tuple(e is not None and e.fn is not None for e in edges)
        traced = cls._forwards.get((key, needs))
        if traced is None:
            traced = cls._forwards[key, needs] = _trace_forward(cls, args, edges or ())
        outputs = _call(traced.program, inputs)
        results = outputs[: traced.results]
        if edges is not None:
            ctx = cls._node()
            ctx._edges = edges
            ctx.__dict__.update(traced.notes)
            sources = {"argument": args, "output": outputs}
            ctx._to_save = tuple(s and sources[s[0]][s[1]] for s in traced.saved)
            if traced.interior:
                ctx._arguments = tuple(pack(arg, ()) for arg in args)
            attach(ctx, results)
        return results[0] if traced.single else results


def _trace_forward(cls: Any, args: tuple[Any, ...], edges: tuple[Any, ...]) -> _Forward:
    stand_ins, placeholders = _stand_ins(args)
    ctx = cls._node()
    ctx._edges = edges
    with runtime.tracing(), no_grad():
        results = cls.forward(ctx, *stand_ins)
    single = isinstance(results, Tensor)
    outputs = [results] if single else list(results)
    count = len(outputs)
    saved = [_place(tensor, stand_ins, outputs) for tensor in ctx._to_save]
    notes = {k: v for k, v in ctx.__dict__.items() if k not in ("_edges", "_to_save")}
    for name, note in notes.items():
        if isinstance(note, Tensor):
            raise TypeError(f"{cls.__name__}: keep ctx.{name} by save_for_backward: it is a value")
    program = program_of(placeholders, [node_of(x) for x in outputs])
    return _Forward(program, single, count, tuple(saved), notes)


def _place(tensor: Any, args: list[Any], outputs: list[Any]) -> tuple[str, int] | None:
    """Where a saved value is found; an interior one becomes one more output."""
    if tensor is None:
        return None
    for number, arg in enumerate(args):
        if arg is tensor:
            return "argument", number
    for number, output in enumerate(outputs):
        if output is tensor:
            return "output", number
    outputs.append(tensor)
    return "output", len(outputs) - 1


class _StandInCtx:
    """What a traced backward sees as its ``ctx``."""

    def __init__(self, ctx: GraphNode, saved: tuple[Any, ...]) -> None:
        skipped = ("_edges", "_saved", "_arguments", "_tensor_hooks", "_hooks")
        self.__dict__.update({k: v for k, v in ctx.__dict__.items() if k not in skipped})
        self.needs_input_grad = ctx.needs_input_grad
        self.saved_tensors = saved


def traced_backward(ctx: Any, gradients: list[Any]) -> Any:
    """The backward of a composite operator, as one node."""
    saved = ctx.saved_tensors
    values = (*saved, *gradients)
    key, inputs = _signature(values)
    programs = ctx.function._backwards
    key = (key, ctx.needs_input_grad, _notes(ctx))
    entry = programs.get(key)
    if entry is None:
        entry = programs[key] = _trace_backward(ctx, values, len(saved))
    program, places = entry
    outputs = _call(program, inputs) if program is not None else ()
    return tuple(None if place is None else outputs[place] for place in places)


def replayed_backward(ctx: Any, gradients: list[Any]) -> Any:
    """The backward of a composite operator as it stands, to be differentiated again.

    Interior values were saved without a history: forward runs once more, operation by operation,
    to give them one.
    """
    if ctx._arguments is None:
        return ctx.function.backward(ctx, *gradients)
    ctx.saved_tensors  # noqa: B018  raises if the graph was freed
    inner = ctx.function._node()
    inner._edges = ctx._edges
    ctx.function.forward(inner, *map(ctx._unpack, ctx._arguments))
    return ctx.function.backward(_StandInCtx(ctx, inner._to_save), *gradients)


def _notes(ctx: Any) -> tuple[Any, ...]:
    return tuple((k, v) for k, v in ctx.__dict__.items() if not k.startswith("_"))


def _trace_backward(ctx: Any, values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    stand_ins, placeholders = _stand_ins(values)
    saved, gradients = tuple(stand_ins[:count]), stand_ins[count:]
    with runtime.tracing(), no_grad():
        results = ctx.function.backward(_StandInCtx(ctx, saved), *gradients)
    results = results if isinstance(results, tuple) else (results,)
    outputs = [node_of(r) for r in results if r is not None]
    numbers = iter(range(len(outputs)))
    places = tuple(None if r is None else next(numbers) for r in results)
    return (program_of(placeholders, outputs) if outputs else None), places
