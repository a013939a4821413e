"""state_dict collects parameters and persistent buffers; load_state_dict reports what differs."""

from collections import OrderedDict

import pytest

import flambeau as torch
from flambeau import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("cache", torch.zeros(2), persistent=False)
        self.register_buffer("absent", None)


class Counter(nn.Module):
    """Saves more than tensors."""

    def __init__(self, count=0):
        super().__init__()
        self.count = count

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_the_keys_are_dotted_names():
    assert list(Net().state_dict()) == ["mean", "fc.weight", "fc.bias"]


def test_the_metadata_holds_a_version_for_every_module():
    state = Net().state_dict()
    assert isinstance(state, OrderedDict)
    assert state._metadata == {"": {"version": 1}, "fc": {"version": 1}}


def test_the_tensors_are_detached_and_share_memory():
    net = Net()
    weight = net.state_dict()["fc.weight"]
    assert not weight.requires_grad
    assert not isinstance(weight, nn.Parameter)
    weight.zero_()
    assert net.fc.weight.tolist() == [[0.0, 0.0]] * 3


def test_keep_vars_gives_the_parameters_themselves():
    net = Net()
    assert net.state_dict(keep_vars=True)["fc.weight"] is net.fc.weight


def test_a_prefix_and_a_destination():
    destination = OrderedDict(first=1)
    assert nn.Linear(1, 1).state_dict(destination=destination, prefix="x.") is destination
    assert list(destination) == ["first", "x.weight", "x.bias"]


def test_positional_arguments_are_deprecated():
    with pytest.warns(FutureWarning, match="^Positional args are being deprecated"):
        state = nn.Linear(1, 1).state_dict(OrderedDict(), "x.")
    assert list(state) == ["x.weight", "x.bias"]


def test_loading_copies_the_values():
    source, target = Net(), Net()
    weight = target.fc.weight
    result = target.load_state_dict(source.state_dict())
    assert target.fc.weight is weight
    assert weight.tolist() == source.fc.weight.tolist()
    assert repr(result) == str(result) == "<All keys matched successfully>"
    source.fc.weight.data.zero_()
    assert weight.abs().sum().item() > 0


def test_a_plain_dict_can_be_loaded():
    net = Net()
    net.load_state_dict({**net.state_dict(), "mean": torch.ones(2)})
    assert net.mean.tolist() == [1.0, 1.0]


def test_every_missing_and_unexpected_key_is_reported():
    net = Net()
    state = net.state_dict()
    del state["mean"], state["fc.bias"]
    state["fc.scale"] = torch.ones(1)
    state["other.weight"] = torch.ones(1)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Net:\n"
        '\tMissing key(s) in state_dict: "mean", "fc.bias". \n'
        '\tUnexpected key(s) in state_dict: "other.weight", "fc.scale". '
    )


def test_without_strict_the_keys_are_returned():
    net = Net()
    state = net.state_dict()
    del state["mean"]
    state["x"] = 1
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["mean"]
    assert result.unexpected_keys == ["x"]
    assert repr(result) == "_IncompatibleKeys(missing_keys=['mean'], unexpected_keys=['x'])"


def test_every_other_shape_is_reported_strict_or_not():
    net = Net()
    state = {**net.state_dict(), "fc.weight": torch.ones(3, 4), "mean": torch.ones(1, 2)}
    for strict in (True, False):
        with pytest.raises(RuntimeError) as caught:
            net.load_state_dict(state, strict=strict)
        size = repr(torch.Size([3, 4])).split("(")[0]
        assert str(caught.value) == (
            "Error(s) in loading state_dict for Net:\n"
            f"\tsize mismatch for mean: copying a param with shape {size}([1, 2]) from "
            f"checkpoint, the shape in current model is {size}([2]).\n"
            f"\tsize mismatch for fc.weight: copying a param with shape {size}([3, 4]) from "
            f"checkpoint, the shape in current model is {size}([3, 2])."
        )


def test_what_matches_is_loaded_although_the_rest_is_not():
    net = Net()
    with pytest.raises(RuntimeError):
        net.load_state_dict({"mean": torch.ones(2)})
    assert net.mean.tolist() == [1.0, 1.0]


def test_what_is_no_tensor_is_reported():
    net = Net()
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict({**net.state_dict(), "mean": [1.0, 2.0]})
    assert str(caught.value).endswith(
        'While copying the parameter named "mean", expected torch.Tensor or Tensor-like object '
        "from checkpoint but received <class 'list'>"
    )


def test_a_state_dict_is_a_mapping():
    with pytest.raises(TypeError, match="^Expected state_dict to be dict-like, got <class 'int'>"):
        Net().load_state_dict(3)


def test_a_vector_of_one_element_is_loaded_into_a_scalar():
    net = nn.Module()
    net.p = nn.Parameter(torch.tensor(0.0))
    net.load_state_dict({"p": torch.ones(1)})
    assert net.p.item() == 1.0


