"""Filling tensors at random, in place: ``uniform_``, ``normal_`` and the like.

The numbers are drawn when the method is called, so that their order is that of the program.
They stand in the order of memory, as in PyTorch: ``x.t().uniform_()`` fills the rows of ``x``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau import runtime, sampling
from flambeau.autograd import Operator, assign
from flambeau.generator import Generator, default_generator
from flambeau.ops._registry import operation
from flambeau.ops.creation import zeros_like
from flambeau.ops.shape import expand
from flambeau.tensor import Tensor

__all__ = ["Drawn", "draw_like", "drawn_tensor", "stream"]


def stream(generator: Generator | None, function: str) -> Generator:
    """The generator to draw from. Raises TypeError in the name of ``function`` on anything else.

    Raises RuntimeError within a composite's body, which is traced once and replayed: it would
    see the same numbers for ever.
    """
    if generator is None:
        generator = default_generator
    elif not isinstance(generator, Generator):
        raise TypeError(
            f"{function}(): argument 'generator' must be torch.Generator, "
            f"not {type(generator).__name__}"
        )
    if runtime.is_tracing():
        raise RuntimeError(f"{function}() cannot draw numbers within the body of a composite")
    return generator


def drawn_tensor(array: np.ndarray) -> Tensor:
    """A tensor on an array of random numbers."""
    return Tensor._from_array(array)


def draw_like(input: Tensor, draw: Callable[[tuple[int, ...]], np.ndarray]) -> Tensor:
    """What ``draw`` gives for the shape of ``input``, put in the order of its memory."""
    axes = _memory_order(input)
    if axes is None:
        return drawn_tensor(draw(tuple(input.shape)))
    drawn = draw(tuple(input.shape[axis] for axis in axes))
    return drawn_tensor(np.ascontiguousarray(drawn.transpose(np.argsort(axes))))


def _memory_order(input: Tensor) -> list[int] | None:
    """The dimensions from the largest stride to the smallest; None if they stand so.

    An expanded dimension, whose stride is zero, keeps its place among the others.
    """
    if input.is_contiguous():
        return None
    strides, order = input.stride(), list(range(input.ndim))
    for start in reversed(range(input.ndim - 1)):
        here = start
        for there in range(start + 1, input.ndim):
            mine, other = strides[order[here]], strides[order[there]]
            if mine == 0 or other == 0 or mine == other:
                continue
            if mine > other:
                break
            order[here], order[there] = order[there], order[here]
            here = there
    return order


# The derivative of what was drawn is zero; each distribution has its name in the graph. -----


class Drawn(Operator):
    """Random numbers in place of, or drawn by means of, other tensors."""

    @staticmethod
    def forward(ctx: Any, drawn: Tensor, *inputs: Tensor) -> Tensor:
        ctx.count = len(inputs)
        return drawn

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return None, *([zeros_like(grad)] * ctx.count)


class Uniform(Drawn):
    """What ``uniform_`` leaves."""


class Normal(Drawn):
    """What ``normal_`` leaves."""


class Random(Drawn):
    """What ``random_`` leaves, without bounds."""

    _suffix = "Backward2"


class RandomBelow(Drawn):
    """What ``random_`` leaves for an upper bound."""

    _label, _suffix = "Random", "Backward1"


class RandomBetween(Drawn):
    """What ``random_`` leaves for two bounds."""

    _label, _suffix = "Random", "Backward0"


class Bernoulli(Drawn):
    """What ``bernoulli_`` leaves for a number."""

    _suffix = "Backward2"


class BernoulliOfTensor(Drawn):
    """What ``bernoulli_`` leaves for a tensor."""

    _label, _suffix = "Bernoulli", "Backward1"


class Exponential(Drawn):
    """What ``exponential_`` leaves."""


class Cauchy(Drawn):
    """What ``cauchy_`` leaves."""


class LogNormal(Drawn):
    """What ``log_normal_`` leaves."""


class Geometric(Drawn):
    """What ``geometric_`` leaves."""


def _fill(self: Tensor, kind: type[Drawn], draw: Callable[[tuple[int, ...]], np.ndarray]) -> Tensor:
    return assign(self, kind.apply(draw_like(self, draw), self))


# The methods --------------------------------------------------------------------------------


@operation(namespaces=("Tensor",), differentiable=False)
def uniform_(
    self: Tensor,
    from_: float = 0,
    to: float = 1,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with numbers from [from, to), every one equally likely.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(3).uniform_(-1, 1)
    tensor([-0.0075,  0.5364, -0.8230])
    """
    g = stream(generator, "uniform_")
    return _fill(self, Uniform, lambda shape: sampling.uniform(g, shape, from_, to, self.dtype))


