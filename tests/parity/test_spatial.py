"""Layers of images beside PyTorch's: recorded statements hold, and random sizes agree."""

import numpy as np
import pytest

import flambeau
from tests.nn.spatial import arrays_of, layers, statements
from tools.golden import spatial_cases as cases

torch = pytest.importorskip("torch")

FAMILIES = list(cases.STATEMENTS)


@pytest.mark.parametrize(
    ("statement", "expected"), [case for family in FAMILIES for case in statements(family)]
)
def test_a_recorded_statement_is_what_pytorch_says_today(statement, expected):
    assert cases.outcome(torch, statement) == expected


@pytest.mark.parametrize(
    ("constructor", "shape"), [case for family in FAMILIES for case in layers(family)], ids=str
)
def test_a_recorded_layer_is_what_pytorch_computes_today(constructor, shape):
    for name, array in cases.run_layer(torch, constructor, shape).items():
        expected = arrays_of(constructor)[name]
        np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5, err_msg=name)


# Random sizes -----------------------------------------------------------------------------------

MODES = {
    1: ["nearest", "nearest-exact", "linear", "area"],
    2: ["nearest", "nearest-exact", "bilinear", "bicubic", "area"],
    3: ["nearest", "nearest-exact", "trilinear", "area"],
}


def resizing(rng):
    """A random image, and what to make of it."""
    rank = int(rng.integers(1, 4))
    mode = str(rng.choice(MODES[rank]))
    options = {"mode": mode}
    if rng.random() < 0.5:
        options["size"] = tuple(int(n) for n in rng.integers(1, 14, rank))
    else:
        # No factor makes an element vanish.
        options["scale_factor"] = tuple(float(f) for f in rng.uniform(1, 3, rank).round(2))
        options["recompute_scale_factor"] = bool(rng.random() < 0.3)
    smooth = mode.endswith(("linear", "cubic"))
    if smooth and rng.random() < 0.5:
        options["align_corners"] = True
    if rank == 2 and smooth and rng.random() < 0.4 and options.get("size", (2,))[-1] > 1:
        options["antialias"] = True
    sizes = rng.integers(2, 9, rank)
    if rank == 2 and mode != "area" and rng.random() < 0.5:
        return rng.integers(0, 256, (1, 2, *sizes)).astype(np.uint8), options
    return rng.standard_normal((1, 2, *sizes)).astype(np.float32), options


@pytest.mark.parametrize("seed", range(300))
def test_interpolation_of_random_sizes(seed):
    image, options = resizing(np.random.default_rng(seed))
    ours = flambeau.nn.functional.interpolate(flambeau.from_numpy(image), **options).numpy()
    theirs = torch.nn.functional.interpolate(torch.from_numpy(image), **options).numpy()
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)


def convolution(rng):
    rank = int(rng.integers(1, 4))
    groups = int(rng.integers(1, 4))
    inputs, outputs = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))
    kernel = rng.integers(1, 4, rank)
    transposed = bool(rng.random() < 0.4)
    options = {
        "stride": tuple(int(n) for n in rng.integers(1, 4, rank)),
        "padding": tuple(int(n) for n in rng.integers(0, 3, rank)),
        "dilation": tuple(int(n) for n in rng.integers(1, 3, rank)),
        "groups": groups,
    }
    channels = (inputs, outputs // groups) if transposed else (outputs, inputs // groups)
    x = rng.standard_normal((2, inputs, *rng.integers(7, 9, rank)))
    w = rng.standard_normal((*channels, *kernel))
    name = f"conv_transpose{rank}d" if transposed else f"conv{rank}d"
    return name, x, w, rng.standard_normal(outputs), options


def run(package, name, x, w, b, options):
    leaves = [package.tensor(a, requires_grad=True) for a in (x, w, b)]
    result = getattr(package.nn.functional, name)(*leaves, **options)
    weights = package.tensor(np.cos(np.arange(result.numel())).reshape(result.shape))
    (result * weights).sum().backward()
    return [result.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)]


@pytest.mark.parametrize("seed", range(150))
def test_random_convolutions_and_their_gradients(seed):
    case = convolution(np.random.default_rng(seed))
    for ours, theirs in zip(run(flambeau, *case), run(torch, *case), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def pool(rng):
    rank = int(rng.integers(1, 4))
    kind = str(rng.choice(["max_pool", "avg_pool", "lp_pool"]))
    kernel = tuple(int(n) for n in rng.integers(1, 5, rank))
    options = {
        "kernel_size": kernel,
        "stride": tuple(int(n) for n in rng.integers(1, 4, rank)),
        "ceil_mode": bool(rng.random() < 0.5),
    }
    if kind == "lp_pool":
        options["norm_type"] = 2
        options["kernel_size"] = kernel[0] if rank == 1 else kernel
    else:
        options["padding"] = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
    if kind == "avg_pool":
        options["count_include_pad"] = bool(rng.random() < 0.5)
    elif kind == "max_pool":
        options["dilation"] = tuple(int(n) for n in rng.integers(1, 3, rank))
    return f"{kind}{rank}d", rng.standard_normal((2, 2, *rng.integers(8, 11, rank))), options


def run_pool(package, name, x, options):
    leaf = package.tensor(x, requires_grad=True)
    result = getattr(package.nn.functional, name)(leaf, **options)
    weights = package.tensor(np.cos(np.arange(result.numel())).reshape(result.shape))
    (result * weights).sum().backward()
    return [result.detach().numpy(), leaf.grad.numpy()]


@pytest.mark.parametrize("seed", range(200))
def test_random_pools_and_their_gradients(seed):
    case = pool(np.random.default_rng(seed))
    for ours, theirs in zip(run_pool(flambeau, *case), run_pool(torch, *case), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
