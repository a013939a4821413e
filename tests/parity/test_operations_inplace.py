"""In-place forms beside PyTorch's: what they leave in the tensor, its history, and their errors."""

from __future__ import annotations

import pytest

from flambeau import Tensor
from flambeau.ops._registry import OPERATIONS
from tests.ops.harness import Case, Form, Outcome, Package, cases, draws, outcome_of, seed

torch = pytest.importorskip("torch")
from tests.parity.operations import Runner, differences  # noqa: E402  it imports PyTorch


def has_inplace_form(case: Case) -> bool:
    operation = OPERATIONS[case.key]
    names = [name for name in operation.methods if hasattr(torch.Tensor, f"{name}_")]
    return bool(names) and hasattr(Tensor, f"{names[0]}_")


def run_inplace(case: Case, package: Package, form: Form) -> Outcome:
    args, kwargs, leaves = draws(case, package, form)
    target = args[0] * 1 if args[0].dtype != package.module.bool else args[0].clone()
    seed(case, package)
    method = getattr(target, f"{OPERATIONS[case.key].name}_")
    assert method(*args[1:], **kwargs) is target
    return outcome_of(case, package, target, leaves)


#: Refused here with other words; PyTorch's differ from kernel to kernel.
OTHER_WORDS = {
    "torch.addmm",
    "torch.clamp",
    "torch.clamp_max",
    "torch.clamp_min",
    "torch.cumprod",
    "torch.cumsum",
    "torch.ldexp",
}
#: What these leave has no history here. In PyTorch it has one, with gradients of zero.
WITHOUT_HISTORY = {f"torch.{name}" for name in ("eq", "ne", "lt", "le", "gt", "ge")}


def inplace_differences(case: Case, form: Form, runner: Runner) -> list[str]:
    words = "any" if case.key in OTHER_WORDS else "exact"
    form = form._replace(grad=form.grad and case.key not in WITHOUT_HISTORY)
    # The forms are numbered differently: SqueezeBackward4 is SqueezeBackward1 in place.
    return differences(case, form, runner, names="unnumbered", words=words)


INPLACE = [case for case in cases() if has_inplace_form(case)]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("case", INPLACE, ids=str)
def test_what_is_left_in_the_tensor(case: Case, dtype: str) -> None:
    assert not inplace_differences(case, Form(dtype), run_inplace)


@pytest.mark.parametrize("case", INPLACE, ids=str)
def test_a_leaf_that_requires_a_gradient_is_refused_alike(case: Case) -> None:
    def on_leaf(case: Case, package: Package, form: Form) -> Outcome:
        args, kwargs, leaves = draws(case, package, form)
        getattr(args[0], f"{OPERATIONS[case.key].name}_")(*args[1:], **kwargs)
        return outcome_of(case, package, args[0], leaves)

    assert not inplace_differences(case, Form("float32"), on_leaf)
