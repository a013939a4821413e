"""Every operation on half precision beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.ops.harness import Case, Form, cases

pytest.importorskip("torch")
from tests.parity.operations import differences

#: Long chains of roundings, done in another order.
ROUGH = (
    "nn.functional.grid_sample",
    "nn.functional.multi_head_attention_forward",
)
#: Decompositions refuse halves, as PyTorch's do in words of their own.
REFUSED = ("linalg.", "torch.norm(f(3, 4), 'nuc')")


@pytest.mark.parametrize("case", cases(), ids=str)
def test_in_half_precision(case: Case) -> None:
    if not str(case).startswith(ROUGH):
        words = "any" if str(case).startswith(REFUSED) else "exact"
        assert not differences(case, Form("float16"), words=words)
