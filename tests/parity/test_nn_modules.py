"""What is recorded of PyTorch's modules, in golden/modules.json, is what PyTorch says today."""

import json
from pathlib import Path

import pytest

from tools.golden import module_cases as cases

torch = pytest.importorskip("torch")

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "modules.json").read_text())


@pytest.mark.parametrize(
    ("case", "expected"), list(zip(cases.CASES, GOLDEN["outcomes"], strict=True)), ids=str
)
def test_outcome(case, expected):
    assert cases.outcome(torch, *case) == expected


@pytest.mark.parametrize(
    ("fill", "expected"), list(zip(cases.FILLS, GOLDEN["fills"], strict=True)), ids=str
)
def test_seeded_fill(fill, expected):
    values, said, following = cases.filled(torch, *fill)
    if isinstance(expected[0], str):
        assert values == expected[0]
    else:
        assert values == pytest.approx(expected[0], rel=1e-6)
    assert [said, following] == expected[1:]


def test_calculate_gain():
    import flambeau

    names = ["linear", "conv2d", "tanh", "relu", "selu", "leaky_relu", "sigmoid"]
    gains = [torch.nn.init.calculate_gain(name) for name in names]
    assert [flambeau.nn.init.calculate_gain(name) for name in names] == gains
