"""Folding a batch normalisation, which in evaluation is an affine map, into the layer before it."""

import copy
from typing import Any, TypeVar

from flambeau import ops
from flambeau.nn.modules.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.tensor import Tensor

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]

M = TypeVar("M", bound=Module)


def fuse_conv_bn_eval(conv: M, bn: Any, transpose: bool = False) -> M:
    """A convolution that computes what ``conv`` and then ``bn`` compute.

    Args:
        conv: a convolution, in evaluation mode.
        bn: a batch normalisation with running statistics, in evaluation mode.
        transpose: whether ``conv`` is a transposed convolution.
    """
    return _fused(conv, bn, transpose)


def fuse_linear_bn_eval(linear: M, bn: Any) -> M:
    """A Linear that computes what ``linear`` and then ``bn`` compute, both in evaluation mode."""
    features = (linear.out_features, bn.num_features)
    if features[0] != features[1] and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1"
        )
    return _fused(linear, bn, transpose=False)


def _fused(layer: M, bn: Any, transpose: bool) -> M:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("Fusion needs running statistics")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = _fuse(
        layer.weight,
        layer.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        output_dim=1 if transpose else 0,
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the convolution that does both, from those of the two layers."""
    output_dim = 1 if transpose else 0
    return _fuse(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, output_dim)


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the Linear that does both, from those of the two layers."""
    return _fuse(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, output_dim=0)


def _fuse(
    weight: Any,
    bias: Any,
    mean: Tensor,
    variance: Tensor,
    eps: float,
    bn_weight: Tensor | None,
    bn_bias: Tensor | None,
    output_dim: int,
) -> tuple[Parameter, Parameter]:
    """``bn(w x + b) = (w s) x + (b - mean) s + bn_bias`` with ``s = bn_weight / std``."""
    bias_before = ops.zeros_like(mean) if bias is None else bias
    scale = (variance + eps).rsqrt()
    if bn_weight is not None:
        scale = bn_weight * scale
    fused_bias = (bias_before - mean) * scale
    if bn_bias is not None:
        fused_bias = fused_bias + bn_bias
    shape = [1] * weight.dim()
    shape[output_dim] = -1
    fused_weight = weight * scale.reshape(shape)
    learned = weight.requires_grad
    bias_learned = learned if bias is None else bias.requires_grad
    dtype = weight.dtype
    return (
        Parameter(fused_weight.detach().to(dtype), learned),
        Parameter(fused_bias.detach().to(dtype), bias_learned),
    )
