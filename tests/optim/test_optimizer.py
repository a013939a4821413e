"""The base class: groups, gradients, closures, hooks, and what it refuses."""

import copy
import pickle
from typing import Any

import pytest

import flambeau as torch
from flambeau.optim import SGD, Adam, Optimizer
from flambeau.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    required,
)


def weight(*values: float) -> torch.Tensor:
    return torch.tensor(values or (1.0, 2.0), requires_grad=True)


def with_gradient(*values: float) -> torch.Tensor:
    w = weight()
    w.grad = torch.tensor(values or (1.0, 1.0))
    return w


# Stepping.


def test_a_step_moves_against_the_gradient() -> None:
    w = with_gradient(2.0, -4.0)
    SGD([w], lr=0.5).step()
    assert w.tolist() == [0.0, 4.0]


def test_a_step_without_gradients_changes_nothing() -> None:
    w = weight()
    optimizer = Adam([w])
    optimizer.step()
    assert w.tolist() == [1.0, 2.0]
    assert optimizer.state_dict()["state"] == {}


def test_a_step_returns_none() -> None:
    assert SGD([weight()]).step() is None


def test_a_parameter_keeps_its_identity_and_its_aliases() -> None:
    w = with_gradient()
    data, view = w.data, w.detach()[:1]
    SGD([w], lr=1.0).step()
    assert data.tolist() == [0.0, 1.0]
    assert view.tolist() == [0.0]
    assert w.is_leaf
    assert w.requires_grad
    assert w.grad_fn is None


def test_state_tensors_are_changed_in_place() -> None:
    w = with_gradient()
    optimizer = SGD([w], momentum=0.5)
    optimizer.step()
    buffer = optimizer.state[w]["momentum_buffer"]
    optimizer.step()
    assert optimizer.state[w]["momentum_buffer"] is buffer
    assert buffer.tolist() == [1.5, 1.5]


def test_a_step_leaves_the_gradient_as_it_was() -> None:
    for name in ("SGD", "Adam", "Rprop", "ASGD"):
        w = with_gradient(3.0, -1.0)
        options = {"weight_decay": 0.1} if name != "Rprop" else {}
        getattr(torch.optim, name)([w], maximize=True, **options).step()
        assert w.grad.tolist() == [3.0, -1.0]


def test_a_step_records_no_history() -> None:
    w = with_gradient()
    optimizer = Adam([w])
    optimizer.step()
    assert not optimizer.state[w]["exp_avg"].requires_grad
    assert optimizer.state[w]["exp_avg"].grad_fn is None


def test_a_closure_is_called_once_and_its_loss_returned() -> None:
    w = weight(1.0)
    optimizer = SGD([w], lr=0.25)
    calls = []

    def closure() -> torch.Tensor:
        calls.append(torch.is_grad_enabled())
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        loss = optimizer.step(closure)
    assert calls == [True]
    assert loss.item() == 1.0
    assert w.item() == 0.5


def test_the_learning_rate_of_a_group_is_read_at_each_step() -> None:
    w = with_gradient(1.0, 1.0)
    optimizer = SGD([w], lr=1.0)
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert w.tolist() == [0.5, 1.5]


def test_numpy_numbers_are_taken_as_options() -> None:
    numpy = pytest.importorskip("numpy")
    w = with_gradient(1.0, 1.0)
    optimizer = SGD([w], lr=numpy.float64(0.5), momentum=numpy.float32(0.5))
    optimizer.step()
    assert w.tolist() == [0.5, 1.5]


def test_momentum_may_be_switched_on_later() -> None:
    w = with_gradient(1.0, 1.0)
    optimizer = SGD([w], lr=1.0)
    optimizer.step()
    optimizer.param_groups[0]["momentum"] = 0.5
    optimizer.step()
    optimizer.step()
    assert w.tolist() == [-2.5, -1.5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "RAdam"])
