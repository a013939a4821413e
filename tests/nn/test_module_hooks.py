"""Hooks run before and after forward and backward, and can change what passes."""

import copy
import re
from collections import OrderedDict

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn.modules import module as modules
from flambeau.utils.hooks import RemovableHandle


class Double(nn.Module):
    def forward(self, x, *, shift=0):
        return x * 2 + shift


class Failing(nn.Module):
    def forward(self, x):
        raise ValueError("no")


def ones(*shape):
    return torch.ones(*shape, requires_grad=True)


def test_a_forward_pre_hook_sees_the_arguments():
    seen = []
    layer = Double()
    layer.register_forward_pre_hook(lambda module, args: seen.append((module, args)))
    layer(3)
    assert seen == [(layer, (3,))]


def test_a_forward_pre_hook_replaces_the_arguments():
    layer = Double()
    layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
    layer.register_forward_pre_hook(lambda module, args: (args[0] + 10,))
    assert layer(3) == 28


def test_a_forward_pre_hook_with_kwargs_replaces_both():
    layer = Double()
    layer.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {"shift": kwargs["shift"] + 1}), with_kwargs=True
    )
    assert layer(3, shift=1) == 8


def test_a_forward_pre_hook_with_kwargs_returns_a_pair_or_none():
    layer = Double()
    layer.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError) as caught:
        layer(3)
    assert str(caught.value) == (
        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got (3,)."
    )


def test_a_forward_hook_sees_and_replaces_the_output():
    layer = Double()
    layer.register_forward_hook(lambda module, args, output: (args, output))
    assert layer(3) == ((3,), 6)


def test_a_forward_hook_with_kwargs():
    layer = Double()
    layer.register_forward_hook(
        lambda module, args, kwargs, output: output + kwargs["shift"], with_kwargs=True
    )
    assert layer(3, shift=1) == 8


def test_prepended_hooks_run_first():
    order = []
    layer = Double()
    layer.register_forward_hook(lambda *_: order.append("a"))
    layer.register_forward_hook(lambda *_: order.append("b"), prepend=True)
    layer.register_forward_pre_hook(lambda *_: order.append("c"))
    layer.register_forward_pre_hook(lambda *_: order.append("d"), prepend=True)
    layer(1)
    assert order == ["d", "c", "b", "a"]


def test_a_removed_hook_does_not_run():
    layer = Double()
    handle = layer.register_forward_hook(lambda *_: 0, with_kwargs=True, always_call=True)
    handle.remove()
    handle.remove()
    assert layer(3) == 6
    assert layer._forward_hooks == layer._forward_hooks_with_kwargs == {}
    assert layer._forward_hooks_always_called == {}


def test_a_handle_is_a_context_manager():
    layer = Double()
    with layer.register_forward_hook(lambda *_: 0):
        assert layer(3) == 0
    assert layer(3) == 6


def test_a_hook_may_remove_itself():
    layer = Double()

    def once(module, args, output):
        handle.remove()
        return 0

    handle = layer.register_forward_hook(once)
    assert [layer(3), layer(3)] == [0, 6]


def test_a_copy_has_the_hooks_but_not_in_common():
    layer = Double()
    handle = layer.register_forward_hook(lambda *_: 0)
    twin = copy.deepcopy(layer)
    handle.remove()
    assert [layer(3), twin(3)] == [6, 0]


def test_an_always_called_hook_runs_when_forward_raises():
    calls = []
    layer = Failing()
    layer.register_forward_hook(lambda *args: calls.append(args), always_call=True)
    layer.register_forward_hook(lambda *_: calls.append("never"))
    with pytest.raises(ValueError, match="no"):
        layer(1)
    assert calls == [(layer, (1,), None)]


def test_an_always_called_hook_runs_once_when_a_later_hook_raises():
    calls = []
    layer = Double()
    layer.register_forward_hook(lambda *_: calls.append(1), always_call=True)

    def fail(*_):
        raise ValueError("hook")

    layer.register_forward_hook(fail)
    with pytest.raises(ValueError, match="hook"):
        layer(1)
    assert calls == [1]


