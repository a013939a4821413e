"""Contractions, against loops that spell out what they mean."""

import itertools

import ml_dtypes
import numpy as np
import pytest

from flambeau.ir import dtypes
from flambeau.ir.node import Node, leaf
from flambeau.ir.primitives.contraction import CONV_GENERAL, DOT_GENERAL
from flambeau.ir.primitives.taps import tap_slices

RANDOM = np.random.RandomState(0)


def node(array: np.ndarray) -> Node:
    return leaf(array, dtypes.from_numpy(array.dtype))


def compute(primitive, *arrays, **attrs) -> np.ndarray:
    """What the primitive gives, checked against the shape and dtype that it infers."""
    result = primitive.numpy(*arrays, **attrs)
    shape, dtype = primitive.infer(*map(node, arrays), **attrs)
    assert (result.shape, result.dtype) == (shape, dtype.numpy)
    return result


# Products ---------------------------------------------------------------------------------------

EINSUMS = {
    "matrix by matrix": ("ij,jk->ik", (3, 4), (4, 5), ((1,), (0,)), ((), ())),
    "transposed matrices": ("ji,kj->ik", (4, 3), (5, 4), ((0,), (1,)), ((), ())),
    "batches": ("bij,bjk->bik", (2, 3, 4), (2, 4, 5), ((2,), (1,)), ((0,), (0,))),
    "batch dimensions apart": ("ibj,jkb->bik", (3, 2, 4), (4, 5, 2), ((2,), (0,)), ((1,), (2,))),
    "two batch dimensions": (
        "abij,bjak->abik",
        (2, 3, 4, 5),
        (3, 5, 2, 6),
        ((3,), (1,)),
        ((0, 1), (2, 0)),
    ),
    "two contracted dimensions": ("ijk,kjl->il", (3, 4, 2), (2, 4, 5), ((1, 2), (1, 0)), ((), ())),
    "several free dimensions": ("abi,icd->abcd", (2, 3, 4), (4, 5, 2), ((2,), (0,)), ((), ())),
    "dot": ("i,i->", (4,), (4,), ((0,), (0,)), ((), ())),
    "outer": ("i,j->ij", (3,), (4,), ((), ()), ((), ())),
    "matrix by vector": ("ij,j->i", (3, 4), (4,), ((1,), (0,)), ((), ())),
    "elementwise": ("ij,ij->ij", (3, 4), (3, 4), ((), ()), ((0, 1), (0, 1))),
    "nothing contracted": ("ij,jk->ik", (3, 0), (0, 5), ((1,), (0,)), ((), ())),
    "empty": ("ij,jk->ik", (0, 4), (4, 5), ((1,), (0,)), ((), ())),
    "empty batch": ("bij,bjk->bik", (0, 3, 4), (0, 4, 5), ((2,), (1,)), ((0,), (0,))),
}


@pytest.mark.parametrize(
    ("subscripts", "x", "y", "contract", "batch"), EINSUMS.values(), ids=EINSUMS
)
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.uint8])
def test_dot_is_the_sum_over_paired_dimensions(subscripts, x, y, contract, batch, dtype):
    a, b = (RANDOM.randint(0, 9, shape).astype(dtype) for shape in (x, y))
    got = compute(DOT_GENERAL, a, b, contract=contract, batch=batch)
    np.testing.assert_array_equal(got, np.einsum(subscripts, a, b))


@pytest.mark.parametrize("half", [np.float16, ml_dtypes.bfloat16])
def test_dot_of_half_types_is_rounded_once(half):
    x, y = (RANDOM.randn(64, 64).astype(half) for _ in range(2))
    got = compute(DOT_GENERAL, x, y, contract=((1,), (0,)), batch=((), ()))
    wanted = (x.astype(np.float32) @ y.astype(np.float32)).astype(half)
    np.testing.assert_array_equal(got, wanted)


def test_dot_takes_strided_operands():
    x, y = RANDOM.randn(6, 8)[::2, ::2], RANDOM.randn(8, 10).T[:, ::2]
    got = compute(DOT_GENERAL, x, y, contract=((1,), (1,)), batch=((), ()))
    np.testing.assert_allclose(got, np.einsum("ij,kj->ik", x, y), rtol=1e-12)


def test_dot_refuses_sizes_that_differ():
    x, y = node(np.zeros((3, 4))), node(np.zeros((5, 6)))
    with pytest.raises(RuntimeError, match="does not match"):
        DOT_GENERAL.infer(x, y, contract=((1,), (0,)), batch=((), ()))


@pytest.mark.parametrize(
    ("primitive", "attrs"), [(DOT_GENERAL, {"contract": ((1,), (0,)), "batch": ((), ())})]
)
def test_operands_of_unlike_types_are_refused(primitive, attrs):
    with pytest.raises(TypeError, match="unlike types"):
        primitive.infer(node(np.zeros((3, 4))), node(np.zeros((4, 3), np.float32)), **attrs)


# Convolutions -----------------------------------------------------------------------------------


