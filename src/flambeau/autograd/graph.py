"""The graph of ``grad_fn`` nodes, recorded as operations run.

    loss.grad_fn ──► MseLossBackward0 ──edges──► AddmmBackward0 ──► AccumulateGrad(weight)

Each node knows its derivative (a ``Function``), the values saved for it, and its edges: for
each tensor argument, which output of which node produced it.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import ref

from flambeau.autograd import anomaly
from flambeau.autograd.saving import (
    SECOND_BACKWARD,
    Saved,
    disable_saved_tensors_hooks,
    pack,
    save_on_cpu,
    saved_tensors_hooks,
)
from flambeau.handles import RemovableHandle
from flambeau.ir.dtypes import FLOAT, DType
from flambeau.ir.node import Shape
from flambeau.tensor import Tensor, node_of

__all__ = [
    "AccumulateGrad",
    "Edge",
    "GradientEdge",
    "GraphNode",
    "Node",
    "add_hook",
    "attach",
    "disable_saved_tensors_hooks",
    "edge_of",
    "edges_of",
    "get_gradient_edge",
    "save_on_cpu",
    "saved_tensors_hooks",
]

_sequence = itertools.count(1)


class Edge(NamedTuple):
    """Where one argument's gradient goes: to an output of a node, of a known shape and dtype."""

    fn: Any
    output_nr: int
    shape: Shape
    dtype: DType


class GraphNode:
    """One recorded operation: its ``ctx`` during forward, its ``grad_fn`` afterwards."""

    function: Any = None
    _prefix = ""
    _to_save: tuple[Any, ...] = ()
    _saved: tuple[Any, ...] | None = ()
    _arguments: tuple[Any, ...] | None = None  # a composite's, where backward may need them
    _edges: tuple[Edge | None, ...] = ()
    _outputs: tuple[tuple[Shape, DType], ...] = ()
    _sequence_nr: int = 0
    _tensor_hooks: dict[int, dict[int, Callable]] | None = None
    _retained: dict[int, ref] | None = None
    _pre_hooks: dict[int, Callable] | None = None
    _hooks: dict[int, Callable] | None = None
    _materialize = True

    @classmethod
    def name(cls) -> str:
        """The class's name, such as ``AddmmBackward0``, with PyTorch's prefix if it has one."""
        return cls._prefix + cls.__name__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {hex(id(self))}>"

    # What an operation's forward and backward use -------------------------------------------

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (inputs or outputs of forward) for backward."""
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept; RuntimeError once the graph has been freed."""
        if self._saved is None:
            raise RuntimeError(SECOND_BACKWARD)
        return tuple(self._unpack(item) for item in self._saved)

    def _unpack(self, item: Any) -> Any:
        if not isinstance(item, Saved):
            return item
        return item.unpack(self)

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For each argument of forward, whether its gradient is wanted."""
        return tuple(edge is not None and edge.fn is not None for edge in self._edges)

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each tensor argument, the node that made it and the number of its output."""
        return tuple((e.fn, e.output_nr) for e in self._edges if e is not None)

    @property
    def metadata(self) -> dict:
        """A dictionary for the user's own notes."""
        return self.__dict__.setdefault("_metadata", {})

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node's backward."""
        return add_hook(self, "_hooks", hook)

    def register_prehook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before this node's backward."""
        return add_hook(self, "_pre_hooks", hook)

    def release(self) -> None:
        """Free what was saved for backward."""
        if self._saved:
            self._saved = None
            self._arguments = None


Node = GraphNode  # its public name


def add_hook(owner: Any, attribute: str, hook: Callable) -> RemovableHandle:
    """Put ``hook`` into the dictionary ``owner.attribute``, made if there is none."""
    hooks = getattr(owner, attribute)
    if hooks is None:
        hooks = OrderedDict()
        setattr(owner, attribute, hooks)
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class AccumulateGrad(GraphNode):
    """Where backward ends: adds the gradient to a leaf's ``.grad``."""

    _prefix = "torch::autograd::"
    _sequence_nr = 1 << 62  # before any other node that is ready

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        return ()


def accumulator(leaf: Tensor) -> AccumulateGrad:
    """The one node that accumulates into ``leaf``; it lives as long as a graph leads to it."""
    node: AccumulateGrad | None = leaf._accumulator() if leaf._accumulator else None
    if node is None:
        node = AccumulateGrad(leaf)
        leaf._accumulator = ref(node)
    return node


def edge_of(tensor: Tensor) -> Edge:
    """Where the gradient of ``tensor`` goes; an edge to None when it is not wanted."""
    fn = tensor._grad_fn if tensor._base is None else tensor.grad_fn
    number = tensor._output_nr
    if fn is None and tensor._requires_grad:
        fn, number = accumulator(getattr(tensor, "_leaf", tensor)), 0
    node = node_of(tensor)
    return _tuple(Edge, (fn, number, node.shape, node.dtype))


_tuple = tuple.__new__  # a named tuple's own constructor takes three times as long


def wants_gradient(tensor: Tensor) -> bool:
    """Whether gradients flow to ``tensor``: ``requires_grad``, without a property's cost."""
    if tensor._base is not None:
        return tensor.requires_grad
    return tensor._requires_grad or tensor._grad_fn is not None


def edges_of(args: tuple[Any, ...]) -> tuple[Edge | None, ...] | None:
    """One edge an argument (None for what is no tensor); None when no gradient is wanted."""
    for arg in args:
        if isinstance(arg, Tensor) and wants_gradient(arg):
            return tuple([edge_of(x) if isinstance(x, Tensor) else None for x in args])
    return None


def attach(ctx: GraphNode, outputs: tuple[Tensor, ...]) -> None:
    """Make ``ctx``, whose edges are set, the ``grad_fn`` of the outputs; keep what it saved."""
    ctx._sequence_nr = next(_sequence)
    for number, output in enumerate(outputs):
        if node_of(output).dtype.category == FLOAT:
            output._grad_fn = ctx
            if number:
                output._output_nr = number
    if len(outputs) > 1:  # some may get no gradient: zeros of their form stand in
        ctx._outputs = tuple((node_of(x).shape, node_of(x).dtype) for x in outputs)
    if ctx._to_save:
        ctx._saved = tuple([pack(tensor, outputs) for tensor in ctx._to_save])
        ctx._to_save = ()
    if anomaly.state.enabled:
        anomaly.remember(ctx)


class GradientEdge(NamedTuple):
    """A place in the graph, which stands for a tensor as a target of ``autograd.grad``."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of ``tensor`` arrives; ValueError when it wants none."""
    edge = edge_of(tensor)
    if edge.fn is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(edge.fn, edge.output_nr)
