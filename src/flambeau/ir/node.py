"""Node: one immutable value of a recorded graph, and Primitive: what computes it.

    x ──┐
        ├─► Node(ADD) ──► Node(TANH) ──► …        nodes point at their inputs, never back
    y ──┘

A node starts as a recipe (a primitive and its inputs) and becomes a leaf once it is realised:
it then holds its buffer and lets go of its inputs, so what nobody else needs is freed. Its
value never changes, which is why a value saved for backward cannot be corrupted later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.ir.dtypes import DType

__all__ = ["Node", "Origin", "Primitive", "Shape", "Spec", "leaf"]

Shape = tuple[int, ...]
#: The shape and element type of one value.
Spec = tuple[Shape, DType]


class Primitive:
    """One kind of computation.

    ``infer(*inputs, **attrs)`` gives the output's shape and dtype from nodes (a list of them
    when there are several outputs) and raises on what cannot be; ``numpy(*arrays, **attrs)`` says
    what it means.
    """

    __slots__ = ("infer", "name", "numpy")

    def __init__(self, name: str, infer: Callable[..., Any], numpy: Callable[..., Any]) -> None:
        self.name = name
        self.infer = infer
        self.numpy = numpy

    def __repr__(self) -> str:
        return self.name


#: Where a node was recorded: the user's code object, the instruction in it, and the module scope.
Origin = tuple[Any, int, Any]


class Node:
    """One value: ``primitive(*inputs, **attrs)``, of a known shape and dtype."""

    __slots__ = (
        "__weakref__",
        "attrs",
        "buffer",
        "dtype",
        "inputs",
        "origin",
        "primitive",
        "shape",
    )

    def __init__(
        self,
        primitive: Primitive | None,
        inputs: tuple[Node, ...],
        attrs: dict[str, Any],
        shape: Shape,
        dtype: DType,
        buffer: Any = None,
        origin: Origin | None = None,
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.attrs = attrs
        self.shape = shape
        self.dtype = dtype
        #: The value, once there is one: an array (a tuple of them for several outputs).
        self.buffer = buffer
        self.origin = origin

    def become_leaf(self, buffer: Any) -> None:
        """Take the value that was computed, and let go of the recipe."""
        self.buffer = buffer
        self.inputs = ()
        self.origin = None

    def __repr__(self) -> str:
        state = "realised" if self.buffer is not None else "pending"
        shape = "×".join(map(str, self.shape)) or "scalar"
        return f"<{self.primitive or 'leaf'} {shape} {self.dtype.name}, {state}>"


_NO_ATTRS: dict[str, Any] = {}


def leaf(array: np.ndarray, dtype: DType) -> Node:
    """A node for a value that is there already. The array must not change from now on."""
    return Node(None, (), _NO_ATTRS, array.shape, dtype, array)
