"""MNIST's files, read into NumPy arrays."""

import gzip
import zlib
from pathlib import Path

import numpy as np

__all__ = ["FOLDER", "load"]

# The test set's 10,000 images come along.
FOLDER = Path(__file__).parent / "data" / "mnist"


def load(folder: Path = FOLDER) -> tuple[np.ndarray, np.ndarray, int]:
    """Return images, labels, and how many of them, from the start, are to train on.

    A folder of one's own has MNIST's four files. The one that comes along has the test
    set only: 9,000 of it to train on, 1,000 held out.
    """
    if not folder.is_dir():
        raise SystemExit(f"there is no folder {folder}: --data needs one with MNIST's files")
    images, labels = _load_split(folder, "t10k")
    if folder.resolve() == FOLDER.resolve():
        return images, labels, 9_000
    more_images, more_labels = _load_split(folder, "train")
    everything = np.concatenate([more_images, images]), np.concatenate([more_labels, labels])
    return *everything, len(more_images)


def _load_split(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    images = _read(folder, f"{name}-images-idx3-ubyte", dimensions=3)
    labels = _read(folder, f"{name}-labels-idx1-ubyte", dimensions=1)
    if len(images) != len(labels):
        raise SystemExit(f"{folder}: {len(images)} {name} images, but {len(labels)} labels")
    return images, labels


def _read(folder: Path, name: str, dimensions: int) -> np.ndarray:
    """Read an IDX file: two zeros, the type, the number of dimensions, the shape, the bytes."""
    file = next((f for f in (folder / f"{name}.gz", folder / name) if f.exists()), None)
    if file is None:
        raise SystemExit(f"{folder} has neither {name}.gz nor {name}")
    try:
        content = file.read_bytes()
        if file.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise SystemExit(f"{file} cannot be read: {error}") from None
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes([0, 0, 8, dimensions]):
        raise SystemExit(f"{file} is not an IDX file of bytes in {dimensions} dimension(s)")
    shape = np.frombuffer(content, ">i4", dimensions, offset=4).tolist()
    values = np.frombuffer(content, np.uint8, offset=start)
    if values.size != np.prod(shape):
        raise SystemExit(f"{file} should hold {shape} bytes, and holds {values.size}")
    return values.reshape(shape)
