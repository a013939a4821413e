"""Dropout modules: elements, or whole channels, zeroed at random while training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.nn import functional as F
from flambeau.nn.modules.module import Module
from flambeau.tensor import Tensor

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _Dropout(Module):
    """A probability, and a function that drops with it while training."""

    _function: Callable[..., Any]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Each element zeroed with probability ``p``, the others scaled by ``1 / (1 - p)``.

    Only while training; Srivastava et al., 2014.
    """

    _function = staticmethod(F.dropout)


class Dropout1d(_Dropout):
    """Whole channels of (N, C, L) zeroed with probability ``p``."""

    _function = staticmethod(F.dropout1d)


class Dropout2d(_Dropout):
    """Whole channels of (N, C, H, W) zeroed with probability ``p``."""

    _function = staticmethod(F.dropout2d)


class Dropout3d(_Dropout):
    """Whole channels of (N, C, D, H, W) zeroed with probability ``p``."""

    _function = staticmethod(F.dropout3d)


class AlphaDropout(_Dropout):
    """Dropout that keeps SELU's mean and variance."""

    _function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """Alpha dropout of whole channels."""

    _function = staticmethod(F.feature_alpha_dropout)
