"""Every derivative against small differences."""

from __future__ import annotations

import pytest

from flambeau.autograd import gradcheck
from tests.ops.harness import Case, cases
from tests.ops.smooth import KINKS, SMOOTH, function_of_leaves, leaves


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_gradient_is_that_of_small_differences(case: Case) -> None:
    variables = leaves(case)
    if any(x.requires_grad for x in variables):
        assert gradcheck(function_of_leaves(case), variables, fast_mode=True, rtol=1e-5, atol=1e-7)


def test_kinks_are_cases() -> None:
    assert set(map(str, cases())) >= KINKS.keys()