def test_parameters_and_state_keep_their_dtype(name: str, dtype: Any) -> None:
    w = torch.ones(3, dtype=dtype, requires_grad=True)
    options = {"momentum": 0.9} if name in {"SGD", "RMSprop"} else {}
    optimizer = getattr(torch.optim, name)([w], lr=0.1, **options)
    for _ in range(2):
        w.grad = torch.ones(3, dtype=dtype)
        optimizer.step()
    assert w.dtype == dtype
    assert (w < 1).all()
    for key, value in optimizer.state[w].items():
        assert value.dtype == (torch.float32 if key == "step" else dtype)


def test_steps_are_counted_in_double_precision_where_that_is_the_default() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        w = with_gradient()
        optimizer = Adam([w])
        optimizer.step()
    finally:
        torch.set_default_dtype(torch.float32)
    assert optimizer.state[w]["step"].dtype == torch.float64


def test_empty_parameters_are_fine() -> None:
    w = torch.zeros(0, 3, requires_grad=True)
    w.grad = torch.zeros(0, 3)
    for name in ("SGD", "Adam", "RMSprop"):
        getattr(torch.optim, name)([w]).step()
    assert w.shape == (0, 3)


@pytest.mark.parametrize(
    "name", ["Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adadelta", "RMSprop", "Rprop", "ASGD"]
)
def test_capturable_is_refused_by_the_step(name: str) -> None:
    w = with_gradient()
    optimizer = getattr(torch.optim, name)([w], capturable=True)
    with pytest.raises(AssertionError, match="If capturable=True, params must be on a device"):
        optimizer.step()
    assert w.tolist() == [1.0, 2.0]


# Gradients.


def test_zero_grad_forgets_gradients() -> None:
    w = with_gradient()
    SGD([w]).zero_grad()
    assert w.grad is None


def test_zero_grad_can_fill_gradients_with_zeros_in_place() -> None:
    w = with_gradient()
    grad, without = w.grad, weight()
    SGD([w, without]).zero_grad(set_to_none=False)
    assert w.grad is grad
    assert grad.tolist() == [0.0, 0.0]
    assert without.grad is None


def test_zero_grad_cuts_the_history_of_a_gradient() -> None:
    w = weight(3.0)
    [w.grad] = torch.autograd.grad((w**3).sum(), w, create_graph=True)
    assert w.grad.requires_grad
    SGD([w]).zero_grad(set_to_none=False)
    assert not w.grad.requires_grad


# Groups.


def test_groups_have_their_own_options() -> None:
    a, b = with_gradient(), with_gradient()
    SGD([{"params": [a], "lr": 1.0}, {"params": b}], lr=0.5).step()
    assert a.tolist() == [0.0, 1.0]
    assert b.tolist() == [0.5, 1.5]


def test_a_group_may_be_added() -> None:
    a, b = with_gradient(), with_gradient()
    optimizer = SGD([a], lr=1.0)
    optimizer.add_param_group({"params": b, "lr": 0.5})
    optimizer.step()
    assert b.tolist() == [0.5, 1.5]
    assert optimizer.param_groups[1]["momentum"] == 0


