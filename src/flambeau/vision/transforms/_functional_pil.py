"""Transforms of Pillow images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.vision._pillow import pillow

__all__: list[str] = []

#: Pillow's numbers of its filters.
FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
_FILTERS_WITH_EXACT = FILTERS | {"nearest-exact": 0}


def dimensions(img: Any) -> list[int]:
    """Channels, height and width."""
    width, height = img.size
    return [len(img.getbands()), height, width]


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """Cut out a rectangle; what lies outside of the image is black."""
    return img.crop((left, top, left + width, top + height))


def pad(img: Any, padding: Sequence[int], fill: Any, mode: str) -> Any:
    """Pad by (left, top, right, bottom); negative numbers cut."""
    left, top, right, bottom = padding
    if min(padding) < 0:
        width, height = img.size
        img = img.crop(
            (max(-left, 0), max(-top, 0), width - max(-right, 0), height - max(-bottom, 0))
        )
        left, top, right, bottom = (max(amount, 0) for amount in padding)
    if mode == "constant":
        return pillow("ImageOps").expand(
            img, border=(left, top, right, bottom), fill=fill_colour(img, fill)
        )
    if img.mode == "P":
        palette = img.getpalette()
        padded = pillow().fromarray(_framed(img, left, top, right, bottom, mode))
        padded.putpalette(palette)
        return padded
    return pillow().fromarray(_framed(img, left, top, right, bottom, mode))


def _framed(img: Any, left: int, top: int, right: int, bottom: int, mode: str) -> np.ndarray:
    pixels = np.asarray(img)
    frame = [(top, bottom), (left, right), (0, 0)][: pixels.ndim]
    return np.pad(pixels, frame, mode)  # type: ignore[call-overload]


def fill_colour(img: Any, fill: Any) -> Any:
    """A colour as Pillow wants it for the image: one number, or one for each band."""
    bands = len(img.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, int | float):
        return (fill,) * bands if bands > 1 else fill
    if len(fill) == 1:
        return tuple(fill) * bands if bands > 1 else fill[0]
    if len(fill) != bands:
        raise ValueError(
            "The number of elements in 'fill' does not match the number of channels of the image "
            f"({len(fill)} != {bands})"
        )
    return tuple(fill)


def hflip(img: Any) -> Any:
    """Mirror left and right."""
    return img.transpose(pillow().Transpose.FLIP_LEFT_RIGHT)


def vflip(img: Any) -> Any:
    """Mirror top and bottom."""
    return img.transpose(pillow().Transpose.FLIP_TOP_BOTTOM)


def resize(img: Any, size: tuple[int, int], mode: str) -> Any:
    """Resize to (height, width)."""
    return img.resize((size[1], size[0]), _FILTERS_WITH_EXACT[mode])


def rotate(
    img: Any,
    angle: float,
    mode: str,
    expand: bool,
    center: Sequence[float] | None,
    fill: Any,
) -> Any:
    """Turn counter-clockwise; what comes from outside of the image is ``fill``, or black."""
    return img.rotate(angle, FILTERS[mode], expand, center, fillcolor=fill_colour(img, fill))


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The luma, once or three times."""
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    grey = img.convert("L")
    return grey if num_output_channels == 1 else pillow().merge("RGB", (grey, grey, grey))


def adjust_brightness(img: Any, factor: float) -> Any:
    """Blend with black."""
    return pillow("ImageEnhance").Brightness(img).enhance(factor)


def adjust_contrast(img: Any, factor: float) -> Any:
    """Blend with the mean of the grey image."""
    return pillow("ImageEnhance").Contrast(img).enhance(factor)


def adjust_saturation(img: Any, factor: float) -> Any:
    """Blend with the grey image."""
    return pillow("ImageEnhance").Color(img).enhance(factor)


def adjust_hue(img: Any, factor: float) -> Any:
    """Turn the hue by ``factor`` of the whole circle."""
    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = img.convert("HSV").split()
    shift = int(factor * 255) % 256
    turned = hue.point([(level + shift) % 256 for level in range(256)])
    return pillow().merge("HSV", (turned, saturation, value)).convert(img.mode)


def invert(img: Any) -> Any:
    """The negative."""
    return pillow("ImageOps").invert(img)


def adjust_gamma(img: Any, gamma: float, gain: float) -> Any:
    """``gain * img ** gamma`` of values between 0 and 1."""
    table = [int((255 + 1 - 1e-3) * gain * pow(level / 255.0, gamma)) for level in range(256)]
    mode = img.mode
    rgb = img.convert("RGB")
    return rgb.point([min(max(level, 0), 255) for level in table] * 3).convert(mode)
