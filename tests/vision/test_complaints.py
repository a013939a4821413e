"""What transforms say to what they cannot do."""

import re

import numpy
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import InterpolationMode, functional as F

Image = pytest.importorskip("PIL.Image")

PIXELS = numpy.zeros((16, 20, 3), numpy.uint8)
PICTURE = Image.fromarray(PIXELS)
TENSOR = torch.zeros(3, 16, 20, dtype=torch.uint8)

#: The beginning of a message, the kind of error, and the call that raises it.
COMPLAINTS = {
    "pic should be PIL Image or ndarray. Got <class 'list'>": (
        TypeError,
        lambda: F.to_tensor([1]),
    ),
    "pic should be 2/3 dimensional. Got 1 dimensions.": (
        ValueError,
        lambda: F.to_tensor(numpy.ones(3)),
    ),
    "pic should be PIL Image. Got <class 'numpy.ndarray'>": (
        TypeError,
        lambda: F.pil_to_tensor(PIXELS),
    ),
    "pic should be Tensor or ndarray. Got <class 'str'>.": (
        TypeError,
        lambda: F.to_pil_image("no"),
    ),
    "pic should be 2/3 dimensional. Got 1 dim": (
        ValueError,
        lambda: F.to_pil_image(torch.ones(3)),
    ),
    "pic should not have > 4 channels. Got 5 channels.": (
        ValueError,
        lambda: F.to_pil_image(torch.ones(5, 1, 1)),
    ),
    "Only modes ['RGB', 'YCbCr', 'HSV'] are supported for 3D inputs": (
        ValueError,
        lambda: F.to_pil_image(torch.ones(3, 1, 1), "L"),
    ),
    "Incorrect mode (RGB) supplied for input type uint8. Should be L": (
        ValueError,
        lambda: F.to_pil_image(torch.ones(1, 1), "RGB"),
    ),
    "Input type float64 is not supported": (
        TypeError,
        lambda: F.to_pil_image(torch.ones(1, 1).double().numpy()),
    ),
    "img should be Tensor Image. Got": (
        TypeError,
        lambda: F.normalize(PICTURE, 0, 1),
    ),
    "Input tensor should be a float tensor. Got": (
        TypeError,
        lambda: F.normalize(TENSOR, 0, 1),
    ),
    "Expected tensor to be a tensor image of size (..., C, H, W). Got": (
        ValueError,
        lambda: F.normalize(torch.ones(2, 2), 0, 1),
    ),
    "std evaluated to zero after conversion to": (
        ValueError,
        lambda: F.normalize(torch.ones(1, 2, 2), [0], [0]),
    ),
    "Size must be an int or a 1 or 2 element tuple/list, not a 3 element": (
        ValueError,
        lambda: F.resize(PICTURE, [1, 2, 3]),
    ),
    "max_size should only be passed if size specifies the length": (
        ValueError,
        lambda: F.resize(PICTURE, [1, 2], max_size=5),
    ),
    "max_size = 5 must be strictly greater than the requested size": (
        ValueError,
        lambda: F.resize(PICTURE, 5, max_size=5),
    ),
    "Argument interpolation should be a InterpolationMode or": (
        TypeError,
        lambda: F.resize(PICTURE, 5, "bilinear"),
    ),
    "This interpolation mode is unsupported with Tensor": (
        ValueError,
        lambda: F.resize(TENSOR, 5, InterpolationMode.BOX),
    ),
    "Unexpected type <class 'numpy.ndarray'>": (
        TypeError,
        lambda: F.hflip(PIXELS),
    ),
    "Got inappropriate padding arg": (
        TypeError,
        lambda: F.pad(TENSOR, "1"),
    ),
    "Padding must be an int or a 1, 2, or 4 element tuple, not a 3 element tuple": (
        ValueError,
        lambda: F.pad(TENSOR, [1, 2, 3]),
    ),
    "Padding mode should be either constant, edge, reflect or symmetric": (
        ValueError,
        lambda: F.pad(TENSOR, 1, padding_mode="odd"),
    ),
    "Requested crop size (99, 99) is bigger than input size (16, 20)": (
        ValueError,
        lambda: F.five_crop(TENSOR, 99),
    ),
    "brightness_factor (-1) is not non-negative.": (
        ValueError,
        lambda: F.adjust_brightness(TENSOR, -1),
    ),
    "hue_factor (0.6) is not in [-0.5, 0.5].": (
        ValueError,
        lambda: F.adjust_hue(TENSOR, 0.6),
    ),
    "Gamma should be a non-negative real number": (
        ValueError,
        lambda: F.adjust_gamma(TENSOR, -1),
    ),
    "num_output_channels should be either 1 or 3": (
        ValueError,
        lambda: F.rgb_to_grayscale(TENSOR, 2),
    ),
    "The cast from flambeau.float32 to flambeau.int64 cannot be performed safely.": (
        RuntimeError,
        lambda: F.convert_image_dtype(torch.ones(1), torch.int64),
    ),
    "kernel_size should have odd and positive integers. Got [4, 4]": (
        ValueError,
        lambda: F.gaussian_blur(TENSOR, 4),
    ),
    "Required crop size (50, 50) is larger than input image size (16, 20)": (
        ValueError,
        lambda: transforms.RandomCrop(50)(PICTURE),
    ),
    "Please provide only two dimensions (h, w) for size.": (
        ValueError,
        lambda: transforms.CenterCrop((1, 2, 3)),
    ),
    "Size should be int or sequence. Got <class 'float'>": (
        TypeError,
        lambda: transforms.Resize(5.0),
    ),
    "If size is a sequence, it should have 1 or 2 values": (
        ValueError,
        lambda: transforms.Resize([1, 2, 3]),
    ),
    "If degrees is a single number, it must be positive.": (
        ValueError,
        lambda: transforms.RandomRotation(-1),
    ),
    "If brightness is a single number, it must be non negative.": (
        ValueError,
        lambda: transforms.ColorJitter(-1),
    ),
    "hue values should be between (-0.5, 0.5)": (
        ValueError,
        lambda: transforms.ColorJitter(hue=0.7),
    ),
    "brightness should be a single number or a list/tuple with length 2.": (
        TypeError,
        lambda: transforms.ColorJitter("1"),
    ),
    "Random erasing probability should be between 0 and 1": (
        ValueError,
        lambda: transforms.RandomErasing(2),
    ),
    "If value is str, it should be 'random'": (
        ValueError,
        lambda: transforms.RandomErasing(value="no"),
    ),
    "Argument lambd should be callable, got 'int'": (
        TypeError,
        lambda: transforms.Lambda(3),
    ),
}


@pytest.mark.parametrize("message", COMPLAINTS)
def test_complaints_are_torchvisions(message):
    kind, call = COMPLAINTS[message]
    with pytest.raises(kind, match=f"^{re.escape(message)}"):
        call()
