"""Sliding blocks: ``unfold`` lists them as columns, ``fold`` adds columns up to an image."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flambeau.autograd import CompositeOperator
from flambeau.ir import dtypes
from flambeau.ir.shapes import numel
from flambeau.ops._arguments import must_be_tensor, not_implemented
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Ints, Sizes, per_dimension
from flambeau.ops.padding import pad
from flambeau.ops.selecting import IndexPutSlices, IndexSelect
from flambeau.ops.shape import reshape
from flambeau.tensor import Tensor, filled

__all__ = ["fold", "unfold"]


class Blocks(NamedTuple):
    """Where the blocks of an image lie."""

    sizes: Ints
    kernel: Ints
    dilation: Ints
    padding: Ints
    stride: Ints

    @property
    def counts(self) -> Ints:
        """How many there are along each dimension."""
        return tuple(
            (n + 2 * pad - gap * (k - 1) - 1) // step + 1
            for n, k, gap, pad, step in zip(*self, strict=True)
        )

    @property
    def frame(self) -> Ints:
        """The sizes of the padded image."""
        return tuple(n + 2 * pad for n, pad in zip(self.sizes, self.padding, strict=True))

    def places(self) -> Tensor:
        """The place in the padded image of each tap (row by row) of each block."""
        (kh, kw), (gap_h, gap_w), (step_h, step_w) = self.kernel, self.dilation, self.stride
        count_h, count_w = self.counts
        rows = np.add.outer(np.arange(kh) * gap_h, np.arange(count_h) * step_h)
        columns = np.add.outer(np.arange(kw) * gap_w, np.arange(count_w) * step_w)
        places = rows[:, None, :, None] * self.frame[1] + columns[None, :, None, :]
        return Tensor._from_array(places.reshape(-1))


def _columns(image: Tensor, blocks: Blocks) -> Tensor:
    """(…, C, H, W) to (…, C * taps, blocks)."""
    lead, channels = image.shape[:-3], image.shape[-3]
    (high, wide) = blocks.padding
    framed = pad(image, (wide, wide, high, high)) if high or wide else image
    planes = reshape(framed, (*lead, channels, numel(blocks.frame)))
    taken = IndexSelect.apply(planes, len(lead) + 1, blocks.places())
    return reshape(taken, (*lead, channels * numel(blocks.kernel), numel(blocks.counts)))


def _image(columns: Tensor, blocks: Blocks) -> Tensor:
    """The adjoint of ``_columns``."""
    lead, channels = columns.shape[:-2], columns.shape[-2] // numel(blocks.kernel)
    planes = filled((*lead, channels, numel(blocks.frame)), 0, columns.dtype)
    flat = reshape(columns, (*lead, channels, numel(blocks.kernel) * numel(blocks.counts)))
    added = IndexPutSlices.apply(planes, len(lead) + 1, blocks.places(), flat, "add")
    high, wide = blocks.padding
    framed = reshape(added, (*lead, channels, *blocks.frame))
    return pad(framed, (-wide, -wide, -high, -high)) if high or wide else framed


class Im2Col(CompositeOperator):
    """The blocks of images as columns."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, blocks: Blocks) -> Tensor:
        ctx.blocks = blocks
        return _columns(input, blocks)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _image(grad, ctx.blocks), None


class Col2Im(CompositeOperator):
    """Columns added up to images."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, blocks: Blocks) -> Tensor:
        ctx.blocks = blocks
        return _image(input, blocks)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _columns(grad, ctx.blocks), None


# Arguments and what is wrong with them ----------------------------------------------------------


def _bind(function: str, **options: Sizes) -> list[Ints]:
    bound: list[Ints] = []
    for name, value in options.items():
        numbers = per_dimension(value, 2, function, name)
        if len(numbers) != 2:
            raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(numbers)}")
        bound.append(numbers)
    return bound


def _check_numbers(kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> None:
    positive = (
        ("kernel size", "kernel", kernel),
        ("stride", "stride", stride),
        ("dilation", "dilation", dilation),
    )
    for words, name, (high, wide) in positive:
        if high <= 0 or wide <= 0:
            raise RuntimeError(
                f"{words} should be greater than zero, but got {name}_height: {high} "
                f"{name}_width: {wide}"
            )
    if min(padding) < 0:
        high, wide = padding
        raise RuntimeError(
            f"padding should be non-negative, but got pad_height: {high} pad_width: {wide}"
        )


@operation(
    namespaces=("nn.functional",),
    cases=(
        "f(2, 3, 4, 5), 2",
        "f(3, 5, 6), (3, 2), 1, 1, 2",
        "f(1, 2, 7, 7), 3, 2, (1, 2), (2, 1)",
        "f(0, 2, 4, 4), 2",
    ),
)
def unfold(
    input: Tensor,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """The sliding blocks of images (N, C, H, W), or one, as columns: (N, C * kH * kW, L).

    L is the number of blocks. A convolution is a matrix product with these columns.
    """
    must_be_tensor(input, "input", 1)
    kernel, gaps, pads, steps = _bind(
        "unfold", kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride
    )
    _check_numbers(kernel, gaps, pads, steps)
    input.size(-3)
    shape = list(input.shape)
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {shape}"
        )
    if input.dtype is dtypes.int64:
        raise not_implemented("im2col_out_cpu", input.dtype)
    blocks = Blocks(tuple(shape[-2:]), kernel, gaps, pads, steps)
    if min(blocks.counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {blocks.sizes}, kernel_size={kernel}, "
            f"dilation={gaps}, padding={pads}, calculated shape of the array of sliding blocks "
            f"as {blocks.counts}, but its components must be at least one."
        )
    return Im2Col.apply(input, blocks)


@operation(
    namespaces=("nn.functional",),
    cases=(
        "f(2, 12, 12), (4, 5), 2",
        "f(18, 12), (5, 6), (3, 2), 1, 1, 2",
        "f(1, 18, 21), 7, 3, 2, (1, 2), (2, 1)",
        "f(0, 8, 9), 4, 2",
    ),
)
def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Columns (N, C * kH * kW, L), or one image's, added up to images (N, C, H, W).

    The reverse of :func:`unfold`, but for elements in several blocks, which are summed.
    """
    must_be_tensor(input, "input", 1)
    sizes, kernel, gaps, pads, steps = _bind(
        "fold",
        output_size=output_size,
        kernel_size=kernel_size,
        dilation=dilation,
        padding=padding,
        stride=stride,
    )
    _check_numbers(kernel, gaps, pads, steps)
    shape = list(input.shape)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {shape}"
        )
    blocks = Blocks(sizes, kernel, gaps, pads, steps)
    if shape[-2] % numel(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of "
            f"kernel_size, but got input.size(1)={shape[-2]} and kernel_size={kernel}."
        )
    given = (
        f"Given output_size={sizes}, kernel_size={kernel}, dilation={gaps}, padding={pads}, "
        f"stride={steps}"
    )
    down, across = blocks.counts
    if down * across != shape[-1]:
        raise RuntimeError(
            f"{given}, expected size of input's dimension 2 to match the calculated "
            f"number of sliding blocks {down} * {across} = {down * across}, "
            f"but got input.size(2)={shape[-1]}."
        )
    if min(blocks.counts) < 1:
        raise RuntimeError(
            f"{given}, calculated shape of the array of sliding blocks as ({down}, {across}), "
            "but its components must be at least one."
        )
    return Col2Im.apply(input, blocks)
