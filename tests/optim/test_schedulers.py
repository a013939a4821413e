"""What the learning rate schedulers do, warn of, and save, beyond their schedules."""

import gc
import weakref
from typing import Any

import pytest

import flambeau as torch
from flambeau.optim import SGD, Adam, lr_scheduler
from tools.golden import optim_cases as cases


def optimizer_with(lr: Any = 1.0) -> SGD:
    return SGD([torch.ones(1, requires_grad=True)], lr=lr, momentum=0.9)


def run(scheduler: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


def test_the_initial_rate_is_noted_in_the_group() -> None:
    optimizer = optimizer_with(0.25)
    lr_scheduler.StepLR(optimizer, 3)
    assert optimizer.param_groups[0]["initial_lr"] == 0.25


def test_stepping_before_the_optimizer_is_warned_of() -> None:
    scheduler = lr_scheduler.StepLR(optimizer_with(), 3)
    with pytest.warns(UserWarning, match=r"^Detected call of `lr_scheduler.step\(\)` before"):
        scheduler.step()


def test_an_overridden_step_is_warned_of() -> None:
    optimizer = optimizer_with()
    scheduler = lr_scheduler.StepLR(optimizer, 3)
    step = optimizer.step
    optimizer.step = lambda: step()
    optimizer.step()
    with pytest.warns(UserWarning, match=r"^Seems like `optimizer.step\(\)` has been overridden"):
        scheduler.step()


def test_asking_get_lr_for_the_present_rate_is_warned_of() -> None:
    scheduler = lr_scheduler.StepLR(optimizer_with(), 3)
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        scheduler.get_lr()


def test_jumping_to_an_epoch_uses_the_closed_form_and_is_warned_of() -> None:
    scheduler = lr_scheduler.StepLR(optimizer_with(), 3, gamma=0.5)
    scheduler.optimizer.step()
    with pytest.warns(UserWarning, match=r"^The epoch parameter in `scheduler.step"):
        scheduler.step(7)
    assert scheduler.get_last_lr() == [0.25]


def test_a_rate_that_is_a_tensor_is_changed_in_place() -> None:
    rate = torch.tensor(1.0)
    scheduler = lr_scheduler.ExponentialLR(optimizer_with(rate), 0.5)
    scheduler.optimizer.step()
    scheduler.step()
    assert rate.item() == 0.5
    before = scheduler.get_last_lr()
    scheduler.step()
    assert before[0].item() == 0.5
    assert scheduler.optimizer.param_groups[0]["initial_lr"].item() == 1.0


def test_a_scheduler_does_not_keep_its_optimizer_alive_in_a_cycle() -> None:
    optimizer = optimizer_with()
    lr_scheduler.StepLR(optimizer, 3)
    reference = weakref.ref(optimizer)
    gc.disable()
    try:
        del optimizer
        assert reference() is None
    finally:
        gc.enable()


def test_an_optimizer_with_a_scheduler_still_has_hooks() -> None:
    optimizer = optimizer_with()
    scheduler = lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    seen = []
    optimizer.register_step_pre_hook(lambda *args: seen.append(1))
    run(scheduler, 2)
    assert seen == [1, 1]


def test_momentum_cycles_against_the_rate() -> None:
    optimizer = Adam([torch.ones(1, requires_grad=True)], lr=0.1, betas=(0.5, 0.99))
    scheduler = lr_scheduler.CyclicLR(optimizer, 0.1, 0.5, step_size_up=2)
    seen = []
    for _ in range(5):
        group = optimizer.param_groups[0]
        seen.append((round(group["lr"], 6), round(group["betas"][0], 6), group["betas"][1]))
        optimizer.step()
        scheduler.step()
    assert seen == [
        (0.1, 0.9, 0.99),
        (0.3, 0.85, 0.99),
        (0.5, 0.8, 0.99),
        (0.3, 0.85, 0.99),
        (0.1, 0.9, 0.99),
    ]


def test_one_cycle_ends() -> None:
    optimizer = optimizer_with()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=3)
    run(scheduler, 3)
    with pytest.raises(ValueError, match=r"^Tried to step 4 times\. The specified number of total"):
        run(scheduler, 1)


def test_plateau_reads_a_metric_that_is_a_tensor() -> None:
    optimizer = optimizer_with()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    for value in (2.0, 2.0, 2.0):
        scheduler.step(torch.tensor(value))
    assert scheduler.get_last_lr() == [0.25]


