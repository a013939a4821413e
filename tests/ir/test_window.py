"""Windows, against loops that visit every element of every window."""

import ml_dtypes
import numpy as np
import pytest

from flambeau.ir import dtypes
from flambeau.ir.node import Node, leaf
from flambeau.ir.primitives.window import WINDOW_MAX, WINDOW_SCATTER, WINDOW_SUM

RANDOM = np.random.RandomState(0)
NAN, INF = np.nan, np.inf


def node(array: np.ndarray) -> Node:
    return leaf(array, dtypes.from_numpy(array.dtype))


def matches(array: np.ndarray, spec) -> bool:
    shape, dtype = spec
    return array.shape == shape and array.dtype == dtype.numpy


def windows(sizes, window, stride, padding, dilation, spread):
    """Every place of the window, with the elements (as flat places) that it meets, in order."""
    rank = len(window)
    outputs = [
        (padding[d][0] + (sizes[d] - 1) * spread[d] + padding[d][1] - (window[d] - 1) * dilation[d])
        // stride[d]
        + 1
        for d in range(rank)
    ]
    for place in np.ndindex(*outputs):
        met = []
        for tap in np.ndindex(*window):
            at = [place[d] * stride[d] + tap[d] * dilation[d] - padding[d][0] for d in range(rank)]
            inside = all(
                at[d] % spread[d] == 0 and 0 <= at[d] // spread[d] < sizes[d] for d in range(rank)
            )
            if inside:
                element = [at[d] // spread[d] for d in range(rank)]
                met.append(int(np.ravel_multi_index(element, sizes)))
        yield place, met


def largest(plane, met):
    """The first largest of the elements met; the last nan, where there is one."""
    best = met[0]
    for place in met:
        if plane[place] > plane[best] or np.isnan(plane[place]):
            best = place
    return best


CASES = {
    "2 by 2": ((3, 4, 6, 6), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), (1, 1)),
    "a rest": ((2, 5, 7), (2, 3), (2, 3), ((0, 0), (0, 0)), (1, 1), (1, 1)),
    "overlapping": ((2, 6, 6), (3, 3), (1, 2), ((0, 0), (0, 0)), (1, 1), (1, 1)),
    "padded": ((2, 3, 6, 6), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), (1, 1)),
    "padded unevenly": ((2, 5, 5), (2, 2), (2, 2), ((0, 1), (1, 0)), (1, 1), (1, 1)),
    "dilated": ((2, 8, 8), (2, 3), (2, 1), ((0, 0), (1, 1)), (3, 2), (1, 1)),
    "one dimension": ((3, 9), (3,), (2,), ((1, 1),), (1,), (1,)),
    "three dimensions": ((2, 4, 4, 6), (2, 2, 3), (2, 1, 3), ((0, 0),) * 3, (1, 1, 1), (1, 1, 1)),
    "a window of one": ((2, 4, 4), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), (1, 1)),
    "the whole plane": ((2, 4, 5), (4, 5), (1, 1), ((0, 0), (0, 0)), (1, 1), (1, 1)),
    "no samples": ((0, 4, 4), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), (1, 1)),
}
SPREAD_CASES = {
    "spread": ((2, 4, 4), (2, 2), (1, 1), ((1, 1), (1, 1)), (1, 1), (2, 3)),
    "spread, strides": ((2, 4, 5), (3, 3), (2, 3), ((2, 2), (1, 0)), (1, 2), (3, 2)),
    "cropped": ((2, 6, 6), (2, 2), (1, 1), ((-1, -2), (0, -1)), (1, 1), (1, 1)),
}


def by_loops(x, window, stride, padding, dilation, spread, pick):
    rank = len(window)
    places = list(windows(x.shape[-rank:], window, stride, padding, dilation, spread))
    shape = np.max([place for place, _ in places], axis=0) + 1
    out = np.zeros((*x.shape[:-rank], *shape), np.float64)
    for lead in np.ndindex(x.shape[:-rank]):
        plane = x[lead].reshape(-1)
        for place, met in places:
            out[(*lead, *place)] = pick(plane, met)
    return out


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("kind", ["random", "ties", "nan", "integers", "infinite"])
def test_max_and_its_place(case, kind):
    shape, window, stride, padding, dilation, _ = case
    x = RANDOM.randint(-9, 9, shape).astype(np.int32 if kind == "integers" else np.float32)
    if kind == "random":
        x = RANDOM.randn(*shape)
    elif kind == "nan":
        x[RANDOM.rand(*shape) < 0.3] = NAN
    elif kind == "infinite":
        x[RANDOM.rand(*shape) < 0.9] = -INF
    attrs = {"window": window, "stride": stride, "padding": padding, "dilation": dilation}
    values, index = WINDOW_MAX.numpy(x, **attrs)
    specs = WINDOW_MAX.infer(node(x), **attrs)
    assert matches(values, specs[0])
    assert matches(index, specs[1])
    wanted = by_loops(x, *case[1:], largest)
    np.testing.assert_array_equal(index, wanted)
    best = by_loops(x, *case[1:], lambda plane, met: plane[largest(plane, met)])
    np.testing.assert_array_equal(values, best)


