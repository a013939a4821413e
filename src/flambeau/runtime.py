"""When things run: recording, step boundaries, budgets.

Operations are recorded, not run. A value is computed when somebody looks at it (``realize``),
when an optimizer's step ends (``step_boundary``), or when what is pending has grown past a
budget, so that no loop can pile up work or memory without bound.

    record ─► pending trace (weak: what nobody holds any more is never computed)
                   │
                   ├── realize(node)      a value is needed: it and what it rests on
                   └── step_boundary()    all that is alive
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any
from weakref import ref

import numpy as np

from flambeau.backends import reference
from flambeau.ir.dtypes import DType
from flambeau.ir.node import Node, Origin, Primitive, leaf
from flambeau.ir.primitives.movement import ITEM
from flambeau.ir.shapes import numel

__all__ = [
    "add_leaf",
    "constant",
    "enter_scope",
    "exit_scope",
    "is_ours",
    "is_tracing",
    "realize",
    "record",
    "record_many",
    "scope_path",
    "step_boundary",
    "tracing",
    "warn",
]

#: How many nodes, and how many bytes of leaves and results, may pend before they are realised.
NODE_BUDGET = 4096
BYTE_BUDGET = 256 << 20

EAGER = os.environ.get("FLAMBEAU_EAGER", "") not in ("", "0")

_pending: list[ref[Node]] = []
_pending_bytes = 0
_tracing = False


def record(primitive: Primitive, *inputs: Node, **attrs: Any) -> Node:
    """A node for ``primitive(*inputs, **attrs)``; raises at once if shapes or dtypes do not fit."""
    shape, dtype = primitive.infer(*inputs, **attrs)
    node = Node(primitive, inputs, attrs, shape, dtype, None, _origin())
    _admit(node, numel(shape) * dtype.itemsize)
    return node


def record_many(primitive: Primitive, *inputs: Node, **attrs: Any) -> list[Node]:
    """The nodes for the outputs of a primitive that has several."""
    specs = primitive.infer(*inputs, **attrs)
    origin = _origin()
    first_shape, first_dtype = specs[0]
    parent = Node(primitive, inputs, attrs, first_shape, first_dtype, None, origin)
    _admit(parent, sum(numel(shape) * dtype.itemsize for shape, dtype in specs))
    outputs = []
    for index, (shape, dtype) in enumerate(specs):
        output = Node(ITEM, (parent,), {"index": index}, shape, dtype, None, origin)
        _admit(output, 0)
        outputs.append(output)
    return outputs


def _admit(node: Node, nbytes: int) -> None:
    """Put a new node on the trace, within the budgets."""
    global _pending_bytes
    if _tracing:
        return
    if EAGER:
        reference.run((node,))
        return
    _pending.append(ref(node))
    _pending_bytes += nbytes
    if len(_pending) > NODE_BUDGET or _pending_bytes > BYTE_BUDGET:
        step_boundary()


@contextmanager
def tracing() -> Iterator[None]:
    """Within, what is recorded is the body of a program: it stands apart and is not run."""
    global _tracing
    outer, _tracing = _tracing, True
    try:
        yield
    finally:
        _tracing = outer


def is_tracing() -> bool:
    """Whether what is recorded is the body of a program."""
    return _tracing


def add_leaf(array: np.ndarray, dtype: DType) -> Node:
    """A node for an array that is there already, and that nobody will change."""
    global _pending_bytes
    _pending_bytes += array.nbytes
    return leaf(array, dtype)


def constant(value: bool | int | float, dtype: DType) -> Node:
    """A 0-d node for a Python number: an input of the graph, so its value never recompiles it."""
    key = (value, type(value), dtype)
    node = _constants.get(key)
    if node is None:
        try:
            node = leaf(dtype.numpy.type(value), dtype)
        except OverflowError:
            node = leaf(np.asarray(value).astype(dtype.numpy), dtype)
        if value:  # not 0.0, which equals -0.0
            if len(_constants) > 4096:
                _constants.clear()
            _constants[key] = node
    return node


_constants: dict[Any, Node] = {}


def realize(node: Node) -> Any:
    """The value of ``node``, computed now if it is pending."""
    if node.buffer is None:
        if _tracing:
            raise RuntimeError(
                "a composite's body asked for a value (by item(), bool(), print …): the body is "
                "traced once and replayed, so it must not depend on values"
            )
        _run(_ancestors(node))
    return node.buffer


def step_boundary() -> None:
    """Compute everything that is pending and alive, in the order of recording."""
    global _pending_bytes
    pending, _pending[:] = _pending[:], []
    _pending_bytes = 0
    pending.reverse()
    try:
        _run(_alive(pending))
    except BaseException:
        # The node that failed was popped; what stood after it waits for the next boundary.
        _pending[:0] = reversed(pending)
        raise


def _run(nodes: Iterator[Node]) -> None:
    node = None

    def noted() -> Iterator[Node]:
        nonlocal node
        for node in nodes:  # noqa: UP028: the current node is kept for the report
            yield node

    try:
        reference.run(noted())
    except Exception as error:
        if node is not None:
            _explain(error, node)
        raise


def _alive(pending: list[ref[Node]]) -> Iterator[Node]:
    # Program order puts inputs first. A node is looked up only when its turn comes, so that
    # one that died on the way is not computed, nor one whose input failed.
    while pending:
        node = pending.pop()()
        if node is not None and node.buffer is None and all(_realised(i) for i in node.inputs):
            yield node


def _realised(node: Node) -> bool:
    return node.buffer is not None


def _ancestors(node: Node) -> Iterator[Node]:
    """Pending nodes that ``node`` rests on, each after its inputs; ``node`` comes last."""
    order: list[Node] = []
    seen = {id(node)}
    stack = [(node, iter(node.inputs))]
    while stack:
        current, inputs = stack[-1]
        for child in inputs:
            if child.buffer is None and id(child) not in seen:
                seen.add(id(child))
                stack.append((child, iter(child.inputs)))
                break
        else:
            stack.pop()
            order.append(current)
    order.reverse()
    while order:  # popped, so that the list keeps no value alive
        yield order.pop()


# Where a node comes from --------------------------------------------------------------------

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_is_ours: dict[str, bool] = {}


class _Scope(threading.local):
    """The module in which this thread records, and its caller's scope: ``(module, outer)``."""

    current: Any = None


