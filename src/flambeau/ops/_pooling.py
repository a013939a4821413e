"""What pools are given: windows and output sizes, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from flambeau.ops._spatial import Ints, per_dimension
from flambeau.ops._windows import Windows, sliding
from flambeau.tensor import Tensor, node_of

__all__ = ["bind", "check_sizes", "one_number", "output_sizes", "windows_of"]

_NUMBERS = {2: "two", 3: "three"}
_LETTERS = {2: "HW", 3: "THW"}


def bind(
    function: str, rank: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[Ints, ...]:
    """Kernel size, stride (by default the same), padding and dilation of each dimension."""
    words = {
        "kernel_size": "must either be a single int",
        "stride": "must either be omitted, a single int",
        "padding": "must either be a single int",
        "dilation": "must be either a single int",
    }
    stride = kernel_size if stride is None or stride in ((), []) else stride
    bound = []
    given = (kernel_size, stride, padding, dilation)
    for position, (name, value) in enumerate(zip(words, given, strict=True), 2):
        numbers = per_dimension(value, rank, function, name, position)
        if len(numbers) != rank:
            raise RuntimeError(
                f"{function}: {name} {words[name]}, or a tuple of {_NUMBERS[rank]} ints"
            )
        bound.append(numbers)
    return tuple(bound)


def one_number(function: str, name: str, value: Any, position: int) -> int:
    """The integer that a function of signals takes, from itself or a sequence of it alone."""
    numbers = per_dimension(value, 1, function, name, position)
    if len(numbers) != 1:
        raise RuntimeError(
            f"{function}() argument '{name}' should contain one int (got {len(numbers)})"
        )
    return numbers[0]


def output_sizes(
    sizes: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Ints:
    """How often the window fits along each dimension.

    With ``ceil_mode`` it may stick out behind, if it begins inside the input or its left padding.
    """
    if 0 in stride:
        raise RuntimeError("stride should not be zero")
    outputs = []
    for n, k, step, pad, gap in zip(sizes, kernel, stride, padding, dilation, strict=True):
        if pad < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
        if pad > ((k - 1) * gap + 1) // 2:
            raise RuntimeError(
                "pad should be at most half of effective kernel size, but got "
                f"pad={pad}, kernel_size={k} and dilation={gap}"
            )
        room = n + 2 * pad - gap * (k - 1) - 1
        count = (room + step - 1 if ceil_mode else room) // step + 1
        if ceil_mode and (count - 1) * step >= n + pad:
            count -= 1
        outputs.append(count)
    return tuple(outputs)


def _check_positive(rank: int, **options: tuple[str, str, Ints]) -> None:
    for name, (prefix, word, numbers) in options.items():
        if min(numbers) <= 0:
            listed = zip(_LETTERS[rank], numbers, strict=True)
            got = " ".join(f"{prefix}{letter}: {n}" for letter, n in listed)
            raise RuntimeError(f"{word or name} should be greater than zero, but got {got}")


def windows_of(input: Tensor, bound: tuple[Ints, ...], ceil_mode: bool) -> Windows:
    """The windows of a pool, from what ``bind`` gave; RuntimeError where there are none."""
    kernel, stride, padding, dilation = bound
    rank = len(kernel)
    shape = list(node_of(input).shape)
    sizes = tuple(shape[-rank:])
    outputs = output_sizes(sizes, kernel, stride, padding, dilation, ceil_mode)
    _check_positive(
        rank,
        kernel=("k", "kernel size", kernel),
        stride=("d", "", stride),
        dilation=("dilation", "", dilation),
    )
    if len(shape) not in (rank + 1, rank + 2) or 0 in shape[-rank - 1 :]:
        raise RuntimeError(
            f"Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with optional 0 dim batch "
            f"size for input, but got:{shape}"
        )
    if min(outputs) < 1:
        channels = shape[-rank - 1]
        given, made = ("x".join(map(str, (channels, *s))) for s in (sizes, outputs))
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({made}). "
            "Output size is too small"
        )
    high = (
        (q - 1) * step + gap * (k - 1) + 1 - n - pad
        for q, step, gap, k, n, pad in zip(
            outputs, stride, dilation, kernel, sizes, padding, strict=True
        )
    )
    return sliding(kernel, stride, tuple(zip(padding, high, strict=True)), dilation)


def check_sizes(function: str, rank: int, input: Tensor) -> None:
    """RuntimeError unless ``input`` is what an adaptive pool takes."""
    shape = list(input.shape)
    if len(shape) not in (rank + 1, rank + 2):
        colon = ":" if "max" in function else ""
        raise RuntimeError(
            f"{function}(): Expected {rank + 1}D or {rank + 2}D tensor, but got{colon} {shape}"
        )
    for dim in range(len(shape) - rank, len(shape)):
        if shape[dim] == 0:
            raise RuntimeError(
                f"{function}(): Expected input to have non-zero size for non-batch dimensions, "
                f"but input has sizes {shape} with dimension {dim} being empty"
            )
