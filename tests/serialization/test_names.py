"""Pickles name things as PyTorch does, and nothing as flambeau does."""

import os
import pickletools
import subprocess
import sys
from pathlib import Path

import pytest

import flambeau as torch
from flambeau import nn
from tests.serialization.archives import checkpoint, loaded, records, saved


def names(obj: object, **options: object) -> set[str]:
    """The classes and functions that a checkpoint of an object refers to."""
    content = records(saved(obj, **options))["data.pkl"]
    return {str(arg) for code, arg, _ in pickletools.genops(content) if code.name == "GLOBAL"}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        self.norm = nn.BatchNorm1d(2)
        self.activation = nn.functional.gelu

    def forward(self, x):
        return self.activation(self.norm(self.layers(x)))


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (torch.ones(1), {"torch._utils _rebuild_tensor_v2", "torch FloatStorage"}),
        (torch.ones(1, dtype=torch.bfloat16), {"torch BFloat16Storage"}),
        (torch.ones(1, dtype=torch.bool), {"torch BoolStorage"}),
        (torch.ones(1, dtype=torch.int64), {"torch LongStorage"}),
        (nn.Parameter(torch.ones(1)), {"torch._utils _rebuild_parameter"}),
        (torch.Size([1]), {"torch Size"}),
        (torch.float16, {"torch float16"}),
        (torch.device("cpu"), {"torch device"}),
        (torch.Tensor, {"torch Tensor"}),
        (nn.Parameter, {"torch.nn.parameter Parameter"}),
        (nn.Linear, {"torch.nn.modules.linear Linear"}),
        (nn.functional.relu, {"torch.nn.functional relu"}),
        (torch.optim.SGD, {"torch.optim.sgd SGD"}),
        (torch.optim.lr_scheduler.StepLR, {"torch.optim.lr_scheduler StepLR"}),
    ],
)
def test_each_thing_has_its_name_in_pytorch(obj, expected):
    found = names(obj)
    assert expected <= found
    assert not any("flambeau" in name for name in found)


@pytest.mark.parametrize("protocol", range(1, 6))
def test_no_protocol_names_flambeau(protocol):
    content = records(saved([Net().layers, torch.float32], pickle_protocol=protocol))["data.pkl"]
    assert b"torch.nn.modules.linear" in content
    assert b"flambeau" not in content


def test_the_users_classes_keep_their_names():
    assert f"{Net.__module__} Net" in names(Net())


def test_a_whole_network_comes_back():
    net = Net()
    x = torch.ones(5, 3)
    net(x)
    net.eval()
    expected = net(x)
    result = loaded(saved(net), weights_only=False)
    assert type(result) is Net
    assert not result.training
    assert result.activation is nn.functional.gelu
    assert result(x).tolist() == expected.tolist()
    assert [name for name, _ in result.named_parameters()] == [
        name for name, _ in net.named_parameters()
    ]


def test_classes_of_the_library_are_allowed_by_their_class():
    parts = [nn.Sequential, nn.Linear, nn.ReLU, set]
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with torch.serialization.safe_globals(parts):
        result = loaded(saved(net))
    assert type(result[0]) is nn.Linear
    assert result[0].weight.tolist() == net[0].weight.tolist()


def test_a_name_that_flambeau_has_not_is_an_attribute_error():
    content = records(saved(nn.Identity()))["data.pkl"]
    other = checkpoint(content.replace(b"Identity", b"Idantity"))
    with pytest.raises(AttributeError, match=r"no counterpart of torch\.nn\.modules\.linear\.Idan"):
        loaded(other, weights_only=False)


_PROGRAM = """
import torch
from torch import nn

class Net(nn.Sequential):
    pass

net = Net(nn.Linear(2, 2), nn.ReLU())
torch.save({"net": net, "state": net.state_dict(), "size": torch.Size([1])}, "net.pt")
state = torch.load("net.pt", weights_only=False)
print(type(state["net"]) is Net, state["net"][0].weight.equal(net[0].weight), state["size"])
"""


def test_programs_under_flambeau_run_save_and_load(tmp_path: Path):
    (tmp_path / "program.py").write_text(_PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "flambeau", "run", "program.py"],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True True torch.Size([1])\n", "")
    content = records((tmp_path / "net.pt").read_bytes())["data.pkl"]
    assert b"torch.nn.modules.linear" in content
    assert b"flambeau" not in content
