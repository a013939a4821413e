"""Modules form a tree; parameters, buffers and modules are found in it by dotted names."""

import pytest

import flambeau as torch
from flambeau import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2, bias=False)
        self.register_buffer("steps", torch.zeros(1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.second = Block()
        self.gain = nn.Parameter(torch.ones(1))


def names(pairs):
    return [name for name, _ in pairs]


def test_parameters_come_with_dotted_names_a_modules_own_first():
    assert names(Net().named_parameters()) == ["gain", "first.a.weight", "second.a.weight"]


def test_parameters_of_the_module_alone():
    assert names(Net().named_parameters(recurse=False)) == ["gain"]


def test_a_prefix_stands_before_every_name():
    assert names(Net().first.named_parameters(prefix="x")) == ["x.a.weight"]
    assert names(Net().first.named_buffers(prefix="x")) == ["x.steps"]
    assert names(Net().first.named_modules(prefix="x")) == ["x", "x.a"]


def test_buffers_come_with_dotted_names():
    assert names(Net().named_buffers()) == ["first.steps", "second.steps"]
    assert len(list(Net().buffers(recurse=False))) == 0


def test_modules_begin_with_the_module_itself():
    net = Net()
    assert names(net.named_modules()) == ["", "first", "first.a", "second", "second.a"]
    assert next(net.modules()) is net


def test_children_are_the_immediate_parts():
    net = Net()
    assert names(net.named_children()) == ["first", "second"]
    assert list(net.children()) == [net.first, net.second]


def test_what_is_used_twice_is_listed_once():
    net = Net()
    net.second = net.first
    assert names(net.named_parameters()) == ["gain", "first.a.weight"]
    assert names(net.named_children()) == ["first"]
    assert names(net.named_modules()) == ["", "first", "first.a"]


def test_duplicates_are_listed_on_request():
    net = Net()
    net.second = net.first
    assert names(net.named_parameters(remove_duplicate=False)) == [
        "gain",
        "first.a.weight",
        "second.a.weight",
    ]
    assert names(net.named_modules(remove_duplicate=False))[3:] == ["second", "second.a"]
    assert len(list(net.modules(remove_duplicate=False))) == 5


def test_parameters_is_a_generator():
    text = repr(nn.Linear(1, 1).parameters())
    assert text.startswith("<generator object Module.parameters at 0x")


def test_get_submodule_follows_a_dotted_name():
    net = Net()
    assert net.get_submodule("first.a") is net.first.a
    assert net.get_submodule("") is net


def test_get_parameter_and_get_buffer_follow_a_dotted_name():
    net = Net()
    assert net.get_parameter("first.a.weight") is net.first.a.weight
    assert net.get_buffer("second.steps") is net.second.steps


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("n.get_submodule('third')", "Net has no attribute `third`"),
        ("n.get_submodule('first.b')", "Block has no attribute `b`"),
        ("n.get_submodule('gain')", "`gain` is not an nn.Module"),
        ("n.get_parameter('first.b')", "Block has no attribute `b`"),
        ("n.get_parameter('first.steps')", "`steps` is not an nn.Parameter"),
        ("n.get_buffer('gain')", "`gain` is not a buffer"),
        ("n.get_buffer('other')", "Net has no attribute `other`"),
        ("n.set_submodule('first.b', nn.Identity(), strict=True)", "Block has no attribute `b`"),
        ("n.set_submodule('third.b', nn.Identity())", "Net has no attribute `third`"),
        ("n.set_submodule('gain', nn.Identity())", "`gain` is not an nn.Module"),
    ],
)
def test_a_name_that_leads_nowhere_is_an_attribute_error(call, message):
    with pytest.raises(AttributeError) as caught:
        eval(call, {"n": Net(), "nn": nn})
    assert str(caught.value) == message


def test_set_submodule_replaces_and_adds():
    net = Net()
    net.set_submodule("first.a", nn.Identity())
    net.set_submodule("extra", nn.Identity())
    assert isinstance(net.first.a, nn.Identity)
    assert names(net.named_children()) == ["first", "second", "extra"]


def test_set_submodule_wants_a_name_and_a_module():
    with pytest.raises(ValueError, match="^Cannot set the submodule without a target name!$"):
        Net().set_submodule("", nn.Identity())
    with pytest.raises(ValueError, match="^`module` is not an nn.Module, found <class 'int'>$"):
        Net().set_submodule("first", 3)


def test_apply_visits_children_before_their_parent():
    visited = []
    net = Net()
    assert net.apply(lambda module: visited.append(type(module).__name__)) is net
    assert visited == ["Linear", "Block", "Linear", "Block", "Net"]


def test_train_and_eval_reach_every_descendant():
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.first.train()
    assert net.first.a.training
    assert not net.second.training


def test_train_wants_a_bool():
    with pytest.raises(ValueError, match="^training mode is expected to be boolean$"):
        Net().train("yes")


def test_requires_grad_freezes_all_parameters():
    net = Net()
    assert net.requires_grad_(False) is net
    assert not any(parameter.requires_grad for parameter in net.parameters())


def test_zero_grad_forgets_gradients():
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    layer.zero_grad()
    assert layer.weight.grad is None


def test_zero_grad_can_leave_zeros():
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad.tolist() == [[0.0, 0.0]]


def test_repr_indents_parts():
    net = Net()
    net.empty = nn.Sequential()
    assert repr(net) == (
        "Net(\n"
        "  (first): Block(\n"
        "    (a): Linear(in_features=2, out_features=2, bias=False)\n"
        "  )\n"
        "  (second): Block(\n"
        "    (a): Linear(in_features=2, out_features=2, bias=False)\n"
        "  )\n"
        "  (empty): Sequential()\n"
        ")"
    )


def test_repr_puts_extra_repr_before_the_parts():
    class Described(nn.Module):
        def extra_repr(self):
            return "size=3"

    layer = Described()
    assert repr(layer) == "Described(size=3)"
    layer.part = nn.Identity()
    assert repr(layer) == "Described(\n  size=3\n  (part): Identity()\n)"


def test_repr_shows_an_absent_part():
    net = nn.Module()
    net.add_module("part", None)
    assert repr(net) == "Module(\n  (part): None\n)"
