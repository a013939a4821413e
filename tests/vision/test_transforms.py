"""Transforms: what they do to Pillow images and to tensors, and how they print."""

import numpy
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import InterpolationMode, functional as F

Image = pytest.importorskip("PIL.Image")

PIXELS = numpy.kron(
    numpy.random.default_rng(0).integers(0, 256, (4, 5, 3)), numpy.ones((4, 4, 1))
).astype(numpy.uint8)
PICTURE = Image.fromarray(PIXELS)
TENSOR = torch.from_numpy(PIXELS.transpose(2, 0, 1).copy())


def on_both(function, *args, tolerance=0, **kwargs):
    """The result for a tensor, which is the one for a picture to so many levels."""
    picture = F.pil_to_tensor(function(PICTURE, *args, **kwargs))
    tensor = function(TENSOR, *args, **kwargs)
    assert tensor.dtype == torch.uint8
    assert picture.shape == tensor.shape
    assert (picture.int() - tensor.int()).abs().max().item() <= tolerance
    return tensor


# --- conversions -------------------------------------------------------------------------


def test_bytes_become_numbers_between_0_and_1():
    tensor = F.to_tensor(PICTURE)
    assert tensor.dtype == torch.float32
    assert tensor.shape == (3, 16, 20)
    assert tensor.is_contiguous()
    expected = PIXELS.transpose(2, 0, 1).astype(numpy.float32) / numpy.float32(255)
    assert numpy.array_equal(tensor.numpy(), expected)
    assert torch.equal(F.to_tensor(PIXELS), tensor)
    assert F.to_tensor(PIXELS[:, :, 0]).shape == (1, 16, 20)


@pytest.mark.parametrize(
    ("mode", "dtype", "channels"),
    [
        ("L", torch.float32, 1),
        ("1", torch.float32, 1),
        ("LA", torch.float32, 2),
        ("RGBA", torch.float32, 4),
        ("CMYK", torch.float32, 4),
        ("I", torch.int32, 1),
        ("F", torch.float32, 1),
    ],
)
def test_pictures_of_every_mode_become_tensors(mode, dtype, channels):
    tensor = F.to_tensor(PICTURE.convert("L").convert(mode))
    assert tensor.dtype == dtype
    assert tensor.shape == (channels, 16, 20)
    assert tensor.max().item() > (1.5 if mode in "IF" else 0.5)


def test_other_arrays_keep_their_elements():
    assert F.to_tensor(numpy.ones((2, 3))).dtype == torch.float64
    assert F.to_tensor(numpy.full((2, 3), 7)).tolist() == [[[7, 7, 7], [7, 7, 7]]]


def test_there_and_back_again():
    assert numpy.array_equal(numpy.asarray(F.to_pil_image(F.to_tensor(PICTURE))), PIXELS)
    assert numpy.array_equal(numpy.asarray(F.to_pil_image(TENSOR)), PIXELS)
    assert numpy.array_equal(numpy.asarray(F.to_pil_image(PIXELS)), PIXELS)


@pytest.mark.parametrize(
    ("shape", "mode", "given"),
    [
        ((4, 5), "L", None),
        ((1, 4, 5), "L", None),
        ((2, 4, 5), "LA", None),
        ((3, 4, 5), "RGB", None),
        ((3, 4, 5), "HSV", "HSV"),
        ((3, 4, 5), "YCbCr", "YCbCr"),
        ((4, 4, 5), "RGBA", None),
        ((4, 4, 5), "CMYK", "CMYK"),
    ],
)
def test_the_mode_follows_from_the_channels_or_is_given(shape, mode, given):
    picture = transforms.ToPILImage(given)(torch.rand(shape))
    assert picture.mode == mode
    assert picture.size == (5, 4)


