"""Seeded training gives PyTorch's losses, step after step, without PyTorch at hand."""

import json
from pathlib import Path

import pytest

import flambeau
from tests.training_programs import PROGRAMS, STEPS, furthest

GOLDEN = json.loads((Path(__file__).parent / "golden" / "training.json").read_text())


@pytest.fixture(scope="module")
def curves() -> dict[str, list[float]]:
    return {name: run(flambeau) for name, run in PROGRAMS.items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_losses_are_those_of_pytorch(name: str, curves: dict[str, list[float]]) -> None:
    assert len(curves[name]) == len(GOLDEN[name]) == STEPS
    assert furthest(curves[name], GOLDEN[name]) < 1e-4


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_learns(name: str, curves: dict[str, list[float]]) -> None:
    assert sum(curves[name][-20:]) < 0.9 * sum(curves[name][:20])


@pytest.mark.parametrize("name", ["linear_regression", "mlp", "lstm"])
def test_a_second_run_gives_the_same_bits(name: str, curves: dict[str, list[float]]) -> None:
    assert PROGRAMS[name](flambeau, 20) == curves[name][:20]


def test_a_curve_that_is_off_is_noticed() -> None:
    golden = GOLDEN["mlp"]
    assert furthest(golden, golden) == 0
    assert furthest([*golden[:-1], golden[-1] * 1.001], golden) > 9e-4


def test_dropout_draws_in_the_order_of_memory() -> None:
    x = flambeau.ones(3, 4, 5)
    flambeau.manual_seed(0)
    straight = flambeau.nn.functional.dropout(x, 0.5)
    flambeau.manual_seed(0)
    transposed = flambeau.nn.functional.dropout(x.permute(2, 0, 1), 0.5)
    assert transposed.shape == (5, 3, 4)
    assert flambeau.equal(transposed.permute(1, 2, 0), straight)
