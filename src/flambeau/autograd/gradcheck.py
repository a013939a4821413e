"""gradcheck: derivatives held against small differences.

For inputs x and outputs y of a function, the Jacobian dy/dx is worked out twice: by moving each
element of x a little, and by a backward from each element of y. Use float64: in float32 small
differences are mostly rounding.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flambeau.autograd.engine import grad
from flambeau.autograd.function import Operator
from flambeau.ir import dtypes
from flambeau.ir.node import leaf
from flambeau.tensor import Tensor, filled, from_node, node_of, write

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Tensors = Tensor | Sequence[Any]


class GradcheckError(RuntimeError):
    """A derivative is wrong."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensors,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether ``func``'s gradients by its inputs agree with small differences.

    ``func`` takes the inputs and gives a tensor or several. ``eps`` is the step of the
    differences; ``atol`` and ``rtol`` bound the deviation. ``fast_mode`` compares one random
    projection of each Jacobian. GradcheckError where they differ, or False unless
    ``raise_exception``. Forward-mode and batched derivatives are not supported.

    >>> import flambeau as torch
    >>> x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.sin, (x,))
    True
    """
    _check_modes(
        check_forward_ad, check_backward_ad, check_batched_grad, check_batched_forward_grad
    )
    check = _Check(func, _as_tuple(inputs), eps, atol, rtol, nondet_tol, check_grad_dtypes)
    try:
        check.run(fast_mode, check_undefined_grad)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensors,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """As :func:`gradcheck`, of the gradients: by the inputs and by ``grad_outputs``.

    ``grad_outputs`` weigh the outputs; left out, they are drawn between -1 and 1.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    given = _as_tuple(inputs)
    count = len(given)
    if grad_outputs is None:
        weights = _random_weights(_differentiable(func(*given)), gen_non_contig_grad_outputs)
    else:
        weights = tuple(x.detach().requires_grad_() for x in _as_tuple(grad_outputs))

    def gradients(*args: Any) -> tuple[Tensor, ...]:
        outputs = _differentiable(func(*args[:count]))
        wanted = [x for x in args[:count] if isinstance(x, Tensor) and x.requires_grad]
        found = grad(outputs, wanted, args[count:], create_graph=True, allow_unused=True)
        return tuple(x for x in found if x is not None)

    return gradcheck(
        gradients,
        (*given, *weights),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
    )


def _check_modes(forward: bool, backward: bool, batched: bool, batched_forward: bool) -> None:
    if not (forward or backward):
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    if batched and not backward:
        raise AssertionError(
            "Setting check_batched_grad=True requires check_backward_ad to be True"
        )
    if batched_forward and not forward:
        raise AssertionError(
            "Setting check_batched_forward_grad=True requires check_forward_ad to be True"
        )
    if forward or batched:
        raise NotImplementedError("forward-mode and batched derivatives are not supported")


def _as_tuple(tensors: Any) -> tuple[Any, ...]:
    return (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)


