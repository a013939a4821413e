"""Lazy layers take the shapes of their parameters from the first input or from a checkpoint."""

import copy

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn.modules.lazy import LazyModuleMixin


def test_a_lazy_linear_becomes_a_linear_at_its_first_call():
    layer = nn.LazyLinear(3)
    assert repr(layer) == "LazyLinear(in_features=0, out_features=3, bias=True)"
    assert layer.has_uninitialized_params()
    assert layer(torch.ones(2, 5)).shape == (2, 3)
    assert type(layer) is nn.Linear
    assert repr(layer) == "Linear(in_features=5, out_features=3, bias=True)"
    assert layer._forward_pre_hooks == layer._load_state_dict_pre_hooks == {}
    assert "_initialize_hook" not in layer.__dict__


def test_the_input_may_be_given_by_keyword():
    layer = nn.LazyLinear(3)
    layer(input=torch.ones(2, 5))
    assert layer.in_features == 5


def test_without_a_bias():
    layer = nn.LazyLinear(3, bias=False)
    layer(torch.ones(2, 5))
    assert layer.bias is None


def test_the_type_is_kept():
    layer = nn.LazyLinear(3).double()
    layer(torch.ones(2, 5, dtype=torch.float64))
    assert layer.weight.dtype == torch.float64


def test_an_optimizer_may_hold_the_parameters_before_they_have_shapes():
    layer = nn.LazyLinear(3)
    weight, bias = layer.parameters()
    layer(torch.ones(2, 5))
    assert layer.weight is weight
    assert layer.bias is bias


def test_loading_gives_the_shapes():
    source = nn.Linear(4, 3)
    layer = nn.LazyLinear(3)
    layer.load_state_dict(source.state_dict())
    assert layer.weight.tolist() == source.weight.tolist()
    x = torch.ones(2, 4)
    assert layer(x).tolist() == source(x).tolist()
    assert repr(layer) == repr(source)


def test_a_lazy_state_can_be_saved_and_loaded_into_a_lazy_layer():
    state = nn.LazyLinear(3).state_dict()
    assert list(state) == ["weight", "bias"]
    layer = nn.LazyLinear(3)
    layer.load_state_dict(state)
    assert layer.has_uninitialized_params()


def test_a_lazy_state_cannot_be_loaded_into_a_layer_that_has_shapes():
    with pytest.raises(RuntimeError, match="^Can't access the shape of an uninitialized"):
        nn.Linear(4, 3).load_state_dict(nn.LazyLinear(3).state_dict())


def test_a_copy_is_initialized_on_its_own():
    layer = nn.LazyLinear(3)
    twin = copy.deepcopy(layer)
    twin(torch.ones(1, 2))
    assert twin.in_features == 2
    assert layer.has_uninitialized_params()
    layer(torch.ones(1, 7))
    assert layer.in_features == 7


def test_a_copy_loads_on_its_own():
    twin = copy.deepcopy(nn.LazyLinear(3))
    twin.load_state_dict(nn.Linear(4, 3).state_dict())
    assert twin.weight.shape == (3, 4)


def test_lazy_layers_in_a_sequence():
    net = nn.Sequential(nn.LazyLinear(4), nn.LazyLinear(2))
    assert net(torch.ones(1, 3)).shape == (1, 2)
    assert [layer.in_features for layer in net] == [3, 4]


def test_a_lazy_module_says_how_to_initialize_itself():
    class Lazy(LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.p = nn.UninitializedParameter()

        def forward(self, x):
            return x

    with pytest.raises(NotImplementedError) as caught:
        Lazy()(1)
    assert str(caught.value) == "initialize_parameters is not implemented for Lazy"


def test_a_lazy_module_initializes_all_its_parameters():
    class Lazy(LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.p = nn.UninitializedParameter()

        def initialize_parameters(self, x):
            pass

        def forward(self, x):
            return x

    with pytest.raises(RuntimeError, match="^module Lazy has not been fully initialized"):
        Lazy()(1)
