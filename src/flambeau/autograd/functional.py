"""Jacobians, Hessians and their products with vectors, of functions of tensors.

Products with a vector on the right (``jvp``, ``hvp``) come from two backward passes: the product
``v J`` is linear in ``v``, and its derivative with respect to ``v``, times ``u``, is ``J u``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.autograd.engine import grad
from flambeau.autograd.function import Operator
from flambeau.autograd.modes import enable_grad
from flambeau.ir.primitives.movement import CONCAT
from flambeau.tensor import Tensor, emit, filled

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = Tensor | tuple[Tensor, ...]
Gradients = tuple[Tensor | None, ...]


def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)``, and the product of the vector ``v`` with its Jacobian.

    ``v`` has the form of the outputs; it may be left out when there is one element only. With
    ``create_graph`` the results can be differentiated; ``strict`` makes an input that does not
    matter an error instead of zeros.

    >>> import flambeau as torch
    >>> torch.autograd.functional.vjp(lambda x: x * x, torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        points, outputs, single_input, single_output = _evaluate(func, inputs, "vjp", create_graph)
        _check_depends(outputs, "outputs", strict)
        if v is None and (len(outputs) != 1 or outputs[0].numel() != 1):
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single "
                "Tensor with a single element."
            )
        vectors = _vectors(v, outputs, single_output)
        found = _gradients(outputs, points, vectors, create_graph)
        _check_found(found, "back", strict)
        products = _zeros_for(found, points)
    outputs, products = _finish(outputs, create_graph), _finish(products, create_graph)
    return _unwrap(outputs, single_output), _unwrap(products, single_input)


def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)``, and the product of its Jacobian with the vector ``v``.

    ``v`` has the form of the inputs; it may be left out when there is one element only.
    """
    with enable_grad():
        points, outputs, single_input, single_output = _evaluate(func, inputs, "jvp", create_graph)
        _check_single_input(v, points)
        vectors = _vectors(v, points, single_input)
        _check_depends(outputs, "outputs", strict)
        dummies = tuple(filled(y.shape, 0, y.dtype).requires_grad_() for y in outputs)
        found = _gradients(outputs, points, dummies, True)
        _check_found(found, "back", strict)
        linear = _zeros_for(found, points)
        twice = _gradients(linear, dummies, vectors, create_graph)
        _check_found(twice, "back_trick", strict)
        products = _zeros_for(twice, outputs)
    outputs, products = _finish(outputs, create_graph), _finish(products, create_graph)
    return _unwrap(outputs, single_output), _unwrap(products, single_output)


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivatives of each element of the outputs by each element of the inputs.

    One tensor of shape (output's, input's); a tuple over inputs or outputs, where ``func`` takes
    or returns a tuple (outputs outermost). ``vectorize`` and ``strategy`` change nothing.

    >>> import flambeau as torch
    >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    _refuse_strict(strict, vectorize, strategy)
    with enable_grad():
        points, outputs, single_input, single_output = _evaluate(
            func, inputs, "jacobian", create_graph
        )
        _check_depends(outputs, "outputs", strict)
        rows = tuple(
            _jacobian_of(output, number, points, create_graph, strict)
            for number, output in enumerate(outputs)
        )
    rows = tuple(_finish(row, create_graph) for row in rows)
    if single_input:
        return _unwrap(tuple(row[0] for row in rows), single_output)
    return _unwrap(rows, single_output)


