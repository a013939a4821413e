"""Padding, resizing, sampling and shuffling: what holds of them whatever the numbers."""

import math

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F


def close(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-5)


# Padding ----------------------------------------------------------------------------------------


def test_negative_padding_takes_away_what_padding_adds():
    x = torch.randn(2, 3, 4)
    assert F.pad(F.pad(x, (1, 2, 3, 0)), (-1, -2, -3, 0)).equal(x)


def test_a_reflection_does_not_repeat_the_edge():
    x = torch.arange(3).view(1, 3)
    assert F.pad(x, (2, 2), "reflect").tolist() == [[2, 1, 0, 1, 2, 1, 0]]
    assert F.pad(x, (2, 2), "replicate").tolist() == [[0, 0, 0, 1, 2, 2, 2]]
    assert F.pad(x, (2, 2), "circular").tolist() == [[1, 2, 0, 1, 2, 0, 1]]


def test_an_element_that_is_repeated_gets_all_its_gradients():
    x = torch.ones(1, 3, requires_grad=True)
    F.pad(x, (2, 1), "replicate").sum().backward()
    assert x.grad.tolist() == [[3, 1, 2]]


def test_padding_of_nothing_is_a_copy():
    x = torch.ones(2, 2)
    F.pad(x, (0, 0)).zero_()
    assert x.sum() == 4


# Resizing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
def test_the_same_size_gives_the_same_image(mode):
    x = torch.randn(1, 2, 4, 5)
    close(F.interpolate(x, (4, 5), mode=mode), x)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("size", [(3, 9), (12, 2)])
def test_a_constant_image_stays_constant(mode, size):
    x = torch.full((1, 1, 6, 5), 0.7)
    resized = F.interpolate(x, size, mode=mode, antialias=True)
    close(resized, torch.full((1, 1, *size), 0.7))


def test_linear_interpolation_reproduces_a_line():
    line = torch.arange(5.0).view(1, 1, 5)
    finer = F.interpolate(line, 9, mode="linear", align_corners=True)
    close(finer, torch.arange(0, 4.5, 0.5).view(1, 1, 9))


def test_nearest_repeats_elements():
    x = torch.tensor([[[1.0, 2.0]]])
    assert F.interpolate(x, scale_factor=2).tolist() == [[[1, 1, 2, 2]]]
    assert F.interpolate(x, size=3).tolist() == [[[1, 1, 2]]]


def test_bytes_are_rounded_and_kept_in_range():
    x = torch.tensor([[[[0, 255, 0, 255]]]], dtype=torch.uint8)
    resized = F.interpolate(x, (1, 7), mode="bicubic")
    assert resized.dtype is torch.uint8
    assert resized.flatten().tolist()[0] == 0


def test_an_upsampling_layer_does_what_interpolate_does():
    x = torch.randn(1, 2, 3, 3)
    layer = nn.Upsample(scale_factor=1.5, mode="bilinear", align_corners=True)
    close(layer(x), F.interpolate(x, scale_factor=1.5, mode="bilinear", align_corners=True))


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_old_names_warn(name):
    message = f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead."
    with pytest.warns(UserWarning, match=message):
        getattr(F, name)(torch.ones(1, 1, 2, 2), scale_factor=2)


# Sampling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_the_grid_of_the_identity_gives_the_image(mode, align):
    x = torch.randn(2, 3, 4, 5)
    theta = torch.eye(2, 3).expand(2, 2, 3)
    grid = F.affine_grid(theta, (2, 3, 4, 5), align)
    close(F.grid_sample(x, grid, mode, align_corners=align), x)


def test_a_grid_turned_by_a_right_angle_turns_the_image():
    x = torch.randn(1, 1, 4, 4)
    theta = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    turned = F.grid_sample(x, F.affine_grid(theta, (1, 1, 4, 4), False), align_corners=False)
    close(turned, x.rot90(1, (2, 3)))


def test_what_is_outside_follows_the_padding_mode():
    x = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    far = torch.tensor([[[[-2.0, 0.0]]]])
    sampled = {
        padding: F.grid_sample(x, far, padding_mode=padding, align_corners=False).item()
        for padding in ("zeros", "border", "reflection")
    }
    assert sampled == pytest.approx({"zeros": 0, "border": 1, "reflection": 2})


def test_a_point_that_is_nan_samples_zero():
    x = torch.ones(1, 1, 2, 2)
    point = torch.full((1, 1, 1, 2), math.nan)
    for mode in ("bilinear", "nearest"):
        sampled = F.grid_sample(x, point, mode, align_corners=False)
        assert not sampled.isinf().any()


def test_the_old_default_of_grids_is_warned_of():
    with pytest.warns(UserWarning, match="align_corners=False since 1.3.0"):
        F.grid_sample(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 1, 2))
    with pytest.warns(UserWarning, match="align_corners=False since 1.3.0"):
        F.affine_grid(torch.ones(1, 2, 3), (1, 1, 2, 2))


def test_a_grid_of_one_pixel_is_warned_of():
    with pytest.warns(UserWarning, match="unit-size grids"):
        F.affine_grid(torch.ones(1, 2, 3), (1, 1, 1, 2), align_corners=True)


# Shuffling --------------------------------------------------------------------------------------


def test_unshuffling_undoes_shuffling():
    x = torch.randn(2, 8, 3, 2)
    assert F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2).equal(x)


def test_shuffling_among_groups_and_back():
    x = torch.randn(2, 6, 3)
    assert F.channel_shuffle(F.channel_shuffle(x, 2), 3).equal(x)
