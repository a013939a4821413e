"""CIFAR, folders of files, fake data."""

import hashlib
import pickle

import numpy
import pytest

import flambeau as torch
from flambeau.utils.data import DataLoader, default_collate
from flambeau.vision import transforms
from flambeau.vision.datasets import CIFAR10, CIFAR100, DatasetFolder, FakeData, ImageFolder

Image = pytest.importorskip("PIL.Image")


# CIFAR


def pixels(part: int) -> numpy.ndarray:
    return numpy.random.default_rng(part).integers(0, 256, (4, 3072), dtype=numpy.uint8)


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    def write(folder, name, content):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pickle.dumps(content, protocol=2))
        return name, hashlib.md5(path.read_bytes()).hexdigest()

    ten = CIFAR10.base_folder
    parts = [
        write(ten, f"data_batch_{n}", {"data": pixels(n), "labels": [n, 1, 2, 3]}) for n in (1, 2)
    ]
    test = write(ten, "test_batch", {"data": pixels(9), "labels": [9, 8, 7, 6]})
    names, md5 = write(ten, "batches.meta", {"label_names": ["plane", "car"]})
    monkeypatch.setattr(CIFAR10, "train_list", parts)
    monkeypatch.setattr(CIFAR10, "test_list", [test])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": names, "key": "label_names", "md5": md5})
    hundred = CIFAR100.base_folder
    train = write(hundred, "train", {"data": pixels(5), "fine_labels": [5, 50, 99, 0]})
    names, md5 = write(hundred, "meta", {"fine_label_names": ["apple"]})
    monkeypatch.setattr(CIFAR100, "train_list", [train])
    monkeypatch.setattr(CIFAR100, "test_list", [])
    key = "fine_label_names"
    monkeypatch.setattr(CIFAR100, "meta", {"filename": names, "key": key, "md5": md5})
    return tmp_path


def test_cifar_has_colour_images(cifar):
    dataset = CIFAR10(cifar)
    assert dataset.data.shape == (8, 32, 32, 3)
    assert dataset.targets == [1, 1, 2, 3, 2, 1, 2, 3]
    image, target = dataset[4]
    assert (image.mode, image.size, target) == ("RGB", (32, 32), 2)
    expected = pixels(2)[0].reshape(3, 32, 32)
    assert numpy.array_equal(numpy.asarray(image).transpose(2, 0, 1), expected)
    assert dataset.class_to_idx == {"plane": 0, "car": 1}
    assert len(CIFAR10(cifar, train=False)) == 4
    assert CIFAR100(cifar).targets == [5, 50, 99, 0]


def test_a_batch_of_cifar_transformed_at_once_is_that_of_its_samples(cifar):
    usual = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))]
    )
    dataset = CIFAR10(cifar, transform=usual)
    ((images, targets),) = DataLoader(dataset, batch_size=8)
    each, numbers = default_collate([dataset[i] for i in range(8)])
    assert torch.equal(images, each)
    assert torch.equal(targets, numbers)
    assert images.is_contiguous()


def test_a_changed_cifar_file_is_not_read(cifar):
    path = cifar / CIFAR10.base_folder / "data_batch_1"
    path.write_bytes(path.read_bytes() + b"!")
    message = "Dataset not found or corrupted. You can use download=True to download it"
    with pytest.raises(RuntimeError, match=message):
        CIFAR10(cifar)


# Folders


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(["dog/b.png", "dog/a.PNG", "cat/x/deep.png", "cat/notes.txt"]):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("no image")
        else:
            Image.new("L", (4, 3), color=number).save(path, format="png")
    return tmp_path


def test_folders_are_classes(folder):
    dataset = ImageFolder(folder)
    assert dataset.classes == ["cat", "dog"]
    assert dataset.class_to_idx == {"cat": 0, "dog": 1}
    assert dataset.samples is dataset.imgs
    names = [(str(path.removeprefix(f"{folder}/")), target) for path, target in dataset.samples]
    assert names == [("cat/x/deep.png", 0), ("dog/a.PNG", 1), ("dog/b.png", 1)]
    assert dataset.targets == [0, 1, 1]
    image, target = dataset[2]
    assert (image.mode, image.size, target) == ("RGB", (4, 3), 1)
    assert image.getpixel((0, 0)) == (0, 0, 0)
    assert repr(dataset).splitlines()[0] == "Dataset ImageFolder"


def test_any_files_may_be_samples(folder):
    dataset = DatasetFolder(folder, loader=lambda path: path[-9:], extensions=(".txt", ".png"))
    assert dataset[0] == ("notes.txt", 0)
    only = DatasetFolder(
        folder, str, is_valid_file=lambda path: path.endswith("b.png") or "x" in path
    )
    assert len(only) == 3


def test_files_are_told_in_one_way(folder):
    message = "Both extensions and is_valid_file cannot be None or not None at the same time"
    with pytest.raises(ValueError, match=message):
        DatasetFolder(folder, str)


def test_a_class_without_files_is_told(folder):
    (folder / "eel").mkdir()
    message = r"Found no valid file for the classes eel. Supported extensions are: \.jpg, \.jpeg"
    with pytest.raises(FileNotFoundError, match=message):
        ImageFolder(folder)
    assert ImageFolder(folder, allow_empty=True).classes == ["cat", "dog", "eel"]


def test_a_folder_without_classes_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
        ImageFolder(tmp_path)


def test_fake_data_are_always_the_same():
    data = FakeData(size=5, image_size=(3, 8, 8), num_classes=4)
    image, target = data[3]
    again, same = FakeData(size=5, image_size=(3, 8, 8), num_classes=4)[3]
    assert image.size == (8, 8)
    assert target in range(4)
    assert numpy.array_equal(numpy.asarray(image), numpy.asarray(again))
    assert target == same
    with pytest.raises(IndexError, match="FakeData index out of range"):
        data[5]


def test_fake_data_draw_nothing_from_the_default_generator():
    state = torch.get_rng_state()
    FakeData(size=1, image_size=(1, 2, 2))[0]
    assert torch.equal(torch.get_rng_state(), state)
