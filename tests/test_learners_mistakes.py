"""The mistakes that learners make: the same exception as PyTorch's, with the same first line.

The table is made by tools/golden/learners_mistakes.py, which runs PyTorch.
"""

from __future__ import annotations

import json
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

import flambeau
from flambeau.ir import naming

MISTAKES = json.loads(
    (Path(__file__).parent / "golden" / "learners_mistakes.json").read_text(encoding="utf-8")
)


@pytest.fixture(autouse=True)
def torch_names() -> Iterator[None]:
    """Names are printed as under `flambeau run`."""
    before = naming.prefix()
    naming.use_torch_names(True)
    yield
    naming.use_torch_names(before == "torch")


def make(code: str) -> dict[str, Any]:
    """Run a learner's program, with warnings as errors; give its names."""
    names: dict[str, Any] = {
        "torch": flambeau,
        "nn": flambeau.nn,
        "F": flambeau.nn.functional,
        "np": numpy,
        "__name__": "learner",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, "learner.py", "exec"), names)
    return names


def raised_by(code: str) -> Exception:
    try:
        make(code)
    except Exception as error:
        return error
    pytest.fail("no error")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_as_by_pytorch(name: str) -> None:
    mistake = MISTAKES[name]
    if "result" in mistake:
        assert repr(make(mistake["code"])["result"]) == mistake["result"]
        return
    error = raised_by(mistake["code"])
    first_line = str(error).partition("\n")[0]
    assert (type(error).__name__, first_line) == (mistake["type"], mistake["message"])


def test_the_table_has_more_than_fifty_mistakes() -> None:
    assert len(MISTAKES) > 50


# Where, and in which module -----------------------------------------------------------------

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
        self.classifier = nn.Linear(10, 2)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))

net = Net()
"""


def notes_of(code: str) -> str:
    return "\n".join(getattr(raised_by(NET + code), "__notes__", []))


def test_an_error_names_the_module_it_arose_in() -> None:
    assert "Net.classifier (Linear(in_features=10" in notes_of("net(torch.zeros(2, 1, 4, 4))")


def test_an_error_tells_the_shape_the_module_was_given() -> None:
    assert "(2, 16)" in notes_of("net(torch.zeros(2, 1, 4, 4))")


def test_an_error_within_containers_has_the_whole_path() -> None:
    assert "Net.features.0 (Conv2d(1, 4" in notes_of("net(torch.zeros(2, 3, 4, 4))")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = torch.zeros(2, 3)\nx @ x", 2),
        ("x = torch.zeros(2, 3)\ny = x\ntorch.cat([x, x[0]])", 3),
        ("model = nn.Linear(2, 2)\n\nmodel(torch.zeros(3))", 3),
        ("x = torch.zeros(3)\nx[torch.tensor([7])]", 2),
        ("F.cross_entropy(torch.zeros(1, 2), torch.tensor([2]))\nprint()", 1),
    ],
)
def test_an_error_is_raised_on_the_line_that_makes_the_mistake(code: str, line: int) -> None:
    frames = traceback.extract_tb(raised_by(code).__traceback__)
    assert [frame.lineno for frame in frames if frame.filename == "learner.py"] == [line]


def test_a_value_needed_by_backward_may_be_overwritten() -> None:
    """PyTorch refuses to go backward here; values never change here, so the gradient is right."""
    x = flambeau.ones(2, requires_grad=True)
    y = x.exp()
    y += 1
    y.sum().backward()
    assert flambeau.equal(x.grad, x.detach().exp())
