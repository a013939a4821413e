"""Instance normalisation: InstanceNorm1d, 2d, 3d and their lazy forms."""

from __future__ import annotations

import warnings
from typing import Any

from flambeau.nn import functional as F
from flambeau.nn.modules.batchnorm import _LazyNormBase, _NormBase
from flambeau.tensor import Tensor

__all__ = [
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _InstanceNorm(_NormBase):
    """Instance normalisation of any rank: batched (N, C, …) or a single example (C, …)."""

    _rank: int  # of a single example

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (self._rank, self._rank + 1):
            raise ValueError(
                f"expected {self._rank}D or {self._rank + 1}D input (got {input.dim()}D input)"
            )

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        channel = input.dim() - self._rank
        if input.size(channel) != self.num_features:
            problem = (
                f"input's size at dim={channel} does not match num_features. "
                f"Expected: {self.num_features}, but got: {input.size(channel)}."
            )
            if self.affine:
                raise ValueError(f"expected {problem}")
            warnings.warn(
                f"{problem} You can silence this warning by not passing in num_features, which "
                "is not used because affine=False",
                stacklevel=2,
            )
        if input.dim() == self._rank:
            return self._normalise(input.unsqueeze(0)).squeeze(0)
        return self._normalise(input)

    def _normalise(self, input: Tensor) -> Tensor:
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each example normalised by itself: (N, C, L) or (C, L)."""

    _rank = 2


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each example normalised by itself: (N, C, H, W) or (C, H, W)."""

    _rank = 3


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each example normalised by itself: (N, C, D, H, W) or (C, D, H, W)."""

    _rank = 4


class _LazyInstanceNorm(_LazyNormBase, _InstanceNorm):
    """An instance normalisation that takes ``num_features`` from its first input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(eps, momentum, affine, track_running_stats, device, dtype, bias=bias)


class LazyInstanceNorm1d(_LazyInstanceNorm):
    """An InstanceNorm1d that takes ``num_features`` from its first input."""

    _rank = 2
    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm):
    """An InstanceNorm2d that takes ``num_features`` from its first input."""

    _rank = 3
    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm):
    """An InstanceNorm3d that takes ``num_features`` from its first input."""

    _rank = 4
    cls_to_become = InstanceNorm3d
