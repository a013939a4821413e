"""The same seed gives PyTorch's numbers, whatever is drawn, in whatever order."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flambeau import _counts, generator, sampling
from flambeau.generator import Generator
from flambeau.ir import dtypes

torch = pytest.importorskip("torch")

FLOATS = ["float32", "float64", "float16", "bfloat16"]
INTEGERS = ["int64", "int32", "int16", "int8", "uint8"]
SHAPES = [(), (0,), (1,), (5,), (3, 5), (16,), (17,), (4, 8), (33,), (3, 5, 7), (1000,), (70001,)]
Draw = tuple[Callable[[Any], Any], Callable[[Generator], np.ndarray]]


def as_float64(values: Any) -> np.ndarray:
    return values.double().numpy() if torch.is_tensor(values) else values.astype(np.float64)


def filled(shape: tuple[int, ...], dtype: str, method: str, *arguments: Any) -> Callable:
    """PyTorch's in-place fill of a new tensor."""

    def draw(g: Any) -> Any:
        empty = torch.zeros(shape, dtype=getattr(torch, dtype))
        return getattr(empty, method)(*arguments, generator=g)

    return draw


def uniform(shape, rng) -> Draw:
    dtype = rng.choice(FLOATS)
    low = rng.choice([0.0, -1.0, -0.3, 1e-3, 1000.0])
    high = low + rng.choice([0.0, 1.0, 1e-3, 7.3])
    return (
        filled(shape, dtype, "uniform_", low, high),
        lambda g: sampling.uniform(g, shape, low, high, dtypes.ALL[dtype]),
    )


def normal(shape, rng) -> Draw:
    dtype = rng.choice(FLOATS)
    mean, std = rng.choice([0.0, 0.3, -5.0]), rng.choice([1.0, 0.0, 0.7, 0.02])
    return (
        filled(shape, dtype, "normal_", mean, std),
        lambda g: sampling.normal(g, shape, mean, std, dtypes.ALL[dtype]),
    )


def normal_apart(shape, rng) -> Draw:
    dtype = rng.choice(FLOATS)

    def theirs(g: Any) -> Any:
        apart = torch.zeros((*shape, 2), dtype=getattr(torch, dtype))[..., 0]
        return apart.normal_(0.3, 0.7, generator=g)

    one_by_one = np.prod(shape) > 1
    return theirs, lambda g: sampling.normal(
        g, shape, 0.3, 0.7, dtypes.ALL[dtype], one_by_one=one_by_one
    )


def integers(shape, rng) -> Draw:
    dtype = rng.choice(INTEGERS + FLOATS)
    low = rng.choice([0, 0, 3, -100, -(2**40), -(2**63)])
    high = low + rng.choice([1, 2, 10, 25, 2**24 + 3, 2**28 - 1, 2**28, 2**32 + 5, 2**62])
    if dtype not in ("float32", "float64"):
        limits = (torch.finfo if dtype in FLOATS else torch.iinfo)(getattr(torch, dtype))
        low = max(low, int(limits.min))
        high = max(low + 1, min(high, int(limits.max)))
    return (
        filled(shape, dtype, "random_", low, high),
        lambda g: sampling.integers(g, shape, low, high, dtypes.ALL[dtype]),
    )


def any_integers(shape, rng) -> Draw:
    dtype = rng.choice([*INTEGERS, *FLOATS, "bool"])
    low = None if dtype == "bool" else rng.choice([None, 0, 3, 100])
    bounds = () if low is None else (low, None)
    return (
        filled(shape, dtype, "random_", *bounds),
        lambda g: sampling.any_integers(g, shape, dtypes.ALL[dtype], low=low),
    )


def permutation(shape, rng) -> Draw:
    dtype = rng.choice(["int64", "int32", "float32", "float64", "bfloat16"])
    n = int(np.prod(shape))
    return (
        lambda g: torch.randperm(n, generator=g, dtype=getattr(torch, dtype)),
        lambda g: sampling.permutation(g, n, dtypes.ALL[dtype]),
    )


