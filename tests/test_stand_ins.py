"""What ordinary scripts ask of PyTorch's devices, backends and older names is answered."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.utils.checkpoint import checkpoint, checkpoint_sequential


def test_there_is_no_cuda() -> None:
    assert not torch.cuda.is_available()
    assert torch.cuda.device_count() == 0
    assert torch.device("cuda" if torch.cuda.is_available() else "cpu").type == "cpu"


def test_what_needs_no_device_does_nothing_without_one() -> None:
    torch.cuda.manual_seed_all(0)
    torch.cuda.empty_cache()
    assert torch.cuda.memory_allocated() == 0
    torch.mps.empty_cache()


@pytest.mark.parametrize("name", ["synchronize", "current_device", "get_device_name"])
def test_what_needs_a_device_says_that_there_is_none(name: str) -> None:
    with pytest.raises(AssertionError, match="^Torch not compiled with CUDA enabled$"):
        getattr(torch.cuda, name)()


def test_settings_of_backends_can_be_made() -> None:
    cudnn = importlib.import_module("flambeau.backends.cudnn")
    before = cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    assert cudnn.benchmark is True
    cudnn.benchmark = before
    assert not torch.backends.mps.is_available()


def test_nothing_is_pinned() -> None:
    assert not torch.zeros(1).is_pinned()
    with pytest.raises(RuntimeError, match="Cannot access accelerator device"):
        torch.zeros(1).pin_memory()


def test_a_python_function_is_applied_to_each_element() -> None:
    x = torch.tensor([1, 2])
    assert x.apply_(lambda value: value * 2) is x
    assert x.tolist() == [2, 4]
    assert x.map_(torch.tensor([1, 1]), lambda a, b: a - b).tolist() == [1, 3]


def test_a_python_function_has_no_gradient() -> None:
    with pytest.raises(
        RuntimeError, match="^Can't call apply_\\(\\) on Variable that requires grad"
    ):
        torch.ones(2, requires_grad=True).apply_(abs)


def test_a_function_of_two_tensors_takes_one_type() -> None:
    with pytest.raises(TypeError, match="^map_: expected flambeau.LongTensor for 'other'"):
        torch.tensor([1]).map_(torch.tensor([1.0]), max)


# Mixed precision ----------------------------------------------------------------------------


def test_autocast_that_is_disabled_changes_nothing() -> None:
    with torch.autocast("cuda", enabled=False):
        assert (torch.ones(1, 2) @ torch.ones(2, 1)).dtype is torch.float32


def test_autocast_on_cuda_warns() -> None:
    with pytest.warns(UserWarning, match="Disabling autocast"):
        torch.amp.autocast("cuda")


def test_autocast_on_the_cpu_warns_that_it_is_left_out() -> None:
    with pytest.warns(UserWarning, match="autocast to flambeau.bfloat16 is left out"):
        torch.amp.autocast("cpu", dtype=torch.bfloat16)


def test_autocast_decorates() -> None:
    assert torch.autocast("cpu", enabled=False)(lambda x: x + 1)(1) == 2


def test_autocast_takes_a_string() -> None:
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        torch.autocast(1)


def stepped(scaler: torch.GradScaler, gradient: float) -> torch.Tensor:
    weight = nn.Parameter(torch.tensor([1.0]))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scaler.scale((weight * gradient).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    return weight


@pytest.mark.parametrize("enabled", [False, True])
def test_a_scaled_step_is_the_step(enabled: bool) -> None:
    scaler = torch.GradScaler("cpu", init_scale=1024.0, enabled=enabled)
    assert stepped(scaler, 0.5).item() == 0.5


def test_a_step_whose_gradients_overflow_is_skipped_and_lowers_the_scale() -> None:
    scaler = torch.GradScaler("cpu", init_scale=1024.0)
    assert stepped(scaler, float("inf")).item() == 1.0
    assert scaler.get_scale() == 512.0


def test_the_scale_grows_after_good_steps() -> None:
    scaler = torch.GradScaler("cpu", init_scale=2.0, growth_interval=2)
    scales = []
    for _ in range(4):
        stepped(scaler, 0.5)
        scales.append(scaler.get_scale())
    assert scales == [2.0, 4.0, 4.0, 8.0]


def test_a_scaler_is_restored_from_its_state() -> None:
    scaler = torch.GradScaler("cpu", init_scale=2.0, growth_interval=2)
    stepped(scaler, 0.5)
    other = torch.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()


def test_gradients_are_unscaled_once() -> None:
    scaler = torch.GradScaler("cpu")
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="already been called on this optimizer"):
        scaler.unscale_(optimizer)


def test_a_scaler_for_cuda_warns_and_passes_on() -> None:
    with pytest.warns(UserWarning, match="GradScaler is enabled, but CUDA is not available"):
        scaler = torch.GradScaler()
    assert not scaler.is_enabled()
    assert stepped(scaler, 0.5).item() == 0.5


# Older names --------------------------------------------------------------------------------


def test_typed_constructors_make_tensors_of_their_type() -> None:
    assert torch.LongTensor([1, 2]).dtype is torch.int64
    assert torch.FloatTensor(2, 3).shape == (2, 3)
    assert type(torch.IntTensor([1])) is torch.Tensor


def test_a_tensor_is_an_instance_of_its_type() -> None:
    assert isinstance(torch.zeros(2), torch.FloatTensor)
    assert not isinstance(torch.zeros(2), torch.LongTensor)
    assert not isinstance([0.0], torch.FloatTensor)


def test_the_default_type_can_be_set_by_a_tensor_type() -> None:
    torch.set_default_tensor_type(torch.DoubleTensor)
    try:
        assert torch.tensor(1.0).dtype is torch.float64
    finally:
        torch.set_default_tensor_type("torch.FloatTensor")
    assert torch.tensor(1.0).dtype is torch.float32


def test_formats_and_layouts_are_names() -> None:
    x = torch.zeros(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    assert x.layout is torch.strided
    assert repr(torch.channels_last) == "flambeau.channels_last"
    assert pickle.loads(pickle.dumps(torch.channels_last)) is torch.channels_last


def test_a_type_is_named() -> None:
    assert torch.typename(torch.zeros(1)) == "flambeau.FloatTensor"
    assert torch.typename(1) == "int"


def test_scripting_changes_nothing() -> None:
    layer = nn.Linear(2, 2)
    assert torch.jit.script(layer) is layer
    assert not torch.jit.is_scripting()


@pytest.mark.parametrize("name", ["trace", "save", "load"])
def test_torchscript_is_left_out(name: str) -> None:
    with pytest.raises(NotImplementedError, match=rf"^jit\.{name} is left out"):
        getattr(torch.jit, name)(nn.Linear(2, 2), torch.zeros(2))


def test_checkpoint_gives_the_functions_result_and_gradients() -> None:
    x = torch.ones(2, requires_grad=True)
    checkpoint(lambda x, k: (x * k).sum(), x, k=3, use_reentrant=False).backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_checkpoint_sequential_runs_the_functions_in_turn() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    x = torch.ones(1, 2)
    assert torch.equal(checkpoint_sequential(model, 2, x, use_reentrant=False), model(x))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'flambeau' has no attribute 'foo'"):
        _ = torch.foo


def test_importing_the_package_imports_no_more_than_it_needs() -> None:
    code = "import sys, flambeau; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    later = {"flambeau.nn", "flambeau.optim", "flambeau.utils.data", "flambeau.vision", "llvmlite"}
    assert not later & loaded
