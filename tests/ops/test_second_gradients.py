"""Every derivative's derivative against small differences."""

from __future__ import annotations

import pytest

from flambeau.autograd import gradgradcheck
from tests.ops.harness import Case
from tests.ops.smooth import SMOOTH, function_of_leaves, leaves


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_gradient_of_the_gradient_is_that_of_small_differences(case: Case) -> None:
    function, variables = function_of_leaves(case), leaves(case)
    if any(x.requires_grad for x in function(*variables)):
        assert gradgradcheck(function, variables, fast_mode=True, rtol=1e-5, atol=1e-7)