def test_floats_and_integers_of_one_channel_have_their_modes():
    assert F.to_pil_image(torch.tensor([[0.25]]), "F").getpixel((0, 0)) == 0.25
    assert F.to_pil_image(torch.tensor([[70_000]], dtype=torch.int32)).getpixel((0, 0)) == 70_000
    assert F.to_pil_image(torch.tensor([[700]], dtype=torch.int16)).getpixel((0, 0)) == 700


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 128, 255], torch.float32, [0.0, 128 / 255, 1.0]),
        ([0, 128, 255], torch.int32, [0, 128 << 23, 255 << 23]),
        ([0.0, 0.5, 1.0], torch.uint8, [0, 127, 255]),
        ([0.0, 0.5, 1.0], torch.float64, [0.0, 0.5, 1.0]),
    ],
)
def test_values_are_scaled_to_the_range_of_the_dtype(values, dtype, expected):
    given = torch.tensor(values, dtype=torch.uint8 if values[1] == 128 else torch.float32)
    converted = transforms.ConvertImageDtype(dtype)(given)
    assert converted.dtype == dtype
    assert converted.tolist() == pytest.approx(expected)


def test_normalizing_takes_a_mean_and_a_deviation_for_each_channel():
    image = torch.ones(2, 3, 1, 1)
    normalized = transforms.Normalize([1.0, 2.0, 3.0], [1.0, 0.5, 2.0])(image)
    assert normalized.reshape(2, 3).tolist() == [[0.0, -2.0, -1.0]] * 2
    assert image.tolist() == torch.ones(2, 3, 1, 1).tolist()
    F.normalize(image, [1.0, 2.0, 3.0], [1.0, 0.5, 2.0], inplace=True)
    assert torch.equal(image, normalized)


def test_gradients_flow_through_normalizing():
    image = torch.ones(1, 2, 2, requires_grad=True)
    transforms.Normalize((0.5,), (0.25,))(image).sum().backward()
    assert image.grad.tolist() == [[[4.0, 4.0], [4.0, 4.0]]]


# --- sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(8, 30), (40, 10), (16, 7)])
@pytest.mark.parametrize(("mode", "tolerance"), [("bilinear", 1), ("bicubic", 12)])
def test_resizing_a_tensor_is_resizing_a_picture(size, mode, tolerance):
    on_both(F.resize, size, InterpolationMode(mode), tolerance=tolerance)


def test_a_smaller_edge_sets_the_size():
    assert F.resize(TENSOR, 8).shape == (3, 8, 10)
    assert F.resize(TENSOR, [32]).shape == (3, 32, 40)
    assert F.resize(TENSOR, 14, max_size=16).shape == (3, 13, 16)
    assert F.resize(TENSOR.transpose(1, 2), 8).shape == (3, 10, 8)
    assert F.resize(TENSOR, 16) is TENSOR
    assert F.resize(PICTURE, 8).size == (10, 8)