def test_assign_takes_the_tensors_themselves():
    net = Net()
    weight = torch.ones(3, 2, dtype=torch.float64)
    mean = torch.ones(2)
    net.fc.bias.requires_grad_(False)
    bias = nn.Parameter(torch.ones(3))
    net.load_state_dict({"mean": mean, "fc.weight": weight, "fc.bias": bias}, assign=True)
    assert isinstance(net.fc.weight, nn.Parameter)
    assert net.fc.weight.dtype == torch.float64
    assert net.mean is mean
    assert net.fc.bias is bias
    assert not bias.requires_grad


def test_an_error_while_copying_is_reported_with_both_shapes():
    net = Net()
    state = {**net.state_dict(), "fc.bias": torch.ones(3, dtype=torch.int32)}
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state, assign=True)
    assert 'While copying the parameter named "fc.bias", whose dimensions in the model are' in str(
        caught.value
    )


def test_extra_state_is_saved_and_loaded():
    net = nn.Sequential(Counter(3))
    state = net.state_dict()
    assert state == {"0._extra_state": {"count": 3}}
    other = nn.Sequential(Counter())
    other.load_state_dict(state)
    assert other[0].count == 3


def test_extra_state_is_missing_or_unexpected_as_a_tensor_would_be():
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "_extra_state"\. '):
        Counter().load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "_extra_state"'):
        nn.Identity().load_state_dict({"_extra_state": 1})


def test_extra_state_of_a_module_that_has_none_is_an_error():
    with pytest.raises(RuntimeError, match="should never be called"):
        nn.Identity().get_extra_state()
    with pytest.raises(RuntimeError, match="should never be called"):
        nn.Identity().set_extra_state(1)


def test_a_class_can_rename_keys_of_an_older_version():
    class Renamed(nn.Module):
        _version = 2

        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(1))

        def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
            if local_metadata.get("version", 1) < 2:
                state_dict[prefix + "scale"] = state_dict.pop(prefix + "gain")
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    net = nn.Sequential(Renamed())
    old = OrderedDict({"0.gain": torch.ones(1)})
    net.load_state_dict(old)
    assert net[0].scale.item() == 1.0
    assert list(old) == ["0.gain"]
    state = net.state_dict()
    assert state._metadata["0"] == {"version": 2}
    net.load_state_dict(state)


def test_a_class_can_save_something_else():
    class Secret(nn.Linear):
        def _save_to_state_dict(self, destination, prefix, keep_vars):
            super()._save_to_state_dict(destination, prefix, keep_vars)
            del destination[prefix + "bias"]

    assert list(nn.Sequential(Secret(1, 1)).state_dict()) == ["0.weight"]


def test_hooks_run_before_and_after_collecting():
    calls = []
    net = Net()
    net.register_state_dict_pre_hook(lambda *args: calls.append(("pre", args[1:])))
    net.register_state_dict_post_hook(
        lambda module, state, prefix, metadata: calls.append((list(state), prefix, metadata))
    )
    net.state_dict(prefix="x.")
    assert calls == [
        ("pre", ("x.", False)),
        (["x.mean", "x.fc.weight", "x.fc.bias"], "x.", {"version": 1}),
    ]


def test_a_post_hook_changes_the_state_in_place():
    def drop(module, state, prefix, local_metadata):
        del state["mean"]

    net = Net()
    net.register_state_dict_post_hook(drop)
    assert list(net.state_dict()) == ["fc.weight", "fc.bias"]


def test_a_post_hook_returns_none():
    net = Net()
    net.register_state_dict_post_hook(lambda *_: {})
    with pytest.raises(RuntimeError, match="^state_dict post-hook must return None$"):
        net.state_dict()


def test_a_private_post_hook_may_return_another_state():
    net = Net()
    net._register_state_dict_hook(lambda *_: {"all": 1})
    assert net.state_dict() == {"all": 1}


def test_hooks_run_before_and_after_loading():
    calls = []
    net = Net()
    net.register_load_state_dict_pre_hook(lambda *args: calls.append((args[0], args[2:])))
    net.register_load_state_dict_post_hook(lambda module, keys: calls.append((module, keys)))
    result = net.load_state_dict({}, strict=False)
    assert calls[0] == (net, ("", {}, True, *([["mean", "fc.weight", "fc.bias"], [], []])))
    assert calls[1] == (net, result)


def test_a_load_post_hook_can_forgive():
    net = Net()
    net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    assert repr(net.load_state_dict({})) == "<All keys matched successfully>"


def test_a_load_post_hook_returns_none():
    net = Net()
    net.register_load_state_dict_post_hook(lambda module, keys: keys)
    with pytest.raises(AssertionError, match="are not expected to return new values"):
        net.load_state_dict(net.state_dict())


def test_state_hooks_can_be_removed():
    net = Net()
    handles = [
        net.register_state_dict_pre_hook(lambda *_: pytest.fail("called")),
        net.register_state_dict_post_hook(lambda *_: pytest.fail("called")),
        net.register_load_state_dict_pre_hook(lambda *_: pytest.fail("called")),
        net.register_load_state_dict_post_hook(lambda *_: pytest.fail("called")),
    ]
    for handle in handles:
        handle.remove()
    net.load_state_dict(net.state_dict())