def _refuse_strict(strict: bool, vectorize: bool, strategy: str) -> None:
    if strict and strategy == "forward-mode":
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` '
            "are not supported together (yet). Please either set `strict=False` or "
            '`strategy="reverse-mode"`.'
        )
    if strict and vectorize:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
            "supported together. Please either set `strict=False` or `vectorize=False`."
        )


def _jacobian_of(
    output: Tensor, number: int, points: tuple[Tensor, ...], create_graph: bool, strict: bool
) -> tuple[Tensor, ...]:
    """The Jacobian of one output by each input, an element of the output at a time."""
    columns: list[list[Tensor]] = [[] for _ in points]
    for element in output.reshape(-1):
        found = _gradients((element,), points, None, create_graph)
        for position, (gradient, point) in enumerate(zip(found, points, strict=True)):
            _check_row(gradient, position, number, strict, create_graph)
            columns[position].append(_zeros_for((gradient,), (point,))[0])
    return tuple(
        _stacked(column, point).reshape(output.shape + point.shape)
        for column, point in zip(columns, points, strict=True)
    )


def _check_row(
    gradient: Tensor | None, position: int, number: int, strict: bool, create_graph: bool
) -> None:
    if not strict:
        return
    if gradient is None:
        raise RuntimeError(
            f"Output {number} of the user-provided function is independent of input {position}. "
            "This is not allowed in strict mode."
        )
    if create_graph and not gradient.requires_grad:
        raise RuntimeError(
            "The jacobian of the user-provided function is independent of "
            f"input {position}. This is not allowed in strict mode when create_graph=True."
        )


def _stacked(rows: list[Tensor], like: Tensor) -> Tensor:
    return _Stack.apply(*rows) if rows else filled((0, *like.shape), 0, like.dtype)


class _Stack(Operator):
    """Tensors of one shape as the rows of one."""

    @staticmethod
    def forward(ctx: Any, *rows: Tensor) -> Tensor:
        shaped = [row.reshape((1, *row.shape)) for row in rows]
        return emit(CONCAT, *shaped, axis=0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        return tuple(grad.unbind(0))


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function whose result is one element.

    A tensor of shape (input's, input's); for a tuple of inputs a tuple of tuples.

    >>> import flambeau as torch
    >>> torch.autograd.functional.hessian(lambda x: x.prod(), torch.tensor([2.0, 3.0]))
    tensor([[0., 1.],
            [1., 0.]])
    """
    single = isinstance(inputs, Tensor)

    def gradient(*points: Tensor) -> Any:
        outputs = func(*points)
        _check_scalar(outputs, "hessian")
        found = _gradients((outputs,), points, None, True) if outputs.requires_grad else None
        if found is None:
            found = (None,) * len(points)
        for position, value in enumerate(found):
            _check_gradient(value, position, strict, outputs)
        return _unwrap(_zeros_for(found, points), single)

    with enable_grad():
        return jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def _check_gradient(value: Tensor | None, position: int, strict: bool, outputs: Tensor) -> None:
    if not strict:
        return
    if not outputs.requires_grad:
        raise RuntimeError(
            "Output 0 of the user-provided function does not require gradients. The outputs must "
            "be computed in a differentiable manner from the input when running in strict mode."
        )
    if value is None:
        raise RuntimeError(
            f"The output of the user-provided function is independent of input {position}. This "
            "is not allowed in strict mode."
        )
    if not value.requires_grad:
        raise RuntimeError(
            "While computing the hessian, found that the jacobian of the user-provided function "
            f"with respect to input {position} is independent of the input. This is not allowed "
            "in strict mode. You should ensure that your function is twice differentiable and "
            "that the jacobian depends on the inputs (this would be violated by a linear function "
            "for example)."
        )


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)``, of one element, and the product of ``v`` with its Hessian."""
    with enable_grad():
        points, output, first, single = _first_derivatives(func, inputs, "vhp", strict)
        _check_single_input(v, points)
        vectors = _vectors(v, points, single)
        found = _gradients(first, points, vectors, create_graph)
        _check_found(found, "double_back", strict)
        products = _zeros_for(found, points)
    (value,), products = _finish((output,), create_graph), _finish(products, create_graph)
    return value, _unwrap(products, single)


def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``func(*inputs)``, of one element, and the product of its Hessian with ``v``.

    The Hessian is symmetric, so this is ``vhp``.
    """
    with enable_grad():
        points, output, first, single = _first_derivatives(func, inputs, "hvp", strict)
        _check_single_input(v, points)
        vectors = _vectors(v, points, single)
        found = _gradients(first, points, vectors, create_graph)
        _check_found(found, "double_back", strict)
        products = _zeros_for(found, points)
    (value,), products = _finish((output,), create_graph), _finish(products, create_graph)
    return value, _unwrap(products, single)


def _first_derivatives(
    func: Callable[..., Any], inputs: Tensors, name: str, strict: bool
) -> tuple[tuple[Tensor, ...], Tensor, tuple[Tensor, ...], bool]:
    points, outputs, single, single_output = _evaluate(func, inputs, name, True)
    _check_scalar(outputs[0] if single_output else outputs, name)
    _check_depends(outputs, "outputs", strict)
    found = _gradients(outputs, points, None, True)
    for position, value in enumerate(found):
        _check_gradient(value, position, strict, outputs[0])
    return points, outputs[0], _zeros_for(found, points), single


# What they share ----------------------------------------------------------------------------


def _evaluate(
    func: Callable[..., Any], inputs: Tensors, name: str, create_graph: bool
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], bool, bool]:
    """The inputs as tensors to differentiate by, and the outputs; whether each is a lone one."""
    given = _tensors(inputs, "inputs", name)
    points = tuple(_point(x, create_graph) for x in given)
    result = func(*points)
    outputs = _tensors(result, "outputs of the user-provided function", name)
    return points, outputs, isinstance(inputs, Tensor), isinstance(result, Tensor)


def _point(x: Tensor, create_graph: bool) -> Tensor:
    """The input as a tensor of its own, which leads back to it when a graph is kept."""
    if create_graph and x.requires_grad:
        return x.view_as(x)
    return x.detach().requires_grad_()


def _tensors(values: Any, what: str, name: str) -> tuple[Tensor, ...]:
    if isinstance(values, Tensor):
        return (values,)
    where = f"The {what} given to {name} must be either a Tensor or a tuple of Tensors"
    if not isinstance(values, tuple):
        raise TypeError(f"{where} but the given {what} has type {type(values)}.")
    for position, value in enumerate(values):
        if not isinstance(value, Tensor):
            raise TypeError(f"{where} but the value at index {position} has type {type(value)}.")
    return values


def _vectors(v: Any, like: tuple[Tensor, ...], single: bool) -> tuple[Tensor, ...]:
    """``v`` checked against the tensors it multiplies; ones when it was left out."""
    if v is None:
        return tuple(filled(x.shape, 1, x.dtype) for x in like)
    vectors = _tensors(v, "v", "")
    if len(vectors) != len(like):
        if single:
            raise RuntimeError("The given v should contain a single Tensor.")
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}."
        )
    for position, (vector, x) in enumerate(zip(vectors, like, strict=True)):
        if vector.shape != x.shape:
            entry = f"Entry {position} in " if len(vectors) > 1 else ""
            raise RuntimeError(
                f"{entry}v has invalid size: should be {x.shape} but got {vector.shape}."
            )
    return vectors


def _gradients(
    outputs: tuple[Tensor, ...],
    inputs: tuple[Tensor, ...],
    vectors: tuple[Tensor, ...] | None,
    create_graph: bool,
) -> Gradients:
    """The gradients, None for an input that does not matter."""
    chosen = [number for number, output in enumerate(outputs) if output.requires_grad]
    if not chosen:
        return (None,) * len(inputs)
    weights = None if vectors is None else [vectors[number] for number in chosen]
    return grad(
        [outputs[number] for number in chosen],
        inputs,
        weights,
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )


def _zeros_for(found: Gradients, like: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(
        filled(x.shape, 0, x.dtype) if gradient is None else gradient
        for gradient, x in zip(found, like, strict=True)
    )


def _finish(tensors: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    return tensors if create_graph else tuple(x.detach() for x in tensors)


def _unwrap(values: tuple[Any, ...], single: bool) -> Any:
    return values[0] if single else values


def _check_scalar(outputs: Any, name: str) -> None:
    if not isinstance(outputs, Tensor):
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs.numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )


def _check_single_input(v: Any, points: tuple[Tensor, ...]) -> None:
    if v is None and (len(points) != 1 or points[0].numel() != 1):
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single "
            "Tensor with a single element."
        )


def _check_depends(outputs: tuple[Tensor, ...], what: str, strict: bool) -> None:
    for position, output in enumerate(outputs):
        if strict and not output.requires_grad:
            raise RuntimeError(
                f"Output {position} of the user-provided function does not require gradients. The "
                f"{what} must be computed in a differentiable manner from the input when running "
                "in strict mode."
            )


_UNRELATED = {
    "back": "The output of the user-provided function is independent of input {}. This is not "
    "allowed in strict mode.",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the "
    "grad_outputs when using the double backward trick to compute forward mode gradients. This is "
    "not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This "
    "is not allowed in strict mode.",
}


def _check_found(found: Gradients, stage: str, strict: bool) -> None:
    for position, gradient in enumerate(found):
        if strict and gradient is None:
            raise RuntimeError(_UNRELATED[stage].format(position))
