"""Operations on integers, in the place of floats, beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.ops.harness import Case, Form, cases

pytest.importorskip("torch")
from tests.parity.operations import differences

#: These work here where PyTorch refuses integers, or fractions among them.
MORE_GENERAL = {"torch.addmv", "torch.addr", "torch.baddbmm", "torch.cdist"}
#: nn.functional and linalg are about floats; each refuses integers in words of its own.
OF_ANY_NUMBERS = [
    case
    for case in cases()
    if case.key.startswith(("torch.", "Tensor.", "special.")) and case.key not in MORE_GENERAL
]


@pytest.mark.parametrize("case", OF_ANY_NUMBERS, ids=str)
def test_of_integers(case: Case) -> None:
    assert not differences(case, Form("int64", grad=False))
