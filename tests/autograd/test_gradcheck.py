"""gradcheck and gradgradcheck: what they accept, and how they say what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

import flambeau as torch
from flambeau import Tensor
from flambeau.autograd import Function, gradcheck, gradgradcheck
from flambeau.autograd.gradcheck import GradcheckError


def double(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


class TripleSlope(Function):
    """Twice the input, with a slope of 3."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * 3


class ForgottenCurvature(Function):
    """The square, with a slope that does not depend on the input any more."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return grad * 2 * x.detach()


class Drifting(Function):
    """Twice the input, with a slope that grows from call to call."""

    calls = 0

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        Drifting.calls += 1
        return grad * 2 + 1e-7 * Drifting.calls


@pytest.mark.parametrize("fast", [False, True])
def test_a_right_gradient_passes(fast: bool) -> None:
    assert gradcheck(lambda x, y: (x * y).sin(), (double(2, 3), double(3)), fast_mode=fast)
    assert gradcheck(torch.sin, double(2), fast_mode=fast)
    assert gradgradcheck(torch.sin, (double(2, 3),), fast_mode=fast)


def test_every_output_is_checked() -> None:
    assert gradcheck(lambda x: (x * 2, x.sum(), x.detach()), (double(3),))
    with pytest.raises(GradcheckError, match="^Jacobian mismatch for output 1 with respect to"):
        gradcheck(lambda x: (x * 2, TripleSlope.apply(x)), (double(3),))


def test_arguments_that_are_not_differentiated_are_constants() -> None:
    assert gradcheck(lambda x, n, y: x * n * y, (double(2), 3, torch.ones(2, dtype=torch.float64)))


def test_functions_of_no_differentiable_output_must_be_constant() -> None:
    assert gradcheck(lambda x: x.detach() * 0, (double(2),))
    assert gradcheck(lambda x: x.max(0).indices, (double(2, 2),))
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda x: x.detach(), (double(2),))


def test_a_wrong_gradient_is_shown_beside_the_right_one() -> None:
    with pytest.raises(GradcheckError) as caught:
        gradcheck(TripleSlope.apply, (double(2),))
    assert str(caught.value) == (
        "Jacobian mismatch for output 0 with respect to input 0,\n"
        "numerical:tensor([[2.0000, 0.0000],\n"
        "        [0.0000, 2.0000]], dtype=flambeau.float64)\n"
        "analytical:tensor([[3., 0.],\n"
        "        [0., 3.]], dtype=flambeau.float64)\n"
    )
    assert gradcheck(TripleSlope.apply, (double(2),), raise_exception=False) is False


def test_the_fast_check_shows_both_jacobians_too() -> None:
    with pytest.raises(GradcheckError, match="in fast mode") as caught:
        gradcheck(TripleSlope.apply, (double(2),), fast_mode=True)
    assert "Numerical:\n tensor([[2.0000, 0.0000]" in str(caught.value)
    assert "Analytical:\ntensor([[3., 0.]" in str(caught.value)


def test_a_wrong_second_gradient_is_found() -> None:
    assert gradcheck(ForgottenCurvature.apply, (double(3),))
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(ForgottenCurvature.apply, (double(3),))


def test_a_gradient_that_changes_from_call_to_call_is_found() -> None:
    with pytest.raises(GradcheckError, match="^Backward is not reentrant"):
        gradcheck(Drifting.apply, (double(2),))
    with pytest.raises(GradcheckError, match="backward not multiplied by grad_output"):
        gradcheck(Drifting.apply, (double(2),), nondet_tol=1e-3)


def test_the_inputs_are_left_as_they_were() -> None:
    x = double(3)
    before = x.tolist()
    gradcheck(torch.exp, (x,))
    gradcheck(torch.exp, (x,), fast_mode=True)
    assert x.tolist() == before
    assert x.grad is None


def test_weights_of_the_outputs_may_be_given() -> None:
    weights = torch.ones(2, dtype=torch.float64)
    assert gradgradcheck(torch.sin, (double(2),), weights)
    assert gradgradcheck(torch.sin, (double(2),), (weights,), gen_non_contig_grad_outputs=True)


def test_there_must_be_something_to_differentiate() -> None:
    message = (
        "gradcheck expects at least one input tensor to require gradient, but none of them have "
        "requires_grad=True."
    )
    with pytest.raises(ValueError, match=message):
        gradcheck(torch.sin, (double(2).detach(),))


def test_overlapping_inputs_are_refused() -> None:
    spread = torch.ones(1, 3, dtype=torch.float64).expand(2, 3).requires_grad_()
    with pytest.raises(RuntimeError, match="^The 0th input has a dimension with stride 0"):
        gradcheck(torch.sin, (spread,))


def test_single_precision_is_warned_of() -> None:
    x = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="^Input #0 requires gradient and is not a double"):
        assert gradcheck(lambda x: x * 2, (x,), eps=1e-2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"check_backward_ad": False}, "Expected at least one of check_forward_ad or"),
        ({"check_batched_forward_grad": True}, "Setting check_batched_forward_grad=True requires"),
    ],
)
def test_modes_that_contradict_each_other(options: dict[str, bool], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        gradcheck(torch.sin, (double(2),), **options)
    with pytest.raises(AssertionError, match="Expected at least one of check_fwd_over_rev"):
        gradgradcheck(torch.sin, (double(2),), check_rev_over_rev=False)


@pytest.mark.parametrize("option", ["check_forward_ad", "check_batched_grad"])
def test_forward_mode_and_batches_are_not_supported(option: str) -> None:
    with pytest.raises(NotImplementedError):
        gradcheck(torch.sin, (double(2),), **{option: True})
