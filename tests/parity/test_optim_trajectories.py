"""Trajectories of optimizers beside PyTorch's, and training that goes on in the other library."""

from typing import Any

import numpy
import pytest

import flambeau
from tools.golden import optim_cases as cases

torch = pytest.importorskip("torch")

LIBRARIES = (torch, flambeau)

# Muon rounds to bfloat16, where the order of a sum may decide the last of eight bits; the others
# have numbers in their state that PyTorch keeps in float32.
PRECISION = {"muon": 1e-2, "nadam": 1e-6, "asgd": 1e-6}


@pytest.mark.parametrize("case", cases.OPTIMIZERS)
def test_trajectories_agree_in_double_precision(case: str) -> None:
    bound = PRECISION.get(case.split("-", maxsplit=1)[0], 1e-9)
    theirs = cases.trajectory(torch, case, torch.float64)
    ours = cases.trajectory(flambeau, case, flambeau.float64)
    for expected, actual in zip(theirs, ours, strict=True):
        for their_param, our_param in zip(expected, actual, strict=True):
            numpy.testing.assert_allclose(
                our_param.detach().numpy(), their_param.detach().numpy(), rtol=bound, atol=bound
            )


def moved(value: Any, library: Any) -> Any:
    """Copy a state dict, its tensors made those of `library`."""
    if isinstance(value, torch.Tensor | flambeau.Tensor):
        return library.tensor(value.detach().numpy())
    if isinstance(value, dict):
        return {key: moved(item, library) for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item, library) for item in value]
    return value


@pytest.mark.parametrize("way", ["from PyTorch", "to PyTorch"])
@pytest.mark.parametrize("case", cases.OPTIMIZERS)
def test_training_goes_on_in_the_other_library(case: str, way: str) -> None:
    source, target = LIBRARIES if way == "from PyTorch" else LIBRARIES[::-1]
    params = cases.make_params(source, cases.OPTIMIZERS[case][0])
    optimizer = cases.make_optimizer(source, case, params)
    for step in range(9):
        cases.take_step(optimizer, params, step)
    others = [moved(param, target).requires_grad_() for param in params]
    resumed = cases.make_optimizer(target, case, others)
    resumed.load_state_dict(moved(optimizer.state_dict(), target))
    for step in range(9, 15):
        cases.take_step(optimizer, params, step)
        cases.take_step(resumed, others, step)
    bound = 1e-2 if case.startswith("muon") else 2e-6
    for param, other in zip(params, others, strict=True):
        numpy.testing.assert_allclose(
            other.detach().numpy(), param.detach().numpy(), rtol=bound, atol=bound
        )
