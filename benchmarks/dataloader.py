"""Batches a second of the data loader, beside PyTorch's: run `python -m benchmarks.dataloader`.

Both libraries take turns in one process, and the median of the turns counts. torchvision does not
install beside every PyTorch, so that what its MNIST does for a sample is written out here.
"""

import argparse
import gzip
import statistics
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

import flambeau
from flambeau.utils.data import DataLoader, TensorDataset
from flambeau.vision import datasets, transforms

MEAN, DEVIATION = 0.1307, 0.3081


class TorchMNIST(torch.utils.data.Dataset):
    """MNIST as torchvision reads it: a picture, a tensor, a normalised tensor, for each sample."""

    def __init__(self, images: numpy.ndarray, labels: numpy.ndarray) -> None:
        self.images = torch.from_numpy(images)
        self.labels = torch.from_numpy(labels.astype(numpy.int64))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = Image.fromarray(self.images[index].numpy())
        pixels = torch.from_numpy(numpy.array(picture, numpy.uint8, copy=True))
        tensor = pixels.view(28, 28, 1).permute(2, 0, 1).contiguous().float().div(255)
        mean, deviation = torch.as_tensor([MEAN]), torch.as_tensor([DEVIATION])
        tensor = tensor.clone().sub_(mean.view(-1, 1, 1)).div_(deviation.view(-1, 1, 1))
        return tensor, int(self.labels[index])


def write_mnist(folder: Path, images: numpy.ndarray, labels: numpy.ndarray) -> None:
    """Write arrays as MNIST's files."""
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        content = gzip.compress(header + array.tobytes(), compresslevel=1)
        (folder / f"train-{name}-ubyte.gz").write_bytes(content)


def tensor_loaders(**arguments: Any) -> tuple[Any, Any]:
    """Loaders of 60 000 rows of 784 floats, and their classes."""
    generator = numpy.random.default_rng(0)
    rows = generator.random((60_000, 784), dtype=numpy.float32)
    classes = generator.integers(0, 10, 60_000)
    ours = TensorDataset(flambeau.from_numpy(rows), flambeau.from_numpy(classes))
    theirs = torch.utils.data.TensorDataset(torch.from_numpy(rows), torch.from_numpy(classes))
    return DataLoader(ours, **arguments), torch.utils.data.DataLoader(theirs, **arguments)


def mnist_loaders(**arguments: Any) -> tuple[Any, Any]:
    """Loaders of 10 000 images."""
    generator = numpy.random.default_rng(0)
    images = generator.integers(0, 256, (10_000, 28, 28), dtype=numpy.uint8)
    labels = generator.integers(0, 10, 10_000, dtype=numpy.uint8)
    usual = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (DEVIATION,))])
    with tempfile.TemporaryDirectory() as folder:
        write_mnist(Path(folder), images, labels)
        ours = datasets.MNIST(folder, transform=usual)
    theirs = TorchMNIST(images, labels)
    for (one, _), (other, _) in zip(
        DataLoader(ours, 64), torch.utils.data.DataLoader(theirs, 64), strict=True
    ):
        assert numpy.array_equal(one.numpy(), other.numpy())
    return DataLoader(ours, **arguments), torch.utils.data.DataLoader(theirs, **arguments)


CASES: dict[str, tuple[Callable[..., tuple[Any, Any]], dict[str, Any]]] = {
    "TensorDataset": (tensor_loaders, {}),
    "TensorDataset, 2 workers": (tensor_loaders, {"num_workers": 2}),
    "MNIST": (mnist_loaders, {}),
    "MNIST, 2 workers": (mnist_loaders, {"num_workers": 2}),
}


def rate(loader: Any) -> float:
    """Batches a second in an epoch, which includes the start of workers."""
    started = time.perf_counter()
    count = sum(1 for _ in loader)
    return count / (time.perf_counter() - started)


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    options = parser.parse_args()
    print(f"{'batches a second':28}{'flambeau':>10}{'PyTorch':>10}{'ratio':>8}")
    for name, (make, arguments) in CASES.items():
        loaders = make(batch_size=options.batch_size, shuffle=True, **arguments)
        turns = [[rate(loader) for loader in loaders] for _ in range(options.turns)]
        ours, theirs = (statistics.median(rates) for rates in zip(*turns, strict=True))
        ratio = statistics.median(one / other for one, other in turns)
        print(f"{name:28}{ours:10.0f}{theirs:10.0f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
