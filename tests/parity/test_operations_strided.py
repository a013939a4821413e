"""Every operation on views that are not contiguous beside PyTorch's."""

from __future__ import annotations

import pytest

from tests.ops.harness import Case, Form, cases

pytest.importorskip("torch")
from tests.parity.operations import differences


@pytest.mark.parametrize("case", cases(), ids=str)
def test_of_strided_views(case: Case) -> None:
    # PyTorch makes some contiguous first, which shows in the names.
    assert not differences(case, Form("float32", strided=True), names="none")
