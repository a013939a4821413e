"""Dropout: elements, or whole channels, zeroed at random while training.

Masks are drawn when the call is made, so that their order is the program's; for one seed they
are PyTorch's.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from flambeau import sampling
from flambeau.autograd import assign
from flambeau.generator import default_generator
from flambeau.ops._arguments import must_be_tensor, type_name
from flambeau.ops._registry import operation
from flambeau.ops.arithmetic import mul
from flambeau.ops.random_inplace import draw_like, drawn_tensor
from flambeau.ops.shape import squeeze, unsqueeze
from flambeau.tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "feature_alpha_dropout", "feature_dropout"]

FUNCTIONAL = ("nn.functional",)
BOTH = ("nn.functional", "torch")
_ALPHA = 1.7580993408473766  # -(SELU's scale * alpha): where it saturates


def _is_idle(input: Tensor, p: float, training: bool) -> bool:
    """Whether there is nothing to drop; ValueError unless ``p`` is a probability."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0 or not input.numel():
        return True
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {type_name(input.dtype)}"
        )
    return False


def _placed(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    return assign(input, result) if inplace else result


def _dropped(input: Tensor, p: float, shape: tuple[int, ...] | None, inplace: bool) -> Tensor:
    """``input`` times a mask of a shape that broadcasts to its own.

    None stands for its own shape: that mask is drawn in the order of the input's memory.
    """
    if p == 1:
        return _placed(input, mul(input, 0), inplace)

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        return sampling.dropout_mask(default_generator, shape, p, input.dtype)

    mask = draw_like(input, draw) if shape is None else drawn_tensor(draw(shape))
    return _placed(input, mul(input, mask), inplace)


@operation(
    namespaces=BOTH,
    cases=("f(3, 4), 0.5, False", "f(3, 4), 0.0, True", "f(3, 4), 0.3, True", "f(3, 4), 1.0, True"),
)
def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    train: bool | None = None,
) -> Tensor:
    """Each element zeroed with probability ``p``, the others scaled by ``1 / (1 - p)``.

    Srivastava et al., 2014. ``train`` is ``torch.dropout``'s name of ``training``.
    """
    must_be_tensor(input, "input", 1)
    if _is_idle(input, p, training if train is None else train):
        return input
    return _dropped(input, p, None, inplace)


def _channels(input: Tensor, p: float) -> tuple[int, ...]:
    """The mask's shape: one number for each channel of each example."""
    if p == 1:
        return ()  # no mask is drawn
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return (*input.shape[:2], *(1 for _ in input.shape[2:]))


@operation(namespaces=("torch",), cases=("f(2, 3, 4), 0.4, True", "f(2, 3), 0.4, False"))
def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Whole channels of (N, C, …) zeroed with probability ``p``."""
    return _feature_dropped(input, p, train, False)


def _feature_dropped(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if _is_idle(input, p, training):
        return input
    return _dropped(input, p, _channels(input, p), inplace)


def _without_batch(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """``feature_dropout`` of one example."""
    result = squeeze(_feature_dropped(unsqueeze(input, 0), p, training, False), 0)
    return _placed(input, result, inplace)


def _warn_of_rank(name: str, input: Tensor, spatial: int) -> None:
    if input.ndim in (spatial + 1, spatial + 2):
        return
    warnings.warn(
        f"{name}: Received a {input.ndim}-D input to {name}, which is deprecated and will "
        "result in an error in a future release. To retain the behavior and silence this "
        "warning, please use dropout instead. Note that "
        f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial "
        "dimensions, a channel dimension, and an optional batch dimension (i.e. "
        f"{spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=3,
    )


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(2, 3, 4), 0.5, False", "f(2, 3, 4), 0.4", "f(5, 4), 0.4"),
)
def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of (N, C, L) or (C, L) zeroed with probability ``p``."""
    must_be_tensor(input, "input", 1)
    _is_idle(input, p, False)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    if input.ndim == 2:
        return _without_batch(input, p, training, inplace)
    return _feature_dropped(input, p, training, inplace)


@operation(
    namespaces=FUNCTIONAL, cases=("f(2, 3, 4, 2), 0.5, False", "f(2, 3, 2, 2), 0.4", "f(2, 3, 4)")
)
def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of (N, C, H, W) zeroed with probability ``p`` (Tompson et al., 2015)."""
    must_be_tensor(input, "input", 1)
    _is_idle(input, p, False)
    _warn_of_rank("dropout2d", input, 2)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D "
            "dropout behavior is desired - input is interpreted as shape (N, C, L), where C is "
            "the channel dim. This behavior will change in a future release to interpret the "
            "input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _feature_dropped(input, p, training, inplace)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(2, 3, 4, 2, 2), 0.5, False", "f(2, 3, 2, 2, 2), 0.4", "f(5, 2, 2, 2), 0.4"),
)
def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of (N, C, D, H, W) or (C, D, H, W) zeroed with probability ``p``."""
    must_be_tensor(input, "input", 1)
    _is_idle(input, p, False)
    _warn_of_rank("dropout3d", input, 3)
    if input.ndim != 5:
        return _without_batch(input, p, training, inplace)
    return _feature_dropped(input, p, training, inplace)


def _alpha_dropped(input: Tensor, p: float, shape: tuple[int, ...] | None, inplace: bool) -> Tensor:
    """SELU's dropout: dropped elements get its saturation value, then mean and variance hold.

    The mask's shape is as in ``_dropped``.
    """
    if p == 1:
        return _placed(input, mul(input, 0), inplace)

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        return sampling.bernoulli(default_generator, shape, 1 - p, input.dtype)

    mask = draw_like(input, draw) if shape is None else drawn_tensor(draw(shape))
    a = 1.0 / math.sqrt((_ALPHA**2 * p + 1) * (1 - p))
    shift = (mask - 1) * (_ALPHA * a) + _ALPHA * a * p
    return _placed(input, input * (mask * a) + shift, inplace)


@operation(namespaces=BOTH, cases=("f(3, 4), 0.5, False", "f(3, 4), 0.3, True"))
def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps SELU's mean and variance (Klambauer et al., 2017)."""
    must_be_tensor(input, "input", 1)
    if _is_idle(input, p, training):
        return input
    return _alpha_dropped(input, p, None, inplace)


@operation(namespaces=BOTH, cases=("f(2, 3, 4), 0.5, False", "f(2, 3, 4), 0.3, True"))
def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Alpha dropout of whole channels."""
    must_be_tensor(input, "input", 1)
    if _is_idle(input, p, training):
        return input
    return _alpha_dropped(input, p, _channels(input, p), inplace)
