"""L-BFGS: what it finds, how often it asks, and when it stops."""

from typing import Any

import pytest

import flambeau as torch
from flambeau.optim import LBFGS
from flambeau.optim._line_search import Point, strong_wolfe


def minimise(loss_of: Any, start: list[float], steps: int, **options: Any) -> tuple[Any, Any]:
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = LBFGS([x], **options)
    calls = []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(x)
        loss.backward()
        calls.append(loss.item())
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    state = optimizer.state[x]
    assert state["func_evals"] == len(calls)
    return x, calls


def rosenbrock(x: torch.Tensor) -> torch.Tensor:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def test_a_parabola_takes_one_step() -> None:
    x, _ = minimise(lambda x: ((x - 3) ** 2).sum(), [1.0, 2.0], 1)
    assert x.tolist() == pytest.approx([3.0, 3.0], abs=1e-9)


def test_the_line_search_finds_the_end_of_a_bent_valley() -> None:
    options = {"line_search_fn": "strong_wolfe", "tolerance_change": 1e-14}
    x, _ = minimise(rosenbrock, [-1.2, 1.0], 5, **options)
    assert x.tolist() == pytest.approx([1.0, 1.0], abs=1e-6)


def test_a_step_asks_no_more_than_max_iter_or_max_eval_allow() -> None:
    _, calls = minimise(rosenbrock, [-1.2, 1.0], 1, lr=1e-3, max_iter=4)
    assert len(calls) == 4
    _, calls = minimise(rosenbrock, [-1.2, 1.0], 1, lr=1e-3, max_iter=9, max_eval=5)
    assert len(calls) == 5


def test_nothing_moves_at_a_minimum() -> None:
    x, calls = minimise(lambda x: (x**2).sum(), [0.0, 0.0], 2)
    assert x.tolist() == [0.0, 0.0]
    assert len(calls) == 2


def test_steps_stop_when_nothing_changes_any_more() -> None:
    _, calls = minimise(lambda x: (x**2).sum(), [1.0], 1, max_iter=100)
    assert len(calls) < 10


def test_the_history_is_bounded() -> None:
    x = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = LBFGS([x], lr=0.1, max_iter=8, history_size=3)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = rosenbrock(x)
        loss.backward()
        return loss

    loss = optimizer.step(closure)
    state = optimizer.state[x]
    assert loss.item() == pytest.approx(24.2)
    assert len(state["old_dirs"]) == len(state["old_stps"]) == len(state["ro"]) == 3
    assert len(state["al"]) == 3


def test_parameters_without_gradients_stay() -> None:
    a = torch.tensor([1.0], requires_grad=True)
    b = torch.tensor([[2.0]], requires_grad=True)
    optimizer = LBFGS([a, b])

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (a**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert b.tolist() == [[2.0]]
    assert a.item() == pytest.approx(0.0, abs=1e-6)


def test_there_is_one_line_search() -> None:
    with pytest.raises(RuntimeError, match=r"^only 'strong_wolfe' is supported$"):
        minimise(rosenbrock, [-1.2, 1.0], 1, line_search_fn="backtracking")


def test_there_is_one_group() -> None:
    groups = [{"params": [torch.ones(1, requires_grad=True)]} for _ in range(2)]
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        LBFGS(groups)


def test_a_closure_is_needed() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'closure'"):
        LBFGS([torch.ones(1, requires_grad=True)]).step()


def search(loss_of: Any, slope_of: Any, t: float, budget: int = 25) -> tuple[Point, int]:
    def evaluate(t: float) -> Point:
        return Point(t, loss_of(t), torch.zeros(1), slope_of(t))

    return strong_wolfe(evaluate, evaluate(0.0), t, 1e-9, budget)


@pytest.mark.parametrize("t", [1e-3, 0.3, 2.0, 100.0])
def test_the_search_satisfies_both_conditions(t: float) -> None:
    point, evaluations = search(lambda t: (t - 1) ** 4 - 1, lambda t: 4 * (t - 1) ** 3, t)
    assert point.loss <= -4e-4 * point.t
    assert abs(point.slope) <= 0.9 * 4
    assert evaluations < 25


def test_the_search_gives_up_on_a_line_that_falls_for_ever() -> None:
    point, evaluations = search(lambda t: -t, lambda t: -1.0, 1.0, budget=4)
    assert evaluations == 5
    assert point.t == 10.0**4


def test_the_search_without_budget_returns_the_better_end() -> None:
    point, evaluations = search(lambda t: t**2 - t, lambda t: 2 * t - 1, 5.0, budget=0)
    assert evaluations == 1
    assert point.t == 0.0
