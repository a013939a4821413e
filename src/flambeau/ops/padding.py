"""Padding: frames of a constant, or of the tensor's own elements reflected or repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flambeau.autograd import CompositeOperator, Operator
from flambeau.ir import dtypes
from flambeau.ir.primitives import movement as m
from flambeau.ops._arguments import not_implemented
from flambeau.ops._promotion import Number, as_tensor_of
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Ints, put_back, take
from flambeau.tensor import Tensor, emit, node_of

__all__ = ["constant_pad_nd", "pad"]

#: What to add before and after each dimension; negative numbers take away.
Frame = tuple[tuple[int, int], ...]


class ConstantPadNd(Operator):
    """A frame of one value; dimensions with negative padding are cropped."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, frame: Frame, value: Number) -> Tensor:
        ctx.frame = frame
        starts = tuple(max(-low, 0) for low, _ in frame)
        shape = node_of(input).shape
        stops = tuple(n - max(-high, 0) for n, (_, high) in zip(shape, frame, strict=True))
        low = tuple(max(before, 0) for before, _ in frame)
        high = tuple(max(after, 0) for _, after in frame)
        cropped = emit(m.SLICE, input, starts=starts, stops=stops, steps=(1,) * len(frame))
        return emit(m.PAD, cropped, as_tensor_of(value, input.dtype), low=low, high=high)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        frame = tuple((-low, -high) for low, high in ctx.frame)
        return ConstantPadNd.apply(grad, frame, 0), None, None


def _frame(pad: Sequence[int], rank: int) -> Frame:
    """The padding of all dimensions, from a list that begins with the last one's."""
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    return ((0, 0),) * (rank - len(pairs)) + tuple(reversed(pairs))


@operation(
    namespaces=("torch",),
    cases=(
        "f(2, 3), (1, 2)",
        "f(2, 3), (1, 0, 0, 2), 1.5",
        "f(2, 4, 4), (-1, 2, 1, -2)",
        "f(2, 0), (1, 1), -1",
        "i(0, 9, 2, 3), (1, 1), 7",
        "b(2, 3), (1, 1), True",
    ),
)
def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Number = 0) -> Tensor:
    """``input`` framed by ``value``: see :func:`pad`."""
    pad = [n.__index__() for n in pad]
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.ndim}"
        )
    frame = _frame(pad, input.ndim)
    for size, (low, high) in zip(input.shape, frame, strict=True):
        if size + min(low, 0) < 0 or size + min(low, 0) + min(high, 0) < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
    return ConstantPadNd.apply(input, frame, value)


# Frames of the tensor's own elements ------------------------------------------------------------


class PadByPlaces(CompositeOperator):
    """Each padded dimension read at places that repeat some of its elements."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, places: tuple[Ints | None, ...]) -> Tensor:
        ctx.places, ctx.sizes = places, tuple(input.shape)
        for dim, chosen in enumerate(places):
            input = input if chosen is None else take(input, dim, chosen)
        return input

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        for dim, chosen in enumerate(ctx.places):
            grad = grad if chosen is None else put_back(grad, dim, chosen, ctx.sizes[dim])
        return grad, None


class ReflectionPad1D(PadByPlaces):
    """The last dimension reflected."""


class ReflectionPad2D(PadByPlaces):
    """The last two dimensions reflected."""


class ReflectionPad3D(PadByPlaces):
    """The last three dimensions reflected."""


class ReplicationPad1D(PadByPlaces):
    """The last dimension's edges repeated."""


class ReplicationPad2D(PadByPlaces):
    """The last two dimensions' edges repeated."""


class ReplicationPad3D(PadByPlaces):
    """The last three dimensions' edges repeated."""


class CircularPad(PadByPlaces):
    """The last dimensions continued from their other ends."""

    _label = "CopySlices"
    _suffix = ""


def _reflected(size: int, low: int, high: int) -> Ints:
    last = size - 1
    return tuple(last - abs(last - abs(i)) for i in range(-low, size + high))


def _replicated(size: int, low: int, high: int) -> Ints:
    return tuple(min(max(i, 0), size - 1) for i in range(-low, size + high))


def _wrapped(size: int, low: int, high: int) -> Ints:
    start = max(-low, 0)
    kept = size - start - max(-high, 0)
    return tuple(start + i % kept for i in range(-max(low, 0), kept + max(high, 0)))


Places = Callable[[int, int, int], Ints]
_MODES: dict[str, tuple[Places, tuple[type[PadByPlaces], ...], str]] = {
    "reflect": (
        _reflected,
        (ReflectionPad1D, ReflectionPad2D, ReflectionPad3D),
        "reflection_pad",
    ),
    "replicate": (
        _replicated,
        (ReplicationPad1D, ReplicationPad2D, ReplicationPad3D),
        "replication_pad",
    ),
    "circular": (_wrapped, (CircularPad,) * 3, "circular_pad"),
}


