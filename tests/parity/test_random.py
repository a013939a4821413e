"""Random operations give PyTorch's numbers, on tensors of any strides."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import flambeau
from tools.golden.random_cases import CASES, ERRORS, outcome

torch = pytest.importorskip("torch")

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "random.json").read_text())

FILLS = {
    "uniform_": (-1.0, 2.0),
    "normal_": (1.0, 2.0),
    "random_": (50,),
    "bernoulli_": (0.4,),
    "exponential_": (),
    "cauchy_": (),
    "log_normal_": (0.0, 0.5),
    "geometric_": (0.3,),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", [*CASES, *ERRORS])
def test_golden_outcomes_are_pytorchs(case):
    assert outcome(case, torch) == GOLDEN[case]


@st.composite
def views(draw: Any) -> Any:
    """A function that makes the same view of zeros in either package."""
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    axes = draw(st.permutations(range(len(shape))))
    steps = tuple(slice(None, None, draw(st.integers(1, 2))) for _ in shape)
    split = draw(st.booleans())

    def make(package: Any) -> Any:
        view = package.zeros(*shape).permute(*axes)[steps]
        return view.unsqueeze(1) if split else view

    return make


def assert_close(ours: Any, theirs: Any) -> None:
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)


@settings(max_examples=300, deadline=None)
@given(make=views(), name=st.sampled_from(sorted(FILLS)), seed=st.integers(0, 2**64 - 1))
def test_views_are_filled_in_the_order_of_memory(make, name, seed):
    filled = []
    for package in (flambeau, torch):
        package.manual_seed(seed)
        view = make(package)
        getattr(view, name)(*FILLS[name])
        filled += [view, package.rand(1)]
    assert_close(filled[0], filled[2])
    assert_close(filled[1], filled[3])


@settings(max_examples=200, deadline=None)
@given(
    make=views(),
    name=st.sampled_from(["rand_like", "randn_like"]),
    seed=st.integers(0, 2**64 - 1),
)
def test_tensors_like_views_are_drawn_in_the_order_of_memory(make, name, seed):
    drawn = []
    for package in (flambeau, torch):
        package.manual_seed(seed)
        drawn.append(getattr(package, name)(make(package)))
    assert_close(*drawn)


@settings(max_examples=100, deadline=None)
@given(make=views(), seed=st.integers(0, 2**64 - 1))
def test_probabilities_follow_the_views_they_are_for(make, seed):
    drawn = []
    for package in (flambeau, torch):
        package.manual_seed(seed)
        view = make(package)
        p = package.linspace(0, 1, view.numel()).reshape(view.shape)
        drawn += [view.bernoulli_(p), package.bernoulli(make(package).uniform_())]
    assert_close(drawn[0], drawn[2])
    assert_close(drawn[1], drawn[3])


def test_states_are_interchangeable():
    torch.manual_seed(3)
    torch.randn(5)
    state = flambeau.from_numpy(torch.get_rng_state().numpy())
    flambeau.set_rng_state(state)
    assert_close(flambeau.randn(50), torch.randn(50))
    torch.set_rng_state(torch.from_numpy(flambeau.get_rng_state().numpy().copy()))
    assert_close(flambeau.rand(50), torch.rand(50))
