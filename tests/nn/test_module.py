"""A module registers what is assigned to it, and says what is wrong in PyTorch's words."""

import copy
import pickle

import pytest

import flambeau as torch
from flambeau import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        return self.fc(x) * self.scale


class Forgetful(nn.Module):
    """Does not call Module.__init__."""

    def __init__(self):
        pass

    def forward(self, x):
        return x


def test_an_assigned_parameter_is_registered():
    net = Net()
    assert net._parameters == {"scale": net.scale}
    assert "scale" not in net.__dict__


def test_an_assigned_module_is_registered():
    net = Net()
    assert net._modules == {"fc": net.fc}


def test_a_plain_tensor_is_an_ordinary_attribute():
    net = Net()
    net.constant = torch.ones(2)
    assert "constant" in net.__dict__
    assert [name for name, _ in net.named_buffers()] == ["count"]


def test_a_buffer_is_registered_by_assigning_a_Buffer():
    net = Net()
    net.mean = nn.Buffer(torch.zeros(2), persistent=False)
    assert [name for name, _ in net.named_buffers()] == ["count", "mean"]
    assert "mean" not in net.state_dict()


def test_a_registered_buffer_keeps_its_place_when_a_tensor_is_assigned():
    net = Net()
    net.count = torch.ones(2)
    assert net._buffers["count"].tolist() == [1.0, 1.0]


def test_the_attributes_of_a_new_module_are_pytorchs():
    assert list(nn.Module().__dict__) == [
        "training",
        "_parameters",
        "_buffers",
        "_non_persistent_buffers_set",
        "_backward_pre_hooks",
        "_backward_hooks",
        "_is_full_backward_hook",
        "_forward_hooks",
        "_forward_hooks_with_kwargs",
        "_forward_hooks_always_called",
        "_forward_pre_hooks",
        "_forward_pre_hooks_with_kwargs",
        "_state_dict_hooks",
        "_state_dict_pre_hooks",
        "_load_state_dict_pre_hooks",
        "_load_state_dict_post_hooks",
        "_modules",
    ]


def test_a_parameter_takes_the_name_of_a_module():
    net = Net()
    net.fc = nn.Parameter(torch.ones(1))
    assert "fc" in net._parameters
    assert "fc" not in net._modules


def test_a_module_takes_the_name_of_an_attribute():
    net = Net()
    net.other = 3
    net.other = nn.Identity()
    assert "other" not in net.__dict__
    assert isinstance(net.other, nn.Identity)


def test_a_module_takes_the_name_of_a_non_persistent_buffer():
    net = Net()
    net.register_buffer("cache", torch.ones(1), persistent=False)
    net.cache = nn.Parameter(torch.ones(1))
    assert net._non_persistent_buffers_set == set()
    assert "cache" in net.state_dict()


def test_deleting_forgets_parameters_buffers_and_modules():
    net = Net()
    del net.scale, net.count, net.fc
    assert list(net.state_dict()) == []
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'fc'"):
        del net.fc


def test_none_stands_for_a_parameter_that_is_absent():
    net = Net()
    net.scale = None
    assert net.scale is None
    assert list(net.parameters()) == [net.fc.weight, net.fc.bias]
    net.scale = nn.Parameter(torch.zeros(1))
    assert len(list(net.parameters())) == 3


def test_a_module_may_be_the_key_of_a_module():
    class Stack(nn.Module):
        def __init__(self, *blocks):
            super().__init__()
            for block in blocks:
                self._modules[block] = block

        def forward(self, x):
            for block in self._modules.values():
                x = block(x)
            return x

    stack = Stack(nn.Linear(2, 3), nn.Identity(), nn.Linear(3, 1))
    assert stack(torch.ones(4, 2)).shape == (4, 1)
    assert len(list(stack.parameters())) == 4


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("n.a = nn.Linear(1, 1)", "cannot assign module before Module.__init__() call"),
        (
            "n.a = nn.Parameter(torch.ones(1))",
            "cannot assign parameters before Module.__init__() call",
        ),
        ("n.a = nn.Buffer(torch.ones(1))", "cannot assign buffer before Module.__init__() call"),
        ("n.register_buffer('a', None)", "cannot assign buffer before Module.__init__() call"),
        (
            "n.register_parameter('a', None)",
            "cannot assign parameter before Module.__init__() call",
        ),
        ("n.add_module('a', nn.Identity())", "'Forgetful' object has no attribute '_modules'"),
        ("n(1)", "'Forgetful' object has no attribute '_backward_hooks'"),
        ("list(n.parameters())", "'Forgetful' object has no attribute"),
        ("n.a", "'Forgetful' object has no attribute 'a'"),
    ],
)
def test_without_the_call_of_init_the_message_says_so(statement, message):
    with pytest.raises(AttributeError) as caught:
        exec(statement, {"n": Forgetful(), "nn": nn, "torch": torch})
    assert str(caught.value).startswith(message)


