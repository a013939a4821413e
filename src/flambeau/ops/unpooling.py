"""Unpooling: elements put back where max pools found them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.autograd import Operator
from flambeau.ir import dtypes
from flambeau.ir.primitives import indexing as ix
from flambeau.ir.shapes import numel
from flambeau.ops._arguments import type_name
from flambeau.ops._registry import operation
from flambeau.ops._spatial import Ints, Sizes, per_dimension
from flambeau.ops._windows import gather_flat
from flambeau.ops.shape import reshape, squeeze, unsqueeze
from flambeau.tensor import Tensor, emit, filled, node_of

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

FUNCTIONAL = ("nn.functional",)


class MaxUnpool2D(Operator):
    """Elements written at their places in planes of zeros."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, index: Tensor, sizes: Ints) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rank = len(sizes)
        shape = node_of(input).shape
        lead, count = shape[: -ctx.rank], numel(shape[-ctx.rank :])
        planes = filled((*lead, numel(sizes)), 0, input.dtype)
        source, places = (reshape(x.detach(), (*lead, count)) for x in (input, index))
        flat = emit(ix.SCATTER, planes, places, source, axis=len(lead), mode="set")
        return reshape(flat, (*lead, *sizes))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return gather_flat(grad, ctx.saved_tensors[0], ctx.rank), None, None


class MaxUnpool3D(MaxUnpool2D):
    """As in two dimensions, in three."""


def _unpooled_sizes(sizes: Ints, kernel: Ints, stride: Ints, padding: Ints, wanted: Any) -> Ints:
    usual = tuple(
        (n - 1) * step + k - 2 * pad
        for n, step, k, pad in zip(sizes, stride, kernel, padding, strict=True)
    )
    if wanted is None:
        return usual
    rank = len(sizes)
    wanted = (wanted,) * rank if isinstance(wanted, int) else wanted
    if len(wanted) == rank + 2:
        wanted = wanted[2:]
    if len(wanted) != rank:
        raise ValueError(
            f"output_size should be a sequence containing {rank} or {rank + 2} elements, "
            f"but it has a length of '{len(wanted)}'"
        )
    for d, (size, step) in enumerate(zip(usual, stride, strict=True)):
        if not size - step < wanted[d] < size + step:
            raise ValueError(
                f'invalid output_size "{wanted}" (dim {d} must be between '
                f"{size - step} and {size + step})"
            )
    return tuple(wanted)


def _max_unpool(
    rank: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Sequence[int] | None,
) -> Tensor:
    function = f"max_unpool{rank}d"
    kernel = per_dimension(kernel_size, rank, function, "kernel_size")
    strides = kernel if stride is None else per_dimension(stride, rank, function, "stride")
    paddings = per_dimension(padding, rank, function, "padding")
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(
            f"elements in indices should be type int64 but got: {type_name(indices.dtype)}"
        )
    if indices.shape != input.shape:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    if input.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Input to max_unpooling{rank}d should be a {rank + 1}d or {rank + 2}d Tensor, "
            f"but got a tensor with {input.ndim} dimensions."
        )
    sizes = _unpooled_sizes(tuple(input.shape[-rank:]), kernel, strides, paddings, output_size)
    if rank == 1:
        row = MaxUnpool2D.apply(unsqueeze(input, -2), unsqueeze(indices, -2), (1, *sizes))
        return squeeze(row, -2)
    return (MaxUnpool2D if rank == 2 else MaxUnpool3D).apply(input, indices, sizes)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(2, 3, 4), torch.tensor([0, 3, 4, 7]).expand(2, 3, 4), 2",),
)
def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Signals with the elements that ``max_pool1d`` kept at their places, and zeros elsewhere."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 2, 2), torch.tensor([[0, 3], [8, 15]]).expand(2, 2, 2), 2",
        "f(1, 2, 2, 2), torch.tensor([[0, 3], [11, 24]]).expand(1, 2, 2, 2), 2, output_size=(5, 5)",
    ),
)
def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Images with the elements that ``max_pool2d`` kept at their places, and zeros elsewhere.

    Pools of several sizes give one size; ``output_size`` says which one it was.
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(2, 1, 2, 2), torch.tensor([[0, 3], [8, 15]]).expand(2, 1, 2, 2), (1, 2, 2)",),
)
def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Volumes with the elements that ``max_pool3d`` kept at their places, and zeros elsewhere."""
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)
