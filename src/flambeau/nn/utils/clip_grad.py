"""Bounding gradients before an optimizer's step."""

import warnings
from collections.abc import Iterable
from typing import Any

from flambeau import ops
from flambeau.autograd import no_grad
from flambeau.tensor import Tensor

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]

Tensors = Tensor | Iterable[Tensor]


def get_total_norm(
    tensors: Tensors,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors together, as if they were one vector.

    Args:
        tensors: a tensor or several.
        norm_type: the order of the norm; may be ``inf``.
        error_if_nonfinite: raise if the norm is nan or infinite.
        foreach: accepted for compatibility.

    Returns:
        a tensor without dimensions; zero if there are no tensors.
    """
    listed = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    order = float(norm_type)
    if not listed:
        return ops.tensor(0.0)
    total = ops.stack([tensor.norm(order) for tensor in listed]).norm(order)
    if error_if_nonfinite and not ops.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients in place by ``max_norm / total_norm`` if that is less than one.

    Args:
        parameters: the tensors whose gradients are scaled.
        max_norm: the greatest norm to leave.
        total_norm: the norm they have; see :func:`get_total_norm`.
        foreach: accepted for compatibility.
    """
    # The small term keeps gradients that are all zero from becoming nan.
    coefficient = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    with no_grad():
        for gradient in _gradients(parameters):
            gradient.mul_(coefficient)


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that their norm together is at most ``max_norm``.

    Pascanu et al., *On the difficulty of training recurrent neural networks*, 2013.

    Args:
        parameters: the tensors whose gradients are bounded. Those without one are passed over.
        max_norm: the greatest norm to leave.
        norm_type: the order of the norm; may be ``inf``.
        error_if_nonfinite: raise if the norm is nan or infinite.
        foreach: accepted for compatibility.

    Returns:
        the norm before scaling.

    >>> import flambeau as torch
    >>> weight = torch.nn.Parameter(torch.zeros(2))
    >>> weight.grad = torch.tensor([3.0, 4.0])
    >>> torch.nn.utils.clip_grad_norm_([weight], max_norm=1.0)
    tensor(5.)
    >>> weight.grad
    tensor([0.6000, 0.8000])
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    with no_grad():
        total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
        clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Bound every element of the gradients, in place, to ``[-clip_value, clip_value]``.

    Args:
        parameters: the tensors whose gradients are bounded.
        clip_value: the greatest absolute value to leave.
        foreach: accepted for compatibility.
    """
    bound = float(clip_value)
    with no_grad():
        for gradient in _gradients(parameters):
            gradient.clamp_(min=-bound, max=bound)


def clip_grad_norm(*args: Any, **kwargs: Any) -> Tensor:
    """Deprecated name of :func:`clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(*args, **kwargs)


def _gradients(parameters: Tensors) -> list[Tensor]:
    listed = [parameters] if isinstance(parameters, Tensor) else parameters
    return [parameter.grad for parameter in listed if parameter.grad is not None]
