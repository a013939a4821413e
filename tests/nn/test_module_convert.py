"""to(), float() and their kin change the tensors of a module and leave its parameters in place."""

import pytest

import flambeau as torch
from flambeau import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 1)
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("steps", torch.tensor(3))


@pytest.mark.parametrize(
    ("method", "dtype"),
    [
        ("double", torch.float64),
        ("half", torch.float16),
        ("bfloat16", torch.bfloat16),
        ("float", torch.float32),
    ],
)
def test_floating_point_tensors_are_cast(method, dtype):
    net = Net()
    weight = net.fc.weight
    assert getattr(net, method)() is net
    assert net.fc.weight is weight
    assert weight.dtype == net.fc.bias.dtype == net.mean.dtype == dtype
    assert net.steps.dtype == torch.int64
    assert isinstance(weight, nn.Parameter)
    assert weight.requires_grad
    assert weight.is_leaf


def test_type_casts_integers_too():
    net = Net().type(torch.float64)
    assert net.steps.dtype == net.mean.dtype == torch.float64


def test_type_takes_a_name():
    assert Net().type("torch.DoubleTensor").mean.dtype == torch.float64


@pytest.mark.parametrize(
    "arguments",
    [
        ((torch.float64,), {}),
        (("cpu", torch.float64), {}),
        ((torch.device("cpu"), torch.float64, True), {}),
        ((), {"device": "cpu", "dtype": torch.float64}),
        ((torch.zeros(1, dtype=torch.float64),), {}),
    ],
)
def test_to_understands_what_tensors_do(arguments):
    args, kwargs = arguments
    net = Net().to(*args, **kwargs)
    assert net.fc.weight.dtype == net.mean.dtype == torch.float64
    assert net.steps.dtype == torch.int64


def test_to_a_device_keeps_the_types():
    net = Net().to("cpu").cpu()
    assert net.fc.weight.dtype == torch.float32
    assert net.steps.dtype == torch.int64


def test_to_wants_a_floating_point_type():
    with pytest.raises(TypeError) as caught:
        Net().to(torch.int64)
    assert str(caught.value) == (
        "nn.Module.to only accepts floating point or complex dtypes, "
        f"but got desired dtype={torch.int64}"
    )


def test_a_device_that_is_not_there_is_an_error():
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        Net().cuda()
    with pytest.raises(RuntimeError, match="^Expected one of cpu, cuda"):
        Net().to("abc")


def test_gradients_are_cast_with_their_parameters():
    net = nn.Linear(2, 1)
    net(torch.ones(1, 2)).sum().backward()
    net.double()
    assert net.weight.grad.dtype == torch.float64
    assert net.weight.grad.tolist() == [[1.0, 1.0]]


def test_a_cast_module_computes_in_its_type():
    net = nn.Linear(2, 1).double()
    assert net(torch.ones(1, 2, dtype=torch.float64)).dtype == torch.float64


def test_to_empty_keeps_shapes_and_types():
    net = Net().double().to_empty(device="cpu")
    assert net.fc.weight.shape == (1, 2)
    assert net.fc.weight.dtype == torch.float64


def test_apply_without_recursion_leaves_the_children():
    net = nn.Sequential(nn.Linear(1, 1))
    net.register_buffer("own", torch.zeros(1))
    net._apply(lambda tensor: tensor.double(), recurse=False)
    assert net.own.dtype == torch.float64
    assert net[0].weight.dtype == torch.float32
