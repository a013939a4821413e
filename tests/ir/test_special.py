"""Special functions, against Python's math module and against identities that define them."""

import math

import numpy as np
import pytest

from flambeau.ir.primitives import special


@pytest.fixture(autouse=True)
def as_in_the_backend():
    """The reference backend evaluates with NumPy's floating-point warnings off."""
    with np.errstate(all="ignore"):
        yield


RANDOM = np.random.RandomState(0)


def ulps(got: np.ndarray, wanted: np.ndarray) -> float:
    """The largest error, in units in the last place of what was wanted."""
    return float(np.max(np.abs(got - wanted) / np.spacing(np.abs(wanted))))


def by_math(function, x: np.ndarray) -> np.ndarray:
    return np.array([function(float(value)) for value in x])


POINTS = {
    "near zero": RANDOM.uniform(-1.2, 1.2, 500),
    "moderate": RANDOM.uniform(-6, 6, 500),
    "tiny": 10.0 ** RANDOM.uniform(-300, -5, 200),
}


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_erf_is_right_to_two_ulp(points):
    assert ulps(special.erf(points), by_math(math.erf, points)) <= 2


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_erfc_is_right_to_a_few_ulp(points):
    assert ulps(special.erfc(points), by_math(math.erfc, points)) <= 8


def test_erfc_keeps_its_digits_where_it_is_small():
    far = RANDOM.uniform(6, 26, 500)
    assert ulps(special.erfc(far), by_math(math.erfc, far)) <= 8


def test_erf_of_float32_is_right_to_a_few_ulp():
    x = RANDOM.uniform(-5, 5, 5000).astype(np.float32)
    wanted = by_math(math.erf, x)
    error = np.abs(special.erf(x) - wanted) / np.spacing(np.abs(wanted).astype(np.float32))
    assert error.max() <= 5


def test_erfinv_undoes_erf():
    x = np.concatenate([RANDOM.uniform(-1, 1, 500), 10.0 ** RANDOM.uniform(-300, -5, 100)])
    np.testing.assert_allclose(special.erfinv(special.erf(x)), x, rtol=1e-14)


def test_erfinv_near_one_undoes_erfc():
    tail = 2.0 ** -np.arange(2, 53)
    np.testing.assert_allclose(special.erfc(special.erfinv(1 - tail)), tail, rtol=2e-13)


def test_erfinv_is_infinite_at_one_and_nan_outside():
    got = special.erfinv(np.array([1.0, -1.0, 1.5, -2.0, np.nan, 0.0, -0.0]))
    np.testing.assert_array_equal(got, [np.inf, -np.inf, np.nan, np.nan, np.nan, 0.0, -0.0])
    assert np.signbit(got[-1])


def test_lgamma_agrees_with_pythons():
    x = np.concatenate([RANDOM.uniform(0, 3, 500), RANDOM.uniform(3, 300, 500), [1e-300, 1e300]])
    np.testing.assert_allclose(special.lgamma(x), by_math(math.lgamma, x), rtol=5e-15, atol=2e-15)


def test_lgamma_keeps_its_digits_beside_its_zeros():
    h = 2.0 ** -np.arange(26, 50)
    gamma, zeta_2 = np.euler_gamma, math.pi**2 / 6
    for sign in (1, -1):
        h = sign * h
        below = -gamma * h + zeta_2 / 2 * h**2
        above = (1 - gamma) * h + (zeta_2 - 1) / 2 * h**2
        np.testing.assert_allclose(special.lgamma(1 + h), below, rtol=1e-15)
        np.testing.assert_allclose(special.lgamma(2 + h), above, rtol=1e-15)


def test_lgamma_at_one_and_two_is_zero():
    np.testing.assert_array_equal(special.lgamma(np.array([1.0, 2.0])), 0)


def test_lgamma_of_negative_numbers():
    x = RANDOM.uniform(-30, 0, 500)
    np.testing.assert_allclose(special.lgamma(x), by_math(math.lgamma, x), rtol=1e-12, atol=1e-14)


def test_lgamma_is_infinite_at_zero_and_negative_integers():
    got = special.lgamma(np.array([0.0, -0.0, -1.0, -7.0, np.inf, -np.inf]))
    np.testing.assert_array_equal(got, np.inf)


