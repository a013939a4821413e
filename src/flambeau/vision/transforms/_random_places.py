"""Transforms of a random part or in a random direction."""

import numbers
import warnings
from collections.abc import Sequence
from typing import Any

from flambeau import ops
from flambeau.nn import Module
from flambeau.tensor import Tensor
from flambeau.vision.transforms import functional as F
from flambeau.vision.transforms._draws import happens, integer_below, random_rectangles, uniform
from flambeau.vision.transforms._steady import TWO_DIMENSIONS, Size, setup_size
from flambeau.vision.transforms.functional import Fill, Image, InterpolationMode, interpolation_mode

__all__ = [
    "RandomCrop",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
]


class RandomHorizontalFlip(Module):
    """Mirrored left and right with probability ``p``."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Image) -> Image:
        return F.hflip(img) if happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(Module):
    """Mirrored top and bottom with probability ``p``."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Image) -> Image:
        return F.vflip(img) if happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomCrop(Module):
    """A rectangle of ``size`` from anywhere.

    The image is padded first: by ``padding``, and with ``pad_if_needed`` on both sides by what it
    lacks. Raises ``ValueError`` if it is smaller all the same.
    """

    def __init__(
        self,
        size: Size,
        padding: Size | None = None,
        pad_if_needed: bool = False,
        fill: Fill = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = setup_size(size, TWO_DIMENSIONS)
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Image, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Draw top, left, height and width."""
        _, height, width = F.get_dimensions(img)
        crop_height, crop_width = output_size
        if height < crop_height or width < crop_width:
            raise ValueError(
                f"Required crop size {(crop_height, crop_width)} is larger than input image size "
                f"{(height, width)}"
            )
        if (height, width) == (crop_height, crop_width):
            return 0, 0, height, width
        top = integer_below(height - crop_height + 1)
        left = integer_below(width - crop_width + 1)
        return top, left, crop_height, crop_width

    def forward(self, img: Image) -> Image:
        if self.padding is not None:
            img = self._padded(img, self.padding)
        _, height, width = F.get_dimensions(img)
        if self.pad_if_needed and width < self.size[1]:
            img = self._padded(img, [self.size[1] - width, 0])
        if self.pad_if_needed and height < self.size[0]:
            img = self._padded(img, [0, self.size[0] - height])
        return F.crop(img, *self.get_params(img, self.size))

    def _padded(self, img: Image, padding: Size) -> Image:
        return F.pad(img, padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomResizedCrop(Module):
    """A rectangle of random area and shape, resized to ``size``.

    Args:
        size: the new (height, width).
        scale: bounds of its area, as a part of the image's.
        ratio: bounds of its width divided by its height.
        interpolation: see :func:`functional.resize`.
        antialias: see :func:`functional.resize`.
    """

    def __init__(
        self,
        size: Size,
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = setup_size(size, TWO_DIMENSIONS)
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=2)
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(
        img: Image, scale: Sequence[float], ratio: Sequence[float]
    ) -> tuple[int, int, int, int]:
        """Draw top, left, height and width."""
        _, height, width = F.get_dimensions(img)
        for crop_height, crop_width in random_rectangles(height * width, scale, ratio):
            if 0 < crop_width <= width and 0 < crop_height <= height:
                top = integer_below(height - crop_height + 1)
                left = integer_below(width - crop_width + 1)
                return top, left, crop_height, crop_width
        return _central_rectangle(height, width, ratio)

    def forward(self, img: Image) -> Image:
        top, left, height, width = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(
            img, top, left, height, width, self.size, self.interpolation, self.antialias
        )

    def __repr__(self) -> str:
        scale = tuple(round(bound, 4) for bound in self.scale)
        ratio = tuple(round(bound, 4) for bound in self.ratio)
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


def _central_rectangle(
    height: int, width: int, ratio: Sequence[float]
) -> tuple[int, int, int, int]:
    """The largest rectangle in the middle whose shape is within the bounds."""
    crop_height, crop_width = height, width
    if width / height < min(ratio):
        crop_height = round(width / min(ratio))
    elif width / height > max(ratio):
        crop_width = round(height * max(ratio))
    return (height - crop_height) // 2, (width - crop_width) // 2, crop_height, crop_width


class RandomRotation(Module):
    """Turned by an angle between ``-degrees`` and ``degrees``, or between two numbers."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Fill | None = 0,
    ) -> None:
        super().__init__()
        self.interpolation = interpolation_mode(interpolation)
        self.degrees = _angles(degrees)
        self.center = center
        self.expand = expand
        self.fill = 0 if fill is None else fill

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draw an angle."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: Image) -> Image:
        fill: Any = self.fill
        if isinstance(img, Tensor):
            channels = F.get_image_num_channels(img)
            number = isinstance(fill, int | float)
            fill = [float(fill)] * channels if number else [float(value) for value in fill]
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}"
            f"{center}, fill={self.fill})"
        )


def _angles(degrees: float | Sequence[float]) -> list[float]:
    if isinstance(degrees, int | float):
        if degrees < 0:
            raise ValueError("If degrees is a single number, it must be positive.")
        return [-float(degrees), float(degrees)]
    if not isinstance(degrees, Sequence):
        raise TypeError("degrees should be a sequence of length 2.")
    if len(degrees) != 2:
        raise ValueError("degrees should be a sequence of length 2.")
    return [float(angle) for angle in degrees]


class RandomErasing(Module):
    """A rectangle of a tensor image overwritten, with probability ``p`` (Zhong et al. 2017).

    Args:
        p: the probability.
        scale: bounds of the rectangle's area, as a part of the image's.
        ratio: bounds of its width divided by its height.
        value: a number, one for each channel, or ``"random"`` for normal noise.
        inplace: whether to change the image itself.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | str | Sequence[float] = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        _check_erasing(p, scale, ratio, value)
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor,
        scale: Sequence[float],
        ratio: Sequence[float],
        value: Sequence[float] | None = None,
    ) -> tuple[int, int, int, int, Tensor]:
        """Draw top, left, height and width, and what to write there."""
        channels, height, width = img.shape[-3:]
        for part_width, part_height in random_rectangles(height * width, scale, ratio):
            if part_height >= height or part_width >= width:
                continue
            if value is None:
                content = ops.empty([channels, part_height, part_width]).normal_()
            else:
                content = ops.tensor(list(value))[:, None, None]
            top = integer_below(height - part_height + 1)
            left = integer_below(width - part_width + 1)
            return top, left, part_height, part_width, content
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        if not happens(self.p):
            return img
        value = self._value()
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        top, left, height, width, content = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, top, left, height, width, content, self.inplace)

    def _value(self) -> list[float] | None:
        if isinstance(self.value, str):
            return None
        if isinstance(self.value, int | float):
            return [float(self.value)]
        return [float(number) for number in self.value]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


def _check_erasing(p: float, scale: Any, ratio: Any, value: Any) -> None:
    if not isinstance(value, numbers.Number | str | tuple | list):
        raise TypeError("Argument value should be either a number or str or a sequence")
    if isinstance(value, str) and value != "random":
        raise ValueError("If value is str, it should be 'random'")
    if not isinstance(scale, Sequence):
        raise TypeError("Scale should be a sequence")
    if not isinstance(ratio, Sequence):
        raise TypeError("Ratio should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)
    if scale[0] < 0 or scale[1] > 1:
        raise ValueError("Scale should be between 0 and 1")
    if p < 0 or p > 1:
        raise ValueError("Random erasing probability should be between 0 and 1")