@operation(namespaces=("Tensor",), differentiable=False)
def normal_(
    self: Tensor,
    mean: float = 0,
    std: float = 1,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of this mean and standard deviation."""
    g = stream(generator, "normal_")
    apart = not self.is_contiguous()

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        return sampling.normal(g, shape, mean, std, self.dtype, one_by_one=apart)

    return _fill(self, Normal, draw)


@operation(namespaces=("Tensor",), differentiable=False)
def random_(
    self: Tensor,
    *bounds: int | None,
    to: int | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with integers: ``random_()`` up to the largest that the dtype holds exactly,
    ``random_(to)`` from 0, ``random_(from, to)`` from ``from``, in each case below ``to``.
    """
    given = _integers(bounds if to is None else (*bounds, to))
    low = given[0] if len(given) == 2 else None
    high = given[-1] if given else None
    kind = (Random, RandomBelow, RandomBetween)[len(given)]
    g = stream(generator, "random_")

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        if high is None:
            return sampling.any_integers(g, shape, self.dtype, low=low)
        return sampling.integers(g, shape, low or 0, high, self.dtype)

    return _fill(self, kind, draw)


def _integers(bounds: tuple[int | None, ...]) -> tuple[int | None, ...]:
    if len(bounds) > 2 or not all(n is None or hasattr(n, "__index__") for n in bounds):
        kinds = ", ".join(type(n).__name__ for n in bounds)
        raise TypeError(f"random_() received an invalid combination of arguments - got ({kinds})")
    return tuple(None if n is None else n.__index__() for n in bounds)


@operation(namespaces=("Tensor",), differentiable=False)
def bernoulli_(
    self: Tensor,
    p: float | Tensor = 0.5,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with zeros and ones; ``p`` (a number, or one an element) is the probability of one."""
    g = stream(generator, "bernoulli_")
    if not isinstance(p, Tensor):
        return _fill(self, Bernoulli, lambda shape: sampling.bernoulli(g, shape, p, self.dtype))
    each = expand(p.detach(), self.shape)._array()
    axes = _memory_order(self)

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        ordered = each if axes is None else each.transpose(axes)
        return sampling.bernoulli_each(g, ordered, self.dtype)

    return _fill(self, BernoulliOfTensor, draw)


@operation(namespaces=("Tensor",), differentiable=False)
def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of density ``lambd * exp(-lambd * x)``."""
    g = stream(generator, "exponential_")
    return _fill(self, Exponential, lambda shape: sampling.exponential(g, shape, lambd, self.dtype))


@operation(namespaces=("Tensor",), differentiable=False)
def cauchy_(
    self: Tensor,
    median: float = 0,
    sigma: float = 1,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with numbers of density ``sigma / (pi * ((x - median)^2 + sigma^2))``."""
    g = stream(generator, "cauchy_")
    return _fill(self, Cauchy, lambda shape: sampling.cauchy(g, shape, median, sigma, self.dtype))


@operation(namespaces=("Tensor",), differentiable=False)
def log_normal_(
    self: Tensor,
    mean: float = 1,
    std: float = 2,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with numbers whose logarithm is normal with this mean and standard deviation."""
    g = stream(generator, "log_normal_")
    return _fill(
        self, LogNormal, lambda shape: sampling.log_normal(g, shape, mean, std, self.dtype)
    )


@operation(namespaces=("Tensor",), differentiable=False)
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the numbers of trials of probability ``p`` that the first success takes."""
    g = stream(generator, "geometric_")
    return _fill(self, Geometric, lambda shape: sampling.geometric(g, shape, p, self.dtype))
