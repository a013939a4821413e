"""Transforms that change colours, or blur, by random amounts."""

import math
from collections.abc import Sequence

from flambeau import ops
from flambeau.nn import Module
from flambeau.tensor import Tensor
from flambeau.vision.transforms import functional as F
from flambeau.vision.transforms._draws import happens, uniform
from flambeau.vision.transforms._steady import Size, setup_size
from flambeau.vision.transforms.functional import Image

__all__ = ["ColorJitter", "GaussianBlur", "RandomGrayscale"]


class RandomGrayscale(Module):
    """To grey with probability ``p``, keeping the number of channels."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Image) -> Image:
        channels = F.get_image_num_channels(img)
        return F.rgb_to_grayscale(img, channels) if happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue changed by random factors, in random order.

    Args:
        brightness: the factor is between ``max(0, 1 - brightness)`` and ``1 + brightness``, or
            between two numbers.
        contrast: likewise.
        saturation: likewise.
        hue: the turn is between ``-hue`` and ``hue``, at most 0.5, or between two numbers.
    """

    def __init__(
        self,
        brightness: float | Sequence[float] = 0,
        contrast: float | Sequence[float] = 0,
        saturation: float | Sequence[float] = 0,
        hue: float | Sequence[float] = 0,
    ) -> None:
        super().__init__()
        self.brightness = _bounds(brightness, "brightness")
        self.contrast = _bounds(contrast, "contrast")
        self.saturation = _bounds(saturation, "saturation")
        self.hue = _bounds(hue, "hue", 0.0, (-0.5, 0.5))

    @staticmethod
    def get_params(
        brightness: Sequence[float] | None,
        contrast: Sequence[float] | None,
        saturation: Sequence[float] | None,
        hue: Sequence[float] | None,
    ) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        """Draw the order and the four factors."""
        order = ops.randperm(4)
        bounds = (brightness, contrast, saturation, hue)
        drawn = [None if bound is None else uniform(bound[0], bound[1]) for bound in bounds]
        return order, drawn[0], drawn[1], drawn[2], drawn[3]

    def forward(self, img: Image) -> Image:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for position in order.tolist():
            factor = factors[position]
            if factor is not None:
                img = changes[position](img, factor)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


def _bounds(
    value: float | Sequence[float],
    name: str,
    center: float = 1.0,
    limits: tuple[float, float] = (0.0, math.inf),
) -> tuple[float, float] | None:
    """The range of a factor, or ``None`` if it leaves the image as it is."""
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        low, high = center - value, center + value
        if limits[0] == 0.0:
            low = max(low, 0.0)
    elif isinstance(value, tuple | list) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not limits[0] <= low <= high <= limits[1]:
        raise ValueError(f"{name} values should be between {limits}, but got {[low, high]}.")
    return None if low == high == center else (low, high)


class GaussianBlur(Module):
    """Blurred, with a random ``sigma`` between two numbers."""

    def __init__(self, kernel_size: Size, sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        complaint = "Kernel size should be a tuple/list of two integers"
        self.kernel_size = setup_size(kernel_size, complaint)
        for size in self.kernel_size:
            if size <= 0 or size % 2 == 0:
                raise ValueError("Kernel size value should be an odd and positive number.")
        self.sigma = _sigmas(sigma)

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """Draw a sigma."""
        return uniform(sigma_min, sigma_max)

    def forward(self, img: Image) -> Image:
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


def _sigmas(sigma: float | Sequence[float]) -> Sequence[float]:
    if isinstance(sigma, int | float):
        if sigma <= 0:
            raise ValueError("If sigma is a single number, it must be positive.")
        return sigma, sigma
    if not isinstance(sigma, Sequence) or len(sigma) != 2:
        raise TypeError("sigma should be a single number or a list/tuple with length 2.")
    if not 0.0 < sigma[0] <= sigma[1]:
        raise ValueError("sigma values should be positive and of the form (min, max).")
    return sigma
