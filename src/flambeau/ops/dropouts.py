"""Dropout: elements, or whole channels, zeroed at random while training."""

from __future__ import annotations

import math
import warnings
from typing import Any

from flambeau import sampling
from flambeau.autograd import assign
from flambeau.generator import default_generator
from flambeau.ops._registry import operation
from flambeau.ops.arithmetic import mul
from flambeau.tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "feature_alpha_dropout", "feature_dropout"]

FUNCTIONAL = ("nn.functional",)
_ALPHA = 1.7580993408473766  # -(SELU's scale * alpha): where it saturates


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _mask(input: Tensor, p: float, shape: tuple[int, ...]) -> Tensor:
    """0 with probability ``p``, else 1 / (1 - p). Drawn now: order is program order."""
    drawn = sampling.dropout_mask(default_generator, shape, p, input.dtype)
    return Tensor._from_array(drawn, input.dtype)


def _dropped(input: Tensor, p: float, shape: Any, training: bool, inplace: bool) -> Tensor:
    _check(p)
    if not training or p == 0 or not input.numel():
        return input
    result = mul(input, 0) if p == 1 else mul(input, _mask(input, p, tuple(shape)))
    return assign(input, result) if inplace else result


@operation(namespaces=("nn.functional",), cases=("f(3, 4), 0.5, False", "f(3, 4), 0.0, True"))
def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Each element zeroed with probability ``p``, the others scaled by ``1 / (1 - p)``.

    Srivastava et al., 2014. The mask is PyTorch's for the same seed.
    """
    return _dropped(input, p, input.shape, training, inplace)


def _channels(input: Tensor, rank: int) -> tuple[int, ...]:
    """The mask's shape: one number for each channel of each example."""
    return (*input.shape[:rank], *(1 for _ in input.shape[rank:]))


def feature_dropout(input: Tensor, p: float, training: bool, inplace: bool = False) -> Tensor:
    """Whole channels of (N, C, …) zeroed with probability ``p``."""
    return _dropped(input, p, _channels(input, 2), training, inplace)


def _of_rank(name: str, input: Tensor, batched: int, p: float, training: bool, inplace: bool,
             unbatched_ok: bool = True) -> Tensor:
    _check(p)
    if input.ndim not in (batched - 1, batched):
        warnings.warn(
            f"{name}: Received a {input.ndim}-D input to {name}, which is deprecated and will "
            "result in an error in a future release. To retain the behavior and silence this "
            "warning, please use dropout instead. Note that "
            f"{name} exists to provide channel-wise dropout on inputs with {batched - 2} spatial "
            "dimensions, a channel dimension, and an optional batch dimension (i.e. "
            f"{batched - 1}D or {batched}D inputs).",
            stacklevel=3,
        )
    if unbatched_ok and input.ndim == batched - 1:
        result = _dropped(input.unsqueeze(0), p, (1, input.shape[0], *(1,) * (batched - 2)),
                          training, False).squeeze(0)
        return assign(input, result) if inplace and training else result
    return feature_dropout(input, p, training, inplace)


@operation(namespaces=FUNCTIONAL, cases=("f(2, 3, 4), 0.5, False",))
def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of (N, C, L) or (C, L) zeroed with probability ``p``."""
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _of_rank("dropout1d", input, 3, p, training, inplace)


@operation(namespaces=FUNCTIONAL, cases=("f(2, 3, 4, 2), 0.5, False",))
def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of (N, C, H, W) zeroed with probability ``p`` (Tompson et al., 2015)."""
    return _of_rank("dropout2d", input, 4, p, training, inplace, unbatched_ok=False)


@operation(namespaces=FUNCTIONAL, cases=("f(2, 3, 4, 2, 2), 0.5, False",))
def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of (N, C, D, H, W) or (C, D, H, W) zeroed with probability ``p``."""
    return _of_rank("dropout3d", input, 5, p, training, inplace)


def _alpha_dropped(
    input: Tensor, p: float, shape: tuple[int, ...], training: bool, inplace: bool
) -> Tensor:
    """SELU's dropout: dropped elements get its saturation value, then mean and variance hold."""
    _check(p)
    if not training or p == 0 or not input.numel():
        return input
    if p == 1:
        result = mul(input, 0)
    else:
        kept = sampling.bernoulli(default_generator, shape, 1 - p, input.dtype)
        mask = Tensor._from_array(kept, input.dtype)
        a = 1.0 / math.sqrt((_ALPHA**2 * p + 1) * (1 - p))
        shift = (mask - 1) * (_ALPHA * a) + _ALPHA * a * p
        result = input * (mask * a) + shift
    return assign(input, result) if inplace else result


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4), 0.5, False",))
def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps SELU's mean and variance (Klambauer et al., 2017)."""
    return _alpha_dropped(input, p, tuple(input.shape), training, inplace)


@operation(namespaces=FUNCTIONAL, cases=("f(2, 3, 4), 0.5, False",))
def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Alpha dropout of whole channels."""
    return _alpha_dropped(input, p, _channels(input, 2), training, inplace)
