"""Random transforms: which numbers they draw, in which order, and what they do with them."""

import random

import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import functional as F

IMAGE = torch.arange(3 * 16 * 20, dtype=torch.float32).reshape(3, 16, 20)


def integer(bound):
    return torch.randint(0, bound, (1,)).item()


def uniform(low, high):
    return torch.empty(1).uniform_(low, high).item()


@pytest.fixture(params=range(5))
def drawn(request):
    """Compare a transform with what its draws, made by hand, would have done."""

    def compare(transform, by_hand):
        torch.manual_seed(request.param)
        expected = by_hand()
        after = torch.rand(1)
        torch.manual_seed(request.param)
        result = transform(IMAGE)
        assert torch.rand(1).item() == after.item()
        assert torch.equal(result, expected)

    return compare


def test_a_mirror_draws_one_number(drawn):
    drawn(
        transforms.RandomHorizontalFlip(0.4),
        lambda: F.hflip(IMAGE) if torch.rand(1).item() < 0.4 else IMAGE,
    )
    drawn(
        transforms.RandomVerticalFlip(),
        lambda: F.vflip(IMAGE) if torch.rand(1).item() < 0.5 else IMAGE,
    )


def test_a_crop_draws_top_and_left(drawn):
    drawn(
        transforms.RandomCrop((4, 6)),
        lambda: F.crop(IMAGE, integer(16 - 4 + 1), integer(20 - 6 + 1), 4, 6),
    )


def test_a_crop_of_a_padded_image(drawn):
    drawn(
        transforms.RandomCrop(16, padding=(1, 2), fill=3),
        lambda: F.crop(F.pad(IMAGE, (1, 2), 3), integer(5), integer(7), 16, 16),
    )


def test_a_crop_of_the_whole_draws_nothing(drawn):
    drawn(transforms.RandomCrop((16, 20)), lambda: IMAGE)


def test_what_is_too_small_is_padded_if_needed(drawn):
    def by_hand():
        padded = F.pad(F.pad(IMAGE, (2, 0)), (0, 6))
        return F.crop(padded, integer(28 - 22 + 1), integer(24 - 22 + 1), 22, 22)

    drawn(transforms.RandomCrop(22, pad_if_needed=True), by_hand)


def test_a_resized_crop_draws_area_shape_and_place(drawn):
    def by_hand():
        low, high = torch.log(torch.tensor([3 / 4, 4 / 3])).tolist()
        while True:
            area = 16 * 20 * uniform(0.08, 1.0)
            shape = torch.exp(torch.empty(1).uniform_(low, high)).item()
            width, height = round((area * shape) ** 0.5), round((area / shape) ** 0.5)
            if width <= 20 and height <= 16:
                break
        top, left = integer(16 - height + 1), integer(20 - width + 1)
        return F.resized_crop(IMAGE, top, left, height, width, (8, 8))

    drawn(transforms.RandomResizedCrop(8), by_hand)


@pytest.mark.parametrize(
    ("ratio", "expected"), [((4.0, 4.0), (5, 0, 5, 20)), ((0.1, 0.1), (0, 9, 16, 2))]
)
def test_where_no_rectangle_fits_the_middle_is_taken(ratio, expected):
    parameters = transforms.RandomResizedCrop.get_params(IMAGE, (1.0, 1.0), ratio)
    assert parameters == expected


def test_a_turn_draws_an_angle(drawn):
    drawn(transforms.RandomRotation(30), lambda: F.rotate(IMAGE, uniform(-30.0, 30.0), fill=0))


def test_colours_draw_an_order_and_each_factor_that_changes(drawn):
    image = IMAGE / IMAGE.max()

    def by_hand():
        order = torch.randperm(4).tolist()
        factors = {0: uniform(0.5, 1.5), 2: uniform(0.0, 3.0), 3: uniform(-0.1, 0.1)}
        functions = [F.adjust_brightness, None, F.adjust_saturation, F.adjust_hue]
        result = image
        for position in order:
            if position in factors:
                result = functions[position](result, factors[position])
        return result

    drawn(lambda _: transforms.ColorJitter(0.5, 0, 2, 0.1)(image), by_hand)


def test_erasing_draws_whether_area_shape_content_and_place(drawn):
    def by_hand(content):
        if not torch.rand(1).item() < 0.7:
            return IMAGE
        low, high = torch.log(torch.tensor([0.3, 3.3])).tolist()
        while True:
            area = 16 * 20 * uniform(0.02, 0.33)
            shape = torch.exp(torch.empty(1).uniform_(low, high)).item()
            height, width = round((area * shape) ** 0.5), round((area / shape) ** 0.5)
            if height < 16 and width < 20:
                break
        value = content(height, width)
        top, left = integer(16 - height + 1), integer(20 - width + 1)
        return F.erase(IMAGE, top, left, height, width, value)

    drawn(
        transforms.RandomErasing(0.7, value=[1, 2, 3]),
        lambda: by_hand(lambda height, width: torch.tensor([1.0, 2.0, 3.0])[:, None, None]),
    )
    drawn(
        transforms.RandomErasing(0.7, value="random"),
        lambda: by_hand(lambda height, width: torch.empty(3, height, width).normal_()),
    )


def test_erasing_leaves_the_image_alone_unless_told():
    image = torch.ones(1, 8, 8)
    transforms.RandomErasing(1.0)(image)
    assert image.sum().item() == 64
    transforms.RandomErasing(1.0, inplace=True)(image)
    assert image.sum().item() < 64


def test_erasing_needs_a_value_for_each_channel():
    with pytest.raises(ValueError, match=r"a single value or 3 \(number of input channels\)"):
        transforms.RandomErasing(1.0, value=(1, 2))(IMAGE)


def test_bounds_in_the_wrong_order_are_warned_of():
    with pytest.warns(UserWarning, match=r"of kind \(min, max\)") as warnings:
        transforms.RandomResizedCrop(8, scale=(1.0, 0.5))
    assert warnings[0].filename == __file__
    with pytest.warns(UserWarning, match=r"of kind \(min, max\)") as warnings:
        transforms.RandomErasing(ratio=(3.0, 0.5))
    assert warnings[0].filename == __file__


def test_a_blur_draws_a_sigma(drawn):
    def by_hand():
        sigma = uniform(0.1, 2.0)
        return F.gaussian_blur(IMAGE, 3, [sigma, sigma])

    drawn(transforms.GaussianBlur(3), by_hand)


def test_all_or_nothing_is_applied(drawn):
    drawn(
        transforms.RandomApply([F.hflip, F.vflip], p=0.4),
        lambda: F.vflip(F.hflip(IMAGE)) if torch.rand(1).item() <= 0.4 else IMAGE,
    )


def test_grey_keeps_the_number_of_channels(drawn):
    drawn(
        transforms.RandomGrayscale(0.4),
        lambda: F.rgb_to_grayscale(IMAGE, 3) if torch.rand(1).item() < 0.4 else IMAGE,
    )


def test_choice_and_order_draw_from_pythons_generator():
    steps = [lambda text: text + "a", lambda text: text + "b", lambda text: text + "c"]
    random.seed(1)
    chosen = {transforms.RandomChoice(steps)("") for _ in range(50)}
    assert chosen == {"a", "b", "c"}
    assert transforms.RandomChoice(steps, p=[0, 1, 0])("") == "b"
    assert {transforms.RandomOrder(steps)("") for _ in range(100)} == {
        "abc",
        "acb",
        "bac",
        "bca",
        "cab",
        "cba",
    }