def convolve(x, w, stride, padding, input_dilation, kernel_dilation, groups):
    """The definition, one output at a time."""
    rank = x.ndim - 2
    sizes = [
        low + (size - 1) * spread + 1 + high
        for size, (low, high), spread in zip(x.shape[2:], padding, input_dilation, strict=True)
    ]
    spread = np.zeros((*x.shape[:2], *(s + 64 for s in sizes)), x.dtype)
    for place in np.ndindex(x.shape[2:]):
        at = [place[d] * input_dilation[d] + padding[d][0] for d in range(rank)]
        if all(0 <= at[d] < sizes[d] for d in range(rank)):
            spread[(slice(None), slice(None), *at)] = x[(slice(None), slice(None), *place)]
    outputs = [
        (sizes[d] - (w.shape[2 + d] - 1) * kernel_dilation[d] - 1) // stride[d] + 1
        for d in range(rank)
    ]
    out = np.zeros((x.shape[0], w.shape[0], *outputs), x.dtype)
    inputs, per_group = w.shape[1], w.shape[0] // groups
    for n, o in itertools.product(range(x.shape[0]), range(w.shape[0])):
        first = o // per_group * inputs
        for place in np.ndindex(*outputs):
            window = tuple(
                slice(place[d] * stride[d], None, kernel_dilation[d]) for d in range(rank)
            )
            cut = tuple(slice(k) for k in w.shape[2:])
            patch = spread[n, first : first + inputs][(slice(None), *window)][(slice(None), *cut)]
            out[(n, o, *place)] = (patch * w[o]).sum()
    return out


def attributes(rank, **given):
    base = {
        "stride": (1,) * rank,
        "padding": ((0, 0),) * rank,
        "input_dilation": (1,) * rank,
        "kernel_dilation": (1,) * rank,
        "groups": 1,
    }
    return base | given


CONVOLUTIONS = {
    "plain": ((2, 3, 7, 6), (4, 3, 3, 2), {}),
    "more outputs than inputs": ((2, 1, 6, 6), (5, 1, 3, 3), {"padding": ((1, 1), (1, 1))}),
    "fewer outputs than inputs": ((2, 5, 4, 4), (1, 5, 3, 3), {"padding": ((2, 2), (2, 2))}),
    "strides": ((2, 3, 9, 8), (2, 3, 3, 3), {"stride": (2, 3)}),
    "strides that leave a rest": ((1, 2, 8, 8), (2, 2, 3, 3), {"stride": (3, 2)}),
    "uneven padding": ((2, 3, 5, 5), (2, 3, 3, 3), {"padding": ((0, 2), (3, 1))}),
    "cropping": ((2, 3, 8, 8), (4, 3, 3, 3), {"padding": ((-1, -2), (0, -1))}),
    "cropping and few outputs": ((2, 4, 8, 8), (1, 4, 2, 2), {"padding": ((-1, -2), (2, -1))}),
    "spread input": ((2, 3, 4, 4), (2, 3, 3, 3), {"input_dilation": (2, 3)}),
    "spread and padded input": (
        (2, 3, 4, 4),
        (2, 3, 3, 3),
        {"input_dilation": (2, 2), "padding": ((2, 1), (2, 3))},
    ),
    "spread and cropped input": (
        (2, 1, 5, 5),
        (4, 1, 3, 3),
        {"input_dilation": (2, 2), "padding": ((-1, -2), (-3, 0))},
    ),
    "spread input, strides": (
        (2, 4, 5, 6),
        (1, 4, 3, 3),
        {"input_dilation": (3, 2), "stride": (2, 4), "padding": ((1, 2), (2, 2))},
    ),
    "spread kernel": ((2, 3, 9, 9), (2, 3, 3, 3), {"kernel_dilation": (2, 3)}),
    "everything at once": (
        (2, 4, 6, 7),
        (6, 2, 3, 2),
        {
            "stride": (2, 1),
            "padding": ((1, 2), (-1, 2)),
            "input_dilation": (1, 2),
            "kernel_dilation": (2, 1),
            "groups": 2,
        },
    ),
    "groups": ((2, 6, 5, 5), (9, 2, 3, 3), {"groups": 3}),
    "depthwise": ((2, 4, 6, 6), (4, 1, 3, 3), {"groups": 4}),
    "depthwise, scattered": ((2, 4, 4, 4), (4, 1, 3, 3), {"groups": 4, "padding": ((2, 2),) * 2}),
    "kernel of one": ((2, 3, 4, 4), (5, 3, 1, 1), {}),
    "kernel of one, strides": ((2, 3, 5, 5), (5, 3, 1, 1), {"stride": (2, 2)}),
    "kernel as large as the input": ((3, 2, 5, 6), (4, 2, 5, 6), {}),
    "kernel larger than the output": ((3, 4, 7, 7), (4, 4, 5, 5), {}),
    "one dimension": ((2, 3, 9), (4, 3, 3), {"stride": (2,), "padding": ((1, 0),)}),
    "three dimensions": (
        (2, 2, 4, 5, 4),
        (3, 2, 2, 3, 2),
        {"stride": (1, 2, 1), "padding": ((1, 1), (0, 1), (1, 0))},
    ),
    "three dimensions, scattered": ((1, 3, 3, 2, 3), (1, 3, 2, 2, 2), {"padding": ((1, 1),) * 3}),
}