@pytest.mark.parametrize("half", [np.float16, ml_dtypes.bfloat16])
def test_max_of_half_types_is_exact(half):
    x = RANDOM.randn(2, 4, 4).astype(half)
    attrs = {"window": (2, 2), "stride": (2, 2), "padding": ((0, 0),) * 2, "dilation": (1, 1)}
    values, index = WINDOW_MAX.numpy(x, **attrs)
    wide, wide_index = WINDOW_MAX.numpy(x.astype(np.float32), **attrs)
    assert values.dtype == half
    np.testing.assert_array_equal(values.astype(np.float32), wide)
    np.testing.assert_array_equal(index, wide_index)


def test_max_over_more_taps_than_a_byte_counts():
    x = np.arange(400.0).reshape(1, 20, 20)
    attrs = {"window": (20, 20), "stride": (1, 1), "padding": ((0, 0),) * 2, "dilation": (1, 1)}
    values, index = WINDOW_MAX.numpy(x, **attrs)
    assert (values.item(), index.item()) == (399, 399)


@pytest.mark.parametrize(
    "case", (CASES | SPREAD_CASES).values(), ids=list(CASES) + list(SPREAD_CASES)
)
@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_sum(case, dtype):
    shape, window, stride, padding, dilation, spread = case
    x = RANDOM.randint(-9, 9, shape).astype(dtype)
    attrs = {"window": window, "stride": stride, "padding": padding}
    attrs |= {"input_dilation": spread, "dilation": dilation}
    got = WINDOW_SUM.numpy(x, **attrs)
    assert matches(got, WINDOW_SUM.infer(node(x), **attrs))
    wanted = by_loops(x, *case[1:], lambda plane, met: plane[met].sum())
    np.testing.assert_array_equal(got, wanted)


def test_sum_of_half_types_is_rounded_once():
    x = RANDOM.randn(1, 32).astype(np.float16)
    attrs = {"window": (32,), "stride": (1,), "padding": ((0, 0),)}
    attrs |= {"input_dilation": (1,), "dilation": (1,)}
    got = WINDOW_SUM.numpy(x, **attrs)
    assert got.dtype == np.float16
    np.testing.assert_allclose(got, x.astype(np.float64).sum(-1, keepdims=True), rtol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.float16])
@pytest.mark.parametrize(
    ("shape", "size"), [((2, 3, 4, 5), (6, 7)), ((3, 4), (5,)), ((0, 4), (5,))]
)
def test_scatter_adds_each_element_at_its_place(shape, size, dtype):
    rank = len(size)
    plane = int(np.prod(size))
    source = RANDOM.randint(-9, 9, shape).astype(dtype)
    index = RANDOM.randint(0, plane, shape)
    wanted = np.zeros((*shape[:-rank], plane), dtype)
    for place in np.ndindex(shape):
        wanted[(*place[:-rank], index[place])] += source[place]
    got = WINDOW_SCATTER.numpy(source, index, size=size)
    assert matches(got, WINDOW_SCATTER.infer(node(source), node(index), size=size))
    np.testing.assert_array_equal(got, wanted.reshape(*shape[:-rank], *size))


@pytest.mark.parametrize("place", [-1, 4])
def test_scatter_refuses_places_outside_the_plane(place):
    with pytest.raises(IndexError, match="out of bounds"):
        WINDOW_SCATTER.numpy(np.ones((1, 1)), np.array([[place]]), size=(4,))


def test_scatter_refuses_shapes_that_differ():
    with pytest.raises(RuntimeError, match="differ in shape"):
        WINDOW_SCATTER.infer(node(np.ones((2, 3))), node(np.zeros((2, 4), np.int64)), size=(5,))
