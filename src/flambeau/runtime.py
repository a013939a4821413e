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

import itertools
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any
from weakref import WeakSet, ref

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
    "note_write",
    "realize",
    "record",
    "record_many",
    "scope_of",
    "scope_path",
    "step_boundary",
    "tracing",
    "warn",
]

#: How many nodes, and how many bytes of leaves and results, may pend before they are realised.
NODE_BUDGET = 4096
BYTE_BUDGET = 256 << 20

EAGER = os.environ.get("FLAMBEAU_EAGER", "") not in ("", "0")

#: In program order: what was recorded, and marks at the writes that may be taken back.
_pending: list[ref[Any]] = []
_pending_bytes = 0
_lock = threading.RLock()  # one thread computes at a time


class _Trace(threading.local):
    """Whether this thread records the body of a program."""

    on = False


_trace = _Trace()


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
    if _trace.on:
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
    outer, _trace.on = _trace.on, True
    try:
        yield
    finally:
        _trace.on = outer


def is_tracing() -> bool:
    """Whether what is recorded is the body of a program."""
    return _trace.on


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
        if _trace.on:
            raise RuntimeError(
                "a composite's body asked for a value (by item(), bool(), print …): the body is "
                "traced once and replayed, so it must not depend on values"
            )
        with _lock:
            if node.buffer is None:
                _run(_ancestors(node))
    return node.buffer


def step_boundary() -> None:
    """Compute everything that is pending and alive, in the order of recording."""
    global _pending, _pending_bytes
    with _lock:
        rest, _pending = _pending, []
        _pending_bytes = 0
        rest.reverse()
        try:
            _run(_alive(rest))
        except Exception:
            # The node that failed was popped; what stood after it waits for the next boundary.
            rest.reverse()
            _take_back(rest)
            _pending[:0] = rest
            raise
        except BaseException:
            _pending[:0] = reversed(rest)
            raise


def _run(nodes: Iterator[Node]) -> None:
    node = None

    def noted() -> Iterator[Node]:
        nonlocal node
        for current in nodes:
            node = current
            yield current

    try:
        reference.run(noted())
    except Exception as error:
        if node is not None:
            _explain(error, node)
            _failed.add(node)
            _take_back(_recorded_after(node))
        raise


def _alive(pending: list[ref[Node]]) -> Iterator[Node]:
    # Program order puts inputs first. A node is looked up only when its turn comes, so that
    # one that died on the way is not computed, nor one that failed or whose input did: that
    # error has been raised, and comes again only for who asks for the value.
    while pending:
        node = pending.pop()()
        if isinstance(node, Undo):
            node.forget()
        elif node is not None and _is_due(node):
            yield node


def _is_due(node: Node) -> bool:
    return node.buffer is None and all(map(_realised, node.inputs)) and node not in _failed


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


# What an error undoes ------------------------------------------------------------------------
#
# An eager program stops at the operation that fails, and nothing after it happens. Here later
# writes may be recorded already when the error shows: they are taken back, so that parameters
# are those of before the step, and training can go on.

_failed: WeakSet[Node] = WeakSet()


class Undo:
    """What a storage held before a write that is not computed yet."""

    __slots__ = ("__weakref__", "cell", "known", "node", "older")

    def __init__(self, cell: Any, node: Node, older: Undo | None) -> None:
        self.cell = ref(cell)
        self.node: Node | None = node
        self.older = older
        self.known = cell.node.buffer is not None

    def forget(self) -> None:
        """Let go of the older value: everything before the write was computed."""
        self.node = self.older = None

    def take_back(self) -> None:
        """Give the storage its older value again, unless the newer one was seen meanwhile."""
        cell = self.cell()
        if cell is None or cell.undo is not self or self.node is None:
            return
        if self.known or cell.node.buffer is None:
            cell.node = self.node
            cell.undo = self.older
            cell.version += 1


def note_write(cell: Any, before: Node) -> None:
    """Remember what a storage held before a write, until the write is computed."""
    global _pending_bytes
    if _trace.on or not _pending:
        return
    older = cell.undo
    if before.buffer is not None:
        older = None
        _pending_bytes += before.dtype.itemsize * numel(before.shape)
    cell.undo = Undo(cell, before, older)
    _pending.append(ref(cell.undo))


def _take_back(entries: list[ref[Any]]) -> None:
    """Take back the writes that are marked among the entries, newest first."""
    for entry in reversed(entries):
        undo = entry()
        if isinstance(undo, Undo):
            undo.take_back()


def _recorded_after(node: Node) -> list[ref[Any]]:
    for position, entry in enumerate(_pending):
        if entry() is node:
            return _pending[position + 1 :]
    return []


# Where a node comes from --------------------------------------------------------------------

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_is_ours: dict[str, bool] = {}


class _Scope(threading.local):
    """Where this thread records: ``(weak module, outer scope, module's class)``, or None.

    Weak, for a parameter's pending gradient knows its scope, and the module its parameter.
    """

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
    warnings.warn(text, UserWarning, stacklevel=level)


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
    _scope.current = scope_of(module, outer)
    return outer


def scope_of(module: Any, outer: Any) -> tuple[Any, Any, type]:
    """The scope of a module that is called in another scope, or in None."""
    return ref(module), outer, type(module)


def exit_scope(outer: Any) -> None:
    """Return to the scope that ``enter_scope`` gave."""
    _scope.current = outer


def scope_path(scope: Any) -> str:
    """The dotted path of a scope, from the outermost module's class: ``Net.encoder.0``."""
    scopes = []
    while scope:
        scopes.append(scope)
        scope = scope[1]
    scopes.reverse()
    path = scopes[0][2].__name__
    for (parent, *_), (child, _, kind) in itertools.pairwise(scopes):
        path += f".{_name_within(parent(), child()) or kind.__name__}"
    return path


def _name_within(parent: Any, child: Any) -> str | None:
    if parent is None or child is None:
        return None
    return next((name for name, m in parent.named_modules() if m is child and name), None)
