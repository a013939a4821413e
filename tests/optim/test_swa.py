"""Averages of weights, and the statistics of batch norm that go with them."""

from typing import Any

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.optim.swa_utils import (
    SWALR,
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    update_bn,
)


def constant_model(value: float) -> nn.Module:
    model = nn.Linear(2, 1)
    return set_all(model, value)


def set_all(model: nn.Module, value: float) -> nn.Module:
    with torch.no_grad():
        for param in model.parameters():
            param.fill_(value)
    return model


def average_of(values: list[float], **options: Any) -> AveragedModel:
    model = constant_model(values[0])
    averaged = AveragedModel(model, **options)
    for value in values:
        averaged.update_parameters(set_all(model, value))
    return averaged


def test_the_average_is_the_mean() -> None:
    averaged = average_of([1.0, 2.0, 6.0])
    assert averaged.module.weight.tolist() == [[3.0, 3.0]]
    assert averaged.n_averaged.item() == 3


def test_the_model_itself_is_left_alone() -> None:
    model = constant_model(1.0)
    averaged = AveragedModel(model)
    averaged.update_parameters(model)
    set_all(averaged, 5.0)
    assert model.weight.tolist() == [[1.0, 1.0]]


def test_an_average_runs_as_the_model_does() -> None:
    averaged = average_of([1.0, 3.0])
    assert averaged(torch.ones(1, 2)).tolist() == [[6.0]]


@pytest.mark.parametrize(
    "options",
    [{"avg_fn": get_ema_avg_fn(0.75)}, {"multi_avg_fn": get_ema_multi_avg_fn(0.75)}],
)
def test_an_exponential_average_forgets(options: dict[str, Any]) -> None:
    averaged = average_of([1.0, 5.0, 2.0], **options)
    assert averaged.module.weight.tolist() == [[2.0, 2.0]]


def test_a_function_of_one_s_own_averages() -> None:
    averaged = average_of([1.0, 5.0, 2.0], avg_fn=lambda old, new, n: old + new * n)
    assert averaged.module.weight.tolist() == [[10.0, 10.0]]
    assert average_of([1.0, 3.0], avg_fn=get_swa_avg_fn()).module.bias.item() == 2.0


def test_there_is_one_way_to_average() -> None:
    with pytest.raises(AssertionError, match=r"^Only one of avg_fn and multi_avg_fn should be"):
        AveragedModel(constant_model(1.0), avg_fn=max, multi_avg_fn=max)


@pytest.mark.parametrize("decay", [-0.1, 1.1])
def test_a_decay_is_a_share(decay: float) -> None:
    for make in (get_ema_avg_fn, get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match=rf"^Invalid decay value {decay} provided"):
            make(decay)


@pytest.mark.parametrize("use_buffers", [False, True])
def test_buffers_are_copied_or_averaged(use_buffers: bool) -> None:
    model = nn.BatchNorm1d(1)
    averaged = AveragedModel(model, use_buffers=use_buffers)
    for value in (1.0, 3.0):
        model.running_mean.fill_(value)
        averaged.update_parameters(model)
    assert averaged.module.running_mean.item() == (2.0 if use_buffers else 3.0)


def test_an_average_is_saved_and_loaded() -> None:
    averaged = average_of([1.0, 3.0])
    other = AveragedModel(constant_model(0.0))
    other.load_state_dict(averaged.state_dict())
    other.update_parameters(constant_model(8.0))
    assert other.module.weight.tolist() == [[4.0, 4.0]]


def test_update_bn_computes_the_statistics_of_all_batches_alike() -> None:
    model = nn.Sequential(nn.BatchNorm1d(1, momentum=0.1)).eval()
    model[0].running_mean.fill_(100.0)
    batches = [torch.tensor([[0.0], [2.0]]), torch.tensor([[4.0], [10.0]])]
    update_bn(batches, model)
    assert model[0].running_mean.item() == 4.0
    assert model[0].running_var.item() == 10.0
    assert model[0].num_batches_tracked.item() == 2
    assert model[0].momentum == 0.1
    assert not model.training


def test_update_bn_takes_the_inputs_out_of_pairs() -> None:
    model = nn.BatchNorm1d(1)
    update_bn([(torch.tensor([[1.0], [3.0]]), torch.zeros(2))], model)
    assert model.running_mean.item() == 2.0


def test_update_bn_of_a_model_without_batch_norm_reads_no_data() -> None:
    update_bn(None, nn.Linear(1, 1))


def test_swa_lr_reaches_its_constant_and_stays() -> None:
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    scheduler = SWALR(optimizer, 0.5, anneal_epochs=2, anneal_strategy="linear")
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(3):
        optimizer.step()
        scheduler.step()
        rates += scheduler.get_last_lr()
    assert rates == [1.0, 0.75, 0.5, 0.5]
