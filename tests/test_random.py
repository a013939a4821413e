"""Random operations: the golden outcomes are PyTorch's."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import flambeau as torch
from flambeau.autograd import composite
from tools.golden.random_cases import CASES, ERRORS, outcome

GOLDEN = json.loads((Path(__file__).parent / "golden" / "random.json").read_text())
# Where sines, logarithms and powers of the machine's own library make the last place.
SLACK = {"float64": 1e-15, "float32": 1e-6, "float16": 2**-10, "bfloat16": 2**-7}


def test_the_golden_file_holds_every_case():
    assert set(GOLDEN) == {*CASES, *ERRORS}


@pytest.mark.parametrize("case", CASES)
def test_a_call_gives_pytorchs_numbers(case):
    expected = dict(GOLDEN[case])
    got = outcome(case, torch)
    assert "error" not in got, got
    slack = SLACK.get(expected["dtype"], 0)
    numbers = [np.array(o.pop("values"), np.float64) for o in (got, expected)]
    np.testing.assert_allclose(*numbers, rtol=slack, atol=slack)
    assert got == expected


@pytest.mark.parametrize("case", ERRORS)
def test_a_call_fails_as_in_pytorch(case):
    assert outcome(case, torch) == GOLDEN[case]


# Gradients ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: (x * 2).uniform_(),
        lambda x: (x * 2).bernoulli_(torch.full((3,), 0.5)),
        torch.bernoulli,
        torch.poisson,
        lambda x: torch.normal(x),
        lambda x: torch.normal(0.0, x),
        lambda x: torch.normal(x, torch.ones(2, 3)),
    ],
)
def test_no_gradient_flows_through_drawn_numbers(draw):
    x = torch.ones(3, requires_grad=True)
    draw(x).sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_a_leaf_can_be_filled_without_grad_mode():
    x = torch.zeros(3, requires_grad=True)
    with torch.no_grad():
        x.uniform_(1, 2)
    assert x.requires_grad
    assert x.is_leaf
    assert x.min().item() >= 1


def test_filling_a_view_is_seen_by_its_base():
    base = torch.zeros(4, 4)
    base[1:3, ::2].uniform_(1, 2)
    filled = base > 0
    assert filled.sum().item() == 4
    assert filled[1:3, ::2].all()


# Order --------------------------------------------------------------------------------------


def test_numbers_come_in_the_order_of_the_program():
    torch.manual_seed(1)
    first = torch.rand(3)
    second = torch.rand(3)
    torch.manual_seed(1)
    both = torch.rand(6)
    assert torch.cat([second, first]).tolist() == [*both[3:].tolist(), *both[:3].tolist()]


def test_an_in_place_fill_returns_its_tensor():
    x = torch.zeros(3)
    assert x.normal_() is x


def test_a_generator_of_ones_own_leaves_the_default_alone():
    state = torch.get_rng_state()
    g = torch.Generator().manual_seed(3)
    torch.rand(3, generator=g)
    torch.zeros(3).normal_(generator=g)
    torch.randperm(5, generator=g)
    assert torch.get_rng_state().tolist() == state.tolist()


@pytest.mark.parametrize("draw", [torch.rand, torch.randn, torch.randperm])
def test_a_generator_must_be_one(draw):
    with pytest.raises(TypeError, match="generator"):
        draw(3, generator=3)


def test_a_composites_body_cannot_draw():
    @composite
    def noisy(x):
        return x + torch.rand(3)

    with pytest.raises(RuntimeError, match=r"rand\(\) cannot draw numbers within the body"):
        noisy(torch.zeros(3))


def test_new_tensors_are_of_the_default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.rand(2).dtype is torch.float64
        assert torch.randn(2).dtype is torch.float64
        assert torch.randint(5, (2,)).dtype is torch.int64
    finally:
        torch.set_default_dtype(torch.float32)


# States -------------------------------------------------------------------------------------


def test_a_state_brings_the_numbers_back():
    state = torch.get_rng_state()
    first = torch.randn(5)
    torch.set_rng_state(state)
    assert torch.randn(5).tolist() == first.tolist()
    assert state.dtype is torch.uint8
    assert tuple(state.shape) == (5056,)


def test_a_generators_state_goes_over_to_another():
    g = torch.Generator().manual_seed(3)
    torch.randn(1, generator=g)
    h = torch.Generator()
    assert h.set_state(g.get_state()) is h
    assert torch.randn(20, generator=h).tolist() == torch.randn(20, generator=g).tolist()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_generators_can_be_copied(copied):
    g = torch.Generator().manual_seed(3)
    assert torch.rand(3, generator=copied(g)).tolist() == torch.rand(3, generator=g).tolist()


def test_fork_rng_restores_the_state():
    state = torch.get_rng_state()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.rand(10)
    assert torch.get_rng_state().tolist() == state.tolist()


def test_the_namespace_random_has_its_functions():
    torch.random.manual_seed(5)
    assert torch.initial_seed() == torch.random.initial_seed() == 5
    assert torch.random.get_rng_state().tolist() == torch.get_rng_state().tolist()
    assert torch.seed() == torch.initial_seed()
    assert torch.default_generator.initial_seed() == torch.initial_seed()
