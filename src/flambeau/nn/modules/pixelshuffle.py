"""Channels dealt out to pixels, and pixels gathered in channels."""

from flambeau.nn import functional as F
from flambeau.nn.modules.module import Module
from flambeau.tensor import Tensor

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """Deal channels out to pixels, so that a convolution can upsample (Shi et al., 2016).

    Args:
        upscale_factor: r, how much larger the images become.

    Shape: ``(*, C * r ** 2, H, W)`` to ``(*, C, H * r, W * r)``.

    >>> import flambeau as torch
    >>> torch.nn.PixelShuffle(3)(torch.ones(1, 9, 4, 4)).shape == (1, 1, 12, 12)
    True
    """

    __constants__ = ["upscale_factor"]

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Gather pixels in channels: the reverse of :class:`PixelShuffle`.

    Args:
        downscale_factor: r, how much smaller the images become.

    Shape: ``(*, C, H * r, W * r)`` to ``(*, C * r ** 2, H, W)``.
    """

    __constants__ = ["downscale_factor"]

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
