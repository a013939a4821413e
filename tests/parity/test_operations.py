"""Every case of every operation beside PyTorch's: values, types, gradients, names and errors."""

from __future__ import annotations

import pytest

from tests.ops.harness import Case, Form, cases

pytest.importorskip("torch")
from tests.parity.operations import differences

#: PyTorch rounds to float32 here, whatever the dtype.
LESS_EXACT = {"nn.functional.hardsigmoid"}


@pytest.mark.parametrize("case", cases(), ids=str)
def test_in_double_precision(case: Case) -> None:
    form = Form("float32" if case.key in LESS_EXACT else "float64")
    assert not differences(case, form)