def test_nearest_pixels_are_copies():
    image = torch.arange(4).reshape(1, 2, 2)
    twice = F.resize(image, (4, 4), InterpolationMode.NEAREST)
    assert twice.tolist() == [[[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]]


def test_cropping_beyond_the_image_gives_zeros():
    on_both(F.crop, 3, 5, 10, 7)
    outside = on_both(F.crop, -2, -3, 30, 40)
    assert outside[:, :2].max().item() == outside[:, :, :3].max().item() == 0
    assert on_both(F.crop, 100, 100, 4, 4).max().item() == 0
    on_both(F.center_crop, (5, 4))
    on_both(F.center_crop, 30)
    on_both(F.center_crop, (30, 4))


@pytest.mark.parametrize("padding", [3, [3], [3, 1], [3, 1, 2, 5], [-3, 1, 2, -5]])
@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
def test_padding_a_tensor_is_padding_a_picture(padding, mode):
    on_both(F.pad, padding, padding_mode=mode)


def test_padding_may_have_a_colour():
    assert on_both(F.pad, 2, fill=9)[:, 0, 0].tolist() == [9, 9, 9]
    assert on_both(F.pad, 2, fill=(1, 2, 3))[:, 0, 0].tolist() == [1, 2, 3]


def test_crops_are_the_corners_and_the_middle():
    top_left, top_right, bottom_left, bottom_right, middle = F.five_crop(TENSOR, (4, 6))
    assert torch.equal(top_left, TENSOR[:, :4, :6])
    assert torch.equal(top_right, TENSOR[:, :4, -6:])
    assert torch.equal(bottom_left, TENSOR[:, -4:, :6])
    assert torch.equal(bottom_right, TENSOR[:, -4:, -6:])
    assert torch.equal(middle, TENSOR[:, 6:10, 7:13])
    ten = transforms.TenCrop(4)(TENSOR)
    assert len(ten) == 10
    assert torch.equal(ten[5], F.hflip(TENSOR)[:, :4, :4])


def test_mirrors():
    assert torch.equal(on_both(F.hflip), TENSOR.flip(-1))
    assert torch.equal(on_both(F.vflip), TENSOR.flip(-2))


@pytest.mark.parametrize("angle", [0, 90, -90, 180, 30, -45.5])
@pytest.mark.parametrize("expand", [False, True])
def test_turning_a_tensor_is_turning_a_picture(angle, expand):
    on_both(F.rotate, angle, expand=expand, fill=7)
    if not expand:
        on_both(F.rotate, angle, center=(3, 4))


def test_a_quarter_turn_is_exact():
    turned = F.rotate(TENSOR, 90, InterpolationMode.BILINEAR, expand=True)
    assert torch.equal(turned, TENSOR.transpose(1, 2).flip(1))


def test_turning_between_pixels_blends_them():
    inner = (slice(None), slice(6, 10), slice(8, 12))
    smooth = F.resize(TENSOR, (160, 200))
    turned = F.rotate(smooth, 20, InterpolationMode.BILINEAR)
    picture = F.pil_to_tensor(F.rotate(F.to_pil_image(smooth), 20, InterpolationMode.BILINEAR))
    assert (turned[inner].int() - picture[inner].int()).abs().max().item() <= 1


# --- colours -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "factor", "tolerance"),
    [
        (F.adjust_brightness, 1.4, 0),
        (F.adjust_brightness, 0.3, 0),
        (F.adjust_contrast, 0.4, 1),
        (F.adjust_contrast, 1.7, 1),
        (F.adjust_saturation, 0.0, 1),
        (F.adjust_saturation, 1.7, 1),
        (F.adjust_hue, 0.2, 12),  # Pillow's hues have 256 values
        (F.adjust_hue, -0.4, 12),
        (F.adjust_gamma, 1.5, 1),
    ],
)
def test_changing_colours_of_a_tensor_is_changing_a_pictures(function, factor, tolerance):
    on_both(function, factor, tolerance=tolerance)


def test_a_factor_of_one_changes_nothing():
    for function in (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation):
        assert torch.equal(function(TENSOR, 1.0), TENSOR)
    assert (F.adjust_hue(TENSOR, 0.0).int() - TENSOR.int()).abs().max().item() <= 1


def test_grey():
    assert on_both(F.rgb_to_grayscale, tolerance=1).shape == (1, 16, 20)
    assert on_both(F.rgb_to_grayscale, 3, tolerance=1).shape == (3, 16, 20)
    assert F.to_grayscale(PICTURE).mode == "L"
    assert transforms.Grayscale(3)(PICTURE).mode == "RGB"


def test_a_blur_keeps_what_is_even_and_mixes_the_rest():
    even = torch.full((1, 9, 9), 0.5)
    assert torch.allclose(F.gaussian_blur(even, 5), even)
    point = torch.zeros(1, 9, 9)
    point[0, 4, 4] = 1
    blurred = F.gaussian_blur(point, [3, 5], [1.0, 2.0])
    assert blurred.sum().item() == pytest.approx(1.0)
    assert (blurred > 0).sum().item() == 15
    assert F.gaussian_blur(PICTURE, 3).mode == "RGB"


def test_the_negative():
    assert torch.equal(on_both(F.invert), 255 - TENSOR)


def test_gradients_flow_through_tensors():
    image = torch.rand(3, 8, 9, requires_grad=True)
    changed = F.hflip(F.pad(F.crop(F.resize(image, (12, 12)), 1, 1, 9, 9), 2))
    F.adjust_saturation(F.rotate(changed, 10, InterpolationMode.BILINEAR), 0.5).sum().backward()
    assert image.grad.shape == image.shape
    assert (image.grad[:, 1:-2, 1:-2] > 0).all()