def bernoulli(shape, rng) -> Draw:
    dtype = rng.choice([*INTEGERS, *FLOATS, "bool"])
    p = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0])
    return (
        filled(shape, dtype, "bernoulli_", p),
        lambda g: sampling.bernoulli(g, shape, p, dtypes.ALL[dtype]),
    )


def bernoulli_each(shape, rng) -> Draw:
    dtype, of = rng.choice([*INTEGERS, *FLOATS, "bool"]), rng.choice(FLOATS)
    p = torch.linspace(0, 1, int(np.prod(shape))).reshape(shape).to(getattr(torch, of))
    array = sampling._rounded(p.double().numpy(), dtypes.ALL[of])
    return (
        filled(shape, dtype, "bernoulli_", p),
        lambda g: sampling.bernoulli_each(g, array, dtypes.ALL[dtype]),
    )


def exponential(shape, rng) -> Draw:
    dtype, rate = rng.choice(FLOATS), rng.choice([1.0, 0.37])
    return (
        filled(shape, dtype, "exponential_", rate),
        lambda g: sampling.exponential(g, shape, rate, dtypes.ALL[dtype]),
    )


def cauchy(shape, rng) -> Draw:
    dtype, sigma = rng.choice(FLOATS), rng.choice([1.0, 0.37])
    return (
        filled(shape, dtype, "cauchy_", 0.3, sigma),
        lambda g: sampling.cauchy(g, shape, 0.3, sigma, dtypes.ALL[dtype]),
    )


def log_normal(shape, rng) -> Draw:
    dtype, std = rng.choice(FLOATS), rng.choice([1.0, 0.37])
    return (
        filled(shape, dtype, "log_normal_", 0.3, std),
        lambda g: sampling.log_normal(g, shape, 0.3, std, dtypes.ALL[dtype]),
    )


def geometric(shape, rng) -> Draw:
    dtype, p = rng.choice(["float32", "float64", "int64", "int32"]), rng.choice([0.01, 0.3, 0.9])
    return (
        filled(shape, dtype, "geometric_", p),
        lambda g: sampling.geometric(g, shape, p, dtypes.ALL[dtype]),
    )


def multinomial(shape, rng) -> Draw:
    dtype, replacement = rng.choice(["float32", "float64"]), rng.choice([True, False])
    rows, columns = rng.choice([(1, 7), (3, 30), (2, 500)])
    samples = rng.choice([1, 2, 40 if replacement else columns])
    weights = np.random.default_rng(rng.random().__hash__() % 2**32).random((rows, columns))
    weights = weights.astype(dtype)
    return (
        lambda g: torch.multinomial(torch.tensor(weights), samples, replacement, generator=g),
        lambda g: sampling.multinomial(g, weights, samples, replacement),
    )


def poisson(shape, rng) -> Draw:
    largest = rng.choice([0.0, 3.0, 40.0, 5000.0])
    rates = np.linspace(0, largest, int(np.prod(shape[-1:])), dtype=np.float32)
    return (
        lambda g: torch.poisson(torch.tensor(rates), generator=g),
        lambda g: _counts.poisson(g, rates),
    )


def binomial(shape, rng) -> Draw:
    counts = np.floor(np.linspace(0, rng.choice([5.0, 300.0]), 300))
    p = np.roll(np.linspace(0, 1, 300), 77)
    return (
        lambda g: torch.binomial(torch.tensor(counts), torch.tensor(p), generator=g),
        lambda g: _counts.binomial(g, counts, p),
    )


DRAWS = [
    uniform,
    normal,
    normal_apart,
    integers,
    any_integers,
    permutation,
    bernoulli,
    bernoulli_each,
    exponential,
    cauchy,
    log_normal,
    geometric,
    multinomial,
    poisson,
    binomial,
]
# NumPy's double precision functions and the C library's may differ in the last place, and
# rounding to half precision can make that visible.
INEXACT = {exponential: 1e-3, cauchy: 1e-3, log_normal: 1e-3}


