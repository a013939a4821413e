"""Transforms of tensor images (..., C, H, W): tensor operations, which gradients flow through."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau import ops
from flambeau.ir.dtypes import float32, float64, iinfo, int32, int64
from flambeau.tensor import Tensor
from flambeau.utils.data._utils.arrays import adopt
from flambeau.vision.transforms import _geometry as geometry

__all__: list[str] = []


def dimensions(img: Tensor) -> list[int]:
    """Channels, height and width."""
    channels = 1 if img.ndim == 2 else img.shape[-3]
    return [channels, img.shape[-2], img.shape[-1]]


def _largest(img: Tensor) -> int:
    """The value of white."""
    return 1 if img.is_floating_point() else int(iinfo(img.dtype).max)


def _check_channels(img: Tensor, permitted: Sequence[int]) -> None:
    channels = dimensions(img)[0]
    if channels not in permitted:
        raise TypeError(
            f"Input image tensor permitted channel values are {list(permitted)}, "
            f"but found {channels}"
        )


def convert_image_dtype(img: Tensor, dtype: Any) -> Tensor:
    """Change the dtype and scale values to its range."""
    if img.dtype == dtype:
        return img
    if img.is_floating_point():
        return _from_float(img, dtype)
    largest = _largest(img)
    if dtype.is_floating_point:
        return img.to(dtype) / largest
    return _between_integers(img, dtype, largest)


def _from_float(img: Tensor, dtype: Any) -> Tensor:
    if dtype.is_floating_point:
        return img.to(dtype)
    too_wide = {float32: (int32, int64), float64: (int64,)}
    if dtype in too_wide.get(img.dtype, ()):
        raise RuntimeError(f"The cast from {img.dtype} to {dtype} cannot be performed safely.")
    # Each integer stands for an interval of one width; white itself must not overflow.
    return (img * (iinfo(dtype).max + 1.0 - 1e-3)).to(dtype)


def _between_integers(img: Tensor, dtype: Any, largest: int) -> Tensor:
    new_largest = int(iinfo(dtype).max)
    if largest > new_largest:
        factor = (largest + 1) // (new_largest + 1)
        return ops.div(img, factor, rounding_mode="floor").to(dtype)
    return img.to(dtype) * ((new_largest + 1) // (largest + 1))


def normalize(img: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool) -> Tensor:
    """``(img - mean) / std`` for each channel."""
    pixels = img.detach().numpy()
    means, stds = _for_channels(mean, pixels.dtype), _for_channels(std, pixels.dtype)
    if not stds.all():
        raise ValueError(
            f"std evaluated to zero after conversion to {img.dtype}, leading to division by zero."
        )
    if inplace:
        return img.sub_(ops.from_numpy(means)).div_(ops.from_numpy(stds))
    if img.requires_grad:
        return (img - ops.from_numpy(means)) / ops.from_numpy(stds)
    # Samples are normalised one by one: NumPy does it before a computation would be recorded.
    return adopt((pixels - means) / stds)


def _for_channels(values: Any, dtype: np.dtype[Any]) -> np.ndarray:
    array = np.asarray(values.numpy() if isinstance(values, Tensor) else values, dtype)
    return array.reshape(-1, 1, 1) if array.ndim == 1 else array


# --- cutting and padding -----------------------------------------------------------------


def crop(img: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """Cut out a rectangle; what lies outside of the image is zero."""
    _, image_height, image_width = dimensions(img)
    bottom, right = top + height, left + width
    inside = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= image_width and bottom <= image_height:
        return inside
    padding = [
        max(min(right, 0) - left, 0),
        max(min(bottom, 0) - top, 0),
        max(right - max(image_width, left), 0),
        max(bottom - max(image_height, top), 0),
    ]
    return pad(inside, padding, 0, "constant")


def pad(img: Tensor, padding: Sequence[int], fill: Any, mode: str) -> Tensor:
    """Pad by (left, top, right, bottom); negative numbers cut."""
    left, top, right, bottom = padding
    _, height, width = dimensions(img)
    if min(padding) < 0:
        img = img[..., max(-top, 0) : height - max(-bottom, 0), :]
        img = img[..., :, max(-left, 0) : width - max(-right, 0)]
        left, top, right, bottom = (max(amount, 0) for amount in padding)
    if mode == "constant":
        return _filled_frame(img, left, top, right, bottom, fill)
    rows = np.pad(np.arange(img.shape[-2]), (top, bottom), mode)  # type: ignore[call-overload]
    columns = np.pad(np.arange(img.shape[-1]), (left, right), mode)  # type: ignore[call-overload]
    img = ops.index_select(img, img.ndim - 2, ops.from_numpy(rows))
    return ops.index_select(img, img.ndim - 1, ops.from_numpy(columns))


def _filled_frame(img: Tensor, left: int, top: int, right: int, bottom: int, fill: Any) -> Tensor:
    height, width = img.shape[-2:]
    shape = (*img.shape[:-2], height + top + bottom, width + left + right)
    colours = [fill] if isinstance(fill, int | float) else list(fill)
    colour = ops.tensor(colours, dtype=img.dtype).reshape(-1, *[1] * min(img.ndim - 1, 2))
    framed = ops.zeros(shape, dtype=img.dtype) + colour
    framed[..., top : top + height, left : left + width] = img
    return framed


def hflip(img: Tensor) -> Tensor:
    """Mirror left and right."""
    return ops.flip(img, (-1,))


def vflip(img: Tensor) -> Tensor:
    """Mirror top and bottom."""
    return ops.flip(img, (-2,))


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool) -> Tensor:
    """Overwrite a rectangle."""
    if not inplace:
        img = img.clone()
    img[..., i : i + h, j : j + w] = v
    return img


# --- resampling --------------------------------------------------------------------------


def resize(img: Tensor, size: tuple[int, int], mode: str, antialias: bool) -> Tensor:
    """Resize to (height, width): one matrix for the rows, one for the columns."""
    _, height, width = dimensions(img)
    if mode in ("nearest", "nearest-exact"):
        return _pick(img, size, exact=mode == "nearest-exact")
    if mode not in ("bilinear", "bicubic"):
        raise ValueError(
            "This interpolation mode is unsupported with Tensor input: use nearest, "
            "nearest-exact, bilinear or bicubic"
        )
    down = geometry.resize_weights(height, size[0], mode, antialias)
    across = geometry.resize_weights(width, size[1], mode, antialias)
    exact = img if img.is_floating_point() else img.to(float32)
    resized = _matrix(down, exact) @ exact @ _matrix(across, exact).t()
    if img.is_floating_point():
        return resized
    if mode == "bicubic":
        resized = resized.clamp(0, _largest(img))
    return resized.round().to(img.dtype)


def _matrix(array: np.ndarray, like: Tensor) -> Tensor:
    return ops.from_numpy(array).to(like.dtype)


def _pick(img: Tensor, size: tuple[int, int], exact: bool) -> Tensor:
    _, height, width = dimensions(img)
    rows = ops.from_numpy(geometry.nearest_indices(height, size[0], exact))
    columns = ops.from_numpy(geometry.nearest_indices(width, size[1], exact))
    img = ops.index_select(img, img.ndim - 2, rows)
    return ops.index_select(img, img.ndim - 1, columns)


def rotate(
    img: Tensor,
    angle: float,
    mode: str,
    expand: bool,
    center: Sequence[float] | None,
    fill: Sequence[float] | None,
) -> Tensor:
    """Turn counter-clockwise; what comes from outside of the image is ``fill``, or zero."""
    _, height, width = dimensions(img)
    size = geometry.rotated_size(height, width, angle) if expand else (height, width)
    positions = geometry.rotation_sampling(height, width, angle, center, size)
    exact = img if img.is_floating_point() else img.to(float32)
    if mode == "nearest":
        result, covered = _sample(exact, positions)
        # A pixel is the image's or the background's, nothing between.
        covered = covered > 0
    elif mode == "bilinear":
        result, covered = _sample_between(exact, positions)
    else:
        raise ValueError("Rotation of a tensor is nearest or bilinear")
    if fill is not None:
        background = ops.tensor(list(fill)).to(exact.dtype).reshape(-1, 1, 1)
        share = ops.from_numpy(covered.astype(np.float64)).to(exact.dtype)
        result = result * share + background * (1 - share)
    return result if img.is_floating_point() else result.round().to(img.dtype)


def _sample(img: Tensor, positions: geometry.Sampling) -> tuple[Tensor, np.ndarray]:
    _, height, width = dimensions(img)
    row, column, inside = geometry.source_pixels(positions, height, width)
    pixels = img[..., ops.from_numpy(row), ops.from_numpy(column)]
    return pixels * ops.from_numpy(inside.astype(np.float64)).to(img.dtype), inside


def _sample_between(img: Tensor, positions: geometry.Sampling) -> tuple[Tensor, np.ndarray]:
    parts = []
    covered = np.zeros(np.broadcast(*positions).shape)
    for corner, weight in geometry.bilinear_pixels(positions):
        pixels, inside = _sample(img, corner)
        parts.append(pixels * _matrix(weight, img))
        covered = covered + weight * inside
    return sum(parts[1:], parts[0]), covered


# --- colours -----------------------------------------------------------------------------


def rgb_to_grayscale(img: Tensor, num_output_channels: int = 1) -> Tensor:
    """The luma of ITU-R 601-2, once or three times."""
    if img.ndim < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.ndim}"
        )
    _check_channels(img, [1, 3])
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if img.shape[-3] == 3:
        red, green, blue = img.unbind(-3)
        img = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)
    return img.expand(*img.shape[:-3], num_output_channels, *img.shape[-2:])


def _blend(img: Tensor, other: Tensor, ratio: float) -> Tensor:
    mixed = ratio * img + (1.0 - ratio) * other
    return mixed.clamp(0, _largest(img)).to(img.dtype)


def adjust_brightness(img: Tensor, factor: float) -> Tensor:
    """Blend with black."""
    return _blend(img, ops.zeros_like(img), factor)


def adjust_contrast(img: Tensor, factor: float) -> Tensor:
    """Blend with the mean of the grey image."""
    _check_channels(img, [1, 3])
    dtype = img.dtype if img.is_floating_point() else float32
    grey = rgb_to_grayscale(img) if img.shape[-3] == 3 else img
    return _blend(img, grey.to(dtype).mean((-3, -2, -1), keepdim=True), factor)


def adjust_saturation(img: Tensor, factor: float) -> Tensor:
    """Blend with the grey image."""
    _check_channels(img, [1, 3])
    if img.shape[-3] == 1:
        return img
    return _blend(img, rgb_to_grayscale(img), factor)


def adjust_hue(img: Tensor, factor: float) -> Tensor:
    """Turn the hue by ``factor`` of the whole circle."""
    _check_channels(img, [1, 3])
    if img.shape[-3] == 1:
        return img
    exact = convert_image_dtype(img, img.dtype if img.is_floating_point() else float32)
    hue, saturation, value = _hsv(exact)
    return convert_image_dtype(_rgb((hue + factor) % 1.0, saturation, value), img.dtype)


def _hsv(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    red, green, blue = img.unbind(-3)
    value, least = img.amax(-3), img.amin(-3)
    chroma = value - least
    grey = chroma == 0
    ones = ops.ones_like(value)
    divisor = ops.where(grey, ones, chroma)
    from_red = (value - red) / divisor
    from_green = (value - green) / divisor
    from_blue = (value - blue) / divisor
    hue = ops.where(
        value == red,
        from_blue - from_green,
        ops.where(value == green, 2.0 + from_red - from_blue, 4.0 + from_green - from_red),
    )
    saturation = chroma / ops.where(grey, ones, value)
    return (hue / 6.0 + 1.0) % 1.0, saturation, value


def _rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Each channel falls off from ``value`` by its distance from the hue on the circle."""
    channels = []
    for offset in (5.0, 3.0, 1.0):
        distance = (offset + hue * 6.0) % 6.0
        fall = ops.minimum(distance, 4.0 - distance).clamp(0.0, 1.0)
        channels.append(value - value * saturation * fall)
    return ops.stack(channels, -3)


