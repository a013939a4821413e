"""Parametrizations compute a parameter of a module from others; weight norm and spectral norm."""

import copy
import pickle
import re

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import utils
from flambeau.nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).transpose(-1, -2)

    def right_inverse(self, y):
        return y.triu()


class Twice(nn.Module):
    def forward(self, x):
        return x * 2


class Pair(nn.Module):
    def forward(self, a, b):
        return a + b

    def right_inverse(self, y):
        return y / 2, y / 2


def symmetric():
    layer = nn.Linear(3, 3)
    return parametrize.register_parametrization(layer, "weight", Symmetric())


def test_the_parameter_is_computed_wherever_it_is_used():
    layer = symmetric()
    assert layer.weight.tolist() == layer.weight.t().tolist()
    layer(torch.ones(1, 3)).sum().backward()
    assert layer.parametrizations.weight.original.grad is not None


def test_what_is_learned_stands_in_the_parameters_place():
    layer = symmetric()
    names = [name for name, _ in layer.named_parameters()]
    assert names == ["bias", "parametrizations.weight.original"]
    assert list(layer.state_dict()) == names


def test_the_parameter_stays_the_object_that_an_optimizer_holds():
    layer = nn.Linear(3, 3)
    weight = layer.weight
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert layer.parametrizations.weight.original is weight


def test_a_parametrized_module_says_so():
    layer = symmetric()
    assert isinstance(layer, nn.Linear)
    assert parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    assert parametrize.type_before_parametrizations(nn.Linear(1, 1)) is nn.Linear
    assert repr(layer) == (
        "ParametrizedLinear(\n"
        "  in_features=3, out_features=3, bias=True\n"
        "  (parametrizations): ModuleDict(\n"
        "    (weight): ParametrizationList(\n"
        "      (0): Symmetric()\n"
        "    )\n"
        "  )\n"
        ")"
    )


def test_assigning_goes_through_right_inverse():
    layer = symmetric()
    layer.weight = torch.ones(3, 3)
    assert layer.parametrizations.weight.original.tolist() == torch.ones(3, 3).triu().tolist()
    assert layer.weight.tolist() == torch.ones(3, 3).tolist()


def test_assigning_without_right_inverse_is_an_error():
    layer = nn.Linear(1, 1)
    parametrize.register_parametrization(layer, "weight", Twice())
    with pytest.raises(RuntimeError, match="^parametrization Twice does not implement right_inv"):
        layer.weight = torch.ones(1, 1)


def test_parametrizations_are_applied_in_order():
    layer = symmetric()
    before = layer.weight.tolist()
    parametrize.register_parametrization(layer, "weight", Twice())
    assert layer.weight.tolist() == (torch.tensor(before) * 2).tolist()
    assert len(layer.parametrizations.weight) == 2


def test_buffers_can_be_parametrized():
    layer = nn.Module()
    layer.register_buffer("mean", torch.ones(2))
    parametrize.register_parametrization(layer, "mean", Twice())
    assert layer.mean.tolist() == [2.0, 2.0]
    assert list(layer.state_dict()) == ["parametrizations.mean.original"]


def test_one_tensor_may_come_from_several():
    layer = nn.Linear(2, 1)
    before = layer.weight.tolist()
    parametrize.register_parametrization(layer, "weight", Pair())
    names = [name for name, _ in layer.named_parameters()]
    assert names[1:] == ["parametrizations.weight.original0", "parametrizations.weight.original1"]
    assert layer.weight.tolist() == before
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight.tolist() == before


def test_removing_leaves_the_present_value():
    layer = symmetric()
    value = layer.weight.tolist()
    original = layer.parametrizations.weight.original
    assert parametrize.remove_parametrizations(layer, "weight") is layer
    assert type(layer) is nn.Linear
    assert layer.weight is original
    assert layer.weight.tolist() == value
    assert not parametrize.is_parametrized(layer)


def test_removing_can_leave_what_was_learned():
    layer = symmetric()
    original = layer.parametrizations.weight.original.tolist()
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert layer.weight.tolist() == original


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("register_parametrization(l, 'z', Twice())", "Module 'Linear(in_features=2, out_fea"),
        ("register_parametrization(l, 'weight', nn.Flatten(0))", "Registering a parametrization"),
        (
            "remove_parametrizations(l, 'weight')",
            "Module Linear(in_features=2, out_features=1, bias=True) does not have a "
            "parametrization on weight",
        ),
    ],
)
def test_what_cannot_be_done(call, message):
    class Flatten(nn.Module):
        def __init__(self, start):
            super().__init__()

        def forward(self, x):
            return x.flatten()

    scope = {"l": nn.Linear(2, 1), "Twice": Twice, "nn": type("nn", (), {"Flatten": Flatten})}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        eval(call, vars(parametrize) | scope)


