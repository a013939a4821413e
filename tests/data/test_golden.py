"""Orders, seeds and complaints are PyTorch's."""

import json
from pathlib import Path
from typing import Any

import pytest

import flambeau as torch
import flambeau.utils.data
from tools.golden import data_cases

FACTS = json.loads((Path(__file__).parents[1] / "golden" / "data.json").read_text())


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("seed", data_cases.SEEDS)
def test_samplers_draw_pytorchs_orders(seed):
    drawn = as_json(data_cases.sampler_draws(torch, seed))
    assert drawn == FACTS["samplers"][str(seed)]


def test_shares_of_a_distributed_sampler_are_pytorchs():
    assert as_json(data_cases.distributed_orders(torch)) == FACTS["distributed"]


@pytest.mark.parametrize("seed", data_cases.SEEDS)
def test_random_splits_are_pytorchs(seed):
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0") as warnings:
        torch.utils.data.random_split(range(1), [0.5, 0.5])
    assert warnings[0].filename == __file__
    assert as_json(data_cases.splits(torch, seed)) == FACTS["splits"][str(seed)]


@pytest.mark.parametrize("own", [False, True], ids=["default generator", "own generator"])
@pytest.mark.parametrize("seed", data_cases.SEEDS[:3])
@pytest.mark.parametrize("name", data_cases.LOADERS)
def test_epochs_are_pytorchs(name, seed, own):
    key = f"{name}, seed {seed}, {'own' if own else 'default'} generator"
    assert as_json(data_cases.epochs(torch, name, seed, own)) == FACTS["epochs"][key]


@pytest.mark.parametrize("seed", data_cases.SEEDS[:2])
def test_workers_draw_pytorchs_numbers(seed):
    assert as_json(data_cases.worker_draws(torch, seed)) == FACTS["workers"][str(seed)]


def test_batches_of_a_stream_are_pytorchs():
    assert as_json(data_cases.streams(torch)) == FACTS["streams"]


def test_complaints_about_a_loaders_arguments_are_pytorchs():
    assert data_cases.argument_errors(torch) == FACTS["argument errors"]


def test_other_complaints_are_pytorchs():
    assert data_cases.other_errors(torch) == FACTS["other errors"]
