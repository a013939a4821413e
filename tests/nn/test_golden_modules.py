"""Modules, containers, hooks and initial values do and say what PyTorch does and says."""

import json
from pathlib import Path

import pytest

import flambeau
from tools.golden import module_cases as cases

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "modules.json").read_text())


@pytest.mark.parametrize(
    ("setup", "expression", "expected"),
    [(*case, outcome) for case, outcome in zip(cases.CASES, GOLDEN["outcomes"], strict=True)],
    ids=[expression for _, expression in cases.CASES],
)
def test_outcome_is_pytorchs(setup, expression, expected):
    assert cases.outcome(flambeau, setup, expression) == expected


@pytest.mark.parametrize(
    ("fill", "expected"), list(zip(cases.FILLS, GOLDEN["fills"], strict=True)), ids=str
)
def test_seeded_fill_is_pytorchs(fill, expected):
    values, said, following = cases.filled(flambeau, *fill)
    if isinstance(expected[0], str):
        assert values == expected[0]
    else:
        assert values == pytest.approx(expected[0], rel=1e-5, abs=1e-6)
    assert said == expected[1]
    assert following == expected[2]
