"""Storages saved on other devices go to the CPU, if that is asked for."""

import pytest

import flambeau as torch
from tests.serialization.archives import archive, loaded, records, saved


def saved_on(device: str) -> bytes:
    """A checkpoint of a tensor that was on another device."""
    contents = records(saved(torch.arange(3)))
    name = b"X\x03\x00\x00\x00cpu"
    assert contents["data.pkl"].count(name) == 1
    other = b"X" + len(device).to_bytes(4, "little") + device.encode()
    contents["data.pkl"] = contents["data.pkl"].replace(name, other)
    return archive(contents)


@pytest.mark.parametrize(
    "location",
    [
        "cpu",
        torch.device("cpu"),
        {"cuda:0": "cpu"},
        lambda storage, tag: storage,
        lambda storage, tag: storage.cpu(),
    ],
    ids=["string", "device", "dictionary", "function", "cpu"],
)
def test_a_tensor_from_another_device_is_brought_to_the_cpu(location):
    tensor = loaded(saved_on("cuda:0"), map_location=location)
    assert tensor.tolist() == [0, 1, 2]
    assert tensor.device == torch.device("cpu")


@pytest.mark.parametrize("location", [None, {}, {"cpu": "cpu"}, lambda storage, tag: None])
def test_a_tensor_from_another_device_stays_there_otherwise(location):
    message = r"Attempting to deserialize object on a CUDA device but torch\.cuda\.is_available\(\)"
    with pytest.raises(RuntimeError, match=message):
        loaded(saved_on("cuda:0"), map_location=location)


@pytest.mark.parametrize("location", ["cuda", "cuda:1", torch.device("cuda"), {"cpu": "cuda:0"}])
def test_nothing_is_brought_to_another_device(location):
    with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device"):
        loaded(saved(torch.ones(1)), map_location=location)


def test_an_unknown_device_is_named():
    with pytest.raises(RuntimeError, match=r"don't know how to restore .* \(tagged with mps\)"):
        loaded(saved_on("mps"))


def test_a_function_sees_each_storage_once():
    seen = []
    base = torch.arange(4)
    obj = [base, base[1:], torch.tensor([0.5]), torch.zeros(0)]
    loaded(saved(obj), map_location=lambda storage, tag: seen.append((storage.tolist(), tag)))
    assert seen == [([0, 1, 2, 3], "cpu"), ([0.5], "cpu"), ([], "cpu")]


def test_a_function_may_give_another_storage():
    zeros = []
    loaded(saved(torch.zeros(2)), map_location=lambda storage, tag: zeros.append(storage))
    result = loaded(saved(torch.ones(2)), map_location=lambda storage, tag: zeros[0])
    assert result.tolist() == [0.0, 0.0]


def test_what_is_no_location_is_a_type_error():
    with pytest.raises(TypeError, match="'int' object is not callable"):
        loaded(saved(torch.ones(1)), map_location=3)


def test_a_function_must_give_a_storage():
    with pytest.raises(TypeError, match="map_location must return a storage or None, not int"):
        loaded(saved(torch.ones(1)), map_location=lambda storage, tag: 7)
