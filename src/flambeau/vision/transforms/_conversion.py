"""Between Pillow images, arrays (H, W, C) and tensors (C, H, W)."""

import sys
from typing import Any

import numpy as np

from flambeau import ops
from flambeau.ir import dtypes
from flambeau.tensor import Tensor
from flambeau.utils.data._utils.arrays import adopt
from flambeau.vision._pillow import is_pil_image, pillow

__all__ = ["pil_to_tensor", "to_pil_image", "to_tensor"]

#: The elements of Pillow's modes that have no bytes.
_ELEMENTS: dict[str, Any] = {
    "I": np.int32,
    "I;16" if sys.byteorder == "little" else "I;16B": np.int16,
    "F": np.float32,
}
_NATIVE_16 = "I;16" if sys.byteorder == "little" else "I;16B"
_MODES = {"uint8": "L", "int16": _NATIVE_16, "int32": "I", "float32": "F"}
_MODES_OF_BANDS = {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}


def to_tensor(pic: Any) -> Tensor:
    """A Pillow image or an array (H, W, C) as a tensor (C, H, W).

    Bytes become numbers between 0 and 1 of the default dtype; other elements are kept. Raises
    ``TypeError`` for anything else, ``ValueError`` for an array of other than 2 or 3 dimensions.
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        return _scaled(pic)
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    pixels = np.asarray(pic, _ELEMENTS.get(pic.mode, np.uint8))
    return _scaled(255 * pixels if pic.mode == "1" else pixels)


def _scaled(pixels: np.ndarray) -> Tensor:
    channels_first = _channels_first(pixels)
    if pixels.dtype != np.uint8:
        return ops.from_numpy(np.ascontiguousarray(channels_first))
    scaled = adopt(np.divide(channels_first, np.float32(255), dtype=np.float32, order="C"))
    return scaled.to(dtypes.default())


def _channels_first(pixels: np.ndarray) -> np.ndarray:
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def pil_to_tensor(pic: Any) -> Tensor:
    """A Pillow image as a tensor (C, H, W) of the same elements; ``TypeError`` for others."""
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    return ops.from_numpy(np.ascontiguousarray(_channels_first(np.asarray(pic))))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C) as a Pillow image.

    Floats between 0 and 1 become bytes, unless ``mode`` is ``"F"``. Without a mode it follows
    from the elements and the number of channels. Raises ``TypeError`` or ``ValueError`` for what
    is no image, or not one of ``mode``.
    """
    if isinstance(pic, Tensor):
        pixels = _from_tensor(pic, mode)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        pixels = pic if pic.ndim == 3 else pic[:, :, None]
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pixels.shape[2] > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {pixels.shape[2]} channels.")
    mode = _mode(pixels, mode)
    height, width = pixels.shape[:2]
    return pillow().frombytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())


def _from_tensor(pic: Tensor, mode: str | None) -> np.ndarray:
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    pixels = pic.detach().numpy()
    if pixels.ndim == 2:
        pixels = pixels[None]
    if pixels.dtype.kind == "f" and mode != "F":
        # As the cast in PyTorch: cut off towards zero, and around.
        pixels = (pixels * pixels.dtype.type(255)).astype(np.int64).astype(np.uint8)
    return pixels.transpose(1, 2, 0)


def _mode(pixels: np.ndarray, mode: str | None) -> str:
    bands = pixels.shape[2]
    if bands == 1:
        expected = _MODES.get(pixels.dtype.name)
        if mode is not None and mode != expected:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {pixels.dtype}. "
                f"Should be {expected}"
            )
        mode = expected
    elif mode is not None and mode not in _MODES_OF_BANDS[bands]:
        permitted = list(_MODES_OF_BANDS[bands])
        raise ValueError(f"Only modes {permitted} are supported for {bands}D inputs")
    elif mode is None and pixels.dtype == np.uint8:
        mode = _MODES_OF_BANDS[bands][0]
    if mode is None:
        raise TypeError(f"Input type {pixels.dtype} is not supported")
    return mode
