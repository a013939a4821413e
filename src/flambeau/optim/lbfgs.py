"""L-BFGS, the quasi-Newton method with limited memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import ops
from flambeau.autograd import enable_grad, no_grad
from flambeau.optim._checks import check, check_lr
from flambeau.optim._line_search import Point, strong_wolfe
from flambeau.optim.optimizer import Group, Optimizer, ParamsT, State
from flambeau.tensor import Tensor

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Newton's method with the curvature estimated from the last gradients.

    Liu & Nocedal, *On the limited memory BFGS method for large scale optimization*, 1989. Each
    `step` runs up to `max_iter` iterations, and calls the closure for each of them.

    Args:
        params: the parameters to optimize; groups are not supported.
        lr: length of a step, or the first one tried by the line search.
        max_iter: the bound on iterations in a step.
        max_eval: the bound on calls of the closure in a step; by default ``max_iter * 5 // 4``.
        tolerance_grad: stop when no component of the gradient is larger.
        tolerance_change: stop when neither the parameters nor the loss change by more.
        history_size: number of past steps that the curvature is estimated from.
        line_search_fn: None or "strong_wolfe".

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w])
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 3) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(5., grad_fn=<SumBackward0>)
    >>> [round(value, 4) for value in w.tolist()]
    [3.0, 3.0]
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        check(
            len(self.param_groups) == 1,
            "LBFGS doesn't support per-parameter options (parameter groups)",
        )

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:
        """Run up to `max_iter` iterations.

        Args:
            closure: clears the gradients, evaluates the model, calls `backward`, returns the loss.

        Returns:
            The loss that the first call of the closure returned.
        """
        [group] = self.param_groups
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss, loss, grad = self._evaluate(closure)
        state["func_evals"] += 1
        evaluations = 1
        if _largest(grad) <= group["tolerance_grad"]:
            return first_loss
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            _choose_direction(state, grad, loss, group)
            point = Point(0.0, loss, grad, float(grad.dot(state["d"])))
            if point.slope > -group["tolerance_change"]:
                break
            last = iteration == group["max_iter"]
            budget = min(25, group["max_eval"] - evaluations)
            point, count = self._move(closure, state, point, group, last, budget)
            loss, grad = point.loss, point.grad
            state["t"] = point.t
            state["func_evals"] += count
            evaluations += count
            moved = _largest(state["d"]) * abs(point.t)
            if (
                last
                or evaluations >= group["max_eval"]
                or _largest(grad) <= group["tolerance_grad"]
                or moved <= group["tolerance_change"]
                or abs(loss - state["prev_loss"]) < group["tolerance_change"]
            ):
                break
        return first_loss

    def _move(
        self,
        closure: Callable[[], Any],
        state: State,
        start: Point,
        group: Group,
        last: bool,
        budget: int,
    ) -> tuple[Point, int]:
        """Move the parameters along the direction; return where to, and the evaluations made."""
        origin, direction = self._flat_params(), state["d"]

        def evaluate(t: float) -> Point:
            self._set_params(origin + t * direction)
            _, loss, grad = self._evaluate(closure)
            return Point(t, loss, grad, float(grad.dot(direction)))

        if group["line_search_fn"] is None:
            if not last:
                return evaluate(state["t"]), 1
            # Nobody would look at the loss after the last step of all.
            self._set_params(origin + state["t"] * direction)
            return start._replace(t=state["t"]), 0
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        smallest = group["tolerance_change"] / _largest(direction)
        point, count = strong_wolfe(evaluate, start, state["t"], smallest, budget)
        self._set_params(origin + point.t * direction)
        return point, count

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, float, Tensor]:
        with enable_grad():
            loss = closure()
        return loss, float(loss), self._flat_grad()

    def _flat_grad(self) -> Tensor:
        params = self.param_groups[0]["params"]
        grads = [ops.zeros_like(param) if param.grad is None else param.grad for param in params]
        return ops.cat([grad.reshape(-1) for grad in grads])

    def _flat_params(self) -> Tensor:
        return ops.cat([param.detach().reshape(-1) for param in self.param_groups[0]["params"]])

    def _set_params(self, flat: Tensor) -> None:
        params = self.param_groups[0]["params"]
        pieces = flat.split([param.numel() for param in params])
        for param, piece in zip(params, pieces, strict=True):
            param.copy_(piece.view_as(param))


def _choose_direction(state: State, grad: Tensor, loss: float, group: Group) -> None:
    """Write the direction and the length of the next step into `state`."""
    length = float(group["lr"])
    if state["n_iter"] == 1:
        state.update(d=-grad, old_dirs=[], old_stps=[], ro=[], H_diag=1)
        length *= min(1.0, 1.0 / float(grad.abs().sum()))
    else:
        _remember(state, grad, group["history_size"])
        state["d"], alphas = quasi_newton_direction(
            grad, state["old_stps"], state["old_dirs"], state["ro"], state["H_diag"]
        )
        state["al"] = alphas + [None] * (group["history_size"] - len(alphas))
    state["t"] = length
    state["prev_flat_grad"] = grad.clone()
    state["prev_loss"] = loss


def _remember(state: State, grad: Tensor, history_size: int) -> None:
    """Add the last step, and the change of the gradient over it, to the history."""
    change = grad - state["prev_flat_grad"]
    step = state["d"] * state["t"]
    curvature = change.dot(step)
    if float(curvature) <= 1e-10:
        return
    histories = (state["old_stps"], state["old_dirs"], state["ro"])
    for history, value in zip(histories, (step, change, 1.0 / curvature), strict=True):
        if len(history) == history_size:
            history.pop(0)
        history.append(value)
    state["H_diag"] = curvature / change.dot(change)


def quasi_newton_direction(
    grad: Tensor,
    steps: list[Tensor],
    changes: list[Tensor],
    inverse_curvatures: list[Tensor],
    scale: float | Tensor,
) -> tuple[Tensor, list[Tensor]]:
    """Multiply ``-grad`` by the estimated inverse Hessian, by the two-loop recursion.

    Nocedal & Wright, *Numerical optimization*, algorithm 7.4. `scale` is the first estimate of the
    inverse Hessian; the second result holds the coefficients of the first loop.
    """
    history = list(zip(steps, changes, inverse_curvatures, strict=True))
    direction = -grad
    alphas: list[Tensor] = []
    for step, change, inverse in reversed(history):
        alpha = step.dot(direction) * inverse
        direction = direction - alpha * change
        alphas.insert(0, alpha)
    direction = direction * scale
    for (step, change, inverse), alpha in zip(history, alphas, strict=True):
        beta = change.dot(direction) * inverse
        direction = direction + (alpha - beta) * step
    return direction, alphas


def _largest(value: Tensor) -> float:
    return float(value.abs().max())
