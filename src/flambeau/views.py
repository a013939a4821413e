"""Views: how a tensor that shares another's storage is read, written and measured.

A view is a chain of steps from the storage's value. Reading applies them; writing through the
view carries the new elements back, step by step, to a new value of the storage:

    storage ──step──► … ──step──► view                 read
    storage' ◄─write─ … ◄─write── new elements         write_back

A step is a movement primitive with its attributes. The table at the end says how each is
written through and what it does to sizes, strides and offset.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flambeau.ir.node import Node, Primitive, Shape
from flambeau.ir.primitives import movement as m
from flambeau.ir.shapes import strides_of
from flambeau.runtime import record

__all__ = ["Geometry", "Step", "geometry", "read", "reshape_strides", "write_back"]


class Step(NamedTuple):
    """One movement primitive with its attributes."""

    primitive: Primitive
    attrs: dict[str, Any]


class Geometry(NamedTuple):
    """Where a view's elements stand in its storage, counted in elements."""

    shape: Shape
    strides: tuple[int, ...]
    offset: int


def read(node: Node, steps: tuple[Step, ...]) -> Node:
    """The view's value, from the value of its storage."""
    for step in steps:
        node = record(step.primitive, node, **step.attrs)
    return node


def write_back(node: Node, steps: tuple[Step, ...], source: Node) -> Node:
    """The storage's value after ``source`` is written to all elements of the view."""
    if not steps:
        return source
    first = steps[0]
    rest = steps[1:]
    inner = source
    if rest:
        inner = write_back(record(first.primitive, node, **first.attrs), rest, source)
    return _RULES[first.primitive].write(node, inner, **first.attrs)


def geometry(shape: Shape, steps: tuple[Step, ...]) -> Geometry:
    """Sizes, strides and offset of a view on a row-major storage of the given shape."""
    place = Geometry(shape, strides_of(shape), 0)
    for step in steps:
        place = _RULES[step.primitive].move(place, **step.attrs)
    return place


def reshape_strides(place: Geometry, shape: Shape) -> tuple[int, ...] | None:
    """The strides of a reshaped view, or None where elements would have to be copied.

    Runs of dimensions that lie evenly in memory can be merged and split; others cannot.
    """
    if 0 in shape:
        return strides_of(shape)
    runs = _runs(place)
    strides: list[int] = []
    position = len(shape) - 1
    for size, stride in reversed(runs):
        filled = 1
        while position >= 0 and (filled < size or shape[position] == 1):
            strides.append(stride * filled)
            filled *= shape[position]
            position -= 1
        if filled != size:
            return None
    while position >= 0:
        strides.append(1)
        position -= 1
    return tuple(reversed(strides))


def _runs(place: Geometry) -> list[tuple[int, int]]:
    """Dimensions merged, where they lie evenly, into (size, innermost stride)."""
    runs: list[tuple[int, int]] = []
    for size, stride in zip(place.shape, place.strides, strict=True):
        if size == 1:
            continue
        if runs and runs[-1][1] == size * stride:
            runs[-1] = (runs[-1][0] * size, stride)
        else:
            runs.append((size, stride))
    return runs


# The table ----------------------------------------------------------------------------------


class _Rule(NamedTuple):
    write: Callable[..., Node]
    move: Callable[..., Geometry]


def _write_reshape(node: Node, source: Node, shape: Shape) -> Node:
    return record(m.RESHAPE, source, shape=node.shape)


def _move_reshape(place: Geometry, shape: Shape) -> Geometry:
    strides = reshape_strides(place, shape)
    return Geometry(shape, strides_of(shape) if strides is None else strides, place.offset)


def _write_permute(node: Node, source: Node, axes: tuple[int, ...]) -> Node:
    inverse = tuple(sorted(range(len(axes)), key=axes.__getitem__))
    return record(m.PERMUTE, source, axes=inverse)


def _move_permute(place: Geometry, axes: tuple[int, ...]) -> Geometry:
    shape = tuple(place.shape[axis] for axis in axes)
    return Geometry(shape, tuple(place.strides[axis] for axis in axes), place.offset)


def _write_expand(node: Node, source: Node, shape: Shape) -> Node:
    if node.shape != shape and tuple(n for n in shape if n != 1) != tuple(
        n for n in node.shape if n != 1
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    return record(m.RESHAPE, source, shape=node.shape)


def _move_expand(place: Geometry, shape: Shape) -> Geometry:
    missing = len(shape) - len(place.shape)
    sizes = (1,) * missing + place.shape
    strides = (0,) * missing + place.strides
    spread = zip(sizes, shape, strides, strict=True)
    return Geometry(shape, tuple(s if a == b else 0 for a, b, s in spread), place.offset)


def _write_slice(node: Node, source: Node, **attrs: Any) -> Node:
    return record(m.SLICE_WRITE, node, source, **attrs)


def _move_slice(
    place: Geometry, starts: tuple[int, ...], stops: tuple[int, ...], steps: tuple[int, ...]
) -> Geometry:
    shape = tuple(map(m.slice_size, starts, stops, steps))
    strides = tuple(s * k for s, k in zip(place.strides, steps, strict=True))
    moved = sum(s * k for s, k in zip(place.strides, starts, strict=True))
    return Geometry(shape, strides, place.offset + moved)


def _write_diagonal(node: Node, source: Node, **attrs: Any) -> Node:
    return record(m.DIAGONAL_WRITE, node, source, **attrs)


def _move_diagonal(place: Geometry, offset: int, axis1: int, axis2: int) -> Geometry:
    others = [dim for dim in range(len(place.shape)) if dim not in (axis1, axis2)]
    rows, columns = place.shape[axis1], place.shape[axis2]
    size = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    down, across = place.strides[axis1], place.strides[axis2]
    start = offset * across if offset >= 0 else -offset * down
    return Geometry(
        (*(place.shape[dim] for dim in others), size),
        (*(place.strides[dim] for dim in others), down + across),
        place.offset + start,
    )


def _write_strided(node: Node, source: Node, **attrs: Any) -> Node:
    return record(m.STRIDED_WRITE, node, source, **attrs)


def _move_strided(place: Geometry, shape: Shape, strides: tuple[int, ...], offset: int) -> Geometry:
    return Geometry(shape, strides, offset)


def _write_bitcast(node: Node, source: Node, dtype: Any) -> Node:
    return record(m.BITCAST, source, dtype=node.dtype)


def _move_bitcast(place: Geometry, dtype: Any) -> Geometry:
    return place


_RULES: dict[Primitive, _Rule] = {
    m.RESHAPE: _Rule(_write_reshape, _move_reshape),
    m.PERMUTE: _Rule(_write_permute, _move_permute),
    m.EXPAND: _Rule(_write_expand, _move_expand),
    m.SLICE: _Rule(_write_slice, _move_slice),
    m.DIAGONAL: _Rule(_write_diagonal, _move_diagonal),
    m.STRIDED: _Rule(_write_strided, _move_strided),
    m.BITCAST: _Rule(_write_bitcast, _move_bitcast),
}