def assert_same(theirs: Any, ours: np.ndarray, draw: Any, label: str) -> None:
    assert str(theirs.dtype) == f"torch.{dtypes.from_numpy(ours.dtype).name}", label
    assert tuple(theirs.shape) == ours.shape, label
    expected, got = as_float64(theirs), as_float64(ours)
    if draw in INEXACT and ours.dtype.itemsize == 2:
        np.testing.assert_allclose(got, expected, rtol=2**-7, err_msg=label)
        assert (got != expected).sum() <= 1 + INEXACT[draw] * got.size, label
    elif ours.dtype == np.float64:
        # A denormal's worth of absolute slack: normal numbers of std 0.02 may come out near 0.
        np.testing.assert_allclose(got, expected, rtol=1e-15, atol=1e-15, err_msg=label)
    else:
        np.testing.assert_array_equal(got, expected, err_msg=label)


@pytest.mark.filterwarnings("ignore:from is out of bounds")
@pytest.mark.filterwarnings("ignore:to - 1 is out of bounds")
@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: draw.__name__)
def test_each_distribution_in_every_shape(draw, seed):
    rng = random.Random(seed)
    for shape in SHAPES:
        for _ in range(8 if np.prod(shape) < 1e4 else 2):
            theirs, ours = draw(shape, rng)
            start = rng.randrange(2**64)
            g, h = torch.Generator().manual_seed(start), Generator().manual_seed(start)
            assert_same(theirs(g), ours(h), draw, f"{draw.__name__} of {shape}")
            np.testing.assert_array_equal(g.get_state().numpy(), h.state_bytes())


@pytest.mark.filterwarnings("ignore:from is out of bounds")
@pytest.mark.filterwarnings("ignore:to - 1 is out of bounds")
@pytest.mark.parametrize("round", range(10))
def test_programs_of_many_draws_stay_in_step(round, seed):
    rng = random.Random(seed)
    g, h = torch.Generator().manual_seed(seed), Generator().manual_seed(seed)
    trail = []
    for _ in range(40):
        draw = rng.choice(DRAWS)
        theirs, ours = draw(rng.choice(SHAPES[:-1]), rng)
        trail.append(draw.__name__)
        assert_same(theirs(g), ours(h), draw, " ".join(trail))
        if rng.random() < 0.1:
            h = Generator().set_state_bytes(g.get_state().numpy())
        if rng.random() < 0.1:
            g.set_state(torch.from_numpy(h.state_bytes()))
    np.testing.assert_array_equal(g.get_state().numpy(), h.state_bytes())


def test_a_million_normal_numbers_to_the_last_bit():
    g, h = torch.Generator().manual_seed(1), Generator().manual_seed(1)
    theirs = torch.randn(1_000_003, generator=g).numpy()
    np.testing.assert_array_equal(sampling.normal(h, (1_000_003,)), theirs)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1.0])
def test_dropout_multiplies_by_the_mask(p, dtype):
    x = torch.ones(40, 25, dtype=getattr(torch, dtype))
    torch.manual_seed(3)
    theirs = torch.nn.functional.dropout(x, p)
    mask = sampling.dropout_mask(Generator().manual_seed(3), (40, 25), p, dtypes.ALL[dtype])
    np.testing.assert_array_equal(as_float64(mask), as_float64(theirs))


@pytest.mark.parametrize(
    "seed", [0, 1, -1, -(2**63), 2**32, 2**32 - 1, 2**64 - 1, 12345678901234567890]
)
def test_seeds_of_any_size(seed):
    g, h = torch.Generator().manual_seed(seed), Generator().manual_seed(seed)
    assert g.initial_seed() == h.initial_seed()
    np.testing.assert_array_equal(g.get_state().numpy(), h.state_bytes())


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 2**70, "3", 3.5, None, True])
def test_seeds_that_are_refused(seed):
    with pytest.raises((ValueError, RuntimeError)) as theirs:
        torch.Generator().manual_seed(seed)
    with pytest.raises(theirs.type) as ours:
        Generator().manual_seed(seed)
    assert str(ours.value) == str(theirs.value)


