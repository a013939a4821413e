"""Wrong calls are refused as PyTorch refuses them: the type, and the first line word for word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import flambeau
from tests.ops.wrong_calls import calls, refusal

GOLDEN = Path(__file__).parents[1] / "golden" / "ops" / "errors.json"
RECORDED = json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("call", calls())
def test_a_wrong_call_is_refused_in_pytorchs_words(call: str) -> None:
    assert refusal(call, flambeau) == RECORDED.get(call), "run `python -m tools.golden.op_errors`"


def test_every_recorded_refusal_belongs_to_a_call() -> None:
    assert RECORDED.keys() == set(calls())
