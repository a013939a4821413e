"""Transforms of tensors beside PyTorch's own resampling, and random draws beside its draws."""

import math

import numpy
import pytest
from hypothesis import given, settings, strategies as st

import flambeau
from flambeau.vision import transforms
from flambeau.vision.transforms import InterpolationMode, functional as F

torch = pytest.importorskip("torch")

quickly = settings(max_examples=60, deadline=None)
sizes = st.integers(1, 40)


def images(channels: int, height: int, width: int) -> numpy.ndarray:
    return numpy.random.default_rng(0).random((2, channels, height, width), dtype=numpy.float32)


@quickly
@given(sizes, sizes, sizes, sizes, st.sampled_from(["bilinear", "bicubic"]), st.booleans())
def test_resizing_is_interpolating(height, width, new_height, new_width, mode, antialias):
    given_images = images(3, height, width)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(given_images),
        (new_height, new_width),
        mode=mode,
        align_corners=False,
        antialias=antialias,
    )
    ours = F.resize(
        flambeau.from_numpy(given_images),
        [new_height, new_width],
        InterpolationMode(mode),
        antialias=antialias,
    )
    assert ours.shape == theirs.shape
    assert numpy.abs(ours.numpy() - theirs.numpy()).max() < 2e-5


@quickly
@given(sizes, sizes, sizes, sizes, st.sampled_from(["nearest", "nearest-exact"]))
def test_nearest_pixels(height, width, new_height, new_width, mode):
    numbers = numpy.arange(height * width, dtype=numpy.float32).reshape(1, 1, height, width)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(numbers), (new_height, new_width), mode=mode
    )
    ours = F.resize(flambeau.from_numpy(numbers), [new_height, new_width], InterpolationMode(mode))
    assert numpy.array_equal(ours.numpy(), theirs.numpy())


@quickly
@given(sizes, sizes, st.floats(-360, 360))
def test_turning_is_sampling_a_turned_grid(height, width, angle):
    given_images = images(3, height, width)
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    # A grid's coordinates go from -1 to 1 in each direction.
    theta = torch.tensor(
        [[cosine, -sine * height / width, 0.0], [sine * width / height, cosine, 0.0]]
    )
    grid = torch.nn.functional.affine_grid(
        theta.expand(2, 2, 3), [2, 3, height, width], align_corners=False
    )
    theirs = torch.nn.functional.grid_sample(
        torch.from_numpy(given_images), grid, mode="bilinear", align_corners=False
    )
    ours = F.rotate(flambeau.from_numpy(given_images), angle, InterpolationMode.BILINEAR)
    assert numpy.abs(ours.numpy() - theirs.numpy()).max() < 1e-3


@quickly
@given(st.integers(1, 12), st.integers(1, 12), st.lists(st.integers(-2, 7), min_size=4, max_size=4))
def test_padding(height, width, padding):
    left, top, right, bottom = padding
    numbers = images(3, height, width)
    if height + top + bottom < 1 or width + left + right < 1:
        return
    if min(height - max(-top, 0) - max(-bottom, 0), width - max(-left, 0) - max(-right, 0)) < 1:
        return
    theirs = torch.nn.functional.pad(
        torch.from_numpy(numbers), [left, right, top, bottom], value=0.5
    )
    ours = F.pad(flambeau.from_numpy(numbers), padding, fill=0.5)
    assert numpy.array_equal(ours.numpy(), theirs.numpy())


@quickly
@given(st.integers(0, 2**64 - 1), st.integers(1, 12), st.integers(1, 12))
def test_a_crop_is_where_pytorchs_draws_put_it(seed, height, width):
    numbers = numpy.arange(144, dtype=numpy.float32).reshape(1, 12, 12)
    torch.manual_seed(seed)
    top = left = 0
    if (height, width) != (12, 12):
        top = torch.randint(0, 12 - height + 1, size=(1,)).item()
        left = torch.randint(0, 12 - width + 1, size=(1,)).item()
    flambeau.manual_seed(seed)
    ours = transforms.RandomCrop((height, width))(flambeau.from_numpy(numbers))
    assert numpy.array_equal(ours.numpy(), numbers[:, top : top + height, left : left + width])
    assert flambeau.rand(1).item() == torch.rand(1).item()


@quickly
@given(st.integers(0, 2**64 - 1))
def test_fake_images_are_pytorchs_random_numbers(seed):
    from flambeau.vision.datasets import FakeData

    pytest.importorskip("PIL")
    offset = seed % 2**31
    picture, target = FakeData(1, (3, 5, 6), random_offset=offset)[0]
    generator = torch.Generator().manual_seed(offset)
    tensor = torch.randn(3, 5, 6, generator=generator)
    assert target == torch.randint(0, 10, (1,), generator=generator).item()
    expected = tensor.mul(255).to(torch.int64).permute(1, 2, 0).numpy()
    difference = (numpy.asarray(picture).astype(int) - expected) % 256  # as bytes go around
    assert set(difference.flat) <= {0, 1, 255}


@quickly
@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_bytes_and_floats(values):
    levels = (numpy.array(values, numpy.float32) * 255).astype(numpy.uint8).reshape(1, 1, -1)
    theirs = torch.from_numpy(levels).float().div(255).sub(0.1307).div(0.3081)
    scaled = F.convert_image_dtype(flambeau.from_numpy(levels))
    ours = F.normalize(scaled, [0.1307], [0.3081])
    assert numpy.array_equal(ours.numpy(), theirs.numpy())
