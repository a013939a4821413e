"""A small folder of digits in MNIST's form."""

from pathlib import Path

import numpy
import pytest


def write_idx(file: Path, shape: tuple[int, ...], values: numpy.ndarray) -> None:
    header = bytes([0, 0, 8, len(shape)]) + numpy.array(shape, ">i4").tobytes()
    file.write_bytes(header + values.astype(numpy.uint8).tobytes())


@pytest.fixture
def small_mnist(tmp_path: Path) -> Path:
    """96 images to train on and 40 to test on: a bright row, whose height is the label."""
    for name, count in [("train", 96), ("t10k", 40)]:
        labels = numpy.arange(count) % 10
        images = numpy.zeros((count, 28, 28))
        images[numpy.arange(count), 2 * labels + 4] = 255
        write_idx(tmp_path / f"{name}-images-idx3-ubyte", images.shape, images)
        write_idx(tmp_path / f"{name}-labels-idx1-ubyte", (count,), labels)
    return tmp_path
