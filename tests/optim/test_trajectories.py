"""Fifty steps of every optimizer, and sixty of every scheduler, are PyTorch's."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest

import flambeau
from tools.golden import optim_cases as cases

GOLDEN = Path(__file__).parents[1] / "golden"


@cache
def golden_arrays() -> dict[str, Any]:
    with numpy.load(GOLDEN / "optim.npz") as archive:
        return dict(archive)


@cache
def golden_facts() -> dict[str, Any]:
    return json.loads((GOLDEN / "optim.json").read_text())


def run(case: str) -> tuple[Any, dict[int, Any]]:
    params = cases.make_params(flambeau, cases.OPTIMIZERS[case][0])
    optimizer = cases.make_optimizer(flambeau, case, params)
    snapshots = {}
    for step in range(cases.STEPS):
        cases.take_step(optimizer, params, step)
        if step + 1 in cases.SNAPSHOTS:
            flat = flambeau.cat([param.detach().reshape(-1) for param in params])
            snapshots[step + 1] = flat.numpy().copy()
    return optimizer, snapshots


def tolerance(case: str) -> float:
    # Muon rounds to bfloat16, where the order of a sum may decide the last of eight bits.
    return 1e-2 if case.startswith("muon") else 1e-6


@pytest.mark.parametrize("case", cases.OPTIMIZERS)
def test_trajectory_and_final_state_are_those_of_pytorch(case: str) -> None:
    optimizer, snapshots = run(case)
    expected, bound = golden_arrays(), tolerance(case)
    for step, values in snapshots.items():
        numpy.testing.assert_allclose(
            values, expected[f"{case}/{step}"], rtol=bound, atol=bound, err_msg=f"step {step}"
        )
    state = optimizer.state_dict()["state"]
    prefix = f"{case}/state/"
    for key in (key for key in expected if key.startswith(prefix)):
        number, name = key.removeprefix(prefix).split("/")
        value = numpy.asarray(state[int(number)][name])
        numpy.testing.assert_allclose(value, expected[key], rtol=3e-6, atol=3 * bound, err_msg=key)


def layout(value: Any) -> Any:
    if isinstance(value, flambeau.Tensor):
        return [str(value.dtype).split(".")[-1], list(value.shape)]
    return type(value).__name__


@pytest.mark.parametrize("case", cases.OPTIMIZERS)
def test_state_dict_has_the_layout_of_pytorch(case: str) -> None:
    params = cases.make_params(flambeau, cases.OPTIMIZERS[case][0])
    optimizer = cases.make_optimizer(flambeau, case, params)
    for step in range(2):
        cases.take_step(optimizer, params, step)
    state_dict = optimizer.state_dict()
    states = {
        str(number): {name: layout(value) for name, value in values.items()}
        for number, values in state_dict["state"].items()
    }
    expected = golden_facts()["states"][case]
    if case.startswith("lbfgs"):
        # Plain numbers are ints or floats by chance; what matters is the names.
        assert set(states["0"]) == set(expected["0"])
    else:
        assert states == expected
        assert [list(values) for values in states.values()] == [
            list(values) for values in expected.values()
        ]
    groups = json.loads(json.dumps(state_dict["param_groups"]))
    assert groups == golden_facts()["groups"][case]
    assert [list(group) for group in groups] == [
        list(group) for group in golden_facts()["groups"][case]
    ]


@pytest.mark.parametrize("case", cases.OPTIMIZERS)
def test_resuming_from_a_state_dict_changes_nothing(case: str) -> None:
    params = cases.make_params(flambeau, cases.OPTIMIZERS[case][0])
    optimizer = cases.make_optimizer(flambeau, case, params)
    for step in range(7):
        cases.take_step(optimizer, params, step)
    copies = [param.detach().clone().requires_grad_() for param in params]
    resumed = cases.make_optimizer(flambeau, case, copies)
    resumed.load_state_dict(deep_copied(optimizer.state_dict()))
    for step in range(7, 12):
        cases.take_step(optimizer, params, step)
        cases.take_step(resumed, copies, step)
    for param, copy in zip(params, copies, strict=True):
        assert flambeau.equal(param, copy)


def deep_copied(value: Any) -> Any:
    if isinstance(value, flambeau.Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: deep_copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [deep_copied(item) for item in value]
    return value


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("case", {**cases.SCHEDULERS, **cases.COMBINED})
def test_schedule_is_that_of_pytorch(case: str, name: str) -> None:
    expected = golden_arrays()[f"schedule/{case}/{name}"]
    actual = cases.schedule(flambeau, case, name)
    numpy.testing.assert_allclose(actual, expected, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("case", {**cases.SCHEDULERS, **cases.COMBINED})
def test_a_scheduler_resumes_from_its_state_dict(case: str) -> None:
    optimizer = cases.make_scheduled_optimizer(flambeau)
    scheduler = cases.make_scheduler(flambeau, case, optimizer)
    for epoch in range(23):
        optimizer.step()
        cases.step_scheduler(scheduler, epoch)
    other = cases.make_scheduled_optimizer(flambeau)
    resumed = cases.make_scheduler(flambeau, case, other)
    other.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(json_like(scheduler.state_dict()))
    for epoch in range(23, 40):
        for each in (optimizer, other):
            each.step()
        cases.step_scheduler(scheduler, epoch)
        cases.step_scheduler(resumed, epoch)
        assert cases.options_now(other) == cases.options_now(optimizer)
        assert resumed.get_last_lr() == scheduler.get_last_lr()


def json_like(value: Any) -> Any:
    """Copy containers, so that the two schedulers share none."""
    if isinstance(value, dict):
        return type(value)({key: json_like(item) for key, item in value.items()})
    if isinstance(value, list):
        return [json_like(item) for item in value]
    return value


def test_every_option_is_refused_as_in_pytorch() -> None:
    for name, options, expected in golden_facts()["option_errors"]:
        options = {
            option: tuple(value) if isinstance(value, list) else value
            for option, value in options.items()
        }
        assert cases.option_error(flambeau, name, options) == expected, (name, options)


@pytest.mark.parametrize(
    "index", range(len(cases.BAD_SCHEDULERS)), ids=lambda i: f"{cases.BAD_SCHEDULERS[i][0]}-{i}"
)
def test_every_scheduler_is_refused_as_in_pytorch(index: int) -> None:
    name, options = cases.BAD_SCHEDULERS[index]
    expected = golden_facts()["scheduler_errors"][index]
    assert expected is not None
    assert cases.scheduler_error(flambeau, name, options) == expected
