"""The NumPy interpreter of the IR: the oracle of every test, and the tier for small graphs.

Memory is planned by reference counts alone. A node that was computed lets go of its inputs, so
an intermediate value dies with the last node, tensor or saved value that still wants it, and
one that something will want again (backward, an alias) stays computed: nothing runs twice.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from flambeau.ir.node import Node

__all__ = ["run"]


def run(nodes: Iterable[Node]) -> None:
    """Compute pending nodes, each after its inputs."""
    with np.errstate(all="ignore"):
        for node in nodes:
            evaluate(node)


def evaluate(node: Node) -> None:
    """Compute one node whose inputs are realised."""
    primitive = node.primitive
    assert primitive is not None
    result = primitive.numpy(*[i.buffer for i in node.inputs], **node.attrs)
    if isinstance(result, tuple):
        node.become_leaf(tuple(map(_settled, result)))
    else:
        node.become_leaf(_settled(result))


def _settled(array: np.ndarray) -> np.ndarray:
    """The array as a buffer to keep: a small window does not keep a large array alive."""
    base = getattr(array, "base", None)
    if base is not None and getattr(base, "nbytes", 0) > 2 * array.nbytes:
        return np.array(array)
    return np.asarray(array)
