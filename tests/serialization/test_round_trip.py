"""What is saved comes back as it was."""

import io
import pickle
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest

import flambeau as torch
from flambeau.nn.parameter import Parameter
from tests.serialization.archives import loaded, round_trip, saved

DTYPES = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
)


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.dtype is b.dtype and a.shape == b.shape and a.tolist() == b.tolist()


def share_memory(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a._storage_key() is b._storage_key()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)], ids=str)
def test_a_tensor_keeps_its_dtype_shape_and_elements(dtype, shape):
    tensor = torch.from_numpy(np.random.randint(0, 100, shape)).to(dtype)
    assert same(round_trip(tensor), tensor)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 5e-324])
def test_floats_keep_every_bit(value):
    tensor = torch.tensor([value], dtype=torch.float64)
    assert round_trip(tensor).numpy().tobytes() == tensor.numpy().tobytes()


def test_tensors_that_share_memory_share_it_afterwards():
    base = torch.arange(6.0)
    result = round_trip({"base": base, "part": base[2:4]})
    assert share_memory(result["base"], result["part"])
    result["base"][2] = 7.0
    assert result["part"].tolist() == [7.0, 3.0]


def test_tensors_that_do_not_share_memory_do_not_afterwards():
    first, second = round_trip([torch.zeros(2), torch.zeros(2)])
    first[0] = 1.0
    assert second.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1],
        lambda x: x[:, 1:, ::2],
        lambda x: x.transpose(0, 2),
        lambda x: x.permute(2, 0, 1),
        lambda x: x.view(-1),
        lambda x: x.view(4, 6),
        lambda x: x[0, 0].expand(3, 4),
        lambda x: x[1:1],
    ],
)
def test_a_view_keeps_its_strides_and_its_storage(view):
    base = torch.arange(24).view(2, 3, 4)
    window = view(base)
    result = round_trip(window)
    assert same(result, window)
    assert result.stride() == window.stride()
    assert result.storage_offset() == window.storage_offset()
    assert result._base_storage_array().tolist() == list(range(24))


@pytest.mark.parametrize("order", [("base", "part"), ("part", "base")])
def test_a_view_and_its_base_come_back_in_either_order(order):
    base = torch.arange(6).view(2, 3)
    tensors = {"base": base, "part": base[:, 1]}
    result = round_trip([tensors[name] for name in order])
    for name, tensor in zip(order, result, strict=True):
        assert same(tensor, tensors[name])
    assert share_memory(*result)


def test_what_was_written_through_a_view_is_saved():
    base = torch.zeros(4)
    base[1:3] = 5.0
    assert round_trip(base).tolist() == [0.0, 5.0, 5.0, 0.0]


def test_a_loaded_tensor_can_be_written():
    tensor = round_trip(torch.zeros(3))
    tensor.add_(1)
    assert tensor.tolist() == [1.0, 1.0, 1.0]


def test_a_result_is_saved_as_a_leaf_that_requires_gradients():
    weight = torch.ones(2, requires_grad=True)
    result = round_trip(weight * 3)
    assert result.requires_grad
    assert result.is_leaf
    assert result.tolist() == [3.0, 3.0]


def test_a_parameter_stays_a_parameter():
    parameter = Parameter(torch.ones(2), requires_grad=False)
    result = round_trip(parameter)
    assert type(result) is Parameter
    assert not result.requires_grad
    assert same(result, parameter)


def test_a_parameter_saved_twice_is_one_parameter():
    parameter = Parameter(torch.ones(2))
    first, second, data = round_trip([parameter, parameter, parameter.data])
    assert first is second
    assert share_memory(first, data)
    assert type(data) is torch.Tensor


def test_attributes_of_tensors_and_parameters_are_kept():
    tensor, parameter = torch.zeros(1), Parameter(torch.zeros(1))
    tensor.note = {"a": [1]}
    parameter.tag = "mine"
    tensor, parameter = round_trip((tensor, parameter))
    assert tensor.note == {"a": [1]}
    assert parameter.tag == "mine"
    assert type(tensor) is torch.Tensor
    assert type(parameter) is Parameter


def test_gradients_are_not_saved():
    weight = torch.ones(2, requires_grad=True)
    weight.grad = torch.ones(2)
    assert round_trip(weight).grad is None


PLAIN = [
    None,
    True,
    0,
    255,
    256,
    65536,
    -1,
    2**31,
    -(2**63),
    2**2000,
    0.1,
    float("-inf"),
    1 - 2j,
    "",
    "火炬 \U0001f525 \ud800",
    "long " * 1000,
    b"",
    b"\x00\xff",
    bytearray(b"\x80"),
    (),
    (1,),
    (1, 2, 3, 4),
    [],
    [[], [[]]],
    {},
    {1: {2: {}}},
    {(1, ("a", None)): 1.5},
    set(),
    {1, "a", (2, 3)},
    OrderedDict(),
    OrderedDict(z=1, a=2),
    Counter("abca"),
    torch.Size([2, 3]),
    torch.Size([]),
    torch.float32,
    torch.bool,
    torch.device("cpu"),
    torch.device("cuda", 1),
    list(range(3000)),
    {str(i): i for i in range(3000)},
]


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_plain_values_come_back(value):
    result = round_trip(value)
    assert result == value
    assert type(result) is type(value)


