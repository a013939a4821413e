"""Layers of signals, images and volumes do and say what PyTorch's do and say."""

import numpy as np
import pytest

import flambeau
from tests.nn.spatial import arrays_of, layers, statements
from tools.golden import spatial_cases as cases

FAMILIES = list(cases.STATEMENTS)


@pytest.mark.parametrize(
    ("statement", "expected"), [case for family in FAMILIES for case in statements(family)]
)
def test_statement(statement, expected):
    assert cases.outcome(flambeau, statement) == expected


@pytest.mark.parametrize(
    ("constructor", "shape"), [case for family in FAMILIES for case in layers(family)], ids=str
)
def test_layer_and_its_gradients(constructor, shape):
    got, expected = cases.run_layer(flambeau, constructor, shape), arrays_of(constructor)
    assert list(got) == list(expected)
    for name, wanted in expected.items():
        assert (got[name].shape, got[name].dtype) == (wanted.shape, wanted.dtype), name
        np.testing.assert_allclose(got[name], wanted, rtol=1e-4, atol=1e-5, err_msg=name)
