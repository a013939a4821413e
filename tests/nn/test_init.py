"""Initial values have the distribution they are named for, and PyTorch's messages."""

import math

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import init


def moments(tensor):
    values = tensor.flatten().tolist()
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return mean, math.sqrt(variance)


def assert_uniform(tensor, low, high):
    values = tensor.flatten().tolist()
    assert low <= min(values) < low + 0.05 * (high - low)
    assert high - 0.05 * (high - low) < max(values) <= high
    mean, _ = moments(tensor)
    assert mean == pytest.approx((low + high) / 2, abs=0.05 * (high - low))


def assert_normal(tensor, mean, std):
    actual_mean, actual_std = moments(tensor)
    assert actual_mean == pytest.approx(mean, abs=0.1 * std)
    assert actual_std == pytest.approx(std, rel=0.1)


def test_uniform():
    x = torch.empty(50, 40)
    assert init.uniform_(x, -2, 3) is x
    assert_uniform(x, -2, 3)


def test_normal():
    x = torch.empty(50, 40)
    assert init.normal_(x, 5, 0.1) is x
    assert_normal(x, 5, 0.1)


def test_constants():
    assert init.constant_(torch.empty(2), 0.5).tolist() == [0.5, 0.5]
    assert init.ones_(torch.empty(2)).tolist() == [1.0, 1.0]
    assert init.zeros_(torch.ones(2)).tolist() == [0.0, 0.0]


def test_parameters_can_be_initialised_and_stay_leaves():
    p = nn.Parameter(torch.ones(4, 4))
    for fill in (init.uniform_, init.normal_, init.zeros_, init.xavier_normal_, init.eye_):
        assert fill(p) is p
        assert p.is_leaf
        assert p.requires_grad


def test_a_generator_gives_the_same_numbers_again():
    fills = (init.uniform_, init.normal_, init.trunc_normal_, init.kaiming_uniform_)
    fills += (init.kaiming_normal_, init.xavier_uniform_, init.xavier_normal_)
    for fill in fills:
        first = fill(torch.empty(3, 4), generator=torch.Generator().manual_seed(7))
        second = fill(torch.empty(3, 4), generator=torch.Generator().manual_seed(7))
        assert first.tolist() == second.tolist()


@pytest.mark.parametrize(
    ("mean", "std", "low", "high"), [(0, 1, -2, 2), (1.5, 1, -2, 2), (0, 1, 1.0, 1.5)]
)
def test_trunc_normal_stays_within_its_bounds(mean, std, low, high):
    x = init.trunc_normal_(torch.empty(500), mean, std, low, high)
    assert low <= x.min().item()
    assert x.max().item() <= high
    _, spread = moments(x)
    assert spread > 0.15 * (high - low)


def test_trunc_normal_warns_when_the_mean_is_far_outside():
    with pytest.warns(UserWarning, match="^mean is more than 2 std from"):
        x = init.trunc_normal_(torch.empty(20), 5.0)
    assert x.max().item() <= 2


