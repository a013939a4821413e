"""Every derivative, and the derivative of every derivative, against small differences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flambeau.autograd import gradcheck, gradgradcheck
from tests.ops.harness import FLAMBEAU, Case, Form, cases, draws, evaluate, flat, function_of, seed

#: Where a function has no derivative, and PyTorch's convention is held to by golden values.
KINKS = {
    "torch.std(torch.ones(3) * d())": "the square root of a variance of 0",
}

#: Cases that draw a floating argument and stay among finite numbers.
SMOOTH = [
    case
    for case in cases(differentiable=True)
    if re.search(r"\b[fpud]\(", case.text)
    and not re.search("nan|inf", case.text)
    and str(case) not in KINKS
]


def function_of_leaves(case: Case) -> Callable[..., tuple[Any, ...]]:
    """The case as a function of its floating arguments."""

    def function(*leaves: Any) -> tuple[Any, ...]:
        given = iter(leaves)

        def make(array: np.ndarray, floating: bool) -> Any:
            return next(given) if floating else FLAMBEAU.tensor(array, str(array.dtype))

        args, kwargs = evaluate(case, FLAMBEAU.module, make)
        seed(case, FLAMBEAU)
        outputs = flat(function_of(case.key)(*args, **kwargs))
        return tuple(x for x in outputs if hasattr(x, "grad_fn"))

    return function


def leaves(case: Case) -> list[Any]:
    return draws(case, FLAMBEAU, Form("float64"))[2]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_gradient_is_that_of_small_differences(case: Case) -> None:
    assert gradcheck(function_of_leaves(case), leaves(case), fast_mode=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_gradient_of_the_gradient_is_that_of_small_differences(case: Case) -> None:
    function = function_of_leaves(case)
    if not any(x.requires_grad for x in function(*leaves(case))):
        return  # nothing to differentiate, as the test above found
    assert gradgradcheck(function, leaves(case), fast_mode=True)


def test_kinks_are_cases() -> None:
    assert set(map(str, cases())) >= KINKS.keys()
