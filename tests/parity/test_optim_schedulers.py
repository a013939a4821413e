"""Learning rate schedulers beside PyTorch's: resuming, jumping, tensors, and what they save."""

import json
import warnings
from functools import partial
from typing import Any

import pytest

import flambeau
from tools.golden import optim_cases as cases

torch = pytest.importorskip("torch")

CASES = [case for case in cases.SCHEDULERS if not case.startswith("plateau")]
ALL = [*cases.SCHEDULERS, *cases.COMBINED]
LIBRARIES = (torch, flambeau)


def plain(value: Any) -> Any:
    """Make what a scheduler saves comparable across libraries."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if not callable(item)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, torch.Tensor | flambeau.Tensor):
        return pytest.approx(value.item(), rel=1e-6)
    return value


@pytest.mark.parametrize("case", ALL)
def test_state_dicts_are_equal(case: str) -> None:
    saved = []
    for library in LIBRARIES:
        optimizer = cases.make_scheduled_optimizer(library)
        scheduler = cases.make_scheduler(library, case, optimizer)
        for epoch in range(5):
            optimizer.step()
            cases.step_scheduler(scheduler, epoch)
        saved.append((plain(scheduler.state_dict()), plain(optimizer.state_dict())))
    assert saved[0] == saved[1]


@pytest.mark.parametrize("case", ALL)
def test_a_state_dict_of_pytorch_resumes_here(case: str) -> None:
    theirs = cases.make_scheduled_optimizer(torch)
    their_scheduler = cases.make_scheduler(torch, case, theirs)
    for epoch in range(9):
        theirs.step()
        cases.step_scheduler(their_scheduler, epoch)
    ours = cases.make_scheduled_optimizer(flambeau)
    our_scheduler = cases.make_scheduler(flambeau, case, ours)
    ours.load_state_dict(theirs.state_dict())
    our_scheduler.load_state_dict(their_scheduler.state_dict())
    for epoch in range(9, 30):
        ours.step()
        theirs.step()
        cases.step_scheduler(our_scheduler, epoch)
        cases.step_scheduler(their_scheduler, epoch)
        assert cases.options_now(ours) == pytest.approx(cases.options_now(theirs), rel=1e-13)


@pytest.mark.parametrize("last_epoch", [0, 1, 2, 4, 5, 6, 8, 12, 13])
@pytest.mark.parametrize("case", CASES)
def test_a_schedule_made_with_last_epoch_goes_on_as_in_pytorch(case: str, last_epoch: int) -> None:
    rows = []
    for library in LIBRARIES:
        first = cases.make_scheduled_optimizer(library)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            scheduler = cases.make_scheduler(library, case, first)
            for epoch in range(last_epoch):
                cases.step_scheduler(scheduler, epoch)
        second = cases.make_scheduled_optimizer(library)
        second.load_state_dict(first.state_dict())
        scheduler = cases.make_scheduler(library, case, second, last_epoch=last_epoch)
        lines = [cases.options_now(second)]
        for epoch in range(last_epoch, 20):
            second.step()
            cases.step_scheduler(scheduler, epoch)
            lines.append(cases.options_now(second))
        rows.append(lines)
    assert len(rows[0]) == len(rows[1])
    for expected, actual in zip(*rows, strict=True):
        assert actual == pytest.approx(expected, rel=1e-13, abs=1e-17)


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize("case", CASES)
def test_jumping_to_an_epoch_goes_where_pytorch_goes(case: str) -> None:
    rows = []
    for library in LIBRARIES:
        optimizer = cases.make_scheduled_optimizer(library)
        scheduler = cases.make_scheduler(library, case, optimizer)
        optimizer.step()
        lines = []
        for epoch in (7, 3, 0, 12, 33):
            scheduler.step(epoch)
            lines.append(cases.options_now(optimizer))
            scheduler.step()
            lines.append(cases.options_now(optimizer))
        rows.append(lines)
    for expected, actual in zip(*rows, strict=True):
        assert actual == pytest.approx(expected, rel=1e-13, abs=1e-17)


def test_restarts_take_fractions_of_an_epoch() -> None:
    rows = []
    for library in LIBRARIES:
        optimizer = cases.make_scheduled_optimizer(library)
        for case in ("restarts", "restarts-longer"):
            scheduler = cases.make_scheduler(library, case, optimizer)
            for quarter in range(90):
                scheduler.step(quarter / 4)
                rows.append((library is torch, cases.options_now(optimizer), scheduler.T_cur))
    expected = [row[1:] for row in rows if row[0]]
    actual = [row[1:] for row in rows if not row[0]]
    for (theirs, their_t), (ours, our_t) in zip(expected, actual, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-13, abs=1e-17)
        assert our_t == pytest.approx(their_t)


@pytest.mark.parametrize("case", [case for case in ALL if "cycl" not in case])
def test_a_learning_rate_that_is_a_tensor_is_scheduled_in_place(case: str) -> None:
    rows = []
    for library in LIBRARIES:
        param = library.ones(1, requires_grad=True)
        other = library.ones(1, requires_grad=True)
        rates = [library.tensor(0.1), library.tensor(0.3)]
        groups = [{"params": [param], "lr": rates[0]}, {"params": [other], "lr": rates[1]}]
        optimizer = library.optim.SGD(groups, momentum=0.9)
        scheduler = cases.make_scheduler(library, case, optimizer)
        lines = []
        for epoch in range(12):
            optimizer.step()
            cases.step_scheduler(scheduler, epoch)
            lines.append([rate.item() for rate in rates])
            assert [rate.item() for rate in scheduler.get_last_lr()] == lines[-1]
        assert optimizer.param_groups[0]["lr"] is rates[0]
        rows.append(lines)
    for expected, actual in zip(*rows, strict=True):
        assert actual == pytest.approx(expected, rel=1e-6)


def messages(library: Any, act: Any) -> list[tuple[str, str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act(library)
    return [(type(w.message).__name__, str(w.message)) for w in caught]


def step_too_early(library: Any) -> None:
    optimizer = cases.make_scheduled_optimizer(library)
    scheduler = cases.make_scheduler(library, "step", optimizer)
    scheduler.step()
    scheduler.step()


def override_step(library: Any) -> None:
    optimizer = cases.make_scheduled_optimizer(library)
    scheduler = cases.make_scheduler(library, "step", optimizer)
    step = optimizer.step
    optimizer.step = lambda: step()
    optimizer.step()
    scheduler.step()


def call_get_lr(library: Any) -> None:
    optimizer = cases.make_scheduled_optimizer(library)
    for case in CASES:
        cases.make_scheduler(library, case, optimizer).get_lr()


def step_to_an_epoch(library: Any) -> None:
    optimizer = cases.make_scheduled_optimizer(library)
    cases.make_scheduler(library, "step", optimizer).step(3)
    cases.make_scheduler(library, "plateau", optimizer).step(1.0, 3)


def step_as_told(library: Any) -> None:
    optimizer = cases.make_scheduled_optimizer(library)
    scheduler = cases.make_scheduler(library, "step", optimizer)
    optimizer.step()
    scheduler.step()


@pytest.mark.parametrize(
    "act", [step_too_early, override_step, call_get_lr, step_to_an_epoch, step_as_told]
)
def test_warnings_are_those_of_pytorch(act: Any) -> None:
    assert messages(flambeau, act) == messages(torch, act)


def too_many_steps(library: Any, optimizer: Any) -> None:
    scheduler = cases.make_scheduler(library, "one-cycle", optimizer)
    for epoch in range(70):
        optimizer.step()
        cases.step_scheduler(scheduler, epoch)


def negative_epoch(library: Any, optimizer: Any) -> None:
    cases.make_scheduler(library, "restarts", optimizer).step(-1)


def no_momentum(library: Any, optimizer: Any) -> None:
    plain = cases.make_scheduled_optimizer(library, "Adagrad")
    cases.make_scheduler(library, "cyclic", plain)


def no_momentum_for_one_cycle(library: Any, optimizer: Any) -> None:
    plain = cases.make_scheduled_optimizer(library, "Adagrad")
    cases.make_scheduler(library, "one-cycle", plain)


def group_after_plateau(library: Any, optimizer: Any) -> None:
    scheduler = cases.make_scheduler(library, "plateau-max", optimizer)
    optimizer.add_param_group({"params": [library.ones(1, requires_grad=True)]})
    for _ in range(9):
        scheduler.step(0.0)


def plateau_in_sequence(library: Any, optimizer: Any) -> None:
    part = cases.make_scheduler(library, "plateau", optimizer)
    library.optim.lr_scheduler.SequentialLR(optimizer, [part], [])


def plateau_in_chain(library: Any, optimizer: Any) -> None:
    part = cases.make_scheduler(library, "plateau", optimizer)
    library.optim.lr_scheduler.ChainedScheduler([part])


def empty_chain(library: Any, optimizer: Any) -> None:
    library.optim.lr_scheduler.ChainedScheduler([])


def chain_of_others(library: Any, optimizer: Any) -> None:
    library.optim.lr_scheduler.ChainedScheduler([3], optimizer)


def two_optimizers(library: Any, optimizer: Any) -> None:
    other = cases.make_scheduled_optimizer(library)
    parts = [cases.make_scheduler(library, "step", each) for each in (optimizer, other)]
    library.optim.lr_scheduler.ChainedScheduler(parts)


def two_optimizers_in_sequence(library: Any, optimizer: Any) -> None:
    other = cases.make_scheduled_optimizer(library)
    parts = [cases.make_scheduler(library, "step", each) for each in (optimizer, other)]
    library.optim.lr_scheduler.SequentialLR(optimizer, parts, [3])


def wrong_milestones(library: Any, optimizer: Any) -> None:
    parts = [cases.make_scheduler(library, "step", optimizer)]
    library.optim.lr_scheduler.SequentialLR(optimizer, parts, [3])


def not_an_optimizer(library: Any, optimizer: Any) -> None:
    library.optim.lr_scheduler.StepLR("SGD", 3)


def plateau_without_optimizer(library: Any, optimizer: Any) -> None:
    library.optim.lr_scheduler.ReduceLROnPlateau(None)


def cyclic_without_optimizer(library: Any, optimizer: Any) -> None:
    library.optim.lr_scheduler.CyclicLR([], 0.1, 0.2)


def bare_scheduler(library: Any, optimizer: Any) -> None:
    library.optim.lr_scheduler.LRScheduler(optimizer)


@pytest.mark.parametrize(
    "act",
    [
        too_many_steps,
        negative_epoch,
        no_momentum,
        no_momentum_for_one_cycle,
        group_after_plateau,
        plateau_in_sequence,
        plateau_in_chain,
        empty_chain,
        chain_of_others,
        two_optimizers,
        two_optimizers_in_sequence,
        wrong_milestones,
        not_an_optimizer,
        plateau_without_optimizer,
        cyclic_without_optimizer,
        bare_scheduler,
    ],
)
def test_errors_are_those_of_pytorch(act: Any) -> None:
    expected, actual = (
        cases.error_of(partial(act, library, cases.make_scheduled_optimizer(library)))
        for library in LIBRARIES
    )
    assert expected is not None
    assert actual == expected


class Callable:
    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, epoch: float) -> float:
        return self.rate**epoch


@pytest.mark.parametrize("name", ["LambdaLR", "MultiplicativeLR"])
def test_callable_objects_are_saved_as_pytorch_saves_them(name: str) -> None:
    saved = []
    for library in LIBRARIES:
        kind = getattr(library.optim.lr_scheduler, name)
        functions = [Callable(0.5), lambda epoch: 1.0]
        scheduler = kind(cases.make_scheduled_optimizer(library), functions)
        saved.append(scheduler.state_dict())
        other = kind(cases.make_scheduled_optimizer(library), [Callable(0.1), lambda epoch: 1.0])
        other.load_state_dict(json.loads(json.dumps(saved[-1])))
        assert other.lr_lambdas[0].rate == 0.5
    assert saved[0] == saved[1]


def test_a_callable_scale_is_saved_as_pytorch_saves_it() -> None:
    saved = []
    for library in LIBRARIES:
        optimizer = cases.make_scheduled_optimizer(library)
        kind = library.optim.lr_scheduler.CyclicLR
        scheduler = kind(optimizer, 0.1, 0.5, scale_fn=Callable(0.5))
        saved.append(scheduler.state_dict())
        other = kind(optimizer, 0.1, 0.5, scale_fn=Callable(0.1))
        other.load_state_dict(json.loads(json.dumps(saved[-1])))
        assert other.scale_fn(2) == 0.25
    assert saved[0] == saved[1]