def _check_reflection(input: Tensor, frame: Frame, padded: int) -> None:
    rank = input.ndim
    for dim in reversed(range(rank - padded, rank)):
        low, high = frame[dim]
        if low >= input.shape[dim] or high >= input.shape[dim]:
            raise RuntimeError(
                f"Argument #{2 * (rank - dim) + 2}: Padding size should be less than the "
                f"corresponding input dimension, but got: padding ({low}, {high}) at dimension "
                f"{dim} of input {list(input.shape)}"
            )


def _check_wrapping(input: Tensor, frame: Frame) -> None:
    for size, (low, high) in zip(input.shape, frame, strict=True):
        if low > size or high > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if size + low + high < 0 or size + min(low, 0) + min(high, 0) <= 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension.")


def _pad_by_mode(input: Tensor, pad: Sequence[int], mode: str) -> Tensor:
    rank = len(pad) // 2
    if input.ndim not in (rank + 1, rank + 2) or not 1 <= rank <= 3:
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    places_of, operators, kernel = _MODES[mode]
    if input.dtype is dtypes.bool_ and mode != "circular":
        raise not_implemented(f"{kernel}{rank}d", input.dtype)
    if 0 in input.shape[-rank - 1 :]:
        raise RuntimeError(
            f"Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with possibly 0 batch size "
            f"and other non-zero dimensions for input, but got: {list(input.shape)}"
        )
    frame = _frame(pad, input.ndim)
    if mode == "circular":
        _check_wrapping(input, frame)
    elif mode == "reflect":
        _check_reflection(input, frame, rank)
    for letter, size, (low, high) in zip(
        "WHD"[:rank], reversed(input.shape), reversed(frame), strict=False
    ):
        if size + low + high < 1:
            raise RuntimeError(
                f"input ({letter}: {size}) is too small. Calculated output {letter}: "
                f"{size + low + high}"
            )
    places = tuple(
        places_of(size, low, high) if low or high else None
        for size, (low, high) in zip(input.shape, frame, strict=True)
    )
    return operators[rank - 1].apply(input, places)


@operation(
    namespaces=("nn.functional",),
    cases=(
        "f(2, 3), (1, 2)",
        "f(2, 3, 4), (1, 0, 0, 2), value=1.5",
        "f(2, 4, 4), (-1, 2, 1, -2)",
        "f(2, 3), (1, 2), 'reflect'",
        "f(1, 2, 3, 4), (3, 1, 2, 0), 'reflect'",
        "f(1, 2, 3, 4), (-1, 1, 1, -1), 'reflect'",
        "f(1, 1, 2, 3, 4), (1, 2, 2, 1, 1, 0), 'reflect'",
        "f(2, 3), (5, 2), 'replicate'",
        "f(1, 2, 3, 4), (3, 1, 4, 0), 'replicate'",
        "f(1, 1, 2, 3, 4), (1, 2, 2, 1, 1, 0), 'replicate'",
        "f(1, 2, 3, 4), (-1, 1, 1, -1), 'replicate'",
        "f(2, 3), (3, 2), 'circular'",
        "f(1, 2, 3, 4), (3, 1, 2, 0), 'circular'",
        "f(1, 1, 2, 3, 4), (1, 2, 2, 1, 1, 0), 'circular'",
        "i(0, 9, 1, 2, 3), (1, 2), 'reflect'",
    ),
)
def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """``input`` padded along its last dimensions.

    ``pad`` lists what goes before and after the last dimension, then the one before it, and so
    on; negative numbers take elements away. ``mode`` is "constant" (``value``, 0 by default) for
    any dimensions, or "reflect", "replicate" or "circular" for the last one of 2 or 3, the last
    two of 3 or 4, or the last three of 4 or 5.

    >>> import flambeau as torch
    >>> torch.nn.functional.pad(torch.tensor([[1, 2, 3]]), (1, 2), mode="circular")
    tensor([[3, 1, 2, 3, 1, 2]])
    """
    _check_integers(pad)
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    return _pad_by_mode(input, [n.__index__() for n in pad], mode)


def _check_integers(pad: Any) -> None:
    prefix = "pad(): argument 'pad' (position 2) must be tuple of ints"
    if not isinstance(pad, Sequence):
        raise TypeError(f"{prefix}, not {type(pad).__name__}")
    for position, item in enumerate(pad):
        if not hasattr(item, "__index__"):
            raise TypeError(
                f"{prefix}, but found element of type {type(item).__name__} at pos {position}"
            )
