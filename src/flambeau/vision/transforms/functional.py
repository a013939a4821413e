"""Transforms as functions of an image: a Pillow image, or a tensor (..., C, H, W).

A function takes an image and what is to be done with it; the random draws are in the classes of
:mod:`flambeau.vision.transforms`.
"""

from collections.abc import Sequence
from enum import Enum
from types import ModuleType
from typing import Any

from flambeau.ir.dtypes import float32
from flambeau.tensor import Tensor
from flambeau.vision._pillow import is_pil_image
from flambeau.vision.transforms import (
    _functional_pil as on_pil,
    _functional_tensor as on_tensor,
    _geometry as geometry,
)
from flambeau.vision.transforms._conversion import pil_to_tensor, to_pil_image, to_tensor

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "erase",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "invert",
    "normalize",
    "pad",
    "pil_to_tensor",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "ten_crop",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]

Image = Any
Fill = float | Sequence[float]


class InterpolationMode(Enum):
    """How new pixels are made of old ones; ``BOX``, ``HAMMING`` and ``LANCZOS`` need Pillow."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_MODE_OF_PILLOW = {number: InterpolationMode(name) for name, number in on_pil.FILTERS.items()}


def interpolation_mode(value: InterpolationMode | int) -> InterpolationMode:
    """The mode itself, or that of Pillow's number; ``TypeError`` for anything else."""
    if isinstance(value, InterpolationMode):
        return value
    if isinstance(value, int) and value in _MODE_OF_PILLOW:
        return _MODE_OF_PILLOW[value]
    raise TypeError(
        "Argument interpolation should be a InterpolationMode or a corresponding Pillow integer "
        "constant"
    )


def _on(img: Image) -> ModuleType:
    """The transforms for this kind of image."""
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
        return on_tensor
    if is_pil_image(img):
        return on_pil
    raise TypeError(f"Unexpected type {type(img)}")


# --- sizes and elements ------------------------------------------------------------------


def get_dimensions(img: Image) -> list[int]:
    """Return the image's channels, height and width."""
    return _on(img).dimensions(img)


def get_image_size(img: Image) -> list[int]:
    """Return the image's width and height."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Image) -> int:
    """Return how many channels the image has."""
    return get_dimensions(img)[0]


def convert_image_dtype(image: Tensor, dtype: Any = None) -> Tensor:
    """Change a tensor image's dtype, and scale its values to the new range.

    Floats have the range 0 to 1, integers that of their dtype. Raises ``RuntimeError`` from
    float32 to int32 or int64, and from float64 to int64, which cannot be exact.
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    return on_tensor.convert_image_dtype(image, float32 if dtype is None else dtype)