def test_caching_computes_once():
    calls = []

    class Counting(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x

    layer = nn.Linear(1, 1)
    parametrize.register_parametrization(layer, "weight", Counting(), unsafe=True)
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert len(calls) == 1
    assert layer.weight is not None
    assert len(calls) == 2


def test_a_parametrized_module_is_copied_but_not_pickled():
    layer = symmetric()
    twin = copy.deepcopy(layer)
    assert twin.weight.tolist() == layer.weight.tolist()
    twin.weight = torch.zeros(3, 3)
    assert layer.weight.abs().sum().item() > 0
    with pytest.raises(RuntimeError, match="^Serialization of parametrized modules is only"):
        pickle.dumps(layer)


def test_parametrizations_can_be_transferred():
    source, target = symmetric(), nn.Linear(3, 3)
    parametrize.transfer_parametrizations_and_params(source, target)
    assert target.weight.tolist() == source.weight.tolist()
    assert parametrize.is_parametrized(target, "weight")


def norms(weight, dim=1):
    return weight.square().sum(dim).sqrt().tolist()


def test_weight_norm_keeps_the_weight_and_learns_its_length():
    layer = nn.Linear(4, 3)
    before = layer.weight.detach().clone()
    parametrizations.weight_norm(layer)
    assert layer.weight.flatten().tolist() == pytest.approx(before.flatten().tolist(), rel=1e-6)
    assert layer.parametrizations.weight.original0.shape == (3, 1)
    assert layer.parametrizations.weight.original0.flatten().tolist() == norms(before)
    with torch.no_grad():
        layer.parametrizations.weight.original0.fill_(2.0)
    assert norms(layer.weight) == pytest.approx([2.0] * 3, rel=1e-6)


def test_weight_norm_over_other_dimensions():
    for dim, shape in ((1, (1, 4)), (None, ()), (-1, ())):
        layer = parametrizations.weight_norm(nn.Linear(4, 3), dim=dim)
        assert layer.parametrizations.weight.original0.shape == shape


def test_weight_norm_loads_what_its_older_form_saved():
    with pytest.warns(FutureWarning):
        old = utils.weight_norm(nn.Linear(4, 3))
    new = parametrizations.weight_norm(nn.Linear(4, 3))
    new.load_state_dict(old.state_dict())
    assert new.weight.tolist() == old.weight.tolist()


def test_the_older_weight_norm_computes_before_each_call():
    layer = nn.Linear(4, 3)
    before = layer.weight.detach().clone()
    with pytest.warns(FutureWarning, match="`torch.nn.utils.weight_norm` is deprecated"):
        assert utils.weight_norm(layer) is layer
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    with torch.no_grad():
        layer.weight_g *= 2
    layer(torch.ones(1, 4)).sum().backward()
    assert norms(layer.weight) == pytest.approx([2 * n for n in norms(before)], rel=1e-6)
    assert layer.weight_v.grad is not None
    assert utils.remove_weight_norm(layer) is layer
    assert list(layer.state_dict()) == ["bias", "weight"]


def test_the_older_weight_norm_is_registered_once():
    with pytest.warns(FutureWarning):
        layer = utils.weight_norm(nn.Linear(2, 2))
    with (
        pytest.warns(FutureWarning),
        pytest.raises(RuntimeError, match="^Cannot register two weight_norm hooks on the same"),
    ):
        utils.weight_norm(layer)
    with pytest.raises(ValueError, match="^weight_norm of 'bias' not found in Linear"):
        utils.remove_weight_norm(layer, "bias")


def largest_singular_value(weight):
    matrix = weight.detach().flatten(1)
    v = torch.ones(matrix.size(1))
    for _ in range(200):
        v = matrix.t() @ (matrix @ v)
        v = v / v.square().sum().sqrt()
    return (matrix @ v).square().sum().sqrt().item()


@pytest.mark.parametrize("norm", [parametrizations.spectral_norm, utils.spectral_norm])
def test_spectral_norm_makes_the_largest_singular_value_one(norm):
    layer = norm(nn.Linear(4, 3))
    for _ in range(50):
        y = layer(torch.ones(1, 4))
    assert largest_singular_value(layer.weight) == pytest.approx(1.0, abs=1e-3)
    y.sum().backward()


@pytest.mark.parametrize("norm", [parametrizations.spectral_norm, utils.spectral_norm])
def test_spectral_norm_in_evaluation_keeps_its_estimate(norm):
    layer = norm(nn.Linear(4, 3)).eval()
    layer(torch.ones(1, 4))
    state = {key: value.tolist() for key, value in layer.state_dict().items()}
    layer(torch.ones(1, 4))
    assert {key: value.tolist() for key, value in layer.state_dict().items()} == state


@pytest.mark.parametrize("norm", [parametrizations.spectral_norm, utils.spectral_norm])
def test_spectral_norm_wants_to_iterate(norm):
    with pytest.raises(ValueError, match="to be positive, but got n_power_iterations=0$"):
        norm(nn.Linear(2, 2), n_power_iterations=0)


def test_the_older_spectral_norm_can_be_removed():
    layer = utils.spectral_norm(nn.Linear(4, 3))
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    with pytest.raises(RuntimeError, match="^Cannot register two spectral_norm hooks on the same"):
        utils.spectral_norm(layer)
    utils.remove_spectral_norm(layer)
    assert list(layer.state_dict()) == ["bias", "weight"]
    with pytest.raises(ValueError, match="^spectral_norm of 'weight' not found in Linear"):
        utils.remove_spectral_norm(layer)


def test_spectral_norm_of_what_is_no_tensor():
    with pytest.raises(ValueError, match="has no parameter or buffer with name 'z'$"):
        parametrizations.spectral_norm(nn.Linear(2, 2), "z")


def test_spectral_norm_of_a_vector_divides_by_its_length():
    layer = nn.Module()
    layer.p = nn.Parameter(torch.tensor([3.0, 4.0]))
    parametrizations.spectral_norm(layer, "p")
    assert layer.p.tolist() == pytest.approx([0.6, 0.8])


def assert_orthonormal(weight):
    product = weight @ weight.mT if weight.size(0) <= weight.size(1) else weight.mT @ weight
    assert (product - torch.eye(product.size(0))).abs().max().item() < 1e-5


@pytest.mark.parametrize("sizes", [(4, 4), (3, 5), (5, 3)])
@pytest.mark.parametrize("name", ["matrix_exp", "cayley", "householder"])
def test_an_orthogonal_weight_stays_so_when_it_learns(name, sizes):
    layer = parametrizations.orthogonal(nn.Linear(*sizes), orthogonal_map=name)
    assert_orthonormal(layer.weight)
    before = layer.weight.tolist()
    layer(torch.randn(2, sizes[0])).square().sum().backward()
    original = layer.parametrizations.weight.original
    with torch.no_grad():
        original -= original.grad
    assert_orthonormal(layer.weight)
    assert layer.weight.tolist() != before


@pytest.mark.parametrize("name", ["matrix_exp", "cayley", "householder"])
def test_an_orthogonal_weight_begins_at_an_orthogonal_one_that_was_there(name):
    layer = nn.Linear(4, 4)
    nn.init.orthogonal_(layer.weight)
    before = layer.weight.flatten().tolist()
    parametrizations.orthogonal(layer, orthogonal_map=name)
    assert layer.weight.flatten().tolist() == pytest.approx(before, abs=1e-5)


def test_reflections_can_be_found_for_any_orthonormal_columns():
    layer = nn.Linear(3, 5)
    nn.init.orthogonal_(layer.weight)
    before = layer.weight.flatten().tolist()
    parametrizations.orthogonal(layer, orthogonal_map="householder", use_trivialization=False)
    assert layer.weight.flatten().tolist() == pytest.approx(before, abs=1e-5)


def test_rotations_cannot_be_assigned_without_a_base():
    layer = nn.Linear(3, 3)
    parametrizations.orthogonal(layer, orthogonal_map="cayley", use_trivialization=False)
    assert_orthonormal(layer.weight)
    with pytest.raises(NotImplementedError, match="^It is not possible to assign to the matrix"):
        layer.weight = torch.eye(3)


def test_what_cannot_be_orthogonal():
    layer = nn.Linear(2, 3)
    with pytest.raises(ValueError, match="^orthogonal_map has to be one of"):
        parametrizations.orthogonal(layer, orthogonal_map="qr")
    with pytest.raises(ValueError, match="^Expected a matrix or batch of matrices. Got a tensor"):
        parametrizations.orthogonal(layer, "bias")
    with pytest.raises(ValueError, match="has no parameter or buffer with name 'z'$"):
        parametrizations.orthogonal(layer, "z")
    parametrizations.orthogonal(layer)
    with pytest.raises(ValueError, match="^Expected a matrix or batch of matrices of shape"):
        layer.weight = torch.eye(3)
