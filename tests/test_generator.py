"""The generator and what the distributions make of it; the golden numbers are PyTorch's."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flambeau import _counts, generator, sampling
from flambeau.generator import Generator
from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType

GOLDEN = np.load(Path(__file__).parent / "golden" / "generator.npz")
SEED = 1234
SIZES = (1, 15, 16, 37)

Draw = Callable[[int, DType, Generator], np.ndarray]


def weights(n: int, dtype: DType = dtypes.float32) -> np.ndarray:
    values = np.float32(np.arange(n) * 7 % 11 + 1) / np.float32(11)
    return (values * (np.arange(n) % 4 > 0)).astype(dtype.numpy)


def times(values: np.ndarray, factor: float) -> np.ndarray:
    return (values.astype(np.float64) * factor).astype(values.dtype)


DRAWS: dict[str, Draw] = {
    "uniform": lambda n, d, g: sampling.uniform(g, (n,), -0.3, 0.7, d),
    "normal": lambda n, d, g: sampling.normal(g, (n,), 0.3, 0.7, d),
    # A tensor of one element is contiguous whatever its strides.
    "normal_apart": lambda n, d, g: sampling.normal(g, (n,), 0.3, 0.7, d, one_by_one=n > 1),
    "integers": lambda n, d, g: sampling.integers(g, (n,), 5, 100, d),
    "integers_wide": lambda n, d, g: sampling.integers(g, (n,), -5, 2**28, d),
    "integers_rounded": lambda n, d, g: sampling.integers(g, (n,), -(2**26) - 7, 2**26 - 1, d),
    "any_integers": lambda n, d, g: sampling.any_integers(g, (n,), d),
    "any_integers_above": lambda n, d, g: sampling.any_integers(g, (n,), d, low=3),
    "permutation": lambda n, d, g: sampling.permutation(g, n, d),
    "bernoulli": lambda n, d, g: sampling.bernoulli(g, (n,), 0.3, d),
    "bernoulli_each": lambda n, d, g: sampling.bernoulli_each(g, weights(n, d), d),
    "exponential": lambda n, d, g: sampling.exponential(g, (n,), 0.7, d),
    "cauchy": lambda n, d, g: sampling.cauchy(g, (n,), 0.3, 0.7, d),
    "log_normal": lambda n, d, g: sampling.log_normal(g, (n,), 0.3, 0.7, d),
    "geometric": lambda n, d, g: sampling.geometric(g, (n,), 0.3, d),
    "multinomial": lambda n, d, g: sampling.multinomial(g, weights(n + 1, d), 1),
    "multinomial_few": lambda n, d, g: sampling.multinomial(g, weights(n + 1, d), n // 2 + 1),
    "multinomial_many": lambda n, d, g: sampling.multinomial(g, weights(n + 1, d), n, True),
    "poisson": lambda n, d, g: _counts.poisson(g, times(weights(n, d), 40)),
    "binomial": lambda n, d, g: _counts.binomial(
        g, (np.arange(n) * 3).astype(d.numpy), weights(n, d)
    ),
}
CASES = [case for case in GOLDEN.files if not case.startswith("state/")]


def test_every_distribution_has_golden_numbers():
    assert {case.partition("/")[0] for case in CASES} == set(DRAWS)


@pytest.mark.filterwarnings("ignore:.* is out of bounds")
@pytest.mark.parametrize("case", CASES)
def test_the_numbers_are_pytorchs(case):
    name, dtype_name = case.split("/")
    g = Generator().manual_seed(SEED)
    dtype = dtypes.ALL[dtype_name]
    drawn = np.concatenate([DRAWS[name](n, dtype, g) for n in SIZES])
    if name not in ("multinomial", "multinomial_few", "multinomial_many"):
        assert drawn.dtype == dtype.numpy
    # The last place of a double belongs to the machine's own logarithm and sine.
    slack = {"float64": 1e-15, "float16": 2**-10, "bfloat16": 2**-7}.get(dtype_name, 1e-7)
    continuous = name in ("exponential", "cauchy", "log_normal")
    exact = not continuous and not (name.startswith("normal") and dtype_name == "float64")
    expected = GOLDEN[case].astype(np.float64)
    tolerance = 0 if exact and name != "normal_apart" else slack
    np.testing.assert_allclose(drawn.astype(np.float64), expected, rtol=tolerance, atol=tolerance)


# The stream and its state -------------------------------------------------------------------


def test_the_stream_is_the_mersenne_twisters():
    # The first outputs of the authors' own program (mt19937ar.out) for init_genrand(5489).
    first = Generator().manual_seed(5489).words(10000)
    assert first[0] == 3499211612
    assert first[9999] == 4123659995


def test_drawing_in_parts_is_drawing_at_once():
    g, h = Generator().manual_seed(3), Generator().manual_seed(3)
    parts = [g.words(n) for n in (1, 0, 623, 1, 700)]
    np.testing.assert_array_equal(np.concatenate(parts), h.words(1325))


def test_a_seeded_state_is_pytorchs():
    state = Generator().manual_seed(SEED).state_bytes()
    np.testing.assert_array_equal(state, GOLDEN["state/seeded"])


def test_states_follow_pytorchs():
    g = Generator().manual_seed(SEED)
    sampling.normal(g, (3,))
    np.testing.assert_allclose(
        g.state_bytes()[5024:5032].view(np.float64),
        GOLDEN["state/with_spare"][5024:5032].view(np.float64),
        rtol=1e-15,
    )
    np.testing.assert_array_equal(g.state_bytes()[:5024], GOLDEN["state/with_spare"][:5024])
    sampling.normal(g, (20,))
    sampling.uniform(g, (624 - 44,))
    np.testing.assert_array_equal(g.state_bytes()[:5024], GOLDEN["state/used_up"][:5024])


def test_pytorchs_state_goes_on_here():
    g = Generator().set_state_bytes(GOLDEN["state/with_spare"])
    np.testing.assert_array_equal(sampling.normal(g, (20,)), GOLDEN["state/then"])


@pytest.mark.parametrize("before", [0, 1, 624, 625])
def test_a_state_is_the_whole_future(before):
    g = Generator().manual_seed(9)
    g.words(before)
    sampling.normal(g, (3,))
    h = Generator().set_state_bytes(g.state_bytes())
    np.testing.assert_array_equal(h.state_bytes(), g.state_bytes())
    for size in (2, 15, 700):
        np.testing.assert_array_equal(sampling.normal(h, (size,)), sampling.normal(g, (size,)))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, Generator.clone_state])
def test_copies_go_their_own_way(copied):
    g = Generator().manual_seed(9)
    g.words(5)
    h = copied(g)
    first = h.words(3)
    np.testing.assert_array_equal(g.words(3), first)


def test_a_generator_can_be_pickled():
    g = Generator().manual_seed(2**40)
    sampling.normal(g, (1,))
    h = pickle.loads(pickle.dumps(g))
    np.testing.assert_array_equal(h.state_bytes(), g.state_bytes())
    assert h.initial_seed() == 2**40


@pytest.mark.parametrize("size", [0, 10, 5055, 10112])
def test_states_of_the_wrong_size_are_refused(size):
    with pytest.raises(RuntimeError, match=f"size 5056 but found .* state size to be {size}"):
        Generator().set_state_bytes(np.zeros(size, np.uint8))


def test_states_that_are_no_bytes_are_refused():
    with pytest.raises(TypeError, match=r"RNG state must be a torch\.ByteTensor"):
        Generator().set_state_bytes(np.zeros(5056, np.float32))


@pytest.mark.parametrize(("offset", "value"), [(8, 0), (10, 1), (12, 0), (17, 3)])
def test_states_that_make_no_sense_are_refused(offset, value):
    g = Generator().manual_seed(1)
    state = g.state_bytes()
    state[offset] = value
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        g.set_state_bytes(state)
    np.testing.assert_array_equal(g.words(5), Generator().manual_seed(1).words(5))


# Seeds --------------------------------------------------------------------------------------


def test_a_generator_starts_from_a_fixed_seed():
    assert Generator().initial_seed() == 67280421310721
    np.testing.assert_array_equal(Generator().words(5), Generator().words(5))


@pytest.mark.parametrize(("seed", "reported"), [(-1, 2**64 - 1), (-(2**63), 2**63), (2**40, 2**40)])
def test_seeds_have_64_bits(seed, reported):
    assert Generator().manual_seed(seed).initial_seed() == reported


def test_the_lower_32_bits_of_a_seed_count():
    np.testing.assert_array_equal(
        Generator().manual_seed(2**32 + 5).words(5), Generator().manual_seed(5).words(5)
    )


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_longer_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", [1.5, "3", None, True])
def test_seeds_are_integers(seed):
    with pytest.raises(RuntimeError, match="manual_seed expected a long, but got"):
        Generator().manual_seed(seed)


def test_seeding_forgets_the_spare_normal_number():
    g = Generator().manual_seed(1)
    first = sampling.normal(g, (1,))
    g.manual_seed(1)
    np.testing.assert_array_equal(sampling.normal(g, (1,)), first)


def test_seeding_at_random_differs_each_time():
    g = Generator()
    seeds = {g.seed() for _ in range(5)}
    assert len(seeds) == 5
    assert g.initial_seed() in seeds


def test_generators_live_on_the_cpu():
    assert str(Generator("cpu").device) == "cpu"
    with pytest.raises(RuntimeError, match="cuda"):
        Generator("cuda")
    with pytest.raises(RuntimeError, match="Expected one of cpu"):
        Generator("nowhere")


# The default generator ----------------------------------------------------------------------


def test_manual_seed_seeds_the_default_generator():
    assert generator.manual_seed(7.9) is generator.default_generator
    assert generator.initial_seed() == 7
    assert generator.seed() == generator.initial_seed()


@pytest.mark.parametrize("fail", [False, True])
def test_a_fork_does_not_touch_the_stream(fail):
    generator.manual_seed(3)
    expected = Generator().manual_seed(3).words(5)
    try:
        with generator.fork_rng():
            generator.default_generator.words(100)
            if fail:
                raise KeyError
    except KeyError:
        pass
    np.testing.assert_array_equal(generator.default_generator.words(5), expected)


def test_a_fork_that_is_not_enabled_changes_nothing():
    generator.manual_seed(3)
    with generator.fork_rng(enabled=False):
        generator.default_generator.words(100)
    expected = Generator().manual_seed(3).words(105)[100:]
    np.testing.assert_array_equal(generator.default_generator.words(5), expected)


def test_another_process_draws_the_same_numbers():
    code = (
        "from flambeau.generator import manual_seed; from flambeau.sampling import normal;"
        "print(normal(manual_seed(5), (40,)).tobytes().hex())"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout
    ours = sampling.normal(Generator().manual_seed(5), (40,))
    assert output.strip() == ours.tobytes().hex()


# Distributions ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_uniform_numbers_stay_below_the_upper_bound(dtype):
    drawn = sampling.uniform(Generator(), (30000,), 1, 1.0625, dtypes.ALL[dtype])
    values = drawn.astype(np.float64)
    assert values.min() >= 1
    assert values.max() < 1.0625


def test_an_interval_of_no_width_gives_its_bound():
    np.testing.assert_array_equal(sampling.uniform(Generator(), (4,), 2, 2), np.full(4, 2))


def test_very_wide_intervals_stay_finite():
    drawn = sampling.uniform(Generator(), (100,), 0, 1e308, dtypes.float64)
    assert np.isfinite(drawn).all()
    assert drawn.max() > 1e307


def test_dropout_scales_what_it_keeps():
    mask = sampling.dropout_mask(Generator().manual_seed(0), (1000,), 0.2)
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1.25)}
    assert 700 < (mask > 0).sum() < 900


@pytest.mark.parametrize("p", [0, 1])
def test_dropout_of_nothing_or_all_draws_nothing(p):
    g = Generator().manual_seed(0)
    mask = sampling.dropout_mask(g, (5,), p)
    np.testing.assert_array_equal(mask, np.full(5, 1 - p))
    np.testing.assert_array_equal(g.state_bytes(), Generator().manual_seed(0).state_bytes())


def test_a_permutation_holds_every_number_once():
    drawn = sampling.permutation(Generator(), 1000)
    np.testing.assert_array_equal(np.sort(drawn), np.arange(1000))


def test_without_replacement_no_index_comes_twice():
    drawn = sampling.multinomial(Generator(), np.ones((50, 9), np.float32), 9)
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile(np.arange(9), (50, 1)))


@pytest.mark.parametrize("replacement", [False, True])
def test_weights_of_zero_are_never_drawn(replacement):
    rows = np.tile(np.array([0, 1, 0, 2, 3, 0], np.float32), (500, 1))
    drawn = sampling.multinomial(Generator(), rows, 3, replacement)
    assert set(np.unique(drawn)) == {1, 3, 4}


def test_poisson_numbers_have_their_mean():
    rates = np.repeat(np.array([0.0, 0.5, 4.0, 30.0, 1000.0]), 2000)
    means = _counts.poisson(Generator(), rates).reshape(5, -1).mean(1)
    np.testing.assert_allclose(means, rates.reshape(5, -1)[:, 0], rtol=0.1)


def test_binomial_numbers_have_their_mean():
    counts = np.repeat(np.array([0.0, 10.0, 10.0, 1000.0, 1000.0]), 2000)
    p = np.repeat(np.array([0.5, 0.1, 0.9, 0.3, 0.8]), 2000)
    means = _counts.binomial(Generator(), counts, p).reshape(5, -1).mean(1)
    np.testing.assert_allclose(means, (counts * p).reshape(5, -1)[:, 0], rtol=0.1)


REFUSED: dict[str, tuple[Callable[[Generator], object], str]] = {
    "uniform bounds the wrong way round": (
        lambda g: sampling.uniform(g, (3,), 2, 1),
        r"uniform_ expects to return a \[from, to\) range, but found from=2 > to=1",
    ),
    "uniform bounds beyond the dtype": (
        lambda g: sampling.uniform(g, (3,), 0, 70000, dtypes.float16),
        "to is out of bounds for c10::Half",
    ),
    "uniform integers": (
        lambda g: sampling.uniform(g, (3,), dtype=dtypes.int64),
        "\"check_uniform_bounds\" not implemented for 'Long'",
    ),
    "a negative deviation": (
        lambda g: sampling.normal(g, (3,), 0, -1),
        r"normal expects std >= 0.0, but found std -1",
    ),
    "no integers to choose from": (
        lambda g: sampling.integers(g, (3,), 3, 3),
        "random_ expects 'from' to be less than 'to', but got from=3 >= to=3",
    ),
    "integers that the dtype lacks": (
        lambda g: sampling.integers(g, (3,), 0, 300, dtypes.uint8),
        "to - 1 is out of bounds for unsigned char",
    ),
    "a permutation of fewer than none": (
        lambda g: sampling.permutation(g, -1),
        "Trying to create tensor with negative dimension -1",
    ),
    "a permutation that the dtype cannot count": (
        lambda g: sampling.permutation(g, 2050, dtypes.float16),
        "n cannot be greater than 2049 for Half type",
    ),
    "a probability above one": (
        lambda g: sampling.bernoulli(g, (3,), 1.5),
        r"bernoulli_ expects p to be in \[0, 1\], but got p=1.5",
    ),
    "probabilities above one": (
        lambda g: sampling.bernoulli_each(g, np.full(3, 2, np.float32)),
        "Expected p_in >= 0 && p_in <= 1 to be true",
    ),
    "a rate of zero": (
        lambda g: sampling.exponential(g, (3,), 0),
        "exponential_ expects lambda > 0.0, but found lambda=0",
    ),
    "a width of zero": (
        lambda g: sampling.cauchy(g, (3,), 0, 0),
        "cauchy_ expects sigma > 0.0, but found sigma=0",
    ),
    "a log-normal deviation of zero": (
        lambda g: sampling.log_normal(g, (3,), 0, 0),
        "log_normal_ expects std > 0.0, but found std=0",
    ),
    "certain success": (
        lambda g: sampling.geometric(g, (3,), 1),
        r"geometric_ expects p to be in \(0, 1\), but got p=1",
    ),
    "more samples than weights": (
        lambda g: sampling.multinomial(g, np.ones(2, np.float32), 3),
        "cannot sample n_sample > prob_dist.size",
    ),
    "weights of zero alone": (
        lambda g: sampling.multinomial(g, np.zeros(2, np.float32), 1),
        "sum of probabilities <= 0",
    ),
    "a negative Poisson rate": (
        lambda g: _counts.poisson(g, -np.ones(2)),
        "invalid Poisson rate",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_and_draws_nothing(case):
    call, message = REFUSED[case]
    g = Generator().manual_seed(0)
    with pytest.raises((RuntimeError, NotImplementedError), match=message):
        call(g)
    np.testing.assert_array_equal(g.state_bytes(), Generator().manual_seed(0).state_bytes())


def test_integers_beyond_a_floats_precision_warn():
    with pytest.warns(UserWarning, match=r"to - 1 is out of bounds \[-\(2\^24\), 2\^24\]"):
        sampling.integers(Generator(), (3,), 0, 2**26, dtypes.float32)
