"""The IDX format of MNIST: a header of type and sizes, then the elements, big-endian.

two zero bytes, a byte for the element type, a byte for the number of dimensions,
then each size in four bytes
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_idx"]

_ELEMENTS: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file, which may be packed with gzip; ``RuntimeError`` if it is damaged."""
    content = _unpacked(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _ELEMENTS:
        raise _damaged(path, "it does not begin as an IDX file does")
    element = _ELEMENTS[content[2]]
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise _damaged(path, "its header is cut short")
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    expected = math.prod(shape) * element.itemsize
    if len(content) - start != expected:
        raise _damaged(path, f"it has {len(content) - start} bytes of data instead of {expected}")
    array = np.frombuffer(content, element, offset=start).reshape(shape)
    return array.astype(element.newbyteorder("="))


def _unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, f"it cannot be unpacked ({error})") from error


def _damaged(path: Path, reason: str) -> RuntimeError:
    return RuntimeError(f"{path} is damaged: {reason}. Delete it and download it again.")