def invert(img: Tensor) -> Tensor:
    """The negative."""
    return _largest(img) - img


def adjust_gamma(img: Tensor, gamma: float, gain: float) -> Tensor:
    """``gain * img ** gamma`` of values between 0 and 1."""
    exact = convert_image_dtype(img, img.dtype if img.is_floating_point() else float32)
    return convert_image_dtype((gain * exact**gamma).clamp(0, 1), img.dtype)


def gaussian_blur(img: Tensor, kernel_size: tuple[int, int], sigma: tuple[float, float]) -> Tensor:
    """Blur with a Gaussian (x, y) kernel; the image goes on mirrored beyond its border."""
    _, height, width = dimensions(img)
    exact = img if img.is_floating_point() else img.to(float32)
    across = _blur_matrix(width, kernel_size[0], sigma[0])
    down = _blur_matrix(height, kernel_size[1], sigma[1])
    blurred = _matrix(down, exact) @ exact @ _matrix(across, exact).t()
    return blurred if img.is_floating_point() else blurred.round().to(img.dtype)


def _blur_matrix(size: int, kernel_size: int, sigma: float) -> np.ndarray:
    half = (kernel_size - 1) // 2
    offsets = np.arange(-half, half + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    source = np.pad(np.arange(size), half, "reflect")
    matrix = np.zeros((size, size))
    rows = np.arange(size)
    for offset, weight in zip(offsets, weights / weights.sum(), strict=True):
        np.add.at(matrix, (rows, source[rows + half + offset]), weight)
    return matrix
