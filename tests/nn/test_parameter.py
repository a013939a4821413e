"""Parameters and buffers are tensors that a module recognises."""

import copy
import pickle

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn.parameter import is_lazy


def test_a_parameter_requires_grad_and_is_a_leaf():
    p = nn.Parameter(torch.ones(2))
    assert p.requires_grad
    assert p.is_leaf
    assert isinstance(p, torch.Tensor)
    assert not nn.Parameter(torch.ones(2), requires_grad=False).requires_grad


def test_a_parameter_prints_what_it_contains():
    assert repr(nn.Parameter(torch.ones(2))) == (
        "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    )


def test_a_parameter_shares_the_memory_of_its_data():
    data = torch.ones(2)
    p = nn.Parameter(data)
    data[0] = 5
    assert p.tolist() == [5.0, 1.0]


def test_a_parameter_forgets_the_history_of_its_data():
    x = torch.ones(2, requires_grad=True)
    assert nn.Parameter(x * 2).is_leaf


def test_a_parameter_without_data_is_empty():
    assert nn.Parameter().shape == (0,)
    assert nn.Parameter(None).shape == (0,)


def test_results_of_operations_are_plain_tensors():
    p = nn.Parameter(torch.ones(2))
    for result in (p * 2, p.clone(), p.detach(), p.data, p[0], p.view(2, 1)):
        assert type(result) is torch.Tensor


def test_in_place_operations_give_the_parameter_back():
    p = nn.Parameter(torch.ones(2))
    with torch.no_grad():
        assert p.mul_(2) is p
        assert p.zero_() is p


def test_an_integer_parameter_cannot_require_grad():
    with pytest.raises(RuntimeError, match="floating point and complex dtype can require grad"):
        nn.Parameter(torch.ones(2, dtype=torch.int32))
    assert nn.Parameter(torch.ones(2, dtype=torch.int32), False).dtype == torch.int32


def test_a_list_is_no_tensor():
    with pytest.raises(AttributeError, match="^'list' object has no attribute 'detach'$"):
        nn.Parameter([1.0])


def test_a_deep_copy_is_a_parameter_with_a_value_of_its_own():
    p = nn.Parameter(torch.ones(2), requires_grad=False)
    twin = copy.deepcopy([p, p])
    assert twin[0] is twin[1]
    assert type(twin[0]) is nn.Parameter
    assert not twin[0].requires_grad
    p.zero_()
    assert twin[0].tolist() == [1.0, 1.0]


def test_pickling_gives_a_parameter():
    again = pickle.loads(pickle.dumps(nn.Parameter(torch.ones(2), requires_grad=False)))
    assert type(again) is nn.Parameter
    assert not again.requires_grad
    assert again.tolist() == [1.0, 1.0]


def test_a_parameter_can_carry_attributes():
    p = nn.Parameter(torch.ones(2))
    p.group = "decay"
    assert pickle.loads(pickle.dumps(p)).group == "decay"


def test_a_subclass_of_tensor_marked_as_a_parameter_is_one():
    class Named(torch.Tensor):
        def detach(self):
            return self

    marked = nn.Parameter(torch.Tensor._make_subclass(Named, torch.ones(2)))
    assert type(marked) is Named
    assert isinstance(marked, nn.Parameter)
    assert not isinstance(torch.ones(2), nn.Parameter)


def test_a_buffer_is_a_marked_tensor():
    b = nn.Buffer(torch.ones(2), persistent=False)
    assert isinstance(b, nn.Buffer)
    assert isinstance(b, torch.Tensor)
    assert not isinstance(b, nn.Parameter)
    assert not b.persistent
    assert not isinstance(torch.ones(2), nn.Buffer)
    assert repr(b) == "tensor([1., 1.])"
    assert nn.Buffer().shape == (0,)


def test_an_uninitialized_parameter_has_a_type_but_no_shape():
    p = nn.UninitializedParameter(dtype=torch.float64)
    assert is_lazy(p)
    assert isinstance(p, nn.Parameter)
    assert p.dtype == torch.float64
    assert p.requires_grad
    assert repr(p) == "<UninitializedParameter>"
    with pytest.raises(RuntimeError, match="^Can't access the shape of an uninitialized"):
        p.shape  # noqa: B018


@pytest.mark.parametrize("call", ["p + 1", "p.sum()", "torch.exp(p)", "p.tolist()", "p.numel()"])
def test_an_uninitialized_parameter_cannot_be_computed_with(call):
    with pytest.raises((ValueError, RuntimeError), match="uninitialized parameter"):
        eval(call, {"p": nn.UninitializedParameter(), "torch": torch})


def test_materializing_makes_it_an_ordinary_parameter():
    p = nn.UninitializedParameter()
    p.materialize((2, 3))
    assert type(p) is nn.Parameter
    assert p.shape == (2, 3)
    assert p.requires_grad
    assert not is_lazy(p)
    assert (p * 0).shape == (2, 3)


def test_an_uninitialized_buffer_becomes_a_tensor():
    b = nn.UninitializedBuffer(dtype=torch.float64)
    assert isinstance(b, nn.Buffer)
    assert repr(b) == "<UninitializedBuffer>"
    b.materialize((2,))
    assert type(b) is torch.Tensor
    assert b.dtype == torch.float64


def test_copies_of_an_uninitialized_parameter_are_uninitialized():
    p = nn.UninitializedParameter(requires_grad=False, dtype=torch.float64)
    for twin in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(twin) is nn.UninitializedParameter
        assert not twin.requires_grad
        assert twin.dtype == torch.float64