def _outputs(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def _differentiable(result: Any) -> tuple[Tensor, ...]:
    return tuple(x for x in _outputs(result) if x.requires_grad)


def _random_weights(outputs: tuple[Tensor, ...], strided: bool) -> tuple[Tensor, ...]:
    rng = np.random.default_rng(0)
    weights = []
    for output in outputs:
        numbers = rng.uniform(-1, 1, (*output.shape, 2 if strided else 1))
        base = Tensor._from_array(numbers.astype(output.dtype.numpy), output.dtype)
        weights.append(base.select(-1, 0).detach().requires_grad_())
    return tuple(weights)


# The check ----------------------------------------------------------------------------------


class _Check:
    """One check: the function, where it is checked, and how exactly."""

    def __init__(
        self,
        func: Callable[..., Any],
        inputs: tuple[Any, ...],
        eps: float,
        atol: float,
        rtol: float,
        nondet_tol: float,
        same_dtypes: bool,
    ) -> None:
        self.func, self.inputs = func, inputs
        self.eps, self.atol, self.rtol, self.nondet_tol = eps, atol, rtol, nondet_tol
        self.same_dtypes = same_dtypes
        self.variables = _variables(inputs)

    def run(self, fast: bool, undefined: bool) -> None:
        """Raise GradcheckError at the first thing that is wrong."""
        outputs = _differentiable(self.func(*self.inputs))
        if not outputs:
            self._check_constant()
            return
        compare = self._compare_projection if fast else self._compare
        for number, output in enumerate(outputs):
            for position, variable in enumerate(self.variables):
                compare(output, number, variable, position)
        self._check_scaling(outputs)
        if undefined:
            _check_undefined(outputs, self.variables)

    # Jacobians, one row an element of the input and one column an element of the output

    def _numerical(self, variable: Tensor, pick: Callable[[Any], tuple[Any, ...]]) -> list[Any]:
        """The Jacobians of the outputs that ``pick`` picks, by small differences."""
        values = np.array(variable.detach()._array())
        rows: list[list[np.ndarray]] = []
        try:
            for place in np.ndindex(values.shape):
                low = self._at(variable, values, place, -self.eps, pick)
                high = self._at(variable, values, place, self.eps, pick)
                pairs = zip(low, high, strict=True)
                rows.append([((b - a) / (2 * self.eps)).reshape(-1) for a, b in pairs])
        finally:
            write(variable, leaf(values, variable.dtype))
        return [np.stack(column) for column in zip(*rows, strict=True)]

    def _at(
        self,
        variable: Tensor,
        values: np.ndarray,
        place: tuple[int, ...],
        step: float,
        pick: Callable[[Any], tuple[Any, ...]],
    ) -> list[np.ndarray]:
        moved = values.copy()
        moved[place] += step
        write(variable, leaf(moved, variable.dtype))
        return [np.array(x.detach()._array()) for x in pick(self.func(*self.inputs))]

    def _analytical(self, output: Tensor, variable: Tensor) -> np.ndarray:
        """The Jacobian by one backward for each element of the output."""
        columns = []
        for place in np.ndindex(tuple(output.shape)):
            weight = np.zeros(tuple(output.shape), output.dtype.numpy)
            weight[place] = 1
            columns.append(self._vjp(output, variable, weight).reshape(-1))
        if not columns:
            return np.zeros((variable.numel(), 0), output.dtype.numpy)
        return np.stack(columns, axis=1)

    def _vjp(self, output: Tensor, variable: Tensor, weight: np.ndarray) -> np.ndarray:
        weights = Tensor._from_array(weight, output.dtype)
        (found,) = grad(output, variable, weights, retain_graph=True, allow_unused=True)
        if found is None:
            return np.zeros(tuple(variable.shape), variable.dtype.numpy)
        if self.same_dtypes and found.dtype is not variable.dtype:
            raise GradcheckError("Gradient has dtype mismatch")
        return found.detach()._array()

    def _compare(self, output: Tensor, number: int, variable: Tensor, position: int) -> None:
        pick = lambda result: (_differentiable(result)[number],)  # noqa: E731
        analytical = self._analytical(output, variable)
        numerical = analytical
        if analytical.size:
            (numerical,) = self._numerical(variable, pick)
        if not np.allclose(analytical, numerical, self.rtol, self.atol):
            raise GradcheckError(_mismatch(number, position, numerical, analytical))
        again = self._analytical(output, variable)
        if analytical.size and np.abs(analytical - again).max() > self.nondet_tol:
            raise GradcheckError(_NOT_REENTRANT.format(self.nondet_tol))

    def _compare_projection(
        self, output: Tensor, number: int, variable: Tensor, position: int
    ) -> None:
        """Compare ``u · J v`` for one random pair of vectors, of length 1 each."""
        if not variable.numel() or not output.numel():
            return
        rng = np.random.default_rng(number)
        u, v = (_unit(rng, tuple(x.shape), x.dtype.numpy) for x in (variable, output))
        values = np.array(variable.detach()._array())
        try:
            ends = []
            for step in (-self.eps, self.eps):
                write(variable, leaf((values + step * u).astype(values.dtype), variable.dtype))
                moved = _differentiable(self.func(*self.inputs))[number]
                ends.append(moved.detach()._array() * v)
        finally:
            write(variable, leaf(values, variable.dtype))
        numerical = ((ends[1] - ends[0]) / (2 * self.eps)).sum()
        first, again = ((self._vjp(output, variable, v) * u).sum() for _ in range(2))
        bound = self.atol * np.abs(u).sum() * np.abs(v).sum()
        if not np.allclose(first, numerical, self.rtol, bound):
            pick = lambda result: (_differentiable(result)[number],)  # noqa: E731
            whole = self._numerical(variable, pick)[0], self._analytical(output, variable)
            head = _mismatch(number, position, numerical, first).rstrip("\n")
            raise GradcheckError(f"{head}\n\n{_in_full(*whole)}")
        if abs(first - again) > self.nondet_tol:
            raise GradcheckError(_NOT_REENTRANT.format(self.nondet_tol))

    # What must be zero

    def _check_constant(self) -> None:
        """Outputs that require no gradient must not depend on the inputs."""
        outputs = _outputs(self.func(*self.inputs))
        places = [
            k for k, x in enumerate(outputs) if isinstance(x, Tensor) and x.is_floating_point()
        ]

        def pick(result: Any) -> tuple[Any, ...]:
            return tuple(_outputs(result)[k] for k in places)

        for variable in self.variables:
            for jacobian in self._numerical(variable, pick) if places else ():
                if not np.allclose(jacobian, 0, 0, self.atol):
                    raise GradcheckError("Numerical gradient for function expected to be zero")

    def _check_scaling(self, outputs: tuple[Tensor, ...]) -> None:
        zeros = [filled(x.shape, 0, x.dtype) for x in outputs]
        found = grad(outputs, self.variables, zeros, retain_graph=True, allow_unused=True)
        for gradient in found:
            if gradient is not None and np.any(gradient.detach()._array() != 0):
                raise GradcheckError("backward not multiplied by grad_output")


def _variables(inputs: tuple[Any, ...]) -> list[Tensor]:
    """The inputs that are differentiated; what cannot be checked well is complained of."""
    variables = []
    for number, x in enumerate(inputs):
        if not isinstance(x, Tensor) or not x.requires_grad:
            continue
        if x.dtype is not dtypes.float64:
            warnings.warn(
                f"Input #{number} requires gradient and is not a double precision floating point "
                "or complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                stacklevel=4,
            )
        if any(s == 0 and n > 1 for s, n in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(
                f"The {number}th input has a dimension with stride 0. gradcheck only supports "
                "inputs that are non-overlapping to be able to compute the numerical gradients "
                "correctly. You should call .contiguous on the input before passing it to "
                "gradcheck."
            )
        variables.append(x)
    if not variables:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    return variables


class _Undefined(Operator):
    """The identity, whose gradient is lost."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        return from_node(node_of(input))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> None:
        return None


def _check_undefined(outputs: tuple[Tensor, ...], variables: list[Tensor]) -> None:
    """Where no gradient comes in, none (or zeros) must go out."""
    for lost in (*((x,) for x in outputs), outputs):
        wrapped = [_Undefined.apply(x) for x in lost]
        weights = [filled(x.shape, 1, x.dtype) for x in wrapped]
        found = grad(wrapped, variables, weights, retain_graph=True, allow_unused=True)
        for gradient in found:
            if gradient is not None and np.any(gradient.detach()._array() != 0):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are "
                    'undefined or zero. Please look at "Notes about undefined output gradients" '
                    'in "tools/autograd/derivatives.yaml"'
                )


def _unit(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    numbers = np.asarray(rng.uniform(0, 1, shape))
    return (numbers / max(np.sqrt((numbers**2).sum()), 1e-30)).astype(dtype)


# What is said -------------------------------------------------------------------------------


def _mismatch(output: int, input: int, numerical: Any, analytical: Any) -> str:
    return (
        f"Jacobian mismatch for output {output} with respect to input {input},\n"
        f"numerical:{_shown(numerical)}\nanalytical:{_shown(analytical)}\n"
    )


def _shown(value: Any) -> str:
    return repr(Tensor._from_array(value)) if np.ndim(value) else str(float(value))


def _in_full(numerical: np.ndarray, analytical: np.ndarray) -> str:
    return (
        "The above quantities relating the numerical and analytical jacobians are computed \n"
        "in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n"
        "about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:\n\n"
        f"Numerical:\n {_shown(numerical)}\nAnalytical:\n{_shown(analytical)}\n\n"
        "The max per-element difference (slow mode) is: "
        f"{np.abs(numerical - analytical).max()}.\n"
    )


_NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
    "times gives different values, although analytical gradient matches numerical gradient."
    "The tolerance for nondeterminism was {}."
)
