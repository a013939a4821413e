"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009): 32×32 colour images."""

import os
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flambeau.tensor import Tensor
from flambeau.vision._pillow import pillow
from flambeau.vision.datasets._batches import transformed_batch
from flambeau.vision.datasets.utils import check_integrity, download_and_extract_archive
from flambeau.vision.datasets.vision import VisionDataset

__all__ = ["CIFAR10", "CIFAR100"]

Files = Sequence[tuple[str, str]]


class CIFAR10(VisionDataset):
    """60 000 images of ten classes.

    Args:
        root: the folder that holds ``cifar-10-batches-py``.
        train: the 50 000 images for training, or the 10 000 for testing.
        transform: takes a Pillow image.
        target_transform: takes the class.
        download: whether to download and unpack what is not there.

    Samples are pairs of a 32×32 Pillow image and an ``int``. ``data`` is an array of shape
    (N, 32, 32, 3) and dtype uint8, ``targets`` a list. Raises ``RuntimeError`` if files are
    missing or not what they should be.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: Files = (
        ("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        ("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        ("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        ("data_batch_4", "634d18415352ddfa80567beed471001a"),
        ("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
    )
    test_list: Files = (("test_batch", "40351d587109b95175f43aff81a1287e"),)
    meta = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

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
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it"
            )
        self.data, self.targets = self._load_data()
        self.classes: list[str] = self._load(self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}

    def _load_data(self) -> tuple[np.ndarray, list[int]]:
        images, targets = [], []
        for name, _ in self.train_list if self.train else self.test_list:
            entry = self._load(name)
            images.append(entry["data"])
            targets.extend(entry["labels" if "labels" in entry else "fine_labels"])
        pixels = np.concatenate(images).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(pixels), targets

    def _load(self, name: str) -> dict[str, Any]:
        # A pickle may do anything, but only the files whose MD5 sums are known get here.
        with open(self._path(name), "rb") as file:
            return pickle.load(file, encoding="latin1")

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(pillow().fromarray(self.data[index]), self.targets[index])

    def __getbatch__(self, indices: Sequence[int]) -> list[Tensor] | None:
        if self.target_transform is not None:
            return None
        return transformed_batch(self.transform, self.data, self.targets, indices)

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        files = [*self.train_list, *self.test_list, (self.meta["filename"], self.meta["md5"])]
        return all(check_integrity(self._path(name), md5) for name, md5 in files)

    def download(self) -> None:
        """Download and unpack the archive, unless its content is there."""
        if not self._check_integrity():
            download_and_extract_archive(
                self.url, self.root, filename=self.filename, md5=self.tgz_md5
            )

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """60 000 images of a hundred classes; the arguments of :class:`CIFAR10`."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = (("train", "16019d7e3df5f24257cddd939b257f8d"),)
    test_list = (("test", "f0ef6b0ae62326f3e7ffdfab6717acfc"),)
    meta = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }
