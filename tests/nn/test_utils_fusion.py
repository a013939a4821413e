"""A batch normalisation in evaluation can be folded into the layer before it."""

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import utils


def normalisation(kind, affine=True):
    bn = kind(3, affine=affine)
    bn.running_mean = torch.randn(3)
    bn.running_var = torch.rand(3) + 0.5
    if affine:
        nn.init.normal_(bn.weight)
        nn.init.normal_(bn.bias)
    return bn.eval()


def assert_close(a, b):
    assert a.shape == b.shape
    assert (a - b).abs().max().item() < 1e-4


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_and_its_normalisation_become_one(bias, affine):
    conv = nn.Conv2d(2, 3, 3, bias=bias).eval()
    bn = normalisation(nn.BatchNorm2d, affine)
    fused = utils.fuse_conv_bn_eval(conv, bn)
    x = torch.randn(2, 2, 5, 5)
    assert type(fused) is nn.Conv2d
    assert fused is not conv
    assert_close(fused(x), bn(conv(x)))


def test_a_transposed_convolution_and_its_normalisation_become_one():
    conv = nn.ConvTranspose2d(2, 3, 3).eval()
    bn = normalisation(nn.BatchNorm2d)
    x = torch.randn(2, 2, 5, 5)
    assert_close(utils.fuse_conv_bn_eval(conv, bn, transpose=True)(x), bn(conv(x)))


def test_a_linear_layer_and_its_normalisation_become_one():
    linear = nn.Linear(4, 3).eval()
    bn = normalisation(nn.BatchNorm1d)
    x = torch.randn(5, 4)
    assert_close(utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)))


def test_frozen_layers_stay_frozen():
    linear = nn.Linear(4, 3).requires_grad_(False).eval()
    fused = utils.fuse_linear_bn_eval(linear, normalisation(nn.BatchNorm1d))
    assert not any(parameter.requires_grad for parameter in fused.parameters())


def test_only_layers_in_evaluation_are_fused():
    bn = normalisation(nn.BatchNorm1d)
    with pytest.raises(AssertionError, match="^Fusion only for eval!$"):
        utils.fuse_linear_bn_eval(nn.Linear(4, 3), bn)


def test_the_sizes_have_to_fit():
    bn = normalisation(nn.BatchNorm1d)
    with pytest.raises(AssertionError, match="^To fuse, linear.out_features == bn.num_features"):
        utils.fuse_linear_bn_eval(nn.Linear(4, 2).eval(), bn)
