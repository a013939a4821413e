"""`utils.data` beside PyTorch's: the same orders, batches and complaints, whatever is asked."""

import inspect
from collections import OrderedDict
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import flambeau
import flambeau.utils.data
from tools.golden import data_cases

torch = pytest.importorskip("torch")

LIBRARIES = (torch, flambeau)
quickly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
pytestmark = pytest.mark.filterwarnings(
    "ignore:This DataLoader will create:UserWarning", "ignore:Length of split:UserWarning"
)


def plain(value: Any) -> Any:
    """Tensors as their type, shape and numbers; the rest by type and members."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return str(value.dtype).rpartition(".")[2], tuple(value.shape), value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [plain(item) for item in value]
    return value


def outcome(function: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return plain(function(*args, **kwargs))
    except Exception as error:
        return type(error).__name__, str(error)


def in_both(function: Any) -> None:
    theirs, ours = (outcome(function, library) for library in LIBRARIES)
    assert ours == theirs


@pytest.mark.parametrize("name", flambeau.utils.data.__all__)
def test_signatures_are_pytorchs(name):
    theirs, ours = (inspect.signature(getattr(library.utils.data, name)) for library in LIBRARIES)
    if name != "random_split":  # whose default is the generator itself
        assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
            (p.name, p.kind, p.default) for p in theirs.parameters.values()
        ]


@pytest.mark.parametrize("module", ["dataset", "sampler", "dataloader", "distributed"])
def test_public_names_are_found_where_pytorch_has_them(module):
    theirs = __import__(f"torch.utils.data.{module}", fromlist=["x"])
    ours = __import__(f"flambeau.utils.data.{module}", fromlist=["x"])
    missing = set(theirs.__all__) - set(dir(ours))
    assert missing <= {"T_co", "logger"}


@quickly
@given(
    length=st.integers(1, 40),
    batch_size=st.none() | st.integers(1, 9),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    own=st.booleans(),
    seed=st.integers(-(2**63), 2**64 - 1),
)
def test_epochs(length, batch_size, shuffle, drop_last, own, seed):
    def epochs(library):
        data = library.utils.data
        library.manual_seed(seed)
        loader = data.DataLoader(
            data.TensorDataset(library.arange(length), library.ones(length, 2)),
            batch_size,
            shuffle,
            drop_last=drop_last,
            generator=library.Generator().manual_seed(seed) if own else None,
        )
        return [len(loader), list(loader), list(loader), library.rand(2)]

    in_both(epochs)


@quickly
@given(
    size=st.integers(0, 12),
    replacement=st.booleans(),
    num_samples=st.none() | st.integers(-1, 80),
    seed=st.integers(0, 2**64 - 1),
)
def test_random_samplers(size, replacement, num_samples, seed):
    def orders(library):
        library.manual_seed(seed)
        sampler = library.utils.data.RandomSampler(range(size), replacement, num_samples)
        return [len(sampler), list(sampler), list(sampler), library.rand(1)]

    in_both(orders)


@quickly
@given(
    weights=st.lists(st.floats(-0.1, 10), min_size=1, max_size=6),
    num_samples=st.integers(0, 10),
    replacement=st.booleans(),
    seed=st.integers(0, 2**64 - 1),
)
def test_weighted_samplers(weights, num_samples, replacement, seed):
    def orders(library):
        library.manual_seed(seed)
        sampler = library.utils.data.WeightedRandomSampler(weights, num_samples, replacement)
        return [list(sampler), list(sampler)]

    in_both(orders)


@quickly
@given(
    size=st.integers(0, 20),
    lengths=st.lists(st.integers(0, 9), max_size=4) | st.lists(st.floats(0, 1), max_size=4),
    rest=st.booleans(),
    seed=st.integers(0, 2**64 - 1),
)
def test_random_splits(size, lengths, rest, seed):
    if rest and lengths:  # so that most sum to the whole
        whole = 1.0 if isinstance(lengths[0], float) else size
        lengths = [*lengths, max(whole - sum(lengths), 0)]

    def split(library):
        library.manual_seed(seed)
        parts = library.utils.data.random_split(range(size), lengths)
        return [[int(index) for index in part.indices] for part in parts]

    in_both(split)


SAMPLES = st.recursive(
    st.sampled_from(["tensor", "array", "scalar", "int", "float", "bool", "text", "bytes", "none"]),
    lambda children: (
        st.tuples(st.just("list"), st.lists(children, min_size=1, max_size=3))
        | st.tuples(st.just("tuple"), st.lists(children, min_size=1, max_size=3))
        | st.tuples(st.just("dict"), st.lists(children, min_size=1, max_size=3))
        | st.tuples(st.just("ordered"), st.lists(children, min_size=1, max_size=3))
    ),
    max_leaves=6,
)
LEAVES = {
    "tensor": lambda library, n: library.full((2, 3), float(n)),
    "array": lambda library, n: numpy.full((2,), n, numpy.int16),
    "scalar": lambda library, n: numpy.float32(n),
    "int": lambda library, n: n,
    "float": lambda library, n: n / 2,
    "bool": lambda library, n: n % 2 == 0,
    "text": lambda library, n: str(n),
    "bytes": lambda library, n: b"x" * n,
    "none": lambda library, n: None,
}


def make_sample(library, recipe, n):
    if isinstance(recipe, str):
        return LEAVES[recipe](library, n)
    kind, members = recipe
    values = [make_sample(library, member, n + i) for i, member in enumerate(members)]
    if kind in ("dict", "ordered"):
        return {"dict": dict, "ordered": OrderedDict}[kind](enumerate(values))
    return {"list": list, "tuple": tuple}[kind](values)


@quickly
@given(recipe=SAMPLES, count=st.integers(1, 4))
def test_collating_any_samples(recipe, count):
    def collated(library):
        samples = [make_sample(library, recipe, n) for n in range(count)]
        return library.utils.data.default_collate(samples)

    in_both(collated)


@quickly
@given(recipe=SAMPLES)
def test_converting_any_sample(recipe):
    in_both(lambda library: library.utils.data.default_convert(make_sample(library, recipe, 3)))


def test_everything_else_that_golden_values_stand_for():
    ours, theirs = (data_cases.everything(library) for library in LIBRARIES)
    for subject, facts in theirs.items():
        assert ours[subject] == facts, subject