def test_what_an_always_called_hook_raises_becomes_a_warning():
    def fail(*_):
        raise KeyError("inner")

    layer = Failing()
    layer.register_forward_hook(fail, always_call=True)
    message = (
        "module forward hook with ``always_call=True`` raised an exception that was silenced "
        "as another error was raised in forward: 'inner'"
    )
    with pytest.warns(UserWarning, match=re.escape(message)), pytest.raises(ValueError, match="no"):
        layer(1)


def test_a_full_backward_hook_gets_the_gradients_of_inputs_and_outputs():
    seen = []
    layer = nn.Linear(2, 1, bias=False)
    layer.weight.data.fill_(3.0)
    layer.register_full_backward_hook(lambda *args: seen.append(args))
    x = ones(1, 2)
    layer(x).sum().backward()
    ((module, grad_input, grad_output),) = seen
    assert module is layer
    assert grad_input[0].tolist() == [[3.0, 3.0]]
    assert grad_output[0].tolist() == [[1.0]]
    assert x.grad.tolist() == [[3.0, 3.0]]
    assert layer.weight.grad.tolist() == [[1.0, 1.0]]


def test_a_full_backward_hook_replaces_the_gradient_of_the_input():
    layer = Double()
    layer.register_full_backward_hook(lambda module, gi, go: (gi[0] * 10,))
    x = ones(2)
    layer(x).sum().backward()
    assert x.grad.tolist() == [20.0, 20.0]


def test_a_full_backward_pre_hook_replaces_the_gradient_of_the_output():
    layer = Double()
    layer.register_full_backward_pre_hook(lambda module, go: go[0] * 5)
    x = ones(2)
    layer(x).sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]


def test_backward_hooks_run_in_order_and_pre_hooks_before_them():
    order = []
    layer = Double()
    layer.register_full_backward_hook(lambda *_: order.append("a"))
    layer.register_full_backward_hook(lambda *_: order.append("b"), prepend=True)
    layer.register_full_backward_pre_hook(lambda *_: order.append("c"))
    layer.register_full_backward_pre_hook(lambda *_: order.append("d"), prepend=True)
    layer(ones(1)).sum().backward()
    assert order == ["d", "c", "b", "a"]


def test_arguments_that_are_no_tensors_have_none_for_a_gradient():
    class Scale(nn.Module):
        def forward(self, a, factor, b):
            return a * factor, b

    seen = []
    layer = Scale()
    layer.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go)))
    first, _ = layer(ones(1), 3, ones(1))
    first.sum().backward()
    (grad_input, grad_output) = seen[0]
    assert [None if g is None else g.tolist() for g in grad_input] == [[3.0], None, [0.0]]
    assert grad_output[0].tolist() == [1.0]
    assert len(grad_output) == 2


def test_a_backward_hook_returns_as_many_gradients_as_there_are():
    layer = Double()
    handle = layer.register_full_backward_hook(lambda *_: (None, None))
    with pytest.raises(RuntimeError) as caught:
        layer(ones(1)).sum().backward()
    assert str(caught.value).startswith(
        "Backward hook returned an invalid number of grad_input, got 2, but expected 1"
    )
    handle.remove()
    layer.register_full_backward_pre_hook(lambda *_: (None, None))
    with pytest.raises(RuntimeError) as caught:
        layer(ones(1)).sum().backward()
    assert str(caught.value).startswith(
        "Backward pre hook returned an invalid number of grad_output, got 2, but expected 1"
    )


def test_without_inputs_that_require_grad_the_hook_fires_at_the_output():
    seen = []
    layer = nn.Linear(2, 1)
    layer.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go[0].tolist())))
    with pytest.warns(UserWarning, match="^Full backward hook is firing when gradients are"):
        layer(torch.ones(1, 2)).sum().backward()
    assert seen == [((None,), [[1.0]])]


def test_an_output_that_cannot_be_watched_is_warned_of():
    class Named(nn.Module):
        def forward(self, x):
            return {"y": x}

    layer = Named()
    layer.register_full_backward_hook(lambda *_: None)
    message = (
        "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
        "but received <class 'dict'>"
    )
    with pytest.warns(UserWarning, match=message):
        layer(ones(1))


