"""Checkpoints that PyTorch made are read without it."""

from collections import Counter, OrderedDict
from pickle import UnpicklingError
from typing import Any

import numpy as np
import pytest

import flambeau as torch
from flambeau.nn.parameter import Parameter
from tests.serialization.archives import GOLDEN

VALUES = np.load(GOLDEN / "values.npz")


def golden(name: str, **options: Any) -> Any:
    return torch.load(GOLDEN / f"{name}.pt", **options)


def elements(tensor: torch.Tensor) -> np.ndarray:
    array = tensor.detach()._array()
    return array.view(np.uint16) if tensor.dtype is torch.bfloat16 else array


def check(name: str, obj: Any) -> int:
    """Compare all tensors in nested dictionaries with the golden ones; gives their number."""
    if isinstance(obj, dict):
        return sum(check(f"{name}/{key}", value) for key, value in obj.items())
    if not isinstance(obj, torch.Tensor):
        return 0
    np.testing.assert_array_equal(elements(obj), VALUES[name])
    assert elements(obj).dtype == VALUES[name].dtype
    return 1


@pytest.mark.parametrize("options", [{}, {"mmap": True}, {"weights_only": False}], ids=str)
@pytest.mark.parametrize("name", ["dtypes", "views", "training", "parameters"])
def test_every_tensor_has_the_elements_that_pytorch_saved(name, options):
    expected = sum(key.startswith(f"{name}/") for key in VALUES)
    assert check(name, golden(name, **options)) == expected


def test_every_dtype_is_read():
    for name, tensor in golden("dtypes").items():
        assert tensor.dtype is getattr(torch, name)


def test_a_file_saved_without_checksums_is_read():
    assert check("dtypes", golden("unchecked")) == 10


@pytest.mark.parametrize("name", ["views", "legacy"])
def test_views_share_their_storage_and_keep_their_strides(name):
    views = golden(name)
    assert check("views", views) == 9
    base = views["base"]
    for window in ("slice", "transposed", "flat", "element"):
        assert views[window]._storage_key() is base._storage_key()
    assert views["slice"].stride() == (12, 4, 2)
    assert views["transposed"].stride() == (1, 4, 12)
    assert views["element"].storage_offset() == 23
    assert views["expanded"].stride() == (0, 1)
    assert views["expanded"]._storage_key() is views["row"]._storage_key()


def test_parameters_keep_what_they_are():
    parameters = golden("parameters")
    weight = parameters["weight"]
    assert type(weight) is Parameter
    assert weight.requires_grad
    assert parameters["again"] is weight
    assert parameters["data"]._storage_key() is weight._storage_key()
    assert not parameters["marked"].requires_grad
    assert parameters["marked"].tag == "mine"
    assert parameters["tensor"].note == ["kept"]
    assert parameters["leaf"].requires_grad
    assert parameters["leaf"].is_leaf


def test_plain_values_are_read():
    plain = golden("plain")
    assert plain["integers"] == [0, -1, 255, 65535, 2**31, -(2**40), 2**100]
    assert plain["floats"] == [0.5, float("inf"), -1e300]
    assert plain["complex"] == 1 + 2j
    assert plain["text"] == "naïve 火炬 \U0001f525"
    assert plain["bytes"] == b"\x00\xffab"
    assert plain["bytearray"] == bytearray(b"xyz")
    assert plain["tuple"] == (1, (2,), (), (3, 4, 5, 6))
    assert plain["set"] == {1, 2}
    assert plain["ordered"] == OrderedDict(b=1, a=2)
    assert plain["ordered"]._metadata == {"version": 1}
    assert plain["counter"] == Counter("aab")
    assert plain["keys"] == {1: "int", (1, 2): "tuple", None: "none", 0.5: "float"}
    assert plain["shared"][0] is plain["shared"][1]
    assert plain["size"] == torch.Size([2, 3])
    assert type(plain["size"]) is torch.Size
    assert plain["dtype"] is torch.bfloat16
    assert plain["device"] == torch.device("cuda", 1)


def test_a_training_checkpoint_has_all_it_needs():
    training = golden("training")
    assert training["epoch"] == 3
    assert training["best"] == float("inf")
    assert list(training["model"])[:2] == ["0.weight", "0.bias"]
    assert training["model"]._metadata[""] == {"version": 1}
    assert training["optimizer"]["state"][0]["step"].item() == 3.0
    assert training["optimizer"]["param_groups"][0]["lr"] == 0.01


def test_a_whole_network_is_refused_unless_trusted():
    with pytest.raises(UnpicklingError, match=r"GLOBAL torch\.nn\.\S+\.Sequential was not"):
        golden("network")


def test_a_whole_network_is_read_when_trusted():
    network = golden("network", weights_only=False)
    assert [type(layer) for layer in network] == [
        torch.nn.Linear,
        torch.nn.BatchNorm1d,
        torch.nn.ReLU,
        torch.nn.Linear,
    ]
    assert network.training
    assert network[0].weight.requires_grad
    assert list(network.state_dict())[:3] == ["0.weight", "0.bias", "1.weight"]
    assert network(torch.ones(5, 3)).shape == (5, 2)


def test_what_flambeau_has_not_is_named():
    with pytest.raises(UnpicklingError, match=r"no counterpart of GLOBAL .*ComplexFloatStorage"):
        golden("complex")
    with pytest.raises(AttributeError, match=r"no counterpart of .*ComplexFloatStorage"):
        golden("complex", weights_only=False)