def test_digamma_is_the_slope_of_lgamma():
    x = RANDOM.uniform(0.5, 50, 200)
    step = 1e-4 * x
    slope = (special.lgamma(x + step) - special.lgamma(x - step)) / (2 * step)
    np.testing.assert_allclose(special.digamma(x), slope, rtol=1e-6, atol=1e-6)


def test_digamma_follows_its_recurrence():
    x = np.concatenate([RANDOM.uniform(0, 20, 200), RANDOM.uniform(-20, 0, 200)])
    np.testing.assert_allclose(
        special.digamma(x + 1), special.digamma(x) + 1 / x, rtol=1e-11, atol=1e-12
    )


def test_digamma_at_one_is_minus_eulers_constant():
    np.testing.assert_allclose(special.digamma(np.array(1.0)), -np.euler_gamma, rtol=1e-15)


def test_digamma_at_its_poles():
    got = special.digamma(np.array([0.0, -0.0, -1.0, -5.0, np.inf, -np.inf]))
    np.testing.assert_array_equal(got, [-np.inf, np.inf, np.nan, np.nan, np.inf, np.nan])


@pytest.mark.parametrize(
    ("n", "at_one"), [(1, math.pi**2 / 6), (3, math.pi**4 / 15), (5, 8 * math.pi**6 / 63)]
)
def test_polygamma_at_one(n, at_one):
    np.testing.assert_allclose(special.polygamma(n, np.array([1.0])), at_one, rtol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_polygamma_follows_its_recurrence(n):
    x = np.concatenate([RANDOM.uniform(0.1, 20, 100), RANDOM.uniform(-8, -0.1, 100)])
    step = (-1) ** n * math.factorial(n) * x ** -(n + 1.0)
    got = special.polygamma(n, x + 1)
    wanted = special.polygamma(n, x) + step
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9 * np.abs(step).max())


def test_polygamma_of_order_zero_is_digamma():
    x = RANDOM.uniform(0, 5, 10)
    np.testing.assert_array_equal(special.polygamma(0, x), special.digamma(x))


@pytest.mark.parametrize(("s", "at_one"), [(2.0, math.pi**2 / 6), (4.0, math.pi**4 / 90)])
def test_zeta_at_one_is_riemanns(s, at_one):
    np.testing.assert_allclose(special.zeta(s, np.array([1.0])), at_one, rtol=1e-15)


def test_zeta_at_its_edges():
    assert special.zeta(1.0, np.array(2.0)) == np.inf
    assert np.isnan(special.zeta(0.5, np.array(2.0)))
    assert special.zeta(2.0, np.array(0.0)) == np.inf
    assert special.zeta(2.0, np.array(-3.0)) == np.inf
    assert np.isnan(special.zeta(2.5, np.array(-3.5)))
    assert special.zeta(2.0, np.array(np.inf)) == 0


def test_i0_is_the_mean_of_an_exponential_round_the_circle():
    x = np.concatenate([RANDOM.uniform(-30, 30, 100), [0.0, 100.0, 700.0]])
    angles = (np.arange(512) + 0.5) * np.pi / 512
    mean = np.exp(np.abs(x)[:, None] * (np.cos(angles) - 1)).mean(1)
    np.testing.assert_allclose(special.i0(x), mean * np.exp(np.abs(x)), rtol=1e-13)


FUNCTIONS = [special.erf, special.erfc, special.erfinv, special.lgamma, special.digamma, special.i0]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 4)])
def test_shape_and_dtype_are_kept(function, dtype, shape):
    x = np.full(shape, 0.25, dtype)
    got = function(x)
    assert got.shape == shape
    assert got.dtype == dtype


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_nan_stays_nan(function):
    assert np.isnan(function(np.array(np.nan)))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_long_and_strided_arrays_are_computed_like_single_elements(function):
    x = RANDOM.uniform(0.01, 0.99, (100, 200)).T
    got = function(x)
    single = np.array([function(np.array(value)) for value in x[::50, ::37].flat])
    np.testing.assert_array_equal(got[::50, ::37].reshape(-1), single)


def test_erf_at_infinity():
    got = special.erf(np.array([np.inf, -np.inf, -0.0]))
    np.testing.assert_array_equal(got, [1, -1, -0.0])
    assert np.signbit(got[2])


def test_erfc_at_infinity():
    np.testing.assert_array_equal(special.erfc(np.array([np.inf, -np.inf])), [0, 2])
