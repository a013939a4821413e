"""Pools, unpooling and sliding blocks: what holds of them whatever the numbers."""

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F

NAN, INF = float("nan"), float("inf")


def close(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_the_gradient_of_a_max_goes_to_the_first_of_equals():
    x = torch.ones(1, 2, 2, requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert x.grad.flatten().tolist() == [1, 0, 0, 0]


def test_nan_wins():
    x = torch.tensor([[[1.0, NAN], [NAN, 2.0]]])
    value, place = F.max_pool2d(x, 2, return_indices=True)
    assert value.isnan().all()
    assert place.item() == 2


def test_padding_never_wins():
    x = torch.full((1, 2, 2), -INF)
    value, place = F.max_pool2d(x, 2, stride=2, padding=1, return_indices=True)
    assert value.flatten().tolist() == [-INF] * 4
    assert place.flatten().tolist() == [0, 1, 2, 3]


def test_a_window_that_overlaps_sends_several_gradients_to_one_element():
    x = torch.tensor([[0.0, 5.0, 0.0]], requires_grad=True)
    F.max_pool1d(x, 2, stride=1).sum().backward()
    assert x.grad.tolist() == [[0, 2, 0]]


def test_ceil_mode_adds_a_window_that_sticks_out():
    x = torch.arange(5.0).view(1, 5)
    assert F.max_pool1d(x, 2).tolist() == [[1, 3]]
    assert F.max_pool1d(x, 2, ceil_mode=True).tolist() == [[1, 3, 4]]


def test_integers_have_a_largest_element():
    x = torch.tensor([[[-3, -1], [-2, -9]]])
    assert F.max_pool2d(x, 2).item() == -1


def test_unpooling_puts_elements_back_where_they_came_from():
    x = torch.randn(2, 3, 6, 6)
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    kept, places = pool(x)
    back = unpool(kept, places)
    close(back[back != 0].sort().values, kept.flatten().sort().values)
    close(F.max_pool2d(back.where(back != 0, -INF), 2), kept)


def test_an_unpooled_gradient_comes_from_the_places():
    x, places = torch.ones(1, 1, 2, requires_grad=True), torch.tensor([[[3, 1]]])
    out = F.max_unpool1d(x, places, 2)
    (out * torch.arange(4.0)).sum().backward()
    assert x.grad.flatten().tolist() == [3, 1]


def test_a_place_outside_the_plane_is_an_index_error():
    with pytest.raises(IndexError, match="out of bounds"):
        F.max_unpool1d(torch.ones(1, 1, 2), torch.tensor([[[0, 9]]]), 2).tolist()


def test_a_mean_counts_padding_only_if_told_to():
    x = torch.ones(1, 4)
    assert F.avg_pool1d(x, 2, 2, 1).tolist() == [[0.5, 1, 0.5]]
    assert F.avg_pool1d(x, 2, 2, 1, count_include_pad=False).tolist() == [[1, 1, 1]]


def test_the_divisor_can_be_set():
    assert F.avg_pool2d(torch.ones(1, 2, 2), 2, divisor_override=1).item() == 4


def test_a_mean_of_integers_is_truncated():
    x = torch.tensor([[[-1, -2], [0, 0]]])
    assert F.avg_pool2d(x, 2).item() == 0


def test_an_infinity_stays_in_its_window():
    x = torch.tensor([[INF, 1, 2, 3, 4, 5, 6]])
    assert F.adaptive_avg_pool1d(x, 3).tolist() == [[INF, 3, 5]]


def test_adaptive_windows_cover_everything():
    x = torch.arange(7.0).view(1, 7)
    assert F.adaptive_max_pool1d(x, 3).tolist() == [[2, 4, 6]]
    assert F.adaptive_avg_pool1d(x, 7).tolist() == x.tolist()
    assert F.adaptive_avg_pool1d(x, 1).item() == 3


def test_more_outputs_than_elements_repeat_them():
    x = torch.arange(2.0).view(1, 2)
    assert F.adaptive_max_pool1d(x, 4).tolist() == [[0, 0, 1, 1]]


def test_the_norm_of_zeros_has_no_slope():
    x = torch.zeros(1, 4, requires_grad=True)
    F.lp_pool1d(x, 2, 2).sum().backward()
    assert x.grad.tolist() == [[0, 0, 0, 0]]


def test_the_infinite_norm_is_the_largest_size():
    x = torch.tensor([[-5.0, 1.0, 2.0, 3.0]])
    assert F.lp_pool1d(x, INF, 2).tolist() == [[5, 3]]


def test_folding_unfolded_blocks_counts_overlaps():
    x = torch.randn(1, 2, 5, 4)
    count = F.fold(F.unfold(torch.ones(1, 2, 5, 4), 2), (5, 4), 2)
    close(F.fold(F.unfold(x, 2), (5, 4), 2), x * count)
    assert count[0, 0, 0].tolist() == [1, 2, 2, 1]


def test_blocks_side_by_side_fold_back_exactly():
    x = torch.randn(2, 3, 6, 4)
    assert F.fold(F.unfold(x, 2, stride=2), (6, 4), 2, stride=2).equal(x)


def test_a_pool_of_an_empty_batch_is_empty():
    assert nn.MaxPool2d(2)(torch.ones(0, 3, 4, 4)).shape == (0, 3, 2, 2)
    assert nn.AdaptiveAvgPool2d(1)(torch.ones(0, 3, 4, 4)).shape == (0, 3, 1, 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d])
def test_pools_keep_the_dtype(pool, dtype):
    x = torch.randn(2, 4, 4, dtype=dtype).requires_grad_()
    result = pool(x, 2)
    assert result.dtype is dtype
    result.sum().backward()
    assert x.grad.dtype is dtype
