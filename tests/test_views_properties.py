"""Random chains of views, and writes through them, alias as NumPy's do."""

from typing import Any

import numpy as np
from hypothesis import given, settings

import flambeau as torch
from flambeau import runtime
from tests.view_programs import VIEWS, programs, run, view, write

SETTINGS = settings(max_examples=100, deadline=None)


class OfNumpy:
    """NumPy's arrays under the names that the programs use."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __getattr__(self, name: str) -> Any:
        return getattr(self.array, name)

    def dim(self) -> int:
        return self.array.ndim

    def unsqueeze(self, dim: int) -> "OfNumpy":
        return OfNumpy(np.expand_dims(self.array, dim))

    def transpose(self, a: int, b: int) -> "OfNumpy":
        return OfNumpy(self.array.swapaxes(a, b))

    def __getitem__(self, index: Any) -> "OfNumpy":
        return OfNumpy(self.array[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[index] = value

    def select(self, dim: int, index: int) -> "OfNumpy":
        return OfNumpy(self.array[(slice(None),) * dim + (index, ...)])

    def narrow(self, dim: int, start: int, length: int) -> "OfNumpy":
        return OfNumpy(self.array[(slice(None),) * dim + (slice(start, start + length),)])

    def is_contiguous(self) -> bool:
        return self.array.flags.c_contiguous

    def view(self, size: int) -> "OfNumpy":
        return OfNumpy(self.array.reshape(size))

    def diagonal(self, offset: int, a: int, b: int) -> "OfNumpy":
        array = np.diagonal(self.array, offset, a, b)
        array.flags.writeable = True
        return OfNumpy(array)

    def squeeze(self, dim: int) -> "OfNumpy":
        return OfNumpy(self.array.squeeze(dim)) if self.array.shape[dim] == 1 else self

    def add_(self, value: float) -> None:
        self.array += value

    def mul_(self, value: float) -> None:
        self.array *= value

    def fill_(self, value: float) -> None:
        self.array[...] = value

    def copy_(self, other: Any) -> None:
        self.array[...] = other.array.copy()

    def flip(self, dim: int) -> "OfNumpy":
        return OfNumpy(np.flip(self.array, dim))


@given(programs)
@SETTINGS
def test_views_alias_as_numpys_do(program):
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    ours, theirs = [torch.from_numpy(array) + 0], [OfNumpy(array.copy())]
    for kind, which, choice in program:
        x, y = ours[which % len(ours)], theirs[which % len(theirs)]
        if kind in VIEWS:
            ours.append(view(x, kind, choice))
            theirs.append(view(y, kind, choice))
        elif kind == "read":
            x.sum().item()
        else:
            write(x, kind, choice)
            write(y, kind, choice)
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(x.numpy(), y.array)
        assert x.shape == y.array.shape
        assert x.is_contiguous() == y.array.flags.c_contiguous


@given(programs)
@SETTINGS
def test_what_is_computed_when_changes_nothing(program):
    late = run(torch, program, gradients=True)
    noted = runtime.NODE_BUDGET
    runtime.NODE_BUDGET = 1
    try:
        assert run(torch, program, gradients=True) == late
    finally:
        runtime.NODE_BUDGET = noted
