"""backward and autograd.grad: what they compute, keep, free and refuse."""

import pytest

SECOND = "Trying to backward through the graph a second time"


def leaf(torch, *values):
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def test_gradients_add_up_in_place(torch):
    x = leaf(torch)
    (x * x).sum().backward()
    grad = x.grad
    assert grad.tolist() == [2.0, 4.0, 6.0]
    assert not grad.requires_grad
    (x * x).sum().backward()
    assert x.grad is grad
    assert grad.tolist() == [4.0, 8.0, 12.0]


def test_a_gradient_weighs_the_elements(torch):
    x = leaf(torch)
    (x * 2).backward(torch.tensor([1.0, 0.0, -1.0]))
    assert x.grad.tolist() == [2.0, 0.0, -2.0]


def test_a_tensor_of_one_element_needs_no_gradient(torch):
    x = torch.ones(1, 1, requires_grad=True)
    (x * 3).backward()
    assert x.grad.tolist() == [[3.0]]


def test_a_tensor_of_more_elements_needs_a_gradient(torch):
    with pytest.raises(
        RuntimeError, match="^grad can be implicitly created only for scalar output"
    ):
        (leaf(torch) * 2).backward()


def test_the_gradient_has_the_shape_of_the_tensor(torch):
    with pytest.raises(
        RuntimeError,
        match=r"^Mismatch in shape: grad_output\[0\] has a shape of \w+.Size\(\[2\]\) and "
        r"output\[0\] has a shape of \w+.Size\(\[3\]\)\.$",
    ):
        (leaf(torch) * 2).backward(torch.ones(2))


def test_the_gradient_is_a_tensor(torch):
    with pytest.raises(TypeError, match="^'int' object is not iterable$"):
        leaf(torch).sum().backward(1)


def test_a_tensor_without_history_does_not_go_backward(torch):
    message = "^element 0 of tensors does not require grad and does not have a grad_fn$"
    with pytest.raises(RuntimeError, match=message):
        torch.ones(2).sum().backward()


def test_a_second_backward_needs_the_graph_to_be_retained(torch):
    x = leaf(torch)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0, 12.0]
    with pytest.raises(RuntimeError, match=SECOND):
        y.backward()


def test_a_graph_that_saved_nothing_goes_backward_twice(torch):
    x = leaf(torch)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_a_shared_part_of_two_graphs_is_freed_by_the_first_backward(torch):
    x = leaf(torch)
    shared = x.exp()
    a, b = shared.sum(), (shared * 2).sum()
    a.backward()
    with pytest.raises(RuntimeError, match=SECOND):
        b.backward()


def test_gradients_go_only_to_the_inputs_named(torch):
    x, w = leaf(torch), leaf(torch)
    y = x * w
    y.sum().backward(inputs=[x])
    assert x.grad.tolist() == [1.0, 2.0, 3.0]
    assert w.grad is None
    with pytest.raises(
        RuntimeError, match="^`inputs` argument to `backward\\(\\)` cannot be empty"
    ):
        (x * w).sum().backward(inputs=[])


def test_an_input_named_may_be_a_computed_tensor(torch):
    x = leaf(torch)
    y = x * 2
    (y * y).sum().backward(inputs=[y])
    assert x.grad is None
    y.retain_grad()
    assert y.grad.tolist() == [4.0, 8.0, 12.0]


def test_several_tensors_go_backward_together(torch):
    x = leaf(torch)
    torch.autograd.backward([x.sum(), x * x], [None, torch.ones(3)])
    assert x.grad.tolist() == [3.0, 5.0, 7.0]
    with pytest.raises(RuntimeError, match="^got 2 tensors and 1 gradients$"):
        torch.autograd.backward([x.sum(), x.sum()], [torch.ones(())])


def test_a_leaf_may_be_its_own_root(torch):
    x = torch.tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1.0


# autograd.grad ------------------------------------------------------------------------------


def test_grad_touches_no_leaf(torch):
    x = leaf(torch)
    (g,) = torch.autograd.grad((x * x).sum(), x)
    assert g.tolist() == [2.0, 4.0, 6.0]
    assert x.grad is None


def test_grad_of_a_computed_tensor(torch):
    x = leaf(torch)
    y = x * 2
    gy, gx = torch.autograd.grad((y * y).sum(), [y, x])
    assert gy.tolist() == [4.0, 8.0, 12.0]
    assert gx.tolist() == [8.0, 16.0, 24.0]


