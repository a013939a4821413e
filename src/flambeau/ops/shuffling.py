"""Shuffles: channels dealt out to pixels, pixels to channels, channels among groups."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import CompositeOperator
from flambeau.ops._arguments import must_be_tensor
from flambeau.ops._registry import operation
from flambeau.ops.shape import permute, reshape
from flambeau.tensor import Tensor

__all__ = ["channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def _to_pixels(x: Tensor, factor: int) -> Tensor:
    *lead, channels, height, width = x.shape
    n = len(lead)
    kept = channels // factor**2
    split = reshape(x, (*lead, kept, factor, factor, height, width))
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return reshape(permute(split, order), (*lead, kept, height * factor, width * factor))


def _to_channels(x: Tensor, factor: int) -> Tensor:
    *lead, channels, height, width = x.shape
    n = len(lead)
    high, wide = height // factor, width // factor
    split = reshape(x, (*lead, channels, high, factor, wide, factor))
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return reshape(permute(split, order), (*lead, channels * factor**2, high, wide))


class PixelShuffle(CompositeOperator):
    """Channels become pixels."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, factor: int) -> Tensor:
        ctx.factor = factor
        return _to_pixels(input, factor)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _to_channels(grad, ctx.factor), None


class PixelUnshuffle(CompositeOperator):
    """Pixels become channels."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, factor: int) -> Tensor:
        ctx.factor = factor
        return _to_channels(input, factor)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _to_pixels(grad, ctx.factor), None


def _check_factor(function: str, name: str, input: Tensor, factor: int) -> None:
    must_be_tensor(input, "input", 1)
    if input.ndim < 3:
        raise RuntimeError(
            f"{function} expects input to have at least 3 dimensions, "
            f"but got input with {input.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{function} expects a positive {name}, but got {factor}")


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("f(2, 8, 2, 3), 2", "f(9, 2, 2), 3", "f(2, 1, 4, 2, 2), 2", "i(0, 9, 4, 1, 2), 2"),
)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels dealt out to pixels: (…, C r², H, W) to (…, C, H r, W r).

    With it a convolution can upsample (Shi et al., 2016, "sub-pixel convolution").

    >>> import flambeau as torch
    >>> torch.pixel_shuffle(torch.arange(4).view(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    _check_factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    square = upscale_factor**2
    if input.shape[-3] % square:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={input.shape[-3]} is not divisible by {square}"
        )
    return PixelShuffle.apply(input, upscale_factor)


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("f(2, 2, 4, 6), 2", "f(1, 3, 6), 3", "f(2, 1, 1, 4, 2), 2"),
)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels gathered in channels: (…, C, H r, W r) to (…, C r², H, W).

    The reverse of :func:`pixel_shuffle`.
    """
    _check_factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    for name, dim in (("height", -2), ("width", -1)):
        if input.shape[dim] % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({dim})={input.shape[dim]} is not divisible by {downscale_factor}"
            )
    return PixelUnshuffle.apply(input, downscale_factor)


def _deal(x: Tensor, groups: int) -> Tensor:
    """Channels in the order of their places in their groups."""
    n, channels, *rest = x.shape
    split = reshape(x, (n, groups, channels // groups, *rest))
    order = (0, 2, 1, *range(3, split.ndim))
    return reshape(permute(split, order), x.shape)


class ChannelShuffle(CompositeOperator):
    """Channels dealt out among groups."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, groups: int) -> Tensor:
        ctx.groups = groups
        return _deal(input, groups)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return _deal(grad, grad.shape[1] // ctx.groups), None


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("f(2, 6, 2, 3), 2", "f(1, 6, 2), 3", "f(2, 4, 2, 1, 2), 2"),
)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels (N, C, …) dealt out among groups: one from each group in turn.

    Between grouped convolutions it lets the groups mix (Zhang et al., 2018, ShuffleNet).

    >>> import flambeau as torch
    >>> torch.channel_shuffle(torch.arange(6).view(1, 6, 1), 2).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """
    must_be_tensor(input, "input", 1)
    if input.ndim < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{list(input.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    if input.shape[1] % groups:
        raise RuntimeError(
            "Number of channels must be divisible by groups. "
            f"Got {input.shape[1]} channels and {groups} groups."
        )
    return ChannelShuffle.apply(input, groups)


native_channel_shuffle = channel_shuffle