# --- printed forms -------------------------------------------------------------------------

PRINTED = {
    "ToTensor()": transforms.ToTensor(),
    "PILToTensor()": transforms.PILToTensor(),
    "ToPILImage()": transforms.ToPILImage(),
    "ToPILImage(mode=L)": transforms.ToPILImage("L"),
    "ConvertImageDtype()": transforms.ConvertImageDtype(torch.uint8),
    "Normalize(mean=[0.5], std=(0.2,))": transforms.Normalize([0.5], (0.2,)),
    "Lambda()": transforms.Lambda(abs),
    "Resize(size=8, interpolation=bilinear, max_size=None, antialias=True)": transforms.Resize(8),
    "Resize(size=(8, 9), interpolation=nearest, max_size=None, antialias=False)": transforms.Resize(
        (8, 9), 0, antialias=False
    ),
    "CenterCrop(size=(8, 8))": transforms.CenterCrop(8),
    "FiveCrop(size=[8, 9])": transforms.FiveCrop([8, 9]),
    "TenCrop(size=(8, 8), vertical_flip=True)": transforms.TenCrop(8, True),
    "Pad(padding=4, fill=0, padding_mode=constant)": transforms.Pad(4),
    "Grayscale(num_output_channels=1)": transforms.Grayscale(),
    "RandomGrayscale(p=0.1)": transforms.RandomGrayscale(),
    "RandomHorizontalFlip(p=0.5)": transforms.RandomHorizontalFlip(),
    "RandomVerticalFlip(p=0.3)": transforms.RandomVerticalFlip(0.3),
    "RandomCrop(size=(32, 32), padding=4)": transforms.RandomCrop(32, padding=4),
    "RandomResizedCrop(size=(9, 9), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
    "interpolation=bilinear, antialias=True)": transforms.RandomResizedCrop(9),
    "RandomRotation(degrees=[-10.0, 10.0], interpolation=nearest, expand=False, fill=0)": (
        transforms.RandomRotation(10)
    ),
    "RandomRotation(degrees=[1.0, 2.0], interpolation=bilinear, expand=True, center=(3, 4), "
    "fill=5)": transforms.RandomRotation((1, 2), InterpolationMode.BILINEAR, True, (3, 4), 5),
    "ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=(0.0, 3.0), hue=(-0.1, 0.1))": (
        transforms.ColorJitter(0.5, 0, 2, 0.1)
    ),
    "GaussianBlur(kernel_size=(3, 3), sigma=(0.1, 2.0))": transforms.GaussianBlur(3),
    "RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False)": (
        transforms.RandomErasing()
    ),
    "Compose(\n    ToTensor()\n    Lambda()\n)": transforms.Compose(
        [transforms.ToTensor(), transforms.Lambda(abs)]
    ),
    "RandomApply(\n    p=0.5\n    ToTensor()\n)": transforms.RandomApply([transforms.ToTensor()]),
    "RandomOrder(\n    ToTensor()\n)": transforms.RandomOrder([transforms.ToTensor()]),
    "RandomChoice(\n    ToTensor()\n)(p=None)": transforms.RandomChoice([transforms.ToTensor()]),
}


@pytest.mark.parametrize("printed", PRINTED)
def test_printed_forms_are_torchvisions(printed):
    assert repr(PRINTED[printed]) == printed


def test_transforms_may_stand_in_a_sequential():
    both = torch.nn.Sequential(
        transforms.CenterCrop(8), transforms.ConvertImageDtype(torch.float32)
    )
    assert both(TENSOR).shape == (3, 8, 8)


def test_the_lists_of_names_are_whole():
    public = {name for name in vars(transforms) if name[0].isupper()}
    assert public == set(transforms.__all__) - {"functional"}
    assert all(hasattr(F, name) for name in F.__all__)


def test_pillows_numbers_of_filters_are_understood():
    for name in ("nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"):
        number = int(getattr(Image.Resampling, name.upper()))
        assert transforms.Resize(3, number).interpolation is InterpolationMode(name)