def normalize(
    tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Tensor:
    """Return ``(tensor - mean) / std`` for each channel of a float image (..., C, H, W).

    Raises ``TypeError`` for what is no tensor of floats, ``ValueError`` for fewer than three
    dimensions and for a ``std`` of zero.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    return on_tensor.normalize(tensor, mean, std, inplace)


# --- cutting and padding -----------------------------------------------------------------


def crop(img: Image, top: int, left: int, height: int, width: int) -> Image:
    """Cut out a rectangle; what lies outside of the image is zero."""
    return _on(img).crop(img, top, left, height, width)


def center_crop(img: Image, output_size: int | Sequence[int]) -> Image:
    """Cut (height, width) out of the middle; an image that is smaller is padded with zeros."""
    crop_height, crop_width = geometry.as_pair(output_size)
    _, height, width = get_dimensions(img)
    more_width, more_height = max(crop_width - width, 0), max(crop_height - height, 0)
    if more_width or more_height:
        padding = [more_width // 2, more_height // 2, (more_width + 1) // 2, (more_height + 1) // 2]
        img = pad(img, padding, fill=0)
        _, height, width = get_dimensions(img)
        if (crop_height, crop_width) == (height, width):
            return img
    top = round((height - crop_height) / 2.0)
    left = round((width - crop_width) / 2.0)
    return crop(img, top, left, crop_height, crop_width)


def pad(
    img: Image,
    padding: int | Sequence[int],
    fill: Fill = 0,
    padding_mode: str = "constant",
) -> Image:
    """Add a border: of one width, (left and right, top and bottom), or (l, t, r, b).

    ``padding_mode`` is ``"constant"`` (with ``fill``), ``"edge"``, ``"reflect"`` or
    ``"symmetric"`` (which repeats the edge). Raises ``TypeError`` or ``ValueError`` otherwise.
    """
    if not isinstance(padding, int | tuple | list):
        raise TypeError("Got inappropriate padding arg")
    if not isinstance(fill, int | float | str | tuple | list):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    return _on(img).pad(img, _border(padding), fill, padding_mode)


def _border(padding: int | Sequence[int]) -> list[int]:
    if isinstance(padding, int):
        return [padding] * 4
    if len(padding) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, not a "
            f"{len(padding)} element tuple"
        )
    return list(padding) * (4 // len(padding))


def five_crop(img: Image, size: int | Sequence[int]) -> tuple[Image, ...]:
    """Return the four corners and the middle; ``ValueError`` if the image is smaller."""
    crop_height, crop_width = _five_crop_size(size)
    _, height, width = get_dimensions(img)
    if crop_width > width or crop_height > height:
        raise ValueError(
            f"Requested crop size {(crop_height, crop_width)} is bigger than input size "
            f"{(height, width)}"
        )
    corners = [
        crop(img, top, left, crop_height, crop_width)
        for top in (0, height - crop_height)
        for left in (0, width - crop_width)
    ]
    return (*corners, center_crop(img, [crop_height, crop_width]))


def _five_crop_size(size: int | Sequence[int]) -> tuple[int, int]:
    pair = geometry.as_pair(size)
    if len(pair) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return pair


def ten_crop(
    img: Image, size: int | Sequence[int], vertical_flip: bool = False
) -> tuple[Image, ...]:
    """Return :func:`five_crop` of the image and of its mirror image."""
    mirrored = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(mirrored, size)


def hflip(img: Image) -> Image:
    """Mirror left and right."""
    return _on(img).hflip(img)


def vflip(img: Image) -> Image:
    """Mirror top and bottom."""
    return _on(img).vflip(img)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """Overwrite ``h`` rows from ``i`` and ``w`` columns from ``j`` with ``v``."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    return on_tensor.erase(img, i, j, h, w, v, inplace)


# --- resampling --------------------------------------------------------------------------


def resize(
    img: Image,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Image:
    """Resize to (height, width), or so that the smaller edge has ``size`` pixels.

    The larger edge then has no more than ``max_size``. ``antialias`` concerns tensors: Pillow
    always filters what it makes smaller.
    """
    mode = interpolation_mode(interpolation)
    sizes = [size] if isinstance(size, int) else list(size)
    if len(sizes) not in (1, 2):
        raise ValueError(
            "Size must be an int or a 1 or 2 element tuple/list, not a "
            f"{len(sizes)} element tuple/list"
        )
    if max_size is not None and len(sizes) != 1:
        raise ValueError(
            "max_size should only be passed if size specifies the length of the smaller edge, "
            "i.e. size should be an int or a sequence of length 1 in torchscript mode."
        )
    _, height, width = get_dimensions(img)
    new_size = geometry.resized_size(height, width, sizes, max_size)
    if new_size == (height, width):
        return img
    if isinstance(img, Tensor):
        return on_tensor.resize(img, new_size, mode.value, bool(antialias))
    return on_pil.resize(img, new_size, mode.value)


def resized_crop(
    img: Image,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Image:
    """Cut out a rectangle and resize it."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def rotate(
    img: Image,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Fill | None = None,
) -> Image:
    """Turn by ``angle`` degrees counter-clockwise about ``center`` (x, y), or the middle.

    ``expand`` enlarges the image so that all of it stays in sight.
    """
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, int | float):
        raise TypeError("Argument angle should be int or float")
    if center is not None and not isinstance(center, list | tuple):
        raise TypeError("Argument center should be a sequence")
    kind = _on(img)
    if kind is on_tensor and isinstance(fill, int | float):
        fill = [float(fill)]
    return kind.rotate(img, angle, mode.value, expand, center, fill)


def gaussian_blur(
    img: Image,
    kernel_size: int | Sequence[int],
    sigma: float | Sequence[float] | None = None,
) -> Image:
    """Blur with a Gaussian kernel of odd size (x, y); ``sigma`` follows from it if not given."""
    sizes = geometry.as_pair(kernel_size)
    for size in sizes:
        if size % 2 == 0 or size < 0:
            raise ValueError(
                f"kernel_size should have odd and positive integers. Got {list(sizes)}"
            )
    if sigma is None:
        sigma = [size * 0.15 + 0.35 for size in sizes]
    sigmas = geometry.as_pair(sigma)
    if min(sigmas) <= 0.0:
        raise ValueError(f"sigma should have positive values. Got {list(sigmas)}")
    if isinstance(img, Tensor):
        return on_tensor.gaussian_blur(img, sizes, sigmas)
    blurred = on_tensor.gaussian_blur(pil_to_tensor(img), sizes, sigmas)
    return to_pil_image(blurred, mode=img.mode)


# --- colours -----------------------------------------------------------------------------


def rgb_to_grayscale(img: Image, num_output_channels: int = 1) -> Image:
    """Return the luma, in one channel or three equal ones."""
    return _on(img).rgb_to_grayscale(img, num_output_channels)


def to_grayscale(img: Image, num_output_channels: int = 1) -> Image:
    """Return a Pillow image's luma, in one channel or three equal ones."""
    if not is_pil_image(img):
        raise TypeError("Input should be PIL Image")
    return on_pil.rgb_to_grayscale(img, num_output_channels)


def adjust_brightness(img: Image, brightness_factor: float) -> Image:
    """Return the image, ``brightness_factor`` times as bright."""
    _check_factor("brightness_factor", brightness_factor)
    return _on(img).adjust_brightness(img, brightness_factor)


def adjust_contrast(img: Image, contrast_factor: float) -> Image:
    """Blend with the mean grey: 0 gives the grey, 1 the image."""
    _check_factor("contrast_factor", contrast_factor)
    return _on(img).adjust_contrast(img, contrast_factor)


def adjust_saturation(img: Image, saturation_factor: float) -> Image:
    """Blend with the grey image: 0 gives the grey image, 1 the image."""
    _check_factor("saturation_factor", saturation_factor)
    return _on(img).adjust_saturation(img, saturation_factor)


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def adjust_hue(img: Image, hue_factor: float) -> Image:
    """Turn the hue by ``hue_factor`` of the circle, from -0.5 to 0.5."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    return _on(img).adjust_hue(img, hue_factor)


def adjust_gamma(img: Image, gamma: float, gain: float = 1) -> Image:
    """Return ``gain * img ** gamma``, for values between 0 and 1."""
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    return _on(img).adjust_gamma(img, gamma, gain)


def invert(img: Image) -> Image:
    """Return the negative."""
    return _on(img).invert(img)
