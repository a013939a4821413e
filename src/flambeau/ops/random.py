"""Random tensors, and the state of the generators they are drawn from.

With the same seed the numbers are PyTorch's; see ``flambeau.sampling``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau import _counts, sampling
from flambeau.generator import Generator, default_generator, initial_seed, manual_seed, seed
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ops._arguments import must_be_tensor
from flambeau.ops._promotion import cast
from flambeau.ops._registry import operation
from flambeau.ops.arithmetic import add, mul
from flambeau.ops.creation import finished, sizes_of
from flambeau.ops.random_inplace import Drawn, draw_like, drawn_tensor, stream
from flambeau.ops.shape import expand
from flambeau.tensor import Tensor

__all__ = [
    "Generator",
    "bernoulli",
    "binomial",
    "default_generator",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "seed",
    "set_rng_state",
]

Device = Any


def _shape(sizes: tuple[Any, ...], size: Sequence[int] | None, function: str) -> tuple[int, ...]:
    """The sizes given one by one, as a sequence, or by the name ``size``."""
    if size is not None:
        return sizes_of((size,))
    if not sizes:
        raise _invalid_combination(function)
    return sizes_of(sizes)


@operation(namespaces=("torch",), differentiable=False)
def rand(
    *sizes: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from [0, 1), every one equally likely.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.rand(2, 3)
    tensor([[0.4963, 0.7682, 0.0885],
            [0.1320, 0.3074, 0.6341]])
    """
    shape = _shape(sizes, size, "rand")
    dtype = dtype or dtypes.default()
    drawn = sampling.uniform(stream(generator, "rand"), shape, 0, 1, dtype)
    return finished(drawn_tensor(drawn), device, requires_grad)


