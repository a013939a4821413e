"""Rules about shapes that several primitives and operations share, in PyTorch's wording."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence

from flambeau.ir.node import Shape

__all__ = ["broadcast", "normalize_dim", "normalize_dims", "numel", "resolve_reshape", "strides_of"]

numel = math.prod


def broadcast(*shapes: Shape) -> Shape:
    """The common shape, by NumPy's rule: from the right, equal or one of them 1."""
    result = shapes[0]
    for shape in shapes[1:]:
        if shape != result:
            result = _broadcast_pair(result, shape)
    return result


@functools.lru_cache(maxsize=4096)
def _broadcast_pair(a: Shape, b: Shape) -> Shape:
    rank = max(len(a), len(b))
    padded_a = (1,) * (rank - len(a)) + a
    padded_b = (1,) * (rank - len(b)) + b
    out = []
    for dim in range(rank - 1, -1, -1):
        m, n = padded_a[dim], padded_b[dim]
        if m != n and m != 1 and n != 1:
            raise RuntimeError(
                f"The size of tensor a ({m}) must match the size of tensor b ({n}) "
                f"at non-singleton dimension {dim}"
            )
        out.append(n if m == 1 else m)
    return tuple(reversed(out))


def normalize_dim(dim: int, rank: int) -> int:
    """``dim`` counted from the front; raises IndexError outside ``[-rank, rank)``."""
    limit = max(rank, 1)
    if not -limit <= dim < limit:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], "
            f"but got {dim})"
        )
    return dim + limit if dim < 0 else dim


def normalize_dims(dims: int | Iterable[int] | None, rank: int) -> tuple[int, ...]:
    """Several dimensions counted from the front; ``None`` and ``()`` mean all of them."""
    if dims is None:
        return tuple(range(rank))
    if isinstance(dims, int):
        return (normalize_dim(dims, rank),) if rank else _scalar_dim(dims)
    out = tuple(normalize_dim(dim, rank) for dim in dims)
    if len(set(out)) != len(out):
        repeated = next(dim for dim in out if out.count(dim) > 1)
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    if not rank:
        return ()
    return out or tuple(range(rank))


def _scalar_dim(dim: int) -> tuple[int, ...]:
    normalize_dim(dim, 0)
    return ()


def resolve_reshape(sizes: Sequence[int], count: int) -> Shape:
    """``sizes`` with its -1, if any, worked out for ``count`` elements."""
    known = 1
    unknown = None
    for position, size in enumerate(sizes):
        if size == -1:
            if unknown is not None:
                raise RuntimeError("only one dimension can be inferred")
            unknown = position
        elif size < 0:
            raise RuntimeError(f"invalid shape dimension {size}")
        else:
            known *= size
    if unknown is None:
        if known != count:
            raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {count}")
        return tuple(sizes)
    if known == 0:
        if count:
            raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {count}")
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(sizes)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous"
        )
    if count % known:
        raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {count}")
    return (*sizes[:unknown], count // known, *sizes[unknown + 1 :])


def strides_of(shape: Shape) -> tuple[int, ...]:
    """The strides, in elements, of a row-major array of this shape."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))
