"""Collating samples."""

from collections import OrderedDict, UserDict, namedtuple
from collections.abc import Mapping, Sequence

import numpy
import pytest

import flambeau as torch
from flambeau.utils.data import default_collate, default_convert
from flambeau.utils.data._utils.collate import collate, default_collate_fn_map

Point = namedtuple("Point", ["x", "y"])


class Fixed(Mapping):
    """A mapping that cannot be made from a dict."""

    def __init__(self):
        pass

    def __getitem__(self, key):
        return {"a": 1}[key]

    def __iter__(self):
        return iter(["a"])

    def __len__(self):
        return 1


class Pair(Sequence):
    """A sequence that cannot be made from a list."""

    def __init__(self, a, b):
        self.members = (a, b)

    def __getitem__(self, index):
        return self.members[index]

    def __len__(self):
        return 2


def assert_tensor(tensor, values, dtype):
    assert isinstance(tensor, torch.Tensor)
    assert tensor.dtype == dtype
    assert tensor.tolist() == values


def test_tensors_are_stacked():
    batch = default_collate([torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])])
    assert_tensor(batch, [[1.0, 2.0], [3.0, 4.0]], torch.float32)


def test_tensors_that_require_gradients_are_stacked_with_their_history():
    one, two = torch.ones(2, requires_grad=True), torch.ones(2)
    default_collate([one, two]).sum().backward()
    assert one.grad.tolist() == [1, 1]


def test_tensors_of_several_dtypes_are_promoted():
    batch = default_collate([torch.tensor([1]), torch.tensor([0.5])])
    assert_tensor(batch, [[1.0], [0.5]], torch.float32)


@pytest.mark.parametrize(
    ("numbers", "dtype"),
    [
        ([1, 2], torch.int64),
        ([True, False], torch.bool),
        ([0.5, 1.5], torch.float64),
        ([numpy.float32(1), numpy.float32(2)], torch.float32),
        ([numpy.float64(1), numpy.float64(2)], torch.float64),
        ([numpy.uint8(1), numpy.uint8(2)], torch.uint8),
        ([numpy.bool_(True), numpy.bool_(False)], torch.bool),
        ([numpy.int64(1), numpy.float32(2.5)], torch.float32),
    ],
)
def test_numbers_become_a_vector(numbers, dtype):
    assert_tensor(default_collate(numbers), [n + 0 for n in numbers], dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
def test_arrays_are_stacked(dtype):
    arrays = [numpy.array([0, 1], dtype), numpy.array([1, 1], dtype)]
    assert_tensor(default_collate(arrays), [[0, 1], [1, 1]], getattr(torch, dtype))


def test_strings_and_bytes_stay():
    assert default_collate(["a", "b"]) == ["a", "b"]
    assert default_collate([b"a", b"b"]) == [b"a", b"b"]


def test_a_tuple_gives_a_list_of_columns():
    numbers, letters = default_collate([(1, "a"), (2, "b")])
    assert_tensor(numbers, [1, 2], torch.int64)
    assert letters == ("a", "b")


def test_a_named_tuple_stays_one():
    batch = default_collate([Point(1, 2.0), Point(3, 4.0)])
    assert type(batch) is Point
    assert_tensor(batch.x, [1, 3], torch.int64)
    assert_tensor(batch.y, [2.0, 4.0], torch.float64)


@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict])
def test_a_mapping_stays_one(kind):
    batch = default_collate([kind(a=1, b="x"), kind(a=2, b="y")])
    assert type(batch) is kind
    assert_tensor(batch["a"], [1, 2], torch.int64)
    assert batch["b"] == ["x", "y"]


def test_what_cannot_be_made_again_becomes_a_dict_or_a_list():
    assert type(default_collate([Fixed(), Fixed()])) is dict
    first, second = default_collate([Pair(1, 2), Pair(3, 4)])
    assert_tensor(first, [1, 3], torch.int64)
    assert_tensor(second, [2, 4], torch.int64)


def test_structures_are_gone_into():
    batch = default_collate([{"a": [(1, "x")]}, {"a": [(2, "y")]}])
    ((numbers, letters),) = batch["a"]
    assert_tensor(numbers, [1, 2], torch.int64)
    assert letters == ("x", "y")


def test_samples_are_not_changed():
    samples = [{"a": [1]}, {"a": [2]}]
    default_collate(samples)
    assert samples == [{"a": [1]}, {"a": [2]}]


def test_a_map_of_ones_own_extends_the_default():
    class Word(str):
        __slots__ = ()

    def joined(batch, *, collate_fn_map=None):
        return "".join(batch)

    functions = {Word: joined, **default_collate_fn_map}
    assert collate([(Word("a"), 1), (Word("b"), 2)], collate_fn_map=functions)[0] == "ab"
    functions = {(bytes, str): joined}
    assert collate(["a", "b"], collate_fn_map=functions) == "ab"


def test_convert_makes_tensors_of_arrays_and_leaves_the_rest():
    array, number, rest = default_convert((numpy.ones(2), numpy.float32(2), ["a", 1, None]))
    assert_tensor(array, [1.0, 1.0], torch.float64)
    assert_tensor(number, 2.0, torch.float32)
    assert rest == ["a", 1, None]
    assert type(default_convert(Point(1, 2))) is Point
    assert default_convert({"a": numpy.array(["x"])})["a"].tolist() == ["x"]
    tensor = torch.ones(2)
    assert default_convert(tensor) is tensor
