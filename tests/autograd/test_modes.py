"""no_grad, enable_grad, set_grad_enabled and inference_mode."""

import pytest


def leaf(torch):
    return torch.ones(2, requires_grad=True)


def test_no_grad_records_nothing(torch):
    x = leaf(torch)
    with torch.no_grad():
        y = x * 2
        assert not torch.is_grad_enabled()
        with torch.enable_grad():
            z = x * 2
    assert torch.is_grad_enabled()
    assert (y.requires_grad, z.requires_grad) == (False, True)


@pytest.mark.parametrize("called", [False, True])
def test_guards_decorate_functions(torch, called):
    def double(x):
        """Doc."""
        return x * 2

    guarded = (torch.no_grad() if called else torch.no_grad)(double)
    assert guarded.__name__ == "double"
    assert guarded.__doc__ == "Doc."
    assert not guarded(leaf(torch)).requires_grad
    assert not guarded(leaf(torch)).requires_grad
    assert torch.is_grad_enabled()


def test_guards_decorate_generators(torch):
    @torch.no_grad()
    def steps():
        try:
            got = yield torch.is_grad_enabled()
            yield got, torch.is_grad_enabled()
        except ValueError:
            yield "caught", torch.is_grad_enabled()
        return "done"

    generator = steps()
    assert next(generator) is False
    assert torch.is_grad_enabled()
    assert generator.send(5) == (5, False)
    assert generator.throw(ValueError()) == ("caught", False)
    assert torch.is_grad_enabled()
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "done"


def test_a_guard_is_left_by_an_exception(torch):
    with pytest.raises(ValueError, match="out"), torch.no_grad():
        raise ValueError("out")
    assert torch.is_grad_enabled()


def test_set_grad_enabled_works_as_a_call_and_as_a_guard(torch):
    torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()

    @torch.set_grad_enabled(False)
    def look():
        return torch.is_grad_enabled()

    assert torch.is_grad_enabled()
    assert look() is False
    assert torch.is_grad_enabled()


def test_a_guard_can_be_used_again(torch):
    guard = torch.no_grad()
    for _ in range(2):
        with guard:
            assert not torch.is_grad_enabled()
        assert torch.is_grad_enabled()


def test_leaves_keep_requiring_gradients_under_no_grad(torch):
    with torch.no_grad():
        x = torch.ones(2, requires_grad=True)
        x.add_(1)
        assert x.requires_grad
        y = x.detach().requires_grad_()
    assert y.requires_grad
    (x * y).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


# inference_mode -----------------------------------------------------------------------------


def test_inference_mode_marks_what_it_makes(torch):
    x = leaf(torch)
    with torch.inference_mode():
        y = x * 2
        fresh = torch.ones(2)
        view = fresh[0]
        assert torch.is_inference_mode_enabled()
        with torch.inference_mode(False):
            normal = x * 2
    assert not torch.is_inference_mode_enabled()
    assert [t.is_inference() for t in (x, y, fresh, view, normal)] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert not y.requires_grad
    assert normal.requires_grad
    assert y.clone().is_inference() is False
    assert (y + 1).is_inference() is False


def test_inference_tensors_are_not_saved_for_backward(torch):
    with torch.inference_mode():
        y = torch.ones(2)
    with pytest.raises(
        RuntimeError, match="^Inference tensors cannot be saved for backward. Please"
    ):
        leaf(torch) * y
    assert (leaf(torch) + y).requires_grad


def test_inference_tensors_stay_as_they_are_outside(torch):
    with torch.inference_mode():
        y = torch.ones(2)
        y.add_(1)
    with pytest.raises(RuntimeError, match="^Inplace update to inference tensor outside Inference"):
        y.add_(1)
    with pytest.raises(
        RuntimeError, match="^Setting requires_grad=True on inference tensor outside"
    ):
        y.requires_grad_()


def test_inference_mode_decorates(torch):
    @torch.inference_mode()
    def double(x):
        return x * 2

    @torch.inference_mode
    def triple(x):
        return x * 3

    assert double(leaf(torch)).is_inference()
    assert triple(leaf(torch)).is_inference()
    assert torch.is_grad_enabled()
