"""Convolutions: what holds of them whatever the numbers, and the layers that wait for an input."""

import copy

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=tolerance)


def test_a_kernel_of_one_on_the_diagonal_changes_nothing():
    x = torch.randn(2, 3, 4, 5)
    close(F.conv2d(x, torch.eye(3).view(3, 3, 1, 1)), x)


def test_a_shifted_kernel_shifts():
    x = torch.randn(1, 1, 6)
    kernel = torch.tensor([[[0.0, 0.0, 1.0]]])
    close(F.conv1d(x, kernel, padding=1)[..., :-1], x[..., 1:])


def test_it_is_a_correlation_not_a_convolution():
    impulse, kernel = torch.tensor([[[0.0, 0.0, 1.0, 0.0, 0.0]]]), torch.tensor([[[1.0, 2.0, 3.0]]])
    assert F.conv1d(impulse, kernel).flatten().tolist() == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_transposed_convolution_is_the_adjoint(rank):
    convolve, transpose = getattr(F, f"conv{rank}d"), getattr(F, f"conv_transpose{rank}d")
    x = torch.randn(2, 4, *(5, 6, 5)[:rank], dtype=torch.float64)
    w = torch.randn(6, 2, *(3, 2, 3)[:rank], dtype=torch.float64)
    options = {"stride": 2, "padding": 1, "groups": 2}
    y = convolve(x, w, **options)
    other = torch.randn(y.shape, dtype=torch.float64)
    rest = [
        n - ((m - 1) * 2 - 2 + k)
        for n, m, k in zip(x.shape[2:], y.shape[2:], w.shape[2:], strict=True)
    ]
    back = transpose(other, w, output_padding=rest, **options)
    assert back.shape == x.shape
    close((y * other).sum(), (x * back).sum())


def test_groups_are_convolutions_side_by_side():
    x, w = torch.randn(2, 6, 5, 5), torch.randn(4, 3, 3, 3)
    halves = [F.conv2d(x[:, :3], w[:2]), F.conv2d(x[:, 3:], w[2:])]
    close(F.conv2d(x, w, groups=2), torch.cat(halves, 1))


def test_a_convolution_is_a_product_with_unfolded_blocks():
    x, w = torch.randn(2, 3, 6, 5), torch.randn(4, 3, 3, 2)
    columns = F.unfold(x, (3, 2), padding=1, stride=2)
    product = (w.view(4, -1) @ columns).view(2, 4, 3, 3)
    close(F.conv2d(x, w, padding=1, stride=2)[:, :, :, :3], product[:, :, :, :3])


def test_one_image_gives_what_a_batch_of_one_gives():
    layer, image = nn.Conv2d(3, 4, 3, padding=1), torch.randn(3, 5, 5)
    close(layer(image), layer(image[None])[0])


def test_dilation_spreads_the_kernel():
    x, w = torch.randn(1, 2, 9, 9), torch.randn(3, 2, 3, 3)
    spread = torch.zeros(3, 2, 5, 5)
    spread[:, :, ::2, ::2] = w
    close(F.conv2d(x, w, dilation=2), F.conv2d(x, spread))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_padding_mode_pads_before_the_convolution(mode):
    layer = nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode=mode)
    x = torch.randn(1, 2, 5, 5)
    close(layer(x), F.conv2d(F.pad(x, (2, 2, 1, 1), mode), layer.weight, layer.bias))


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_same_padding_keeps_the_size(kernel):
    x = torch.randn(1, 2, 7, 8)
    assert nn.Conv2d(2, 3, kernel, padding="same")(x).shape == (1, 3, 7, 8)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_layer_works_in_its_dtype(dtype):
    layer = nn.Conv2d(2, 3, 3, dtype=dtype)
    result = layer(torch.randn(1, 2, 5, 5, dtype=dtype))
    assert result.dtype is dtype
    result.sum().backward()
    assert layer.weight.grad.dtype is dtype


def test_integers_are_convolved_exactly():
    x, w = torch.arange(5).view(1, 1, 5), torch.tensor([[[1, 1]]])
    result = F.conv1d(x, w)
    assert result.dtype is torch.int64
    assert result.flatten().tolist() == [1, 3, 5, 7]


def test_infinities_reach_only_the_windows_that_see_them():
    x = torch.zeros(1, 1, 6)
    x[0, 0, 0] = torch.inf
    assert F.conv1d(x, torch.ones(1, 1, 2)).flatten().tolist() == [torch.inf, 0, 0, 0, 0]


def test_gradients_flow_only_where_they_are_wanted():
    layer, x = nn.Conv2d(2, 3, 3), torch.randn(1, 2, 5, 5)
    layer.weight.requires_grad_(False)
    layer(x).sum().backward()
    assert layer.weight.grad is None
    assert x.grad is None
    assert layer.bias.grad.tolist() == [9, 9, 9]


def test_a_strided_view_is_convolved_like_its_copy():
    x, w = torch.randn(5, 2, 6, 3).permute(0, 3, 2, 1), torch.randn(4, 3, 2, 2)
    close(F.conv2d(x, w), F.conv2d(x.contiguous(), w))


def test_the_penalty_of_a_gradient_can_be_differentiated():
    layer, x = nn.Conv2d(2, 3, 3), torch.randn(1, 2, 5, 5, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(x).tanh().sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_a_batch_may_be_empty():
    layer = nn.Conv2d(2, 3, 3)
    layer(torch.ones(0, 2, 5, 5)).sum().backward()
    assert layer.weight.grad.abs().sum() == 0


# Layers -----------------------------------------------------------------------------------------


def test_the_words_that_padding_may_be():
    with pytest.raises(ValueError, match=r"Invalid padding string 'foo', should be one of \{"):
        nn.Conv2d(1, 1, 1, padding="foo")


def test_the_modes_of_padding():
    message = r"padding_mode must be one of \{.*\}, but got padding_mode='foo'"
    with pytest.raises(ValueError, match=message):
        nn.Conv2d(1, 1, 1, padding_mode="foo")


def test_a_state_dict_goes_from_one_layer_to_another():
    a, b = nn.Conv2d(2, 3, 3), nn.Conv2d(2, 3, 3)
    assert list(a.state_dict()) == ["weight", "bias"]
    b.load_state_dict(a.state_dict())
    x = torch.randn(1, 2, 5, 5)
    close(a(x), b(x), 0)


def test_a_layer_without_bias_has_none():
    layer = nn.Conv2d(2, 3, 3, bias=False)
    assert layer.bias is None
    assert list(layer.state_dict()) == ["weight"]


def test_initial_weights_stay_within_one_over_the_root_of_what_each_output_sees():
    layer = nn.Conv2d(4, 8, 5, groups=2)
    bound = (2 * 25) ** -0.5
    for parameter in layer.parameters():
        assert parameter.abs().max() <= bound
        assert parameter.abs().max() > 0.5 * bound


def test_copies_share_nothing():
    layer = nn.Conv2d(2, 3, 3)
    twin = copy.deepcopy(layer)
    with torch.no_grad():
        twin.weight.zero_()
    assert layer.weight.abs().sum() > 0


LAZY = [
    (nn.LazyConv1d, nn.Conv1d, (2, 4, 8)),
    (nn.LazyConv2d, nn.Conv2d, (2, 4, 8, 8)),
    (nn.LazyConv3d, nn.Conv3d, (2, 4, 6, 6, 6)),
    (nn.LazyConvTranspose1d, nn.ConvTranspose1d, (2, 4, 8)),
    (nn.LazyConvTranspose2d, nn.ConvTranspose2d, (2, 4, 8, 8)),
    (nn.LazyConvTranspose3d, nn.ConvTranspose3d, (2, 4, 6, 6, 6)),
]


@pytest.mark.parametrize(("lazy", "usual", "shape"), LAZY)
def test_a_lazy_layer_becomes_the_usual_one(lazy, usual, shape):
    torch.manual_seed(0)
    layer = lazy(6, 3, stride=2, groups=2)
    assert layer.has_uninitialized_params()
    torch.manual_seed(1)
    x = torch.ones(shape)
    result = layer(x)
    torch.manual_seed(1)
    same = usual(4, 6, 3, stride=2, groups=2)
    assert type(layer) is usual
    assert layer.in_channels == 4
    close(result, same(x))


@pytest.mark.parametrize(("lazy", "usual", "shape"), LAZY)
def test_a_lazy_layer_takes_its_shapes_from_a_state_dict(lazy, usual, shape):
    layer, saved = lazy(6, 3), usual(4, 6, 3)
    layer.load_state_dict(saved.state_dict())
    assert layer.weight.shape == saved.weight.shape
    x = torch.ones(shape)
    close(layer(x), saved(x))
