"""The cases as functions of their floating arguments, for checks by small differences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from flambeau.autograd import grad
from tests.ops.harness import FLAMBEAU, Case, Form, cases, draws, evaluate, flat, function_of, seed

__all__ = ["KINKS", "SMOOTH", "function_of_leaves", "leaves"]

#: Where there is no derivative, and PyTorch's convention is held to by golden values.
KINKS = {
    "linalg.vector_norm(torch.zeros(3) * d(3))": "the norm of 0",
    "nn.functional.embedding(i(0, 5, 6), f(5, 4), scale_grad_by_freq=True)": "scaled on purpose",
    "torch.mean(f(0, 3))": "the mean of nothing is nan",
    "torch.mean(f(0, 3), 0)": "the mean of nothing is nan",
    "torch.nanmean(f(0, 3), 0)": "the mean of nothing is nan",
    "torch.std(torch.ones(3) * d())": "the square root of a variance of 0",
}

#: Cases that draw a floating argument and stay among finite numbers.
SMOOTH = [
    case
    for case in cases(differentiable=True)
    if re.search(r"\b(f|p|u|d|spd)\(", case.text)
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
    """The floating arguments. Those that get no gradient (as PyTorch's do not) are constants."""
    found = draws(case, FLAMBEAU, Form("float64"))[2]
    outputs = [x for x in function_of_leaves(case)(*found) if x.requires_grad]
    if outputs:
        weights = [x.detach() * 0 + 1 for x in outputs]
        gradients = grad(outputs, found, weights, allow_unused=True)
        for leaf, gradient in zip(found, gradients, strict=True):
            leaf.requires_grad_(gradient is not None)
    return found
