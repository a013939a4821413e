"""Gradients are bounded by their norm together, or one by one."""

import math

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import utils


def parameters(*gradients):
    made = []
    for gradient in gradients:
        p = nn.Parameter(torch.zeros(2))
        if gradient is not None:
            p.grad = torch.tensor(gradient)
        made.append(p)
    return made


def gradients(parameters):
    return [p.grad.tolist() for p in parameters]


def test_gradients_beyond_the_norm_are_scaled_down():
    ps = parameters([3.0, 0.0], [0.0, 4.0])
    norm = utils.clip_grad_norm_(ps, 2.5)
    assert norm.item() == 5.0
    assert gradients(ps)[0] == pytest.approx([1.5, 0.0], rel=1e-5)
    assert gradients(ps)[1] == pytest.approx([0.0, 2.0], rel=1e-5)


def test_gradients_within_the_norm_stay():
    ps = parameters([3.0, 4.0])
    utils.clip_grad_norm_(ps, 50.0)
    assert gradients(ps) == [[3.0, 4.0]]


@pytest.mark.parametrize(
    ("order", "norm"), [(1, 10.0), (2, math.sqrt(30)), (math.inf, 4.0), ("inf", 4.0), (0, 4.0)]
)
def test_norms_of_other_orders(order, norm):
    ps = parameters([1.0, -2.0], [3.0, -4.0])
    total = utils.clip_grad_norm_(ps, 1.0, norm_type=order)
    expected = 2.0 if order == 0 else norm
    assert total.item() == pytest.approx(expected, rel=1e-6)


def test_parameters_without_gradients_are_passed_over():
    ps = parameters(None, [3.0, 4.0])
    assert utils.clip_grad_norm_(iter(ps), 1.0).item() == 5.0
    assert ps[0].grad is None
    assert utils.clip_grad_norm_(parameters(None), 1.0).item() == 0.0
    assert utils.clip_grad_norm_([], 1.0).item() == 0.0
    assert utils.clip_grad_value_(parameters(None), 1.0) is None


def test_a_single_parameter_need_not_be_in_a_list():
    (p,) = parameters([3.0, 4.0])
    assert utils.clip_grad_norm_(p, 1.0).item() == 5.0
    utils.clip_grad_value_(p, 0.5)
    assert max(p.grad.tolist()) == 0.5


def test_gradients_of_zero_stay_zero():
    ps = parameters([0.0, 0.0])
    utils.clip_grad_norm_(ps, 1.0)
    assert gradients(ps) == [[0.0, 0.0]]


def test_a_norm_that_is_not_finite_is_an_error_on_request():
    ps = parameters([math.nan, 1.0])
    with pytest.raises(RuntimeError) as caught:
        utils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    assert str(caught.value) == (
        "The total norm of order 2.0 for gradients from `parameters` is non-finite, so it cannot "
        "be clipped. To disable this error and scale the gradients by the non-finite norm "
        "anyway, set `error_if_nonfinite=False`"
    )
    assert ps[0].grad[1].item() == 1.0
    assert math.isnan(utils.clip_grad_norm_(ps, 1.0).item())


def test_values_are_bounded_one_by_one():
    ps = parameters([3.0, -4.0], [0.5, -0.5])
    assert utils.clip_grad_value_(ps, 1) is None
    assert gradients(ps) == [[1.0, -1.0], [0.5, -0.5]]


def test_the_norm_can_be_computed_and_applied_apart():
    ps = parameters([3.0, 4.0])
    total = utils.get_total_norm([p.grad for p in ps])
    assert total.item() == 5.0
    utils.clip_grads_with_norm_(ps, 1.0, total)
    assert gradients(ps)[0] == pytest.approx([0.6, 0.8], rel=1e-5)
    assert utils.get_total_norm([]).item() == 0.0
    assert utils.get_total_norm(torch.ones(4)).item() == 2.0


def test_the_gradient_stays_the_same_object():
    (p,) = parameters([3.0, 4.0])
    gradient = p.grad
    utils.clip_grad_norm_([p], 1.0)
    utils.clip_grad_value_([p], 0.1)
    assert p.grad is gradient


def test_the_old_name_is_deprecated():
    with pytest.warns(FutureWarning, match="`torch.nn.utils.clip_grad_norm` is now deprecated"):
        assert utils.clip_grad_norm(parameters([3.0, 4.0]), 1.0).item() == 5.0


def test_parameters_become_a_vector_and_come_back():
    layer = nn.Linear(2, 1)
    vector = utils.parameters_to_vector(layer.parameters())
    assert vector.shape == (3,)
    assert vector.requires_grad
    utils.vector_to_parameters(torch.tensor([1.0, 2.0, 3.0]), layer.parameters())
    assert layer.weight.tolist() == [[1.0, 2.0]]
    assert layer.bias.tolist() == [3.0]
    assert layer.weight.is_leaf
    assert layer.weight.requires_grad


def test_a_vector_is_a_tensor():
    with pytest.raises(TypeError, match="^expected torch.Tensor, but got: list$"):
        utils.vector_to_parameters([1.0], [])


def test_skip_init_creates_a_module():
    layer = utils.skip_init(nn.Linear, 2, 3, bias=False)
    assert repr(layer) == "Linear(in_features=2, out_features=3, bias=False)"


def test_skip_init_leaves_the_generator_alone():
    torch.manual_seed(3)
    expected = torch.rand(1).item()
    torch.manual_seed(3)
    utils.skip_init(nn.Linear, 2, 3)
    assert torch.rand(1).item() == expected


def test_skip_init_wants_a_module_with_a_device():
    with pytest.raises(RuntimeError, match="^Module must support a 'device' arg to skip"):
        utils.skip_init(nn.Sequential)
    with pytest.raises(RuntimeError, match="^Expected a Module; got <class 'int'>$"):
        utils.skip_init(int)
