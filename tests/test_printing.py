"""Tensors print as PyTorch's; the golden texts are its own."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flambeau import printing
from flambeau.ir import dtypes, naming

GOLDEN = json.loads((Path(__file__).parent / "golden" / "printing.json").read_text())


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    prefix = naming.prefix()
    yield
    printing.set_printoptions(profile="default")
    naming.use_torch_names(prefix == "torch")


@pytest.mark.parametrize("case", GOLDEN)
def test_the_text_is_pytorchs(case):
    golden = GOLDEN[case]
    naming.use_torch_names()
    printing.set_printoptions(**golden["options"])
    dtype = dtypes.ALL[golden["dtype"]]
    array = np.array(golden["elements"]).astype(dtype.numpy).reshape(golden["shape"])
    text = printing.format_tensor(
        array,
        dtype=dtype,
        requires_grad=golden["requires_grad"],
        grad_fn_name=golden["grad_fn"],
    )
    assert text == golden["text"]


def ones(*shape: int, **notes: object) -> str:
    return printing.format_tensor(np.ones(shape, np.float32), dtype=dtypes.float32, **notes)


def test_names_are_flambeaus_unless_it_stands_in_for_torch():
    naming.use_torch_names(False)
    half = printing.format_tensor(np.ones(2, np.float16), dtype=dtypes.float16)
    assert half == "tensor([1., 1.], dtype=flambeau.float16)"


def test_the_default_dtype_is_not_mentioned():
    dtypes.set_default(dtypes.float64)
    try:
        assert printing.format_tensor(np.ones(1), dtype=dtypes.float64) == "tensor([1.])"
        assert "dtype=flambeau.float32" in ones(1)
    finally:
        dtypes.set_default(dtypes.float32)


def test_further_lines_stand_under_the_first_bracket():
    assert ones(2, 1, prefix="Mine(") == "Mine([[1.],\n      [1.]])"


def test_what_made_a_tensor_is_said_rather_than_that_it_requires_grad():
    assert ones(1, requires_grad=True) == "tensor([1.], requires_grad=True)"
    said = ones(1, requires_grad=True, grad_fn_name="MulBackward0")
    assert said == "tensor([1.], grad_fn=<MulBackward0>)"


def test_printing_does_not_change_the_elements():
    array = np.array([1e-30, np.nan, 2.0])
    array.flags.writeable = False
    printing.format_tensor(array, dtype=dtypes.float64)


def test_elements_that_are_not_contiguous_print_in_order():
    array = np.arange(6).reshape(2, 3).T
    text = printing.format_tensor(array, dtype=dtypes.int64)
    assert text == "tensor([[0, 3],\n        [1, 4],\n        [2, 5]])"


# Options ------------------------------------------------------------------------------------


def test_options_at_first():
    assert printing.get_printoptions() == {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 80,
        "sci_mode": None,
    }


def test_options_that_are_not_given_stay():
    printing.set_printoptions(precision=2)
    printing.set_printoptions(linewidth=100)
    options = printing.get_printoptions()
    assert (options["precision"], options["linewidth"]) == (2, 100)


def test_sci_mode_is_reset_unless_given():
    printing.set_printoptions(sci_mode=True)
    assert printing.get_printoptions()["sci_mode"] is True
    printing.set_printoptions(precision=3)
    assert printing.get_printoptions()["sci_mode"] is None


@pytest.mark.parametrize(
    ("profile", "expected"),
    [("default", (4, 1000, 3)), ("short", (2, 1000, 2)), ("full", (4, math.inf, 3))],
)
def test_profiles(profile, expected):
    printing.set_printoptions(precision=9, threshold=9, edgeitems=9, linewidth=9)
    printing.set_printoptions(profile=profile)
    options = printing.get_printoptions()
    assert (options["precision"], options["threshold"], options["edgeitems"]) == expected
    assert options["linewidth"] == 80


def test_what_is_given_beside_a_profile_overrides_it():
    printing.set_printoptions(profile="short", precision=7)
    assert printing.get_printoptions()["precision"] == 7


def test_what_get_printoptions_gives_is_a_copy():
    printing.get_printoptions()["precision"] = 9
    assert printing.get_printoptions()["precision"] == 4
