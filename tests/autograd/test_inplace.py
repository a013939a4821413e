"""Writes in place, through views too, and the histories they leave."""

import pytest


def leaf(torch, *values):
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def test_a_leaf_is_not_written_where_gradients_are_recorded(torch):
    x = leaf(torch)
    message = "^a leaf Variable that requires grad is being used in an in-place operation.$"
    for write in (
        lambda: x.add_(1),
        lambda: x.mul_(2),
        lambda: x.zero_(),
        lambda: x.__iadd__(1),
    ):
        with pytest.raises(RuntimeError, match=message):
            write()
    message = "^a view of a leaf Variable that requires grad is being used in an in-place operation"
    for write in (
        lambda: x[0].add_(1),
        lambda: x.__setitem__(0, 1),
        lambda: x.view(3, 1).add_(1),
    ):
        with pytest.raises(RuntimeError, match=message):
            write()
    assert x.tolist() == [1.0, 2.0, 3.0]
    with torch.no_grad():
        x.add_(1)
        x[0] = 0
    assert x.tolist() == [0.0, 3.0, 4.0]


def test_a_write_continues_the_history(torch):
    x = leaf(torch)
    y = x * 2
    y.mul_(3)
    y += 1
    assert y.grad_fn.name() == "AddBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [6.0] * 3


def test_a_write_through_a_view_changes_the_history_of_the_base(torch):
    x = leaf(torch)
    y = x * 2
    v = y[:2]
    assert v.grad_fn.name() == "SliceBackward0"
    v.mul_(5)
    assert y.grad_fn.name() == "torch::autograd::CopySlices"
    assert "grad_fn=<CopySlices>" in repr(y)
    assert v.grad_fn.name() == "AsStridedBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [10.0, 10.0, 2.0]


def test_a_write_to_the_base_changes_the_history_of_its_views(torch):
    x = leaf(torch)
    y = x * 2
    v = y[:2]
    y.mul_(5)
    assert v.tolist() == [10.0, 20.0]
    v.sum().backward()
    assert x.grad.tolist() == [10.0, 10.0, 0.0]


def test_a_view_of_a_view_is_written_too(torch):
    x = torch.arange(6.0).requires_grad_()
    y = x * 1
    inner = y.view(2, 3).t()[1:]
    inner.mul_(torch.tensor([2.0, 3.0]))
    assert y.tolist() == [0.0, 2.0, 4.0, 3.0, 12.0, 15.0]
    inner.sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 2.0, 0.0, 3.0, 3.0]


def test_assigning_elements_cuts_their_gradient(torch):
    x, w = leaf(torch), leaf(torch, 5.0)
    y = x * 2
    y[1] = w[0] * 3
    y[torch.tensor([True, False, False])] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 2.0]
    assert w.grad.tolist() == [3.0]


def test_a_buffer_filled_step_by_step(torch):
    x = leaf(torch)
    out = torch.zeros(3, 3)
    for i in range(3):
        out[i] = x * i
    assert out.requires_grad
    assert out.grad_fn.name() == "torch::autograd::CopySlices"
    (out * out).sum().backward()
    assert x.grad.tolist() == [10.0, 20.0, 30.0]


def test_a_tensor_of_its_own_takes_the_history_of_what_is_copied(torch):
    x = leaf(torch)
    buffer = torch.zeros(3)
    buffer.copy_(x)
    assert buffer.requires_grad
    assert not buffer.is_leaf
    (buffer * 2).sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_indexed_writes_and_additions(torch):
    x, v = leaf(torch), leaf(torch, 10.0, 20.0)
    y = x * 1
    index = torch.tensor([2, 0])
    y.index_put_((index,), v, accumulate=True)
    y.index_add_(0, index, v)
    assert y.tolist() == [41.0, 2.0, 23.0]
    (y * y).sum().backward()
    assert x.grad.tolist() == [82.0, 4.0, 46.0]
    assert v.grad.tolist() == [92.0, 164.0]


