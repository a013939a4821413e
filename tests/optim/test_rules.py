"""The update rules: pure, traced once whatever the numbers do, and right by hand."""

from typing import Any

import pytest

import flambeau as torch
from flambeau.ops import composite
from flambeau.optim._muon import orthogonalize
from flambeau.optim.sgd import sgd_update

RULED = [
    "SGD",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "RAdam",
    "Adagrad",
    "Adadelta",
    "RMSprop",
    "Rprop",
    "ASGD",
    "Adafactor",
    "Muon",
]


def counted(name: str) -> tuple[type, list[int]]:
    """Return an optimizer whose rule notes each time that its body is traced."""
    kind = getattr(torch.optim, name)
    traces: list[int] = []

    def body(*args: Any) -> Any:
        traces.append(1)
        return kind.rule.__wrapped__(*args)

    return type(name, (kind,), {"rule": staticmethod(composite(body))}), traces


@pytest.mark.parametrize("name", RULED)
def test_neither_steps_nor_schedules_trace_a_rule_again(name: str) -> None:
    kind, traces = counted(name)
    params = [torch.ones(3, 2, requires_grad=True) for _ in range(3)]
    options = {"momentum": 0.9} if name in {"SGD", "RMSprop"} else {}
    optimizer = kind(params, lr=0.1, **options)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for _ in range(12):
        for param in params:
            param.grad = torch.full((3, 2), 0.5)
        optimizer.step()
        scheduler.step()
    assert len(traces) == 1


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_cycle_of_the_momentum_traces_nothing_again(name: str) -> None:
    kind, traces = counted(name)
    param = torch.ones(2, requires_grad=True)
    optimizer = kind([param], lr=0.1, **({"momentum": 0.9} if name == "SGD" else {}))
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=12)
    for _ in range(11):
        param.grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
    assert len(traces) == 1


def test_an_option_that_is_off_is_not_in_the_rule() -> None:
    kind, traces = counted("SGD")
    param = torch.ones(2, requires_grad=True)
    for weight_decay in (0, 0.1, 0.2, 0.0):
        param.grad = torch.ones(2)
        kind([param], lr=0.1, weight_decay=weight_decay).step()
    assert len(traces) == 2


def test_a_rule_leaves_its_arguments_alone() -> None:
    param, grad, velocity = torch.ones(2), torch.full((2,), 3.0), torch.full((2,), 2.0)
    new, new_velocity = sgd_update(param, grad, velocity, 0.5, 0.5, 1.0, None, False)
    assert (param.tolist(), grad.tolist(), velocity.tolist()) == ([1, 1], [3, 3], [2, 2])
    assert (new.tolist(), new_velocity.tolist()) == ([-1.0, -1.0], [4.0, 4.0])


def test_the_first_steps_of_adam_have_the_length_of_the_learning_rate() -> None:
    w = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1)
    for step in (1, 2, 3):
        w.grad = torch.tensor([1e-3, -1.0, 1e3])
        optimizer.step()
        assert w.tolist() == pytest.approx([-0.1 * step, 0.1 * step, -0.1 * step], rel=1e-4)


def test_decoupled_decay_does_not_enter_the_averages() -> None:
    w = torch.tensor([2.0], requires_grad=True)
    w.grad = torch.zeros(1)
    optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    optimizer.step()
    assert w.item() == pytest.approx(1.9)
    assert optimizer.state[w]["exp_avg"].item() == 0.0


def test_rprop_waits_where_the_sign_flips() -> None:
    w = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Rprop([w], lr=0.1)
    for gradient in ([1.0, 1.0], [1.0, -1.0], [1.0, -1.0]):
        w.grad = torch.tensor(gradient)
        optimizer.step()
    # grows: 0.1, 0.12, 0.144; flips: 0.1, waits and shrinks to 0.05, goes back by 0.05
    assert w.tolist() == pytest.approx([-0.364, -0.05])


def test_asgd_averages_from_t0_on() -> None:
    w = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.ASGD([w], lr=1.0, lambd=0.0, t0=1)
    path, averages = [], []
    for _ in range(4):
        w.grad = -torch.ones(1)
        optimizer.step()
        path.append(w.item())
        averages.append(optimizer.state[w]["ax"].item())
    assert path == [1.0, 2.0, 3.0, 4.0]
    assert averages == pytest.approx([1.0, 2.0, 3.0, 3.5])


@pytest.mark.parametrize("shape", [(3, 3), (3, 8), (8, 3)])
def test_muon_makes_singular_values_alike(shape: tuple[int, int]) -> None:
    matrix = torch.zeros(shape)
    for index, value in enumerate((1.0, 0.3, 0.1)):
        matrix[index, index] = value
    result = orthogonalize(matrix, (3.4445, -4.7750, 2.0315), 5, 1e-7)
    assert result.shape == shape
    values = [result[index, index].item() for index in range(3)]
    assert 0.65 < min(values) <= max(values) < 1.25
    assert result.abs().sum().item() == pytest.approx(sum(values))


def test_adafactor_keeps_rows_and_columns_of_a_matrix() -> None:
    w = torch.ones(4, 3, requires_grad=True)
    w.grad = torch.ones(4, 3)
    optimizer = torch.optim.Adafactor([w])
    optimizer.step()
    state = optimizer.state[w]
    assert (state["row_var"].shape, state["col_var"].shape) == ((4, 1), (1, 3))
    assert "variance" not in state
