"""Common divisors and multiples of integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.ops._arguments import not_implemented
from flambeau.ops._promotion import operands
from flambeau.ops._registry import operation
from flambeau.tensor import Tensor

__all__ = ["gcd", "gcd_", "lcm", "lcm_"]


def _of_integers(name: str, function: Any, input: Tensor, other: Tensor) -> Tensor:
    a, b = operands(input, other)
    if a.is_floating_point():
        raise not_implemented(f"{name}_cpu", a.dtype)
    return Tensor._from_array(function(a._array(), b._array()), a.dtype)


@operation(
    inplace=True,
    differentiable=False,
    cases=("i(-20, 20, 3, 4), i(-20, 20, 4)", "i(0, 3, 5), i(0, 9, 5)"),
)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor, elementwise; 0 of two zeros."""
    return _of_integers("gcd", np.gcd, input, other)


@operation(inplace=True, differentiable=False, cases=("i(-20, 20, 3, 4), i(-20, 20, 4)",))
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple, elementwise."""
    return _of_integers("lcm", np.lcm, input, other)


gcd_, lcm_ = Tensor.gcd_, Tensor.lcm_
