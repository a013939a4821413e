"""MNIST and its kin: where files are found, what is read, what is said of damaged ones."""

import gzip
import struct
from pathlib import Path

import numpy
import pytest

import flambeau as torch
from flambeau.utils.data import DataLoader, Subset, default_collate
from flambeau.vision import transforms
from flambeau.vision.datasets import KMNIST, MNIST, FashionMNIST
from flambeau.vision.datasets._idx import read_idx

IMAGES = numpy.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=numpy.uint8)
LABELS = (numpy.arange(30) % 10).astype(numpy.uint8)
FILES = {"train": (IMAGES, LABELS), "t10k": (IMAGES[:7], LABELS[:7])}
USUAL = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])


def idx(array: numpy.ndarray) -> bytes:
    codes = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
    header = struct.pack(f">HBB{array.ndim}I", 0, codes[array.dtype.name], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_files(folder: Path, packed: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, (images, labels) in FILES.items():
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = folder / f"{part}-{kind}-ubyte{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    return folder


@pytest.fixture
def root(tmp_path):
    write_files(tmp_path / "MNIST" / "raw")
    return tmp_path


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "unpacked"])
@pytest.mark.parametrize("folder", ["MNIST/raw", "."])
def test_files_are_found_packed_or_not(tmp_path, folder, packed):
    write_files(tmp_path / folder, packed)
    assert len(MNIST(tmp_path)) == 30
    assert len(MNIST(str(tmp_path), train=False)) == 7


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST, KMNIST])
def test_each_dataset_has_its_own_folder(tmp_path, kind):
    write_files(tmp_path / kind.__name__ / "raw")
    dataset = kind(tmp_path)
    assert dataset.raw_folder == str(tmp_path / kind.__name__ / "raw")
    assert len(dataset.classes) == len(dataset.class_to_idx) == 10
    assert dataset.class_to_idx[dataset.classes[3]] == 3


def test_what_is_to_be_downloaded_is_not_mistaken_for_files_of_another_dataset(
    tmp_path, monkeypatch
):
    write_files(tmp_path)
    monkeypatch.setattr(FashionMNIST, "mirrors", ())
    with pytest.raises(RuntimeError, match="Error downloading train-images"):
        FashionMNIST(tmp_path, download=True)


def test_missing_files_are_told(tmp_path):
    message = r"^Dataset not found. You can use download=True to download it$"
    with pytest.raises(RuntimeError, match=message):
        MNIST(tmp_path)


def test_the_test_files_alone_will_do(root):
    for path in root.glob("MNIST/raw/train*"):
        path.unlink()
    assert len(MNIST(root, train=False)) == 7
    with pytest.raises(RuntimeError, match="Dataset not found"):
        MNIST(root, train=True)


def test_data_and_targets_are_tensors(root):
    dataset = MNIST(root)
    assert dataset.data.dtype == torch.uint8
    assert dataset.targets.dtype == torch.int64
    assert numpy.array_equal(dataset.data.numpy(), IMAGES)
    assert dataset.targets.tolist() == LABELS.tolist()


def test_a_sample_is_an_image_and_a_number(root):
    image, target = MNIST(root)[12]
    assert image.mode == "L"
    assert image.size == (28, 28)
    assert numpy.array_equal(numpy.asarray(image), IMAGES[12])
    assert type(target) is int
    assert target == 2


def test_transforms_are_applied(root):
    dataset = MNIST(root, transform=lambda image: image.size, target_transform=str)
    assert dataset[3] == ((28, 28), "3")


def test_the_printed_form_is_torchvisions(root):
    expected = f"""\
Dataset MNIST
    Number of datapoints: 30
    Root location: {root}
    Split: Train
    StandardTransform
Transform: Compose(
               ToTensor()
               Normalize(mean=(0.1307,), std=(0.3081,))
           )
Target transform: Lambda()"""
    dataset = MNIST(root, transform=USUAL, target_transform=transforms.Lambda(int))
    assert repr(dataset) == expected
    assert repr(MNIST(root, train=False)).splitlines()[1:] == [
        "    Number of datapoints: 7",
        f"    Root location: {root}",
        "    Split: Test",
    ]


# A batch may be transformed at once; nobody must be able to tell.


def batches(dataset, together):
    collate = None if together else lambda samples: default_collate(samples)
    return list(DataLoader(dataset, batch_size=8, collate_fn=collate))