def test_writes_under_no_grad_keep_the_history(torch):
    x = leaf(torch)
    y = x * 2
    with torch.no_grad():
        y.add_(100)
    assert y.grad_fn.name() == "MulBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_writes_to_a_detached_alias_show_and_leave_the_history(torch):
    x = leaf(torch)
    y = x * 2
    y.detach().zero_()
    assert y.tolist() == [0.0] * 3
    y.sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_versions_count_writes_of_all_aliases(torch):
    x = torch.zeros(3)
    v = x[1:]
    assert x._version == 0
    v.add_(1)
    x.mul_(2)
    assert x._version == v._version == 2
    x.detach().add_(1)
    assert x._version == 3
    assert x.clone()._version == 0


def test_a_write_keeps_the_shape_and_the_dtype(torch):
    with pytest.raises(
        RuntimeError,
        match=r"^output with shape \[2, 3\] doesn't match the broadcast shape \[3, 2, 3\]$",
    ):
        torch.ones(2, 3).add_(torch.ones(3, 2, 3))
    with pytest.raises(
        RuntimeError, match="^result type Float can't be cast to the desired output type Long$"
    ):
        torch.ones(2, dtype=torch.int64).add_(1.5)
    x = torch.ones(2, dtype=torch.float16)
    assert x.add_(torch.ones(2, dtype=torch.float64)) is x
    assert x.dtype is torch.float16


@pytest.mark.parametrize(
    ("views", "name"),
    [(lambda y: y.split(2), "Split"), (lambda y: y.unbind(), "Unbind"), (lambda y: [*y], "Unbind")],
)
def test_one_of_several_views_is_not_written(torch, views, name):
    y = torch.ones(4, requires_grad=True) * 1
    with pytest.raises(
        RuntimeError,
        match=f"^Output 1 of {name}(Backward0)? is a view and is being modified inplace. This view",
    ):
        views(y)[1].add_(1)
    with torch.no_grad():
        views(y)[1].add_(1)
    plain = torch.ones(4)
    views(plain)[1].add_(1)
    assert plain.sum().item() > 4


def test_a_view_made_without_recording_is_not_written_with_it(torch):
    x = leaf(torch)
    with torch.no_grad():
        v = x[0]
        v.add_(1)
    with pytest.raises(
        RuntimeError, match="^A view was created in no_grad mode and is being modif"
    ):
        v.add_(1)
    assert x.tolist() == [2.0, 2.0, 3.0]


def test_second_derivatives_through_writes(torch):
    x = leaf(torch)
    y = x**3
    y[:2] *= x[1:]
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert g.tolist() == [6.0, 37.0, 35.0]
    (gg,) = torch.autograd.grad(g.sum(), x)
    assert gg.tolist() == [15.0, 51.0, 30.0]


def test_as_strided_leads_back_to_the_storage(torch):
    x = torch.arange(6.0).requires_grad_()
    y = x * 2
    window = y[1:].as_strided((2, 2), (2, 1), 1)
    assert window.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    (window * window).sum().backward()
    assert x.grad.tolist() == [0.0, 8.0, 16.0, 24.0, 32.0, 0.0]


def test_a_view_knows_its_base(torch):
    x = torch.zeros(2, 3)
    v = x.t()[0]
    assert v._base is x
    assert v._is_view()
    assert not x._is_view()
    assert not x.detach()._is_view()


def test_shapes_change_in_place(torch):
    x = torch.zeros(2, 3)
    assert x.t_() is x
    assert x.shape == (3, 2)
    x.unsqueeze_(0).squeeze_(0).transpose_(0, 1)
    assert x.shape == (2, 3)
    w = torch.arange(6.0).view(2, 3).requires_grad_()
    y = w * 2
    alias = y.detach()
    y.t_()
    y[0].mul_(10)
    assert alias.tolist() == [[0.0, 2.0, 4.0], [60.0, 8.0, 10.0]]
    y[0].sum().backward()
    assert w.grad.tolist() == [[20.0, 0.0, 0.0], [20.0, 0.0, 0.0]]