def test_plateau_reduces_groups_that_came_later() -> None:
    optimizer = optimizer_with()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    optimizer.add_param_group({"params": [torch.ones(1, requires_grad=True)], "lr": 4.0})
    scheduler.step(1.0)
    scheduler.step(1.0)
    assert scheduler.get_last_lr() == [0.5, 2.0]


def test_plateau_with_bounds_refuses_groups_that_came_later() -> None:
    optimizer = optimizer_with()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.1])
    optimizer.add_param_group({"params": [torch.ones(1, requires_grad=True)]})
    scheduler.step(1.0)
    with pytest.raises(RuntimeError, match=r"^The number of param groups in the `optimizer`"):
        scheduler.step(1.0)


def test_plateau_ignores_improvements_below_its_threshold() -> None:
    optimizer = optimizer_with()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, threshold=0.1, factor=0.5)
    for value in (1.0, 0.95, 0.94):
        scheduler.step(value)
    assert scheduler.get_last_lr() == [0.5]
    assert scheduler.best == 1.0


def test_a_user_s_scheduler_needs_only_get_lr() -> None:
    class Halving(lr_scheduler.LRScheduler):
        def get_lr(self) -> list[float]:
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

    assert run(Halving(optimizer_with()), 3) == [0.5, 0.25, 0.125]


def test_the_old_name_of_the_base_class_stands() -> None:
    assert lr_scheduler._LRScheduler is lr_scheduler.LRScheduler


def test_functions_are_not_saved_but_callable_objects_are() -> None:
    class Power:
        def __init__(self, base: float) -> None:
            self.base = base

        def __call__(self, epoch: int) -> float:
            return self.base**epoch

    scheduler = lr_scheduler.LambdaLR(optimizer_with(), Power(0.5))
    saved = scheduler.state_dict()
    assert saved["lr_lambdas"] == [{"base": 0.5}]
    other = lr_scheduler.LambdaLR(optimizer_with(), Power(0.1))
    other.load_state_dict(saved)
    assert run(other, 2) == [0.5, 0.25]
    plain = lr_scheduler.LambdaLR(optimizer_with(), lambda epoch: 1.0)
    assert plain.state_dict()["lr_lambdas"] == [None]


def test_loading_a_combination_leaves_the_saved_state_alone() -> None:
    optimizer = cases.make_scheduled_optimizer(torch)
    scheduler = cases.make_scheduler(torch, "sequential", optimizer)
    saved = scheduler.state_dict()
    scheduler.load_state_dict(saved)
    assert len(saved["_schedulers"]) == 2


@pytest.mark.parametrize("kind", ["ChainedScheduler", "SequentialLR"])
def test_a_plateau_cannot_be_combined(kind: str) -> None:
    optimizer = optimizer_with()
    parts = [lr_scheduler.ReduceLROnPlateau(optimizer)]
    more = (parts,) if kind == "ChainedScheduler" else (optimizer, parts, [])
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau` scheduler"):
        getattr(lr_scheduler, kind)(*more)


def test_schedulers_of_two_optimizers_cannot_be_combined() -> None:
    parts = [lr_scheduler.StepLR(optimizer_with(), 2) for _ in range(2)]
    with pytest.raises(ValueError, match="expects all schedulers to belong to the same optimizer"):
        lr_scheduler.ChainedScheduler(parts)


def test_what_is_not_an_optimizer_cannot_be_scheduled() -> None:
    with pytest.raises(TypeError, match=r"^str is not an Optimizer$"):
        lr_scheduler.StepLR("SGD", 3)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_a_nested_sequence_runs_an_epoch_ahead_as_in_pytorch() -> None:
    assert nested_schedule(torch) == [0.5, 0.25, 0.25, 0.25, 0.125]


def nested_schedule(torch: Any) -> list[float]:
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    kinds = torch.optim.lr_scheduler
    half, quarter, eighth = (
        kinds.ConstantLR(optimizer, factor, total_iters=10) for factor in (0.5, 0.25, 0.125)
    )
    inner = kinds.SequentialLR(optimizer, [half, quarter], milestones=[2])
    outer = kinds.SequentialLR(optimizer, [inner, eighth], milestones=[4])
    return [optimizer.param_groups[0]["lr"], *run(outer, 4)]
