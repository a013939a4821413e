"""autograd.Function: operations of the user's own."""

import pytest


def leaf(torch, *values):
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def identity_with(torch, backward_result):
    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return backward_result(grad)

    return Op.apply


def test_forward_and_backward(torch):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor, name="n"):
            ctx.save_for_backward(x)
            ctx.factor = factor
            assert not torch.is_grad_enabled()
            return x * factor

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            assert x.tolist() == [1.0, 2.0, 3.0]
            assert ctx.needs_input_grad == (True, False, False)
            return grad * ctx.factor, None, None

    x = leaf(torch)
    y = Scale.apply(x, 3.0, "m")
    assert y.grad_fn.name() == "ScaleBackward"
    assert type(y.grad_fn).__name__ == "ScaleBackward"
    assert repr(y.grad_fn).startswith("<torch.autograd.function.ScaleBackward object at 0x")
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]


def test_setup_context_stands_apart_from_forward(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            (x,) = inputs
            assert output.shape == x.shape
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad * ctx.saved_tensors[0]

    x = leaf(torch)
    Square.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_a_function_is_differentiated_twice(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 3 * x * x * grad

    x = leaf(torch)
    (g,) = torch.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
    (gg,) = torch.autograd.grad(g.sum(), x)
    assert gg.tolist() == [6.0, 12.0, 18.0]


def test_a_saved_output_leads_back_to_its_own_node(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0]

    x = torch.tensor(0.0, requires_grad=True)
    y = Exp.apply(x)
    for _ in range(3):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        assert y.item() == 1.0


def test_once_differentiable_refuses_the_second_derivative(torch):
    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            assert not torch.is_grad_enabled()
            return grad * 2

    x = leaf(torch)
    (g,) = torch.autograd.grad((Op.apply(x) ** 2).sum(), x, create_graph=True)
    assert g.tolist() == [8.0, 16.0, 24.0]
    with pytest.raises(
        RuntimeError, match="^trying to differentiate twice a function that was mar"
    ):
        g.sum().backward()


def test_several_outputs_some_without_gradient(torch):
    seen = []

    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            order = x.argsort()
            ctx.mark_non_differentiable(order)
            return x * 2, x * 3, order

        @staticmethod
        def backward(ctx, first, second, order):
            seen.append((first.tolist(), second.tolist()))
            return first * 2 + second * 3

    x = leaf(torch)
    first, second, order = Op.apply(x)
    assert isinstance(Op.apply(x), tuple)
    assert not order.requires_grad
    assert (first.output_nr, second.output_nr) == (0, 1)
    second.sum().backward()
    assert seen == [([0.0] * 3, [1.0] * 3)]
    assert x.grad.tolist() == [3.0] * 3


def test_gradients_that_do_not_come_are_none_on_demand(torch):
    seen = []

    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, first, second):
            seen.append(first)
            return second * 3

    x = leaf(torch)
    Op.apply(x)[1].sum().backward()
    assert seen == [None]


def test_an_input_changed_in_place_is_the_output(torch):
    class AddOne(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.add_(1)
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 10

    x = leaf(torch)
    y = x * 1
    z = AddOne.apply(y)
    assert z is y
    assert y.tolist() == [2.0, 3.0, 4.0]
    assert y.grad_fn.name() == "AddOneBackward"
    z.sum().backward()
    assert x.grad.tolist() == [10.0] * 3
    with pytest.raises(
        RuntimeError, match="^a leaf Variable that requires grad has been used in an in-place"
    ):
        AddOne.apply(leaf(torch))


def test_an_input_returned_as_it_is_becomes_another_tensor(torch):
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return -grad

    x = leaf(torch)
    y = Same.apply(x)
    assert y is not x
    assert y.data_ptr() == x.data_ptr()
    y.sum().backward()
    assert x.grad.tolist() == [-1.0] * 3


def test_nothing_is_recorded_where_no_gradient_is_wanted(torch):
    apply = identity_with(torch, lambda grad: grad)
    assert apply(torch.ones(2)).grad_fn is None
    with torch.no_grad():
        assert apply(leaf(torch)).grad_fn is None


def test_none_is_no_gradient(torch):
    x = leaf(torch)
    identity_with(torch, lambda grad: None)(x).sum().backward()
    assert x.grad is None


def test_a_gradient_is_brought_to_the_form_of_its_input(torch):
    x = torch.ones(1, 3, requires_grad=True)
    identity_with(torch, lambda grad: grad.double().expand(4, 3))(x).sum().backward()
    assert x.grad.tolist() == [[4.0] * 3]
    assert x.grad.dtype is torch.float32


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            lambda grad: (grad, grad),
            "^function OpBackward returned an incorrect number of gradients .expected 1, got 2.$",
        ),
        (
            lambda grad: grad[:2],
            r"^Function OpBackward returned an invalid gradient at index 0 - got \[2\] but "
            r"expected shape compatible with \[3\]$",
        ),
        (lambda grad: 3, "^expected Variable or None .got int.$"),
    ],
)
def test_a_wrong_gradient_is_refused(torch, result, message):
    with pytest.raises((RuntimeError, TypeError), match=message):
        identity_with(torch, result)(leaf(torch)).sum().backward()


def test_a_function_needs_a_backward(torch):
    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with pytest.raises(NotImplementedError, match="You must implement either the backward or vjp"):
        Op.apply(leaf(torch)).sum().backward()


def test_a_function_needs_a_forward(torch):
    class Op(torch.autograd.Function):
        pass

    with pytest.raises(
        NotImplementedError, match="You must implement the forward function for cus"
    ):
        Op.apply(leaf(torch))


def test_only_tensors_are_saved_for_backward(torch):
    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, None, 3)
            return x * 2

    with pytest.raises(
        TypeError, match="^save_for_backward can only save variables, but argument 2 is of type int"
    ):
        Op.apply(leaf(torch))


def test_a_function_is_not_instantiated(torch):
    class Op(torch.autograd.Function):
        pass

    with pytest.warns(DeprecationWarning, match="should not be instantiated. Methods on autograd"):
        Op()


def test_an_error_in_backward_comes_out_as_it_is(torch):
    def fail(grad):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        identity_with(torch, fail)(leaf(torch)).sum().backward()


def test_a_straight_through_estimator(torch):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, grad):
            return grad

    x = torch.tensor([0.4, 1.6], requires_grad=True)
    (Round.apply(x) * x).sum().backward()
    assert x.grad.tolist() == pytest.approx([0.4, 3.6])


def test_saved_values_are_freed_by_backward(torch):
    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * x

    y = Op.apply(leaf(torch)).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()