def test_eye_is_the_identity():
    assert init.eye_(torch.empty(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(ValueError, match="^Only tensors with 2 dimensions are supported$"):
        init.eye_(torch.empty(2))


def test_dirac_keeps_channels():
    weight = init.dirac_(torch.empty(4, 2, 3), groups=2)
    assert weight.shape == (4, 2, 3)
    assert weight[:, :, 1].tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    assert weight.sum().item() == 4
    assert init.dirac_(torch.empty(1, 1, 3, 3))[0, 0, 1, 1].item() == 1
    assert init.dirac_(torch.empty(1, 1, 2, 3, 5))[0, 0, 1, 1, 2].item() == 1


def test_dirac_wants_the_weights_of_a_convolution():
    with pytest.raises(ValueError, match="^Only tensors with 3, 4, or 5 dimensions are supported"):
        init.dirac_(torch.empty(2, 2))
    with pytest.raises(ValueError, match="^dim 0 must be divisible by groups$"):
        init.dirac_(torch.empty(3, 2, 2), 2)


def test_xavier():
    assert_uniform(init.xavier_uniform_(torch.empty(60, 40), gain=2), -2 * 0.2449, 2 * 0.2449)
    assert_normal(init.xavier_normal_(torch.empty(60, 40)), 0, math.sqrt(2 / 100))


def test_kaiming():
    bound = math.sqrt(6 / 40)
    assert_uniform(init.kaiming_uniform_(torch.empty(60, 40)), -bound, bound)
    assert_normal(
        init.kaiming_normal_(torch.empty(60, 10, 2, 2), mode="fan_out", nonlinearity="linear"),
        0,
        math.sqrt(1 / 240),
    )


def test_kaiming_knows_its_modes():
    with pytest.raises(ValueError, match="^Mode fan not supported, please use one of") as caught:
        init.kaiming_uniform_(torch.empty(2, 2), mode="fan")
    assert str(caught.value).endswith("['fan_in', 'fan_out']")


def test_kaiming_leaves_an_empty_tensor_with_a_warning():
    for fill in (init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.warns(UserWarning, match="^Initializing zero-element tensors is a no-op$"):
            fill(torch.empty(2, 0))


def test_fans_need_two_dimensions():
    for fill in (init.xavier_uniform_, init.xavier_normal_, init.kaiming_normal_):
        with pytest.raises(ValueError, match="can not be computed for tensor with fewer than 2"):
            fill(torch.empty(2))


def test_fans_count_the_kernel():
    assert init._calculate_fan_in_and_fan_out(torch.empty(3, 4, 5, 6)) == (120, 90)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (3, 2, 2)])
def test_orthogonal_rows_or_columns(shape):
    x = init.orthogonal_(torch.empty(shape), gain=2).flatten(1)
    product = x @ x.t() if x.size(0) <= x.size(1) else x.t() @ x
    error = product - 4 * torch.eye(min(x.shape))
    assert error.abs().max().item() < 1e-5


def test_orthogonal_wants_a_matrix():
    with pytest.raises(ValueError, match="^Only tensors with 2 or more dimensions are supported"):
        init.orthogonal_(torch.empty(2))
    assert init.orthogonal_(torch.empty(0, 2)).shape == (0, 2)


def test_sparse_has_zeros_in_every_column():
    x = init.sparse_(torch.empty(10, 5), sparsity=0.25, std=1)
    assert (x == 0).sum(0).tolist() == [3] * 5
    with pytest.raises(ValueError, match="^Only tensors with 2 dimensions are supported$"):
        init.sparse_(torch.empty(3), 0.1)


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        ("linear", None, 1),
        ("conv_transpose2d", None, 1),
        ("sigmoid", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, math.sqrt(2)),
        ("selu", None, 0.75),
        ("leaky_relu", None, math.sqrt(2 / (1 + 0.01**2))),
        ("leaky_relu", 2, math.sqrt(2 / 5)),
    ],
)
def test_gains(name, param, gain):
    assert init.calculate_gain(name, param) == pytest.approx(gain)


def test_gains_of_what_is_unknown():
    with pytest.raises(ValueError, match="^Unsupported nonlinearity swish$"):
        init.calculate_gain("swish")
    for slope in ("a", True):
        with pytest.raises(ValueError, match=f"^negative_slope {slope} not a valid number$"):
            init.calculate_gain("leaky_relu", slope)


OLD_NAMES = ["uniform", "normal", "eye", "dirac", "orthogonal", "xavier_uniform", "xavier_normal"]
OLD_NAMES += ["kaiming_uniform", "kaiming_normal"]


@pytest.mark.parametrize("name", OLD_NAMES)
def test_the_names_without_underscore_are_deprecated(name):
    x = torch.empty(2, 2, 1) if name == "dirac" else torch.empty(2, 2)
    with pytest.warns(FutureWarning) as caught:
        assert getattr(init, name)(x) is x
    assert str(caught[0].message) == (
        f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`."
    )


def test_constant_and_sparse_are_deprecated_too():
    with pytest.warns(FutureWarning, match="`nn.init.constant` is now deprecated"):
        assert init.constant(torch.empty(1), 3).tolist() == [3.0]
    with pytest.warns(FutureWarning, match="`nn.init.sparse` is now deprecated"):
        init.sparse(torch.empty(2, 2), 0.5)