_scope = _Scope()


def _origin() -> Origin | None:
    """The user's code and instruction that record now, found by walking out of this package."""
    frame: FrameType | None = sys._getframe(3)
    while frame is not None:
        code = frame.f_code
        ours = _is_ours.get(code.co_filename)
        if not (is_ours(code.co_filename) if ours is None else ours):
            return code, frame.f_lasti, _scope.current
        frame = frame.f_back
    return None


def is_ours(filename: str) -> bool:
    """Whether a file of code belongs to this package, and not to its user."""
    ours = _is_ours[filename] = filename.startswith(_PACKAGE)
    return ours


def warn(text: str) -> None:
    """Warn, in the name of the user's line that called into this package."""
    level = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
        level += 1
    warnings.warn(text, UserWarning, stacklevel=level - 1)


def _explain(error: Exception, node: Node) -> None:
    """Note on an error met while computing, which line (and module) recorded the operation."""
    if node.origin is None:
        return
    code, instruction, scope = node.origin
    place = f"{code.co_filename}:{_line(code, instruction)}"
    inside = f" in {scope_path(scope)}" if scope else ""
    error.add_note(f"while computing {node.primitive}, recorded at {place}{inside}")


def _line(code: CodeType, instruction: int) -> int:
    for start, stop, line in code.co_lines():
        if start <= instruction < stop and line is not None:
            return line
    return code.co_firstlineno


def enter_scope(module: Any) -> Any:
    """Say that what is recorded from now on is recorded in ``module``; give the outer scope."""
    outer = _scope.current
    _scope.current = (module, outer)
    return outer


def exit_scope(outer: Any) -> None:
    """Return to the scope that ``enter_scope`` gave."""
    _scope.current = outer


def scope_path(scope: Any) -> str:
    """The dotted path of a scope, from the outermost module's class: ``Net.encoder.0``."""
    modules = []
    while scope:
        modules.append(scope[0])
        scope = scope[1]
    modules.reverse()
    path = type(modules[0]).__name__
    for parent, child in zip(modules, modules[1:], strict=False):
        name = next((n for n, m in parent.named_modules() if m is child and n), None)
        path += f".{name or type(child).__name__}"
    return path