def test_grad_of_an_output_by_itself(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    (g,) = torch.autograd.grad(y, y)
    assert g.item() == 1.0


def test_grad_outputs_weigh(torch):
    x = leaf(torch)
    (g,) = torch.autograd.grad([x * 2, x.sum()], [x], [torch.tensor([1.0, 0.0, 2.0]), None])
    assert g.tolist() == [3.0, 1.0, 5.0]


def test_an_unused_input_must_be_allowed(torch):
    x, other = leaf(torch), leaf(torch)
    with pytest.raises(
        RuntimeError,
        match="^The differentiated Tensor at index 1 appears to not have been used in the graph. "
        "Set allow_unused=True if this is the desired behavior.$",
    ):
        torch.autograd.grad(x.sum(), [x, other])
    assert torch.autograd.grad(x.sum(), [x, other], allow_unused=True)[1] is None
    zeros = torch.autograd.grad(x.sum(), [x, other], materialize_grads=True)[1]
    assert zeros.tolist() == [0.0, 0.0, 0.0]


def test_an_input_must_require_a_gradient(torch):
    with pytest.raises(
        RuntimeError, match="^One of the differentiated Tensors does not require grad$"
    ):
        torch.autograd.grad(leaf(torch).sum(), torch.ones(2))


def test_an_output_must_require_a_gradient(torch):
    with pytest.raises(RuntimeError, match="^element 0 of tensors does not require grad"):
        torch.autograd.grad(torch.ones(()), leaf(torch))


def test_materialized_gradients_need_unused_inputs_allowed(torch):
    x = leaf(torch)
    with pytest.raises(ValueError, match="Expected allow_unused to be True or not passed when"):
        torch.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)


# Higher derivatives -------------------------------------------------------------------------


def test_derivatives_of_every_order(torch):
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    y = x**5
    values = []
    for _ in range(6):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        values.append(y.item())
        if not y.requires_grad:
            break
    assert values[:5] == [80.0, 160.0, 240.0, 240.0, 120.0]


def test_a_gradient_with_a_graph_warns_of_a_cycle(torch):
    x = leaf(torch)
    with pytest.warns(UserWarning, match="Using backward\\(\\) with create_graph=True will create"):
        (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    x.grad.sum().backward()
    assert x.grad.tolist() == [9.0, 24.0, 45.0]
    x.grad = None


test_a_gradient_with_a_graph_warns_of_a_cycle.ours_alone = True  # PyTorch warns once a process


def test_a_gradient_penalty(torch):
    w = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    out = torch.tanh(x @ w).sum()
    (g,) = torch.autograd.grad(out, x, create_graph=True)
    ((g.norm() - 1) ** 2).backward()
    assert torch.isfinite(w.grad).all()
    assert w.grad.shape == (2, 2)


def test_double_backward_through_layers(torch):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.GELU(), torch.nn.Linear(4, 2)
    ).double()
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(model, (x,))


# Leaves and histories -----------------------------------------------------------------------


def test_names_of_the_graph(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    assert x.is_leaf
    assert x.grad_fn is None
    assert not y.is_leaf
    assert y.grad_fn.name() == "SumBackward0"
    assert repr(y.grad_fn).startswith("<SumBackward0 object at 0x")
    (product, number), *_ = y.grad_fn.next_functions
    assert (product.name(), number) == ("MulBackward0", 0)
    (end, _), other = product.next_functions
    assert type(end).__name__ == "AccumulateGrad"
    assert end.variable is x
    assert end.next_functions == ()
    assert other == (None, 0)
    assert isinstance(y.grad_fn, torch.autograd.graph.Node)
    assert y.requires_grad
    assert (x.detach() * 2).grad_fn is None


def test_each_output_has_its_number(torch):
    x = torch.ones(4, 2, requires_grad=True)
    first, second = x.unbind(1)
    assert (first.output_nr, second.output_nr) == (0, 1)
    values, indices = x.max(0)
    assert values.requires_grad
    assert not indices.requires_grad
    second.sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0]] * 4