def test_the_default_seed():
    assert Generator().initial_seed() == torch.Generator().initial_seed()


@pytest.mark.parametrize(("start", "stop", "value"), [(8, 12, 0), (8, 12, 1 << 16), (12, 16, 0)])
def test_states_that_are_refused(start, stop, value):
    state = torch.Generator().get_state()
    state[start:stop] = torch.tensor(list(value.to_bytes(4, "little")), dtype=torch.uint8)
    with pytest.raises(RuntimeError) as theirs:
        torch.Generator().set_state(state)
    with pytest.raises(RuntimeError) as ours:
        Generator().set_state_bytes(state.numpy())
    assert str(ours.value) == str(theirs.value)


E_ = torch.zeros(3)
L_ = torch.zeros(3, dtype=torch.int64)
BAD = {
    "uniform backwards": (
        lambda: E_.uniform_(2, 1),
        lambda g: sampling.uniform(g, (3,), 2, 1),
    ),
    "uniform from NaN": (
        lambda: E_.uniform_(float("nan"), 1),
        lambda g: sampling.uniform(g, (3,), float("nan"), 1),
    ),
    "uniform to infinity": (
        lambda: E_.half().uniform_(0, 70000),
        lambda g: sampling.uniform(g, (3,), 0, 70000, dtypes.float16),
    ),
    "uniform too wide": (
        lambda: E_.uniform_(-3e38, 3e38),
        lambda g: sampling.uniform(g, (3,), -3e38, 3e38),
    ),
    "uniform integers": (
        lambda: L_.uniform_(),
        lambda g: sampling.uniform(g, (3,), dtype=dtypes.int64),
    ),
    "normal of negative deviation": (
        lambda: E_.normal_(0, -1.5),
        lambda g: sampling.normal(g, (3,), 0, -1.5),
    ),
    "normal integers": (
        lambda: L_.normal_(),
        lambda g: sampling.normal(g, (3,), dtype=dtypes.int64),
    ),
    "no integers": (
        lambda: torch.randint(3, 3, (2,)),
        lambda g: sampling.integers(g, (2,), 3, 3),
    ),
    "negative bytes": (
        lambda: torch.randint(-1, 3, (2,), dtype=torch.uint8),
        lambda g: sampling.integers(g, (2,), -1, 3, dtypes.uint8),
    ),
    "large bytes": (
        lambda: torch.randint(300, (2,), dtype=torch.int8),
        lambda g: sampling.integers(g, (2,), 0, 300, dtypes.int8),
    ),
    "large bools": (
        lambda: torch.randint(3, (2,), dtype=torch.bool),
        lambda g: sampling.integers(g, (2,), 0, 3, dtypes.bool_),
    ),
    "large halves": (
        lambda: torch.randint(100000, (2,), dtype=torch.float16),
        lambda g: sampling.integers(g, (2,), 0, 100000, dtypes.float16),
    ),
    "a negative permutation": (
        lambda: torch.randperm(-1),
        lambda g: sampling.permutation(g, -1),
    ),
    "a permutation of bools": (
        lambda: torch.randperm(2, dtype=torch.bool),
        lambda g: sampling.permutation(g, 2, dtypes.bool_),
    ),
    "a permutation of bytes": (
        lambda: torch.randperm(257, dtype=torch.uint8),
        lambda g: sampling.permutation(g, 257, dtypes.uint8),
    ),
    "a permutation of halves": (
        lambda: torch.randperm(2050, dtype=torch.float16),
        lambda g: sampling.permutation(g, 2050, dtypes.float16),
    ),
    "a permutation of floats": (
        lambda: torch.randperm(2**24 + 2, dtype=torch.float32),
        lambda g: sampling.permutation(g, 2**24 + 2, dtypes.float32),
    ),
    "bernoulli above one": (
        lambda: E_.bernoulli_(1.5),
        lambda g: sampling.bernoulli(g, (3,), 1.5),
    ),
    "bernoulli of tensors above one": (
        lambda: torch.bernoulli(torch.full((3,), 2.0)),
        lambda g: sampling.bernoulli_each(g, np.full(3, 2, np.float32)),
    ),
    "bernoulli of integers": (
        lambda: torch.bernoulli(L_),
        lambda g: sampling.bernoulli_each(g, np.zeros(3, np.int64)),
    ),
    "exponential of rate zero": (
        lambda: E_.exponential_(0),
        lambda g: sampling.exponential(g, (3,), 0),
    ),
    "exponential integers": (
        lambda: L_.exponential_(),
        lambda g: sampling.exponential(g, (3,), dtype=dtypes.int64),
    ),
    "cauchy of sigma zero": (
        lambda: E_.cauchy_(0, 0),
        lambda g: sampling.cauchy(g, (3,), 0, 0),
    ),
    "cauchy integers": (
        lambda: L_.cauchy_(),
        lambda g: sampling.cauchy(g, (3,), dtype=dtypes.int64),
    ),
    "log-normal of deviation zero": (
        lambda: E_.log_normal_(0, 0),
        lambda g: sampling.log_normal(g, (3,), 0, 0),
    ),
    "log-normal integers": (
        lambda: L_.log_normal_(),
        lambda g: sampling.log_normal(g, (3,), dtype=dtypes.int64),
    ),
    "geometric of probability one": (
        lambda: E_.geometric_(1),
        lambda g: sampling.geometric(g, (3,), 1),
    ),
    "geometric bools": (
        lambda: E_.bool().geometric_(0.5),
        lambda g: sampling.geometric(g, (3,), 0.5, dtypes.bool_),
    ),
    "negative Poisson": (
        lambda: torch.poisson(-torch.ones(3)),
        lambda g: _counts.poisson(g, -np.ones(3, np.float32)),
    ),
    "Poisson of integers": (
        lambda: torch.poisson(L_),
        lambda g: _counts.poisson(g, np.zeros(3, np.int64)),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_errors_are_pytorchs(case):
    theirs_of, ours_of = BAD[case]
    with pytest.raises((RuntimeError, NotImplementedError)) as theirs:
        theirs_of()
    with pytest.raises(theirs.type) as ours:
        ours_of(Generator())
    assert str(ours.value) == str(theirs.value)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("weights", [[NAN, 1.0], [INF, 1.0], [-1.0, 1.0], [0.0, 0.0], [[[1.0]]]])
@pytest.mark.parametrize(("samples", "replacement"), [(1, False), (1, True), (3, True), (3, False)])
def test_errors_of_multinomial_are_pytorchs(weights, samples, replacement):
    with pytest.raises(RuntimeError) as theirs:
        torch.multinomial(torch.tensor(weights), samples, replacement)
    with pytest.raises(RuntimeError) as ours:
        sampling.multinomial(Generator(), np.array(weights, np.float32), samples, replacement)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("samples", [0, -1])
def test_multinomial_needs_a_sample(samples):
    with pytest.raises(RuntimeError) as theirs:
        torch.multinomial(torch.ones(3), samples)
    with pytest.raises(RuntimeError) as ours:
        sampling.multinomial(Generator(), np.ones(3, np.float32), samples)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_integers_beyond_a_floats_precision_warn(dtype):
    with pytest.warns(UserWarning, match="out of bounds") as theirs:
        torch.randint(0, 2**26, (3,), dtype=getattr(torch, dtype))
    with pytest.warns(UserWarning, match="out of bounds") as ours:
        sampling.integers(Generator(), (3,), 0, 2**26, dtypes.ALL[dtype])
    assert str(theirs[0].message).startswith(str(ours[0].message))


def test_fork_rng_leaves_the_default_generator_alone():
    generator.manual_seed(7)
    with generator.fork_rng():
        generator.manual_seed(8)
    torch.manual_seed(7)
    ours = generator.default_generator.state_bytes()
    np.testing.assert_array_equal(ours, torch.get_rng_state().numpy())
