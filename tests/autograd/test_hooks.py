"""Hooks on tensors, on graph nodes and after accumulation."""

import pytest


def leaf(torch, *values):
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def test_a_hook_replaces_the_gradient(torch):
    x = leaf(torch)
    y = x * 2
    seen = []
    y.register_hook(lambda grad: seen.append(grad.tolist()))
    y.register_hook(lambda grad: grad * 10)
    y.register_hook(lambda grad: seen.append(grad.tolist()))
    y.sum().backward()
    assert seen == [[1.0, 1.0, 1.0], [10.0, 10.0, 10.0]]
    assert x.grad.tolist() == [20.0, 20.0, 20.0]


def test_a_hook_on_a_leaf_sees_the_whole_gradient_once(torch):
    x = leaf(torch)
    seen = []
    x.register_hook(lambda grad: seen.append(grad.tolist()) or grad + 1)
    (x * 2 + x * 3).sum().backward()
    assert seen == [[5.0, 5.0, 5.0]]
    assert x.grad.tolist() == [6.0, 6.0, 6.0]


def test_a_hook_is_removed(torch):
    x = leaf(torch)
    handle = x.register_hook(lambda grad: grad * 10)
    x.sum().backward()
    handle.remove()
    handle.remove()
    x.sum().backward()
    assert x.grad.tolist() == [11.0, 11.0, 11.0]


def test_hooks_run_for_grad_too(torch):
    x = leaf(torch)
    y = x * 2
    y.register_hook(lambda grad: grad * 10)
    x.register_hook(lambda grad: grad + 1)
    gx, gy = torch.autograd.grad(y.sum(), [x, y])
    assert gx.tolist() == [21.0, 21.0, 21.0]
    assert gy.tolist() == [1.0, 1.0, 1.0]  # captured on the way, before its hooks
    y = x * 2
    y.register_hook(lambda grad: grad * 10)
    (gy,) = torch.autograd.grad(y.sum(), y)
    assert gy.tolist() == [10.0, 10.0, 10.0]


def test_a_retained_gradient_is_what_the_hooks_leave(torch):
    x = leaf(torch)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad * 10)
    y.sum().backward()
    assert y.grad.tolist() == [10.0, 10.0, 10.0]


def test_hooks_of_the_outputs_of_one_operation_are_apart(torch):
    x = torch.ones(2, 3, requires_grad=True)
    first, second = x.unbind()
    second.register_hook(lambda grad: grad * 10)
    (first + second).sum().backward()
    assert x.grad.tolist() == [[1.0] * 3, [10.0] * 3]


@pytest.mark.parametrize("computed", [False, True])
def test_a_hook_returns_a_tensor_of_the_same_form(torch, computed):
    def with_hook(hook):
        x = leaf(torch)
        y = x * 2 if computed else x
        y.register_hook(hook)
        y.sum().backward()

    def resized(grad):
        return torch.ones(2)

    with pytest.raises(TypeError, match="^expected Variable, but hook returned 'int'$"):
        with_hook(lambda grad: 3)
    with pytest.raises(RuntimeError, match="^hook 'resized' has changed the size of value$"):
        with_hook(resized)


def test_a_tensor_without_gradient_takes_no_hooks(torch):
    message = "^cannot register a hook on a tensor that doesn't require gradient$"
    with pytest.raises(RuntimeError, match=message):
        torch.ones(2).register_hook(print)


def test_a_hook_follows_its_tensor_through_a_write(torch):
    x = leaf(torch)
    y = x * 2
    seen = []
    y.register_hook(lambda grad: seen.append(("before", grad.tolist())))
    y.mul_(3)
    y.register_hook(lambda grad: seen.append(("after", grad.tolist())))
    y.sum().backward()
    assert seen == [("after", [1.0, 1.0, 1.0]), ("before", [3.0, 3.0, 3.0])]


def test_hooks_on_nodes(torch):
    x = leaf(torch)
    y = x * 2
    seen = []
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 10,))
    y.grad_fn.register_hook(
        lambda inputs, outputs: seen.append((inputs[0].tolist(), outputs[0].tolist()))
    )
    y.sum().backward()
    assert seen == [([20.0] * 3, [10.0] * 3)]
    assert x.grad.tolist() == [20.0] * 3


def test_a_node_hook_replaces_the_gradients_of_its_inputs(torch):
    x, w = leaf(torch), leaf(torch)
    y = x * w
    handle = y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 10, inputs[1]))
    y.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [10.0, 20.0, 30.0]
    assert w.grad.tolist() == [1.0, 2.0, 3.0]
    handle.remove()
    y.sum().backward()
    assert x.grad.tolist() == [11.0, 22.0, 33.0]


def test_a_hook_after_accumulation_may_free_the_gradient(torch):
    x = leaf(torch)
    seen = []

    def step(tensor):
        seen.append(tensor.grad.tolist())
        tensor.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    x.sum().backward()
    (x * 2).sum().backward()
    assert seen == [[1.0] * 3, [2.0] * 3]
    assert x.grad is None
    handle.remove()
    x.sum().backward()
    assert x.grad.tolist() == [1.0] * 3


def test_a_hook_after_accumulation_belongs_to_a_leaf(torch):
    with pytest.raises(
        RuntimeError, match="^post accumulate grad hooks cannot be registered on non-leaf tensors$"
    ):
        (leaf(torch) * 2).register_post_accumulate_grad_hook(print)


def test_hooks_run_latest_operation_first(torch):
    x = leaf(torch)
    order = []
    a = x * 2
    b = a + 1
    c = b * 3
    for name, tensor in (("a", a), ("b", b), ("c", c), ("x", x)):
        tensor.register_hook(lambda grad, name=name: order.append(name))
    c.sum().backward()
    assert order == ["c", "b", "a", "x"]


def test_a_hook_may_take_part_in_a_recorded_gradient(torch):
    x = leaf(torch)
    y = x * x
    y.register_hook(lambda grad: grad * 2)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (gg,) = torch.autograd.grad(g.sum(), x)
    assert g.tolist() == [4.0, 8.0, 12.0]
    assert gg.tolist() == [4.0, 4.0, 4.0]