@pytest.mark.parametrize(("x", "w", "options"), CONVOLUTIONS.values(), ids=CONVOLUTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_convolution_is_what_loops_compute(x, w, options, dtype):
    a, b = (RANDOM.randint(-9, 9, shape).astype(dtype) for shape in (x, w))
    attrs = attributes(len(x) - 2, **options)
    np.testing.assert_array_equal(compute(CONV_GENERAL, a, b, **attrs), convolve(a, b, **attrs))


def test_convolution_of_many_samples_in_parts():
    # More patches than are gathered, and than are scattered, at a time.
    x, w = RANDOM.randn(70, 3, 20, 20), RANDOM.randn(4, 3, 3, 3)
    attrs = attributes(2)
    whole = compute(CONV_GENERAL, x, w, **attrs)
    for sample in (0, 33, 69):
        single = compute(CONV_GENERAL, x[sample : sample + 1], w, **attrs)
        np.testing.assert_allclose(whole[sample], single[0], rtol=1e-12)


def test_scattered_convolution_of_many_samples_in_parts():
    x, w = RANDOM.randn(70, 8, 12, 12), RANDOM.randn(2, 8, 3, 3)
    attrs = attributes(2, padding=((2, 2), (2, 2)))
    whole = compute(CONV_GENERAL, x, w, **attrs)
    for sample in (0, 33, 69):
        single = compute(CONV_GENERAL, x[sample : sample + 1], w, **attrs)
        np.testing.assert_allclose(whole[sample], single[0], rtol=1e-10, atol=1e-12)


def test_convolution_takes_permuted_operands():
    x, w = RANDOM.randn(3, 5, 6, 2).transpose(3, 0, 1, 2), RANDOM.randn(3, 4, 2, 2).swapaxes(0, 1)
    attrs = attributes(2)
    np.testing.assert_allclose(
        compute(CONV_GENERAL, x, w[:, :, ::-1, ::-1], **attrs),
        convolve(x, w[:, :, ::-1, ::-1], **attrs),
        rtol=1e-10,
        atol=1e-12,
    )


@pytest.mark.parametrize(
    ("x", "w", "groups"),
    [
        ((0, 3, 5, 5), (4, 3, 3, 3), 1),
        ((2, 0, 5, 5), (4, 0, 3, 3), 1),
        ((2, 3, 5, 5), (0, 3, 3, 3), 1),
        ((2, 3, 2, 5), (4, 3, 3, 3), 1),
    ],
    ids=["no samples", "no inputs", "no outputs", "no room"],
)
def test_empty_convolution(x, w, groups):
    got = compute(CONV_GENERAL, np.ones(x), np.ones(w), **attributes(2, groups=groups))
    assert not got.any()


@pytest.mark.parametrize("half", [np.float16, ml_dtypes.bfloat16])
def test_convolution_of_half_types_is_rounded_once(half):
    x, w = RANDOM.randn(2, 8, 6, 6).astype(half), RANDOM.randn(4, 8, 3, 3).astype(half)
    got = compute(CONV_GENERAL, x, w, **attributes(2))
    wanted = CONV_GENERAL.numpy(x.astype(np.float32), w.astype(np.float32), **attributes(2))
    np.testing.assert_array_equal(got, wanted.astype(half))


@pytest.mark.parametrize(("w", "groups"), [((4, 2, 3, 3), 1), ((4, 3, 3, 3), 2), ((5, 3, 3, 3), 2)])
def test_channels_that_do_not_fit_are_refused(w, groups):
    x = node(np.zeros((2, 3 * groups if w[0] == 5 else 3, 5, 5)))
    with pytest.raises(RuntimeError, match="channels do not fit"):
        CONV_GENERAL.infer(x, node(np.zeros(w)), **attributes(2, groups=groups))


def test_convolution_refuses_unlike_types():
    x, w = node(np.zeros((1, 1, 3, 3))), node(np.zeros((1, 1, 2, 2), np.float32))
    with pytest.raises(TypeError, match="unlike types"):
        CONV_GENERAL.infer(x, w, **attributes(2))


# Taps -------------------------------------------------------------------------------------------


def test_tap_slices_pair_outputs_with_the_elements_they_meet():
    grid = itertools.product((0, 1, 5), (0, 1, 6), (1, 2, 3), range(-7, 8), (1, 2, 3, 4))
    for size, outputs, stride, offset, spread in grid:
        q, p = tap_slices(size, outputs, stride, offset, spread)
        wanted = [
            (i, j) for i in range(outputs) for j in range(size) if i * stride + offset == j * spread
        ]
        assert list(zip(range(outputs)[q], range(size)[p], strict=True)) == wanted
