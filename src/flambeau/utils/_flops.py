"""Counting the floating-point operations of a recorded graph, by the module that records them."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.node import Node, Primitive
from flambeau.ir.primitives.contraction import CONV_GENERAL, DOT_GENERAL
from flambeau.ir.program import CALL, Program
from flambeau.runtime import ITEM
from flambeau.tensor import Tensor, node_of

__all__ = ["Counter", "flops_of"]


class Counter:
    """Follows the calls of modules, and credits each with what it, or its parts, record.

    At each entry and each return, the graph is walked back from the tensors at hand to what was
    seen before: what is new was recorded by the innermost module that is running.
    """

    def __init__(self) -> None:
        self._seen: dict[int, Node] = {}  # the nodes are held, so that no id comes twice
        self._running: list[Any] = []
        self._counts: dict[Any, int] = defaultdict(int)

    def enter(self, module: Any, inputs: list[Tensor]) -> None:
        """A module is called: what leads to its inputs is its caller's work."""
        self._credit(inputs)
        self._running.append(module)

    def leave(self, module: Any, outputs: list[Tensor]) -> None:
        """A module returns: what leads to its outputs, and is not counted yet, is its own."""
        self._credit(outputs)
        self._running.pop()

    def within(self, module: Any) -> int:
        """The operations of all calls of a module, those of its parts included."""
        return self._counts[module]

    def _credit(self, tensors: list[Tensor]) -> None:
        count = sum(map(flops_of, self._fresh(tensors)))
        for module in dict.fromkeys(self._running):
            self._counts[module] += count

    def _fresh(self, tensors: list[Tensor]) -> list[Node]:
        fresh = []
        stack = [node_of(tensor) for tensor in tensors]
        while stack:
            node = stack.pop()
            if id(node) in self._seen:
                continue
            self._seen[id(node)] = node
            fresh.append(node)
            stack.extend(node.inputs)
        return fresh


def flops_of(node: Node) -> int:
    """The operations of one node: two for each multiply-add of a contraction."""
    return 0 if node.primitive is None else _flops(node.primitive, node.inputs, node)


def _flops(primitive: Primitive, inputs: tuple[Node, ...], node: Node) -> int:
    if primitive is DOT_GENERAL:
        summed = math.prod(inputs[0].shape[axis] for axis in node.attrs["contract"][0])
        return 2 * math.prod(node.shape) * summed
    if primitive is CONV_GENERAL:
        return _convolution(inputs[0].shape, inputs[1].shape, node)
    if primitive is CALL:
        return _program(node.attrs["program"], inputs)
    return 0


def _convolution(x: tuple[int, ...], w: tuple[int, ...], node: Node) -> int:
    taps = math.prod(w[2:])
    if any(spread > 1 for spread in node.attrs["input_dilation"]):
        return 2 * math.prod(x) * w[0] // node.attrs["groups"] * taps
    return 2 * math.prod(node.shape) * w[1] * taps


def _program(program: Program, inputs: tuple[Node, ...]) -> int:
    """The operations of a composite's body, whose shapes are inferred step by step."""
    slots: dict[int, Node] = dict(enumerate(inputs))
    several: dict[int, list] = {}
    for slot, value in program.constants.items():
        array = np.asarray(value)
        slots[slot] = Node(None, (), {}, array.shape, dtypes.from_numpy(array.dtype))
    total = 0
    for primitive, sources, attrs, target, _ in program.steps:
        given = tuple(slots[source] for source in sources)
        if primitive is ITEM:
            spec = several[sources[0]][attrs["index"]]
        else:
            spec = primitive.infer(*given, **attrs)
        if isinstance(spec, list):
            several[target] = spec
            spec = spec[0]
        shape, dtype = spec
        slots[target] = Node(primitive, given, attrs, shape, dtype)
        total += flops_of(slots[target])
    return total
