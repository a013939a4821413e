"""Program: a recorded graph as a function of its inputs, and CALL, which applies one.

A composite operation's body is traced once for each form of its arguments; from then on one
CALL node stands for all of it, so Python's share of a training step stays small.

    inputs   0: x   1: y          CALL(x, y, program) ─► outputs
    steps    2 = MUL(0, 1)
             3 = TANH(2)          slots are numbered; each step says which ones die with it
    outputs  (3,)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from flambeau.ir.node import Node, Primitive, Spec

__all__ = ["CALL", "Program", "program_of"]


class Instruction(NamedTuple):
    """``slots[target] = primitive(*slots[sources], **attrs)``; then ``dead`` slots are freed."""

    primitive: Primitive
    sources: tuple[int, ...]
    attrs: dict[str, Any]
    target: int
    dead: tuple[int, ...]


class Program:
    """A graph with named inputs and outputs. Compared by identity: one is made per signature."""

    def __init__(
        self,
        size: int,
        constants: dict[int, Any],
        steps: list[Instruction],
        outputs: tuple[int, ...],
        specs: list[Spec],
    ) -> None:
        self.size = size
        self.constants = constants
        self.steps = steps
        self.outputs = outputs
        self.specs = specs

    def run(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        """Interpret the program with NumPy."""
        slots: list[Any] = [None] * self.size
        slots[: len(arrays)] = arrays
        for slot, value in self.constants.items():
            slots[slot] = value
        for primitive, sources, attrs, target, dead in self.steps:
            slots[target] = primitive.numpy(*[slots[s] for s in sources], **attrs)
            for slot in dead:
                slots[slot] = None
        return tuple(slots[slot] for slot in self.outputs)


def _infer(*inputs: Node, program: Program) -> list[Spec]:
    return program.specs


CALL = Primitive("call", _infer, lambda *arrays, program: program.run(*arrays))


def program_of(inputs: Sequence[Node], outputs: Sequence[Node]) -> Program:
    """The program that computes ``outputs`` from ``inputs`` (placeholders, or any nodes)."""
    slots = {id(node): number for number, node in enumerate(inputs)}
    constants: dict[int, Any] = {}
    steps: list[tuple[Node, int]] = []
    for node in _in_order(inputs, outputs):
        slot = slots[id(node)] = len(slots)
        if node.buffer is not None:
            constants[slot] = node.buffer
        else:
            steps.append((node, slot))
    results = tuple(slots[id(node)] for node in outputs)
    instructions = _with_deaths(steps, slots, results, len(inputs))
    specs = [(node.shape, node.dtype) for node in outputs]
    return Program(len(slots), constants, instructions, results, specs)


def _in_order(inputs: Sequence[Node], outputs: Sequence[Node]) -> list[Node]:
    """Every node but the inputs, each after what it rests on."""
    seen = {id(node) for node in inputs}
    order: list[Node] = []
    for output in outputs:
        stack = [] if id(output) in seen else [(output, iter(output.inputs))]
        seen.add(id(output))
        while stack:
            children = stack[-1][1]
            child = next((c for c in children if id(c) not in seen), None)
            if child is None:
                order.append(stack.pop()[0])
            else:
                seen.add(id(child))
                stack.append((child, iter(child.inputs)))
    return order


def _with_deaths(
    steps: list[tuple[Node, int]], slots: dict[int, int], results: tuple[int, ...], kept: int
) -> list[Instruction]:
    """Instructions, each with the slots that nothing reads after it."""
    used = set(results)
    reversed_steps = []
    for node, target in reversed(steps):
        assert node.primitive is not None
        sources = tuple(slots[id(i)] for i in node.inputs)
        dead = tuple(s for s in dict.fromkeys(sources) if s not in used and s >= kept)
        used.update(sources)
        reversed_steps.append(Instruction(node.primitive, sources, node.attrs, target, dead))
    return reversed_steps[::-1]