@pytest.mark.parametrize(
    ("view", "name"),
    [
        (lambda x: x.split(2)[0], "SplitBackward0"),
        (lambda x: x.chunk(2)[0], "SplitBackward0"),
        (lambda x: x.split([1, 3])[0], "SplitWithSizesBackward0"),
        (lambda x: x.unbind()[0], "UnbindBackward0"),
        (lambda x: next(iter(x)), "UnbindBackward0"),
        (lambda x: x[0], "SelectBackward0"),
        (lambda x: x[1:], "SliceBackward0"),
        (lambda x: x[None], "UnsqueezeBackward0"),
        (lambda x: x.t(), "TBackward0"),
        (lambda x: x.view(8), "ViewBackward0"),
        (lambda x: x.expand(3, 4, 2), "ExpandBackward0"),
        (lambda x: x.diagonal(), "DiagonalBackward0"),
        (lambda x: x.as_strided((2,), (1,)), "AsStridedBackward0"),
        (lambda x: x[:, 1:].as_strided((2,), (1,)), "AsStridedBackward0"),
    ],
)
def test_views_are_named(torch, view, name):
    assert view(torch.ones(4, 2, requires_grad=True)).grad_fn.name() == name


def test_requires_grad_belongs_to_leaves_of_floats(torch):
    with pytest.raises(
        RuntimeError,
        match="^only Tensors of floating point and complex dtype can require gradients$",
    ):
        torch.ones(2, dtype=torch.int64).requires_grad = True
    y = leaf(torch) * 2
    with pytest.raises(RuntimeError, match="^you can only change requires_grad flags of leaf"):
        y.requires_grad = False
    with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype can"):
        torch.ones(2, dtype=torch.int64, requires_grad=True)


def test_detach_cuts_the_history(torch):
    x = leaf(torch)
    y = x * 2
    d = y.detach()
    assert d.is_leaf
    assert not d.requires_grad
    (y * d).sum().backward()
    assert x.grad.tolist() == [4.0, 8.0, 12.0]
    y = x * 2
    y.detach_()
    assert y.is_leaf
    assert not y.requires_grad
    with pytest.raises(
        RuntimeError, match="^Can't detach views in-place. Use detach\\(\\) instead"
    ):
        (x * 2)[0].detach_()


def test_the_gradient_of_a_computed_tensor_is_kept_on_demand(torch):
    x = leaf(torch)
    y = x * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf"):
        assert y.grad is None
    y.retain_grad()
    y.retain_grad()
    assert y.retains_grad
    assert not x.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0, 12.0]
    with pytest.raises(RuntimeError, match="^can't retain_grad on Tensor that has requires_grad="):
        torch.ones(2).retain_grad()


def test_a_gradient_that_is_assigned_fits(torch):
    x = leaf(torch)
    x.grad = torch.ones(3)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]
    with pytest.raises(RuntimeError, match="^assigned grad has data of a different size|gradient"):
        x.grad = torch.ones(2)
    with pytest.raises(
        RuntimeError, match="^attempting to assign a gradient with dtype 'double' to"
    ):
        x.grad = torch.ones(3, dtype=torch.float64)
    with pytest.raises(
        TypeError, match="grad expected to be a Tensor or None but got grad of type"
    ):
        x.grad = 3
    with pytest.raises(RuntimeError, match="^can't assign Variable as its own grad$"):
        x.grad = x
    del x.grad
    assert x.grad is None


def test_a_gradient_has_the_dtype_of_its_leaf(torch):
    x = torch.ones(2, dtype=torch.float16, requires_grad=True)
    w = leaf(torch, 1.0, 2.0)
    (x.float() * w).sum().backward()
    assert x.grad.dtype is torch.float16
    assert w.grad.dtype is torch.float32


def test_a_leaf_used_twice_and_broadcast_gets_the_sum(torch):
    b = torch.ones(2, requires_grad=True)
    x = torch.ones(3, 2)
    ((x + b) * b).sum().backward()
    assert b.grad.tolist() == [9.0, 9.0]


def test_a_leaf_that_no_longer_wants_a_gradient_gets_none(torch):
    x, w = leaf(torch), leaf(torch)
    x.requires_grad_(False)
    (x * w).sum().backward()
    assert x.grad is None
    assert w.grad.tolist() == [1.0, 2.0, 3.0]


def test_gradient_edges_stand_for_tensors(torch):
    x = leaf(torch)
    edge = torch.autograd.graph.get_gradient_edge(x)
    assert edge.node.variable is x
    y = x * 2
    edge = torch.autograd.graph.get_gradient_edge(y)
    (g,) = torch.autograd.grad((y * y).sum(), edge)
    assert g.tolist() == [4.0, 8.0, 12.0]
