"""Special functions, contractions and windows in NumPy, beside PyTorch's."""

import numpy as np
import pytest

from flambeau.ir.primitives import special
from flambeau.ir.primitives.contraction import CONV_GENERAL
from flambeau.ir.primitives.window import WINDOW_MAX, WINDOW_SUM

torch = pytest.importorskip("torch")
F = torch.nn.functional

RANDOM = np.random.RandomState(0)


@pytest.fixture(autouse=True)
def as_in_the_backend():
    with np.errstate(all="ignore"):
        yield


EVERYWHERE = np.concatenate(
    [
        RANDOM.uniform(-6, 6, 500),
        RANDOM.uniform(-1, 1, 500),
        10.0 ** RANDOM.uniform(-30, 2, 100),
        [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, np.inf, -np.inf, np.nan],
    ]
)


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv", "lgamma", "digamma"])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-5), (np.float64, 1e-11)])
def test_special_function(name, dtype, rtol):
    x = EVERYWHERE.astype(dtype)
    wanted = getattr(torch, name)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(getattr(special, name)(x), wanted, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_polygamma(n):
    x = np.concatenate([RANDOM.uniform(0.05, 30, 300), RANDOM.uniform(-9.95, -0.05, 100)])
    wanted = torch.polygamma(n, torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(special.polygamma(n, x), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("s", [1.0, 1.5, 2.0, 7.0, 0.5])
def test_zeta(s):
    q = np.concatenate([RANDOM.uniform(0.05, 30, 300), [0.0, np.nan]])
    wanted = torch.special.zeta(torch.full((302,), s).double(), torch.from_numpy(q)).numpy()
    np.testing.assert_allclose(special.zeta(s, q), wanted, rtol=1e-12)


def test_i0():
    x = RANDOM.uniform(-100, 100, 500)
    np.testing.assert_allclose(special.i0(x), torch.i0(torch.from_numpy(x)).numpy(), rtol=1e-12)


# A convolution and both its gradients, as the layers above make them -----------------------------

LAYERS = [
    # channels in and out, size, kernel, stride, padding, dilation
    (1, 6, 12, 5, 1, 0, 1),
    (6, 16, 14, 5, 1, 0, 1),
    (3, 4, 9, 3, 2, 1, 1),
    (3, 4, 10, 3, 2, 1, 1),
    (2, 3, 11, 3, 3, 2, 2),
    (4, 2, 8, 1, 2, 0, 1),
]


def convolve(x, w, **given):
    attrs = {
        "stride": (1, 1),
        "padding": ((0, 0), (0, 0)),
        "input_dilation": (1, 1),
        "kernel_dilation": (1, 1),
        "groups": 1,
    }
    return CONV_GENERAL.numpy(x, w, **(attrs | given))


def twice(*numbers):
    return (numbers if len(numbers) > 1 else numbers[0],) * 2


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_convolution_and_its_gradients(layer):
    inputs, outputs, size, kernel, stride, padding, dilation = layer
    x = torch.randn(3, inputs, size, size, dtype=torch.float64, requires_grad=True)
    w = torch.randn(outputs, inputs, kernel, kernel, dtype=torch.float64, requires_grad=True)
    y = F.conv2d(x, w, None, stride, padding, dilation)
    dy = torch.randn_like(y)
    y.backward(dy)
    a, b, g = x.detach().numpy(), w.detach().numpy(), dy.numpy()

    got = convolve(
        a,
        b,
        stride=twice(stride),
        padding=twice(padding, padding),
        kernel_dilation=twice(dilation),
    )
    np.testing.assert_allclose(got, y.detach().numpy(), rtol=1e-10, atol=1e-10)

    reach = dilation * (kernel - 1)
    rest = size + 2 * padding - reach - 1 - (y.shape[-1] - 1) * stride
    by_input = convolve(
        g,
        b.swapaxes(0, 1)[:, :, ::-1, ::-1],
        padding=twice(reach - padding, reach - padding + rest),
        input_dilation=twice(stride),
        kernel_dilation=twice(dilation),
    )
    np.testing.assert_allclose(by_input, x.grad.numpy(), rtol=1e-10, atol=1e-10)

    by_weight = convolve(
        a.swapaxes(0, 1),
        g.swapaxes(0, 1),
        stride=twice(dilation),
        padding=twice(padding, padding - rest),
        kernel_dilation=twice(stride),
    )
    by_weight = by_weight.swapaxes(0, 1)
    np.testing.assert_allclose(by_weight, w.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_grouped_convolution(groups):
    x, w = torch.randn(2, 6, 7, 7), torch.randn(12, 6 // groups, 3, 3)
    got = convolve(x.numpy(), w.numpy(), groups=groups)
    wanted = F.conv2d(x, w, groups=groups).numpy()
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "window", [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 1), (2, 3, 0, 2)], ids=str
)
@pytest.mark.parametrize("kind", ["random", "ties", "nan", "infinite"])
def test_max_pooling(window, kind):
    kernel, stride, padding, dilation = window
    x = torch.randn(2, 3, 9, 9)
    if kind == "ties":
        x = x.round()
    elif kind == "nan":
        x[x > 0.5] = torch.nan
    elif kind == "infinite":
        x[x > -1] = -torch.inf
    wanted = F.max_pool2d(x, kernel, stride, padding, dilation, return_indices=True)
    got = WINDOW_MAX.numpy(
        x.numpy(),
        window=twice(kernel),
        stride=twice(stride),
        padding=twice(padding, padding),
        dilation=twice(dilation),
    )
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


def test_sum_pooling():
    x = torch.randn(2, 3, 9, 9, dtype=torch.float64)
    got = WINDOW_SUM.numpy(
        x.numpy(),
        window=(3, 3),
        stride=(2, 2),
        padding=twice(1, 1),
        input_dilation=(1, 1),
        dilation=(1, 1),
    )
    wanted = F.avg_pool2d(x, 3, 2, 1, divisor_override=1).numpy()
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
