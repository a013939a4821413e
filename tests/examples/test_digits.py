"""The demo's digits are what they claim to be, and wrong folders are told from right ones."""

import gzip
import sys
from pathlib import Path

import numpy
import pytest

from tests.examples.conftest import write_idx

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def digits():
    sys.path.insert(0, str(EXAMPLES))
    try:
        import digits
    finally:
        sys.path.remove(str(EXAMPLES))
    return digits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with four small files in MNIST's form."""
    for name, count in [("train", 5), ("t10k", 3)]:
        images = numpy.arange(count * 4, dtype=numpy.uint8)
        write_idx(tmp_path / f"{name}-images-idx3-ubyte", (count, 2, 2), images)
        write_idx(tmp_path / f"{name}-labels-idx1-ubyte", (count,), images[:count])
    return tmp_path


def test_ten_thousand_digits_come_along(digits) -> None:
    images, labels, count = digits.load()
    assert images.shape == (10_000, 28, 28)
    assert images.dtype == labels.dtype == numpy.uint8
    assert (images.min(), images.max(), count) == (0, 255, 9_000)
    assert numpy.bincount(labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


def test_folder_of_ones_own_is_trained_on_its_training_set(digits, folder: Path) -> None:
    images, labels, count = digits.load(folder)
    assert images.shape == (8, 2, 2)
    assert count == 5
    assert labels.tolist() == [0, 1, 2, 3, 4, 0, 1, 2]


def test_files_may_be_compressed(digits, folder: Path) -> None:
    plain = digits.load(folder)
    for file in list(folder.iterdir()):
        file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    assert numpy.array_equal(digits.load(folder)[0], plain[0])


def remove_folder(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def break_labels(folder: Path) -> None:
    write_idx(folder / "t10k-labels-idx1-ubyte", (2,), numpy.zeros(2, numpy.uint8))


def break_magic(folder: Path) -> None:
    (folder / "t10k-images-idx3-ubyte").write_text("<html>not found</html>")


def break_end(folder: Path) -> None:
    file = folder / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])


def break_archive(folder: Path) -> None:
    file = folder / "t10k-images-idx3-ubyte"
    file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes())[:20])


def remove_training_set(folder: Path) -> None:
    (folder / "train-images-idx3-ubyte").unlink()


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (remove_folder, "there is no folder"),
        (break_labels, "3 t10k images, but 2 labels"),
        (break_magic, "is not an IDX file of bytes in 3 dimension"),
        (break_end, r"should hold \[3, 2, 2\] bytes, and holds 11"),
        (break_archive, r"t10k-images-idx3-ubyte.gz cannot be read"),
        (remove_training_set, "has neither train-images-idx3-ubyte.gz nor"),
    ],
)
def test_wrong_folder_is_named(digits, folder: Path, damage, complaint: str) -> None:
    damage(folder)
    with pytest.raises(SystemExit, match=complaint):
        digits.load(folder)