@pytest.mark.parametrize(
    "transform",
    [
        USUAL,
        transforms.ToTensor(),
        transforms.Compose([transforms.ToTensor()]),
        transforms.Compose([transforms.ToTensor(), *[transforms.Normalize(0.5, 0.25)] * 2]),
        transforms.Compose([transforms.CenterCrop(20), transforms.ToTensor()]),
        transforms.Compose([transforms.ToTensor(), lambda image: image * 2]),
    ],
    ids=["usual", "to tensor", "composed", "normalized twice", "cropped", "doubled"],
)
def test_a_batch_transformed_at_once_is_that_of_its_samples(root, transform):
    dataset = MNIST(root, transform=transform)
    for part in (dataset, Subset(dataset, [5, 3, -1, 5])):
        for one, other in zip(batches(part, True), batches(part, False), strict=True):
            assert len(one) == len(other) == 2
            for together, each in zip(one, other, strict=True):
                assert together.dtype == each.dtype
                assert together.is_contiguous()
                assert torch.equal(together, each)


def test_a_target_transform_is_called_for_each_sample(root):
    dataset = MNIST(root, transform=USUAL, target_transform=lambda target: -target)
    _, targets = batches(dataset, True)[0]
    assert targets.tolist() == [-n for n in range(8)]


def test_replaced_data_and_targets_are_used(root):
    dataset = MNIST(root, transform=USUAL)
    dataset.data, dataset.targets = dataset.data[:4], dataset.targets[:4] + 1
    assert len(dataset) == 4
    [(images, targets)] = batches(dataset, True)
    assert images.shape == (4, 1, 28, 28)
    assert targets.tolist() == [1, 2, 3, 4]
    dataset.data, dataset.targets = dataset.data.numpy(), [5, 6, 7, 8]
    assert batches(dataset, True)[0][1].tolist() == [5, 6, 7, 8]


def test_a_subclass_that_reads_samples_otherwise_is_asked_for_each(root):
    class Only(MNIST):
        raw_folder = str(root / "MNIST" / "raw")

        def __getitem__(self, index):
            return super().__getitem__(index)[1]

    assert batches(Only(root, transform=USUAL), True)[0].tolist() == list(range(8))


def test_workers_read_the_same(root):
    dataset = MNIST(root, transform=USUAL)
    loader = DataLoader(dataset, batch_size=8, num_workers=1)
    for (images, targets), (same, numbers) in zip(loader, batches(dataset, True), strict=True):
        assert torch.equal(images, same)
        assert torch.equal(targets, numbers)


# Damaged files


def damage(root, change, name="train-images-idx3-ubyte.gz"):
    path = root / "MNIST" / "raw" / name
    path.write_bytes(change(path.read_bytes()))
    return path


def repacked(change):
    return lambda content: gzip.compress(change(gzip.decompress(content)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content[:-100], "it cannot be unpacked"),
        (lambda content: content[:500] + b"\0" * 100 + content[600:], "it cannot be unpacked"),
        (lambda content: b"", "it does not begin as an IDX file does"),
        (lambda content: b"<html>Not found</html>", "it does not begin as an IDX file does"),
        (repacked(lambda content: b"\1" + content[1:]), "it does not begin as an IDX file does"),
        (repacked(lambda content: content[:10]), "its header is cut short"),
        (repacked(lambda content: content[:-1]), r"it has 23519 bytes of data instead of 23520"),
        (repacked(lambda content: content + b"\0"), r"it has 23521 bytes of data instead of 23520"),
    ],
)
def test_a_damaged_file_is_named(root, change, reason):
    path = damage(root, change)
    with pytest.raises(RuntimeError) as error:
        MNIST(root)
    assert str(error.value).startswith(f"{path} is damaged: ")
    error.match(reason)
    assert str(error.value).endswith("Delete it and download it again.")


def test_files_that_do_not_belong_together_are_told(root):
    damage(root, lambda content: gzip.compress(idx(LABELS[:5])), "train-labels-idx1-ubyte.gz")
    with pytest.raises(RuntimeError, match=r"do not belong together: .*\(30, 28, 28\) and \(5,\)"):
        MNIST(root)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
def test_every_element_type_is_read(tmp_path, dtype):
    array = (numpy.arange(24).reshape(2, 3, 4) - 5).astype(dtype)
    path = tmp_path / "file"
    path.write_bytes(idx(array))
    read = read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert numpy.array_equal(read, array)
