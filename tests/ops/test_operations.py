"""Every case of every operation against golden values made by PyTorch."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import FLAMBEAU, Case, Form, cases, run

GOLDEN = Path(__file__).parents[1] / "golden" / "ops"
HINT = "run `python -m tools.golden.ops`, with PyTorch installed"


@functools.cache
def golden(family: str) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of a family's cases, by the case and by `value0`, `gradient0` …"""
    path = GOLDEN / f"{family}.npz"
    if not path.exists():
        return {}
    arrays: dict[str, dict[str, np.ndarray]] = {}
    with np.load(path) as archive:
        for name in archive.files:
            case, _, part = name.rpartition("|")
            arrays.setdefault(case, {})[part] = archive[name]
    return arrays


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", cases(), ids=str)
def test_values_and_gradients_are_pytorchs(case: Case) -> None:
    expected = golden(case.family).get(str(case))
    assert expected is not None, f"no golden values: {HINT}"
    differentiated = "values only" not in expected
    outcome = run(case, FLAMBEAU, Form(grad=differentiated))
    got = {f"value{n}": value for n, value in enumerate(outcome.values)}
    for n, gradient in enumerate(outcome.gradients):
        if gradient is not None:
            got[f"gradient{n}"] = gradient
    assert got.keys() == expected.keys() - {"values only"}
    for name, array in got.items():
        wanted = expected[name]
        assert (array.dtype, array.shape) == (wanted.dtype, wanted.shape), name
        np.testing.assert_allclose(array, wanted, rtol=2e-5, atol=2e-6, err_msg=name)


def test_every_golden_value_belongs_to_a_case() -> None:
    recorded = {name for path in GOLDEN.glob("*.npz") for name in golden(path.stem)}
    assert recorded == set(map(str, cases())), HINT
