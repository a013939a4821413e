"""Seeded initial values are PyTorch's numbers."""

import warnings

import pytest

import flambeau

torch = pytest.importorskip("torch")

FILLS = [
    "uniform_(x)",
    "uniform_(x, -3, 2)",
    "normal_(x, 1, 0.5)",
    "trunc_normal_(x)",
    "trunc_normal_(x, std=0.02)",
    "trunc_normal_(x, 1.5, 1.0, -2, 2)",
    "trunc_normal_(x, 0.0, 1.0, 1.0, 1.5)",
    "trunc_normal_(x, 5.0)",
    "constant_(x, 2)",
    "ones_(x)",
    "zeros_(x)",
    "eye_(x)",
    "xavier_uniform_(x, 2)",
    "xavier_normal_(x)",
    "kaiming_uniform_(x)",
    "kaiming_uniform_(x, a=5**0.5)",
    "kaiming_uniform_(x, mode='FAN_OUT', nonlinearity='relu')",
    "kaiming_normal_(x, mode='fan_out', nonlinearity='relu')",
    "orthogonal_(x)",
    "orthogonal_(x, gain=3)",
    "sparse_(x, 0.3)",
    "kaiming_uniform_(x, mode='x')",
    "kaiming_uniform_(x, nonlinearity='x')",
    "uniform_(x, 2, 1)",
    "normal_(x, 0, -1)",
    "dirac_(x)",
]


def outcome(package, fill, shape, dtype):
    package.manual_seed(0)
    scope = {**vars(package.nn.init), "x": package.empty(shape, dtype=getattr(package, dtype))}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            values = eval(fill, scope).flatten().tolist()
        except Exception as error:
            values = [f"{type(error).__name__}: {error}"]
    # The next draw shows that as many random numbers were consumed.
    return values, [str(warning.message) for warning in caught], package.rand(1).item()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 4), (40, 20), (5, 8)])
@pytest.mark.parametrize("fill", FILLS)
def test_fills(fill, shape, dtype):
    values, said, following = outcome(flambeau, fill, shape, dtype)
    expected, expected_said, expected_following = outcome(torch, fill, shape, dtype)
    if isinstance(expected[0], str):
        assert values == expected
    else:
        assert values == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert said == expected_said
    assert following == expected_following


@pytest.mark.parametrize("fill", ["dirac_(x)", "dirac_(x, 2)", "orthogonal_(x)", "eye_(x)"])
@pytest.mark.parametrize("shape", [(4, 2, 3), (4, 4, 3, 3), (2, 3, 2, 4, 3), (4,)])
def test_fills_of_convolutions(fill, shape):
    values, said, following = outcome(flambeau, fill, shape, "float32")
    expected, expected_said, expected_following = outcome(torch, fill, shape, "float32")
    if isinstance(expected[0], str):
        assert values == expected
    else:
        assert values == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert (said, following) == (expected_said, expected_following)


@pytest.mark.parametrize(
    "name", ["linear", "conv2d", "tanh", "relu", "selu", "leaky_relu", "sigmoid", "zz"]
)
def test_gains(name):
    def gain(package):
        try:
            return package.nn.init.calculate_gain(name)
        except ValueError as error:
            return str(error)

    assert gain(flambeau) == gain(torch)
