"""Datasets whose classes are the folders that files are in."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flambeau.vision._pillow import pillow
from flambeau.vision.datasets.vision import VisionDataset

__all__ = [
    "IMG_EXTENSIONS",
    "DatasetFolder",
    "ImageFolder",
    "default_loader",
    "find_classes",
    "has_file_allowed_extension",
    "is_image_file",
    "make_dataset",
    "pil_loader",
]

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

PathLike = str | Path
IsValid = Callable[[str], bool]


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Return whether a name ends in one of the extensions, in capitals or not."""
    return filename.lower().endswith(extensions)


def is_image_file(filename: str) -> bool:
    """Return whether a name ends as an image's does."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: PathLike) -> tuple[list[str], dict[str, int]]:
    """Return the names of the folders in ``directory``, sorted, and the number of each.

    Raises ``FileNotFoundError`` if there are none.
    """
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: number for number, name in enumerate(classes)}


def make_dataset(
    directory: PathLike,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: IsValid | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """Return the files under each class's folder, with the class's number.

    Files are told by their extensions or by ``is_valid_file``: one of the two is given, else
    ``ValueError`` is raised. A class without files is a ``FileNotFoundError``, unless
    ``allow_empty``.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    is_valid = _validity(extensions, is_valid_file)
    samples: list[tuple[str, int]] = []
    empty = []
    for name in sorted(class_to_idx):
        files = [path for path in _files(os.path.join(directory, name)) if is_valid(path)]
        samples.extend((path, class_to_idx[name]) for path in files)
        if not files:
            empty.append(name)
    if empty and not allow_empty:
        raise FileNotFoundError(_no_files(empty, extensions))
    return samples


def _validity(extensions: str | tuple[str, ...] | None, is_valid_file: IsValid | None) -> IsValid:
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same time"
        )
    if is_valid_file is not None:
        return is_valid_file
    allowed = extensions
    assert allowed is not None
    return lambda path: has_file_allowed_extension(path, allowed)


def _files(folder: str) -> Iterator[str]:
    """Every file under a folder, sorted within each folder below it."""
    for root, _, names in sorted(os.walk(folder, followlinks=True)):
        for name in sorted(names):
            yield os.path.join(root, name)


def _no_files(classes: list[str], extensions: str | tuple[str, ...] | None) -> str:
    message = f"Found no valid file for the classes {', '.join(sorted(classes))}. "
    if extensions is not None:
        listed = extensions if isinstance(extensions, str) else ", ".join(extensions)
        message += f"Supported extensions are: {listed}"
    return message


class DatasetFolder(VisionDataset):
    """Files in folders, one folder a class: ``root/cat/1.bin``, ``root/dog/some/2.bin``.

    Args:
        root: the folder of the classes' folders.
        loader: reads a sample from a path.
        extensions: what the files' names end in; or
        is_valid_file: whether a path is one of a sample.
        transform: takes a sample.
        target_transform: takes the class's number.
        allow_empty: whether a class may have no files.

    ``samples`` are the pairs of path and class, ``classes`` the names in order.
    """

    def __init__(
        self,
        root: PathLike,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: IsValid | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader = loader
        self.extensions = extensions
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root, self.class_to_idx, extensions, is_valid_file, allow_empty
        )
        self.targets = [target for _, target in self.samples]

    @staticmethod
    def make_dataset(
        directory: PathLike,
        class_to_idx: dict[str, int],
        extensions: tuple[str, ...] | None = None,
        is_valid_file: IsValid | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """Return the samples; see :func:`make_dataset`."""
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def find_classes(self, directory: PathLike) -> tuple[list[str], dict[str, int]]:
        """Return the classes; a subclass may find them otherwise."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


def pil_loader(path: PathLike) -> Any:
    """Read an image in RGB."""
    with open(path, "rb") as file:
        return pillow().open(file).convert("RGB")


default_loader = pil_loader


class ImageFolder(DatasetFolder):
    """Images in folders, one folder a class: ``root/cat/1.png``, ``root/dog/some/2.jpg``.

    ``imgs`` is another name of ``samples``; see :class:`DatasetFolder`.
    """

    def __init__(
        self,
        root: PathLike,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: IsValid | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(
            root,
            loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform=transform,
            target_transform=target_transform,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.imgs = self.samples