def test_backward_hooks_rest_where_no_gradient_is_recorded():
    layer = Double()
    layer.register_full_backward_hook(lambda *_: pytest.fail("called"))
    with torch.no_grad():
        layer(ones(1))


def test_a_module_called_twice_has_its_hook_called_twice():
    seen = []
    layer = Double()
    layer.register_full_backward_hook(lambda module, gi, go: seen.append(gi[0].item()))
    layer(layer(ones(1))).sum().backward()
    assert seen == [2.0, 4.0]


def test_the_older_backward_hook_sees_the_last_operation():
    seen = []
    layer = Double()
    layer.register_backward_hook(lambda module, gi, go: seen.append((module, gi, go)))
    with pytest.warns(FutureWarning, match="^Using a non-full backward hook when the forward"):
        y = layer(ones(2))
    y.sum().backward()
    ((module, grad_input, grad_output),) = seen
    assert module is layer
    assert grad_input[0].tolist() == [1.0, 1.0]
    assert grad_output[0].tolist() == [1.0, 1.0]


def test_the_older_backward_hook_on_a_linear_layer_sees_those_of_addmm():
    seen = []
    layer = nn.Linear(3, 2)
    layer.register_backward_hook(lambda module, gi, go: seen.append((gi, go)))
    with pytest.warns(FutureWarning):
        y = layer(ones(4, 3))
    y.sum().backward()
    ((grad_input, grad_output),) = seen
    assert [tuple(g.shape) for g in grad_input] == [(2,), (4, 3), (3, 2)]
    assert [tuple(g.shape) for g in grad_output] == [(4, 2)]


def test_the_two_kinds_of_backward_hooks_do_not_mix():
    message = (
        "Cannot use both regular backward hooks and full backward hooks on a single Module. "
        "Please use only one of them."
    )
    layer = Double()
    layer.register_full_backward_hook(lambda *_: None)
    with pytest.raises(RuntimeError) as caught:
        layer.register_backward_hook(lambda *_: None)
    assert str(caught.value) == message
    assert layer._is_full_backward_hook is True


def test_global_forward_hooks_apply_to_every_module():
    seen = []
    net = nn.Sequential(nn.Identity(), nn.Identity())
    before = modules.register_module_forward_pre_hook(lambda m, args: seen.append(type(m)))
    after = modules.register_module_forward_hook(lambda m, args, out: out + 1)
    with before, after:
        assert net(0) == 3
    assert seen == [nn.Sequential, nn.Identity, nn.Identity]
    assert net(0) == 0


def test_global_backward_hooks_apply_to_every_module():
    seen = []
    layer = Double()
    with (
        modules.register_module_full_backward_hook(lambda m, gi, go: seen.append("after")),
        modules.register_module_full_backward_pre_hook(lambda m, go: seen.append("before")),
    ):
        layer(ones(1)).sum().backward()
    assert seen == ["before", "after"]


def test_global_registration_hooks_can_replace_what_is_registered():
    def double(module, name, value):
        return nn.Parameter(value.data * 2) if name == "p" else None

    net = nn.Module()
    with modules.register_module_parameter_registration_hook(double):
        net.p = nn.Parameter(torch.ones(1))
        net.q = nn.Parameter(torch.ones(1))
    assert [net.p.item(), net.q.item()] == [2.0, 1.0]
    seen = []
    with (
        modules.register_module_buffer_registration_hook(lambda m, n, v: seen.append(n)),
        modules.register_module_module_registration_hook(lambda m, n, v: seen.append(n)),
    ):
        net.register_buffer("b", torch.ones(1))
        net.m = nn.Identity()
    assert seen == ["b", "m"]


def test_a_handle_survives_copying_together_with_its_hooks():
    hooks = OrderedDict()
    handle = RemovableHandle(hooks)
    hooks[handle.id] = print
    twin_hooks, twin = copy.deepcopy((hooks, handle))
    twin.remove()
    assert twin_hooks == {}
    assert list(hooks) == [handle.id]
