"""A copy of a tensor in which one view of it holds other elements."""

from __future__ import annotations

from flambeau.autograd import assign
from flambeau.ops._registry import operation
from flambeau.ops.conversion import clone
from flambeau.ops.shape import diagonal, narrow, select
from flambeau.tensor import Tensor

__all__ = ["diagonal_scatter", "narrow_copy", "select_scatter", "slice_scatter"]


def _replaced(copied: Tensor, view: Tensor, src: Tensor) -> Tensor:
    if view.shape != src.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(view.shape)}"
        )
    view.copy_(src)
    return copied


@operation(cases=("f(3, 4), f(4), 0, 1", "f(3, 4), f(3), -1, -1"))
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """``input`` with ``src`` at ``index`` along ``dim``."""
    copied = clone(input)
    return _replaced(copied, select(copied, dim, index), src)


@operation(cases=("f(4, 3), f(2, 3), 0, 1, 3", "f(4, 6), f(4, 3), 1, step=2", "f(4), f(4)"))
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """``input`` with ``src`` at ``start:end:step`` along ``dim``."""
    copied = clone(input)
    dim = dim % input.ndim
    view = copied[(*(slice(None),) * dim, slice(start, end, step))]
    return _replaced(copied, view, src)


@operation(cases=("f(3, 4), f(3)", "f(3, 3), f(2), 1", "f(2, 3, 3), f(2, 3), 0, 1, 2"))
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """``input`` with ``src`` on a diagonal."""
    copied = clone(input)
    return _replaced(copied, diagonal(copied, offset, dim1, dim2), src)


@operation(cases=("f(3, 4), 1, 1, 2",))
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A copy of ``narrow``."""
    return clone(narrow(input, dim, start, length))


@operation(namespaces=("Tensor",))
def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """Put a value on the main diagonal, in place."""
    if self.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    copied = clone(self)
    diagonal(copied).fill_(fill_value)
    return assign(self, copied)