def test_a_missing_attribute_is_named():
    with pytest.raises(AttributeError, match="^'Net' object has no attribute 'fc2'$"):
        Net().fc2  # noqa: B018


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "scale",
            torch.ones(1),
            f"cannot assign '{torch.ones(1).type()}' as parameter 'scale' "
            "(torch.nn.Parameter or None expected)",
        ),
        (
            "scale",
            "text",
            "cannot assign 'str' as parameter 'scale' (torch.nn.Parameter or None expected)",
        ),
        (
            "fc",
            3,
            "cannot assign 'int' as child module 'fc' (torch.nn.Module or None expected)",
        ),
        (
            "count",
            3,
            "cannot assign 'int' as buffer 'count' "
            "(torch.nn.Buffer, torch.Tensor or None expected)",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name, value, message):
    with pytest.raises(TypeError) as caught:
        setattr(Net(), name, value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("register", "kind"),
    [
        ("register_parameter", "parameter"),
        ("register_buffer", "buffer"),
        ("add_module", "module"),
        ("register_module", "module"),
    ],
)
def test_names_are_checked(register, kind):
    def error(name):
        with pytest.raises((KeyError, TypeError)) as caught:
            getattr(Net(), register)(name, None)
        return caught.value

    assert error(3).args == (f"{kind} name should be a string. Got int",)
    assert error("").args == (f'{kind} name can\'t be empty string ""',)
    assert error("forward").args == ("attribute 'forward' already exists",)
    got = ", got: a.b" if kind == "module" else ""
    assert error("a.b").args == (f'{kind} name can\'t contain "."{got}',)


def test_only_parameters_buffers_and_modules_are_registered():
    net = Net()
    with pytest.raises(TypeError) as caught:
        net.register_parameter("p", torch.ones(1))
    assert str(caught.value) == (
        f"cannot assign '{torch.ones(1).type()}' object to parameter 'p' "
        "(torch.nn.Parameter or None required)"
    )
    with pytest.raises(TypeError) as caught:
        net.register_buffer("b", 3)
    assert str(caught.value) == (
        "cannot assign 'int' object to buffer 'b' (torch Tensor or None required)"
    )
    with pytest.raises(TypeError, match="^int is not a Module subclass$"):
        net.add_module("m", 3)
    with pytest.raises(TypeError, match=r"Identity is not a Module subclass$"):
        net.add_module("m", nn.Identity)


def test_a_module_without_forward_says_which():
    class Headless(nn.Module):
        pass

    with pytest.raises(NotImplementedError) as caught:
        Headless()(1)
    assert str(caught.value) == 'Module [Headless] is missing the required "forward" function'


def test_module_takes_no_arguments():
    with pytest.raises(TypeError) as caught:
        nn.Module(3)
    assert str(caught.value) == "Module.__init__() takes 1 positional argument but 2 were given"
    with pytest.raises(TypeError) as caught:
        nn.Module(a=3)
    assert str(caught.value) == "Module.__init__() got an unexpected keyword argument 'a'"


def test_call_super_init_goes_on_to_the_next_class():
    class Named:
        def __init__(self, name):
            self.name = name

    class Both(nn.Module, Named):
        call_super_init = True

    assert Both(name="x").name == "x"


def test_keyword_arguments_reach_forward():
    class Sum(nn.Module):
        def forward(self, a, *, b=1):
            return a + b

    assert Sum()(1) == 2
    assert Sum()(1, b=5) == 6
    assert Sum()(a=2) == 3


def test_dir_lists_what_can_be_written_as_an_attribute():
    names = dir(nn.Sequential(nn.Identity()))
    assert {"forward", "training", "parameters"} <= set(names)
    assert "0" not in names
    assert {"fc", "scale", "count"} <= set(dir(Net()))


def test_deepcopy_has_parameters_of_its_own():
    net = Net()
    twin = copy.deepcopy(net)
    assert list(twin.state_dict()) == list(net.state_dict())
    twin.scale.data += 1
    assert net.scale.item() == 1.0
    assert twin.scale.item() == 2.0
    assert isinstance(twin.scale, nn.Parameter)
    assert twin.scale.requires_grad


def test_deepcopy_keeps_shared_parameters_shared():
    pair = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    pair[1].weight = pair[0].weight
    twin = copy.deepcopy(pair)
    assert twin[1].weight is twin[0].weight
    assert twin[0].weight is not pair[0].weight


def test_pickling_keeps_values_and_structure():
    layer = nn.Sequential(nn.Linear(2, 3), nn.Identity()).eval()
    again = pickle.loads(pickle.dumps(layer))
    assert repr(again) == repr(layer)
    assert not again.training
    assert again[0].weight.tolist() == layer[0].weight.tolist()
    assert isinstance(again[0].weight, nn.Parameter)


def test_a_module_pickled_before_an_attribute_existed_gets_it():
    module = nn.Identity()
    state = {k: v for k, v in module.__dict__.items() if k != "_state_dict_pre_hooks"}
    again = nn.Identity.__new__(nn.Identity)
    again.__setstate__(state)
    assert again._state_dict_pre_hooks == {}


def test_compile_and_share_memory_change_nothing():
    net = Net()
    assert net.compile() is None
    assert net.share_memory() is net
    assert net(torch.ones(1, 2)).shape == (1, 3)


def test_a_module_can_be_called_with_other_parameters():
    net = Net()
    tensors = {name: torch.zeros_like(p) for name, p in net.named_parameters()}
    tensors["fc.bias"] = torch.ones(3, requires_grad=True)
    tensors["scale"] = torch.ones(1)
    before = net.fc.bias
    y = torch.func.functional_call(net, tensors, torch.ones(1, 2))
    assert y.tolist() == [[1.0, 1.0, 1.0]]
    y.sum().backward()
    assert tensors["fc.bias"].grad.tolist() == [1.0, 1.0, 1.0]
    assert net.fc.bias is before


def test_after_an_error_a_module_has_its_own_parameters_again():
    net = Net()
    before = net.fc.weight
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        torch.func.functional_call(net, {"fc.weight": torch.ones(3, 7)}, torch.ones(1, 2))
    assert net.fc.weight is before
