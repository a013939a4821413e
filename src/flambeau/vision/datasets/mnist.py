"""MNIST and the datasets of its form: 28×28 images of ten classes, 60 000 and 10 000 of them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flambeau import ops
from flambeau.tensor import Tensor
from flambeau.vision._pillow import pillow
from flambeau.vision.datasets._batches import array_of, transformed_batch
from flambeau.vision.datasets._idx import read_idx
from flambeau.vision.datasets.utils import download_from_mirrors
from flambeau.vision.datasets.vision import VisionDataset

__all__ = ["KMNIST", "MNIST", "FashionMNIST"]


class MNIST(VisionDataset):
    """Handwritten digits (LeCun, Cortes, Burges).

    Args:
        root: the folder. The files, packed or not, are in ``root/MNIST/raw`` or ``root`` itself.
        train: the 60 000 images for training, or the 10 000 for testing.
        transform: takes a Pillow image.
        target_transform: takes the digit.
        download: whether to download what is not there, into ``root/MNIST/raw``.

    Samples are pairs of a 28×28 Pillow image and an ``int``. ``data`` is (N, 28, 28) of uint8,
    ``targets`` (N,) of int64. Raises ``RuntimeError`` if files are missing or damaged.
    """

    mirrors: Sequence[str] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    resources: Sequence[tuple[str, str]] = (
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    )
    classes: Sequence[str] = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        # Which dataset it is, is told by the folder alone: files of another one must not be
        # taken for what was to be downloaded.
        direct = type(self) is MNIST or not download
        self._folders = [self.raw_folder, self.root] if direct else [self.raw_folder]
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.data, self.targets = self._load_data()

    def _load_data(self) -> tuple[Tensor, Tensor]:
        part = "train" if self.train else "t10k"
        image_file = self._find(f"{part}-images-idx3-ubyte")
        label_file = self._find(f"{part}-labels-idx1-ubyte")
        assert image_file is not None
        assert label_file is not None
        images, labels = read_idx(image_file), read_idx(label_file)
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise RuntimeError(
                f"{image_file} and {label_file} do not belong together: "
                f"their shapes are {images.shape} and {labels.shape}"
            )
        return ops.from_numpy(images), ops.from_numpy(labels.astype(np.int64))

    def _find(self, name: str) -> Path | None:
        """Where a file is, packed or not."""
        for folder in self._folders:
            for file in (name, f"{name}.gz"):
                path = Path(folder) / file
                if path.is_file():
                    return path
        return None

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow().fromarray(array_of(self.data)[index])
        return self._transformed(image, int(array_of(self.targets)[index]))

    def __getbatch__(self, indices: Sequence[int]) -> list[Tensor] | None:
        if self.target_transform is not None:
            return None
        return transformed_batch(self.transform, self.data, self.targets, indices)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def raw_folder(self) -> str:
        """Where downloads go."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def processed_folder(self) -> str:
        """Where nothing is kept any more; old programs ask for it."""
        return os.path.join(self.root, type(self).__name__, "processed")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: number for number, name in enumerate(self.classes)}

    def _check_exists(self) -> bool:
        part = "train" if self.train else "t10k"
        names = [name.removesuffix(".gz") for name, _ in self.resources]
        return all(self._find(name) for name in names if name.startswith(part))

    def download(self) -> None:
        """Download what is not there."""
        for name, md5 in self.resources:
            if self._find(name.removesuffix(".gz")) is None:
                download_from_mirrors(self.mirrors, self.raw_folder, name, md5)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Articles of clothing, in MNIST's form (Xiao, Rasul, Vollgraf 2017)."""

    mirrors = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
    resources = (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    )
    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Cursive Japanese characters, in MNIST's form (Clanuwat et al. 2018)."""

    mirrors = ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
    resources = (
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    )
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
