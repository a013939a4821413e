"""Identity, Linear and Bilinear."""

import math

import pytest

import flambeau as torch
from flambeau import nn


def test_identity_ignores_its_arguments():
    x = torch.ones(2)
    assert nn.Identity(54, unused=True)(x) is x
    assert repr(nn.Identity(54)) == "Identity()"


def test_linear_is_an_affine_map_of_the_last_dimension():
    layer = nn.Linear(2, 3)
    layer.weight.data = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    layer.bias.data = torch.tensor([0.0, 10.0, 100.0])
    assert layer(torch.tensor([1.0, 2.0])).tolist() == [1.0, 12.0, 103.0]
    assert layer(torch.ones(4, 5, 2)).shape == (4, 5, 3)


def test_linear_without_a_bias():
    layer = nn.Linear(2, 3, bias=False)
    assert layer.bias is None
    assert list(layer.state_dict()) == ["weight"]
    assert repr(layer) == "Linear(in_features=2, out_features=3, bias=False)"


def test_linear_begins_uniform_within_its_bound():
    layer = nn.Linear(100, 50)
    for parameter in layer.parameters():
        assert parameter.abs().max().item() <= 1 / math.sqrt(100)
        assert parameter.abs().max().item() > 0.8 / math.sqrt(100)


def test_linear_takes_a_type():
    assert nn.Linear(2, 3, dtype=torch.float64, device="cpu").weight.dtype == torch.float64


def test_linear_without_inputs_warns_that_there_is_nothing_to_draw():
    with pytest.warns(UserWarning, match="^Initializing zero-element tensors is a no-op$"):
        layer = nn.Linear(0, 3)
    assert layer.bias.tolist() == [0.0, 0.0, 0.0]


def test_bilinear_is_a_form_of_two_inputs():
    layer = nn.Bilinear(2, 3, 1)
    layer.weight.data = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    layer.bias.data = torch.tensor([0.5])
    a, b = torch.tensor([[1.0, 10.0]]), torch.tensor([[1.0, 0.0, 2.0]])
    assert layer(a, b).tolist() == [[1 + 6 + 40 + 120 + 0.5]]
    assert repr(layer) == "Bilinear(in1_features=2, in2_features=3, out_features=1, bias=True)"
    assert nn.Bilinear(2, 3, 1, bias=False).bias is None


def test_bilinear_needs_a_first_input():
    with pytest.raises(ValueError, match="in1_features must be > 0, but got"):
        nn.Bilinear(0, 3, 1)