@operation(namespaces=("torch",), differentiable=False)
def randn(
    *sizes: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from the normal distribution with mean 0 and standard deviation 1.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(4)
    tensor([ 1.5410, -0.2934, -2.1788,  0.5684])
    """
    shape = _shape(sizes, size, "randn")
    dtype = dtype or dtypes.default()
    drawn = sampling.normal(stream(generator, "randn"), shape, 0, 1, dtype)
    return finished(drawn_tensor(drawn), device, requires_grad)


@operation(namespaces=("torch",), differentiable=False)
def randint(
    low: Any = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Integers from ``low`` (0 if left out) up to but not including ``high``.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randint(10, (5,))
    tensor([4, 9, 3, 0, 3])
    """
    if size is None and high is not None:
        low, high, size = 0, low, high
        if hasattr(size, "__index__"):
            raise TypeError(
                "randint(): argument 'size' (position 2) must be tuple of ints, "
                f"not {type(size).__name__}"
            )
    elif high is None:
        low, high = 0, low
    if size is None:
        raise _invalid_combination("randint", high)
    low, high = _bounds("randint", low, high, size)
    g = stream(generator, "randint")
    drawn = sampling.integers(g, sizes_of((size,)), low, high, dtype or dtypes.int64)
    return finished(drawn_tensor(drawn), device, requires_grad)


def _invalid_combination(function: str, *values: Any) -> TypeError:
    kinds = ", ".join(type(value).__name__ for value in values)
    return TypeError(f"{function}() received an invalid combination of arguments - got ({kinds})")


def _bounds(function: str, low: Any, high: Any, *rest: Any) -> tuple[int, int]:
    bounds = [b.item() if isinstance(b, Tensor) else b for b in (low, high)]
    if not all(hasattr(b, "__index__") for b in bounds):
        raise _invalid_combination(function, low, high, *rest)
    low, high = (b.__index__() for b in bounds)
    if not -(2**63) <= low < 2**63 or not -(2**63) <= high < 2**63:
        raise ValueError("Overflow when unpacking long long")
    return low, high


@operation(namespaces=("torch",), differentiable=False)
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: None = None,
    dtype: DType = dtypes.int64,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The integers from 0 to n - 1 in random order.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randperm(4)
    tensor([0, 1, 3, 2])
    """
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(
            f"randperm(): argument 'n' (position 1) must be int, not {type(n).__name__}"
        )
    drawn = sampling.permutation(stream(generator, "randperm"), n.__index__(), dtype)
    return finished(drawn_tensor(drawn), device, requires_grad)


# Like another tensor ------------------------------------------------------------------------


@operation(namespaces=("torch",), differentiable=False)
def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """As ``rand``, in the sizes and dtype of ``input``."""
    must_be_tensor(input, "input", 1)
    g, wanted = stream(generator, "rand_like"), dtype or input.dtype
    drawn = draw_like(input, lambda shape: sampling.uniform(g, shape, 0, 1, wanted))
    return finished(drawn, device, requires_grad)


@operation(namespaces=("torch",), differentiable=False)
def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """As ``randn``, in the sizes and dtype of ``input``."""
    must_be_tensor(input, "input", 1)
    g, wanted = stream(generator, "randn_like"), dtype or input.dtype
    # PyTorch's result has the strides of its model, and so is filled as that would be.
    apart = not _keeps_row_order(input)
    drawn = draw_like(
        input, lambda shape: sampling.normal(g, shape, 0, 1, wanted, one_by_one=apart)
    )
    return finished(drawn, device, requires_grad)


def _keeps_row_order(input: Tensor) -> bool:
    strides = [s for s, n in zip(input.stride(), input.shape, strict=True) if n > 1]
    return strides == sorted(strides, reverse=True)


@operation(namespaces=("torch",), differentiable=False)
def randint_like(
    input: Tensor,
    low: Any = 0,
    high: Any = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """As ``randint``, in the sizes and dtype of ``input``."""
    must_be_tensor(input, "input", 1)
    if high is None:
        low, high = 0, low
    low, high = _bounds("randint_like", low, high)
    g, wanted = stream(generator, "randint_like"), dtype or input.dtype
    drawn = draw_like(input, lambda shape: sampling.integers(g, shape, low, high, wanted))
    return finished(drawn, device, requires_grad)


# By the values of other tensors -------------------------------------------------------------


class NormalOfMean(Drawn):
    """Normal numbers around the elements of a tensor."""

    _label, _suffix = "Normal", "Backward1"


class NormalOfStd(Drawn):
    """Normal numbers whose deviations are the elements of a tensor."""

    _label, _suffix = "Normal", "Backward2"


class NormalOfBoth(Drawn):
    """Normal numbers with means and deviations from tensors."""

    _label, _suffix = "Normal", "Backward3"


class Bernoulli(Drawn):
    """Zeros and ones with the probabilities in a tensor."""


class Poisson(Drawn):
    """Poisson numbers with the rates in a tensor."""


@operation(namespaces=("torch",), differentiable=False)
def normal(
    mean: float | Tensor,
    std: float | Tensor = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    out: None = None,
    dtype: DType | None = None,
    layout: Any = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers with these means and standard deviations, of which at least one is a tensor,
    or with numbers for both in the given ``size``.
    """
    g = stream(generator, "normal")
    if isinstance(mean, Tensor):
        if isinstance(std, Tensor):
            return NormalOfBoth.apply(_normal_around(mean.detach(), std.detach(), g), mean, std)
        spread = drawn_tensor(sampling.normal(g, mean.shape, 0, std, mean.dtype))
        return NormalOfMean.apply(add(spread, mean.detach()), mean)
    if isinstance(std, Tensor):
        return NormalOfStd.apply(_normal_around(mean, std.detach(), g), std)
    if size is None:
        raise _invalid_combination("normal", mean, std)
    drawn = sampling.normal(g, sizes_of((size,)), mean, std, dtype or dtypes.default())
    return finished(drawn_tensor(drawn), device, requires_grad)


def _normal_around(mean: float | Tensor, std: Tensor, g: Generator) -> Tensor:
    if not (std._array() >= 0).all():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    like = add(mean, std) if isinstance(mean, Tensor) else std
    dtype = (mean if isinstance(mean, Tensor) else std).dtype
    drawn = drawn_tensor(sampling.normal(g, like.shape, 0, 1, dtype))
    return cast(add(cast(mul(drawn, std), dtype), mean), dtype)


@operation(differentiable=False)
def bernoulli(
    input: Tensor,
    p: float | None = None,
    *,
    generator: Generator | None = None,
    out: None = None,
) -> Tensor:
    """One with the probability that stands in ``input`` (or with probability ``p``), else zero.

    >>> import flambeau as torch
    >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    must_be_tensor(input, "input", 1)
    g = stream(generator, "bernoulli")
    if p is not None:
        return drawn_tensor(sampling.bernoulli(g, input.shape, p, input.dtype))
    drawn = sampling.bernoulli_each(g, input._array(), input.dtype)
    return Bernoulli.apply(drawn_tensor(drawn), input)


@operation(differentiable=False)
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: None = None,
) -> Tensor:
    """Indices drawn from each row of ``input``, in proportion to the weights there.

    >>> import flambeau as torch
    >>> torch.multinomial(torch.tensor([0.0, 10.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    must_be_tensor(input, "input", 1)
    if isinstance(num_samples, bool) or not hasattr(num_samples, "__index__"):
        raise TypeError(
            "multinomial(): argument 'num_samples' (position 2) must be int, "
            f"not {type(num_samples).__name__}"
        )
    g = stream(generator, "multinomial")
    return drawn_tensor(
        sampling.multinomial(g, input._array(), num_samples.__index__(), replacement)
    )


@operation(namespaces=("torch",), differentiable=False)
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """For each element, a Poisson number of that mean."""
    must_be_tensor(input, "input", 1)
    drawn = _counts.poisson(stream(generator, "poisson"), input._array())
    return Poisson.apply(drawn_tensor(drawn), input)


@operation(namespaces=("torch",), differentiable=False)
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """For each pair, how many of ``count`` trials of probability ``prob`` succeed."""
    must_be_tensor(count, "count", 1)
    must_be_tensor(prob, "prob", 2)
    shape = add(count, prob).shape
    counts, probabilities = (expand(t.detach(), shape)._array() for t in (count, prob))
    return drawn_tensor(_counts.binomial(stream(generator, "binomial"), counts, probabilities))


# The generators' state ----------------------------------------------------------------------


def get_rng_state() -> Tensor:
    """The state of the default generator, as bytes (uint8)."""
    return _get_state(default_generator)


def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator go on from a state that ``get_rng_state`` gave."""
    _set_state(default_generator, new_state)


def _get_state(self: Generator) -> Tensor:
    """The state as a tensor of bytes (uint8), laid out as PyTorch's."""
    return Tensor._from_array(self.state_bytes())


def _set_state(self: Generator, new_state: Tensor) -> Generator:
    """Go on from a state that ``get_state`` gave."""
    if not isinstance(new_state, Tensor):
        raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
    return self.set_state_bytes(new_state._array())


Generator.get_state = _get_state  # type: ignore[attr-defined]
Generator.set_state = _set_state  # type: ignore[attr-defined]
