"""Pictures of tensors, and working without Pillow."""

import io
import subprocess
import sys

import numpy
import pytest

import flambeau as torch
from flambeau.vision.utils import make_grid, save_image


def test_images_are_put_in_rows_with_padding_between():
    images = torch.arange(1, 6).reshape(5, 1, 1, 1).float().expand(5, 3, 2, 2)
    grid = make_grid(images, nrow=3, padding=1, pad_value=9.0)
    assert grid.shape == (3, 7, 10)
    assert grid[0].tolist() == [
        [9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
        [9, 1, 1, 9, 2, 2, 9, 3, 3, 9],
        [9, 1, 1, 9, 2, 2, 9, 3, 3, 9],
        [9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
        [9, 4, 4, 9, 5, 5, 9, 9, 9, 9],
        [9, 4, 4, 9, 5, 5, 9, 9, 9, 9],
        [9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
    ]


def test_fewer_images_than_a_row_make_a_row():
    assert make_grid(torch.zeros(2, 3, 4, 5)).shape == (3, 4 + 4, 2 * 5 + 6)
    assert make_grid(torch.zeros(2, 3, 4, 5), padding=0).shape == (3, 4, 10)


def test_grey_images_get_three_channels():
    assert make_grid(torch.zeros(4, 5)).shape == (3, 4, 5)
    assert make_grid(torch.zeros(1, 4, 5)).shape == (3, 4, 5)
    assert make_grid(torch.zeros(2, 1, 4, 5)).shape[0] == 3
    assert make_grid([torch.zeros(1, 4, 5), torch.ones(1, 4, 5)]).shape[0] == 3


def test_values_are_brought_between_0_and_1():
    images = torch.tensor([[0.0, 2.0], [4.0, 8.0]]).reshape(2, 1, 1, 2)
    whole = make_grid(images, padding=0, normalize=True)
    assert whole[0].tolist() == [[0.0, 0.25, 0.5, 1.0]]
    each = make_grid(images, padding=0, normalize=True, scale_each=True)
    assert each[0].tolist() == [[0.0, 1.0, 0.0, 1.0]]
    ranged = make_grid(images, padding=0, normalize=True, value_range=(2, 4))
    assert ranged[0].tolist() == [[0.0, 0.0, 1.0, 1.0]]
    assert images.max().item() == 8.0


def test_a_grid_has_no_history():
    assert not make_grid(torch.zeros(2, 3, 4, 5, requires_grad=True)).requires_grad


def test_what_is_no_image_is_told():
    with pytest.raises(TypeError, match=r"tensor or list of tensors expected, got <class 'str'>"):
        make_grid("no")
    with pytest.raises(TypeError, match=r"got a list containing <class 'int'>"):
        make_grid([1])
    with pytest.raises(TypeError, match=r"value_range has to be a tuple \(min, max\)"):
        make_grid(torch.zeros(2, 3, 4, 5), normalize=True, value_range=3)


def test_a_saved_image_is_the_grid(tmp_path):
    image = pytest.importorskip("PIL.Image")
    tensor = torch.tensor([0.0, 0.5, 1.0, 2.0, -1.0, 0.2499]).reshape(1, 2, 3)
    save_image(tensor, tmp_path / "picture.png")
    pixels = numpy.asarray(image.open(tmp_path / "picture.png"))
    assert pixels[:, :, 0].tolist() == [[0, 128, 255], [255, 0, 64]]
    stream = io.BytesIO()
    save_image([torch.zeros(3, 4, 5)] * 3, stream, format="png", nrow=2, padding=1)
    assert image.open(stream).size == (13, 11)


PROGRAM = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "PIL":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
import flambeau as torch
from flambeau.vision import transforms, utils
image = torch.rand(3, 8, 8)
both = transforms.Compose([transforms.CenterCrop(4), transforms.Resize(2)])
assert both(image).shape == (3, 2, 2)
assert utils.make_grid([image] * 2).shape == (3, 12, 22)
for call in (
    lambda: transforms.ToPILImage()(image),
    lambda: utils.save_image(image, "picture.png"),
):
    try:
        call()
    except ImportError as error:
        print(error)
"""


def test_without_pillow_tensors_work_and_images_say_what_is_missing():
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    message = "Pillow is needed to work with images: pip install flambeau[vision]\n"
    assert (run.stderr, run.stdout) == ("", message * 2)