def test_named_parameters_are_remembered_by_name() -> None:
    optimizer = SGD([("w", weight()), ("b", weight())])
    assert optimizer.param_groups[0]["param_names"] == ["w", "b"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["w", "b"]


def test_a_parameter_may_not_be_in_two_groups() -> None:
    w = weight()
    optimizer = SGD([w])
    with pytest.raises(ValueError, match=r"^some parameters appear in more than one parameter"):
        optimizer.add_param_group({"params": [w]})
    assert len(optimizer.param_groups) == 1


def test_a_parameter_given_twice_is_warned_of() -> None:
    w = weight()
    with pytest.warns(UserWarning, match="a parameter group with duplicate parameters"):
        SGD([w, w])


def test_a_tensor_is_no_list_of_parameters() -> None:
    message = "should be an iterable of Tensors or dicts, but got .*FloatTensor$"
    with pytest.raises(TypeError, match=message):
        SGD(weight())


def test_parameters_come_in_an_order() -> None:
    with pytest.raises(TypeError, match="need to be organized in ordered collections"):
        SGD([{"params": {weight()}}])


def test_parameters_are_tensors() -> None:
    with pytest.raises(TypeError, match=r"but one of the params is str$"):
        SGD(["w"])


def test_parameters_are_leaves() -> None:
    with pytest.raises(ValueError, match=r"^can't optimize a non-leaf Tensor$"):
        SGD([weight() * 2])


def test_there_is_at_least_one_parameter() -> None:
    with pytest.raises(ValueError, match=r"^optimizer got an empty parameter list$"):
        SGD([])


def test_a_required_option_is_asked_for() -> None:
    message = "^parameter group didn't specify a value of required optimization parameter lr$"
    with pytest.raises(ValueError, match=message):
        Optimizer([weight()], {"lr": required})
    assert repr(required) == "<required parameter>"


# Saving and loading.


def test_loading_takes_over_options_but_not_parameters() -> None:
    w = weight()
    optimizer = SGD([w], lr=0.1)
    saved = SGD([weight()], lr=0.5, momentum=0.9).state_dict()
    optimizer.load_state_dict(saved)
    group = optimizer.param_groups[0]
    assert (group["lr"], group["momentum"]) == (0.5, 0.9)
    assert group["params"][0] is w


def test_loading_leaves_what_was_loaded_alone() -> None:
    optimizer = SGD([weight()], lr=0.1)
    saved = optimizer.state_dict()
    optimizer.load_state_dict(saved)
    optimizer.param_groups[0]["lr"] = 0.9
    assert saved["param_groups"][0]["lr"] == 0.1
    assert saved["param_groups"][0]["params"] == [0]


def test_options_that_an_old_file_lacks_get_their_default() -> None:
    optimizer = SGD([weight()])
    saved = optimizer.state_dict()
    del saved["param_groups"][0]["nesterov"]
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["nesterov"] is False


def test_step_counts_of_old_files_become_tensors() -> None:
    w = with_gradient()
    optimizer = Adam([w])
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = 7
    optimizer.load_state_dict(saved)
    optimizer.step()
    assert optimizer.state[w]["step"].item() == 8.0


def test_state_is_cast_to_the_dtype_of_the_parameter() -> None:
    w = with_gradient()
    optimizer = Adam([w])
    optimizer.step()
    double = torch.ones(2, dtype=torch.float64, requires_grad=True)
    other = Adam([double])
    other.load_state_dict(optimizer.state_dict())
    assert other.state[double]["exp_avg"].dtype == torch.float64
    assert other.state[double]["step"].dtype == torch.float32


def test_state_under_other_keys_is_kept() -> None:
    optimizer = SGD([weight()])
    optimizer.state["note"] = {"epoch": 3}
    other = SGD([weight()])
    other.load_state_dict(optimizer.state_dict())
    assert other.state["note"] == {"epoch": 3}


def test_loading_other_groups_is_refused() -> None:
    one, two = SGD([weight()]), SGD([{"params": [weight()]}, {"params": [weight()]}])
    with pytest.raises(ValueError, match=r"^loaded state dict has a different number of parameter"):
        one.load_state_dict(two.state_dict())
    with pytest.raises(ValueError, match=r"that doesn't match the size of optimizer's group$"):
        one.load_state_dict(SGD([weight(), weight()]).state_dict())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_on_by_itself(copied: Any) -> None:
    w = with_gradient()
    optimizer = SGD([w], lr=1.0, momentum=0.5)
    optimizer.step()
    other = copied(optimizer)
    [twin] = other.param_groups[0]["params"]
    twin.grad = torch.zeros(2)
    other.step()
    assert w.tolist() == [0.0, 1.0]
    assert twin.tolist() == [-0.5, 0.5]
    other.register_step_post_hook(lambda *args: None)


# Hooks.


def test_step_hooks_run_around_the_step() -> None:
    w = with_gradient()
    optimizer = SGD([w], lr=1.0)
    seen = []
    before = optimizer.register_step_pre_hook(lambda *args: seen.append(w.tolist()))
    after = optimizer.register_step_post_hook(lambda *args: seen.append(w.tolist()))
    optimizer.step()
    assert seen == [[1.0, 2.0], [0.0, 1.0]]
    before.remove()
    after.remove()
    optimizer.step()
    assert len(seen) == 2


def test_a_pre_hook_may_change_the_arguments() -> None:
    optimizer = SGD([weight()])
    optimizer.register_step_pre_hook(lambda owner, args, kwargs: ((owner, lambda: 42), kwargs))
    assert optimizer.step() == 42


def test_a_pre_hook_returns_none_or_a_pair() -> None:
    optimizer = SGD([weight()])
    optimizer.register_step_pre_hook(lambda *args: 5)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kw"):
        optimizer.step()


def test_global_hooks_run_for_every_optimizer() -> None:
    names = []
    before = register_optimizer_step_pre_hook(lambda owner, *args: names.append(type(owner)))
    after = register_optimizer_step_post_hook(lambda owner, *args: names.append(type(owner)))
    with before, after:
        SGD([weight()]).step()
        Adam([weight()]).step()
    SGD([weight()]).step()
    assert names == [SGD, SGD, Adam, Adam]


def test_hooks_of_state_dicts_run_in_order() -> None:
    optimizer = SGD([weight()], lr=0.1)
    seen = []
    optimizer.register_state_dict_pre_hook(lambda owner: seen.append("second"))
    optimizer.register_state_dict_pre_hook(lambda owner: seen.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda owner, state: {**state, "extra": 1})
    saved = optimizer.state_dict()
    assert seen == ["first", "second"]
    assert saved["extra"] == 1
    optimizer.register_load_state_dict_pre_hook(lambda owner, state: seen.append(sorted(state)))
    optimizer.register_load_state_dict_post_hook(lambda owner: seen.append("loaded"))
    optimizer.load_state_dict(saved)
    assert seen[2:] == [["extra", "param_groups", "state"], "loaded"]


def test_a_load_hook_may_replace_what_is_loaded() -> None:
    optimizer = SGD([weight()], lr=0.1)
    other = SGD([weight()], lr=0.7).state_dict()
    optimizer.register_load_state_dict_pre_hook(lambda owner, state: other)
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.param_groups[0]["lr"] == 0.7


# Optimizers of one's own.


class SignSGD(Optimizer):
    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for param in group["params"]:
                steps = self.state[param]
                steps["count"] = steps.get("count", 0) + 1
                param.add_(param.grad.sign(), alpha=-group["lr"])


def test_a_class_with_its_own_step_works_and_has_hooks() -> None:
    w = with_gradient(3.0, -4.0)
    optimizer = SignSGD([w], lr=0.5)
    seen = []
    optimizer.register_step_post_hook(lambda *args: seen.append(1))
    optimizer.step()
    assert w.tolist() == [0.5, 2.5]
    assert seen == [1]
    assert optimizer.state_dict()["state"] == {0: {"count": 1}}


def test_hooks_run_once_when_a_step_calls_that_of_its_base() -> None:
    class Loud(SGD):
        def step(self, closure: Any = None) -> Any:
            return super().step(closure)

    optimizer = Loud([with_gradient()])
    seen = []
    optimizer.register_step_pre_hook(lambda *args: seen.append(1))
    optimizer.step()
    assert seen == [1]


def test_the_base_class_has_no_step() -> None:
    with pytest.raises(NotImplementedError):
        Optimizer([weight()], {}).step()


def test_representation_lists_the_options_of_each_group() -> None:
    optimizer = Optimizer([{"params": [weight()]}, {"params": [weight()], "lr": 3}], {"lr": 1})
    assert repr(optimizer) == (
        "Optimizer (\nParameter Group 0\n    lr: 1\n\nParameter Group 1\n    lr: 3\n)"
    )