def test_an_object_saved_twice_is_one_object():
    shared = [1]
    first, second = round_trip([shared, shared])
    assert first is second


def test_a_list_may_contain_itself():
    endless: list = []
    endless.append(endless)
    result = round_trip(endless)
    assert result[0] is result


def test_the_metadata_of_a_state_dict_is_kept():
    state = OrderedDict(weight=torch.ones(1))
    state._metadata = OrderedDict({"": {"version": 2}})
    result = round_trip(state)
    assert type(result) is OrderedDict
    assert result._metadata == {"": {"version": 2}}


@pytest.mark.parametrize("protocol", range(1, pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_can_be_loaded_when_trusted(protocol):
    tensor = torch.arange(3)
    obj = {"tensor": tensor, "parameter": Parameter(torch.ones(1)), "dtype": torch.int8}
    result = loaded(saved(obj, pickle_protocol=protocol), weights_only=False)
    assert same(result["tensor"], tensor)
    assert type(result["parameter"]) is Parameter
    assert result["dtype"] is torch.int8


def test_protocol_zero_is_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(pickle.PicklingError, match="pickle_protocol 0"):
        torch.save(torch.ones(1), tmp_path / "model.pt", pickle_protocol=0)
    assert list(tmp_path.iterdir()) == []


class OwnPickle:
    """A module with picklers of its own, derived from those written in C."""

    class Pickler(pickle.Pickler):
        def reducer_override(self, obj):
            return (str, ("replaced",)) if obj is Ellipsis else NotImplemented

    class Unpickler(pickle.Unpickler):
        pass

    dump = staticmethod(pickle.dump)
    load = staticmethod(pickle.load)


@pytest.mark.parametrize("module", [pickle, OwnPickle])
def test_another_pickle_module_can_be_used(module):
    base = torch.arange(4)
    obj = [base, base[1:], Parameter(torch.ones(1)), torch.bool, torch.Size([2]), Parameter, ...]
    data = saved(obj, pickle_module=module)
    first, second, parameter, dtype, size, kind, dots = loaded(data, pickle_module=module)
    assert same(first, base)
    assert share_memory(first, second)
    assert type(parameter) is kind is Parameter
    assert (dtype, size) == (torch.bool, torch.Size([2]))
    assert dots == ("replaced" if module is OwnPickle else ...)


def test_numpy_arrays_come_back_when_trusted():
    obj = {"array": np.arange(3), "scalar": np.float32(1.5)}
    result = round_trip(obj, weights_only=False)
    assert result["array"].tolist() == [0, 1, 2]
    assert result["scalar"] == 1.5
    assert type(result["scalar"]) is np.float32


def test_a_path_a_string_and_a_file_are_all_the_same(tmp_path: Path):
    path = tmp_path / "model.pt"
    torch.save(torch.arange(2), path)
    with open(path, "rb") as file:
        assert torch.load(file).tolist() == [0, 1]
        assert not file.closed
    torch.save(torch.arange(3), str(path))
    assert torch.load(str(path)).tolist() == [0, 1, 2]
    with open(path, "wb") as file:
        torch.save(torch.arange(4), file)
        assert not file.closed
    assert torch.load(path).tolist() == [0, 1, 2, 3]


def test_a_checkpoint_may_follow_other_bytes_in_a_file():
    file = io.BytesIO(b"header")
    file.seek(6)
    torch.save(torch.arange(2), file)
    file.seek(6)
    assert torch.load(file).tolist() == [0, 1]


def test_a_file_needs_nothing_but_write_to_be_saved_to():
    class Pipe:
        def __init__(self):
            self.content = b""

        def write(self, data):
            self.content += bytes(data)

    pipe = Pipe()
    torch.save(torch.arange(2), pipe)
    assert loaded(pipe.content).tolist() == [0, 1]


def test_a_file_needs_no_readinto_to_be_loaded_from():
    class Reader:
        def __init__(self, data):
            file = io.BytesIO(data)
            self.read, self.readline = file.read, file.readline
            self.seek, self.tell = file.seek, file.tell

    assert torch.load(Reader(saved(torch.arange(2)))).tolist() == [0, 1]


def test_equal_objects_give_equal_files():
    assert saved({"a": torch.arange(3)}) == saved({"a": torch.arange(3)})
    assert saved({"a": torch.arange(3)}) != saved({"a": torch.arange(1, 4)})


def test_saving_to_what_is_no_file_raises():
    with pytest.raises(AttributeError, match="expected 'f' to be string, path, or a file-like"):
        torch.save(1, 3)


def test_loading_from_what_is_no_file_raises():
    with pytest.raises(AttributeError, match=r"only torch\.load from a file that is seekable"):
        torch.load(3)
