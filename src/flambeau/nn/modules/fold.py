"""Sliding blocks of images as columns, and back."""

from collections.abc import Sequence

from flambeau.nn import functional as F
from flambeau.nn.modules.module import Module
from flambeau.tensor import Tensor

__all__ = ["Fold", "Unfold"]

Sizes = int | Sequence[int]


class Fold(Module):
    """Add columns up to images: the reverse of :class:`Unfold`, but for overlaps, which are summed.

    Args:
        output_size: the size of the images, ``(H, W)``.
        kernel_size: the size of a block.
        dilation: the distance between the elements of a block.
        padding: what the images were padded with on every side.
        stride: the step between blocks.

    Shape: ``(N, C * kH * kW, L)`` or without ``N`` to ``(N, C, H, W)`` or ``(C, H, W)``; L is
    the number of blocks.
    """

    __constants__ = ["output_size", "kernel_size", "dilation", "padding", "stride"]

    def __init__(
        self,
        output_size: Sizes,
        kernel_size: Sizes,
        dilation: Sizes = 1,
        padding: Sizes = 0,
        stride: Sizes = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )


class Unfold(Module):
    """List the sliding blocks of images as columns: a convolution is a product with them.

    Args:
        kernel_size: the size of a block.
        dilation: the distance between the elements of a block.
        padding: how many zeros to add on every side.
        stride: the step between blocks.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, C * kH * kW, L)`` or without ``N``; L is
    the number of blocks.

    >>> import flambeau as torch
    >>> torch.nn.Unfold(2)(torch.arange(6.0).view(1, 2, 3))
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """

    __constants__ = ["kernel_size", "dilation", "padding", "stride"]

    def __init__(
        self,
        kernel_size: Sizes,
        dilation: Sizes = 1,
        padding: Sizes = 0,
        stride: Sizes = 1,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
