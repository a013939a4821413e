"""Random chains of views and writes give PyTorch's values, strides and gradients."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import flambeau
from tests import test_indexing_properties as indexing
from tests.view_programs import programs, run

torch = pytest.importorskip("torch")

SETTINGS = settings(max_examples=100, deadline=None)


@given(programs, st.booleans())
@SETTINGS
def test_programs_of_views_and_writes(program, gradients):
    assert run(flambeau, program, gradients) == run(torch, program, gradients)


@given(indexing.cases())
@SETTINGS
def test_reading_and_its_gradient(case):
    shape, index = case

    def outcome(package):
        x = package.arange(float(np.prod(shape))).view(shape).clone().requires_grad_()
        read = x[tuple(package.tensor(e) if isinstance(e, np.ndarray) else e for e in index)]
        (read * read).sum().backward()
        return read.tolist(), tuple(read.shape), x.grad.tolist()

    assert outcome(flambeau) == outcome(torch)


@given(indexing.cases())
@SETTINGS
def test_writing(case):
    shape, index = case

    def outcome(package):
        x = package.zeros(shape)
        places = tuple(package.tensor(e) if isinstance(e, np.ndarray) else e for e in index)
        value = package.tensor(7.0, requires_grad=True)
        x[places] = value
        x.sum().backward()
        return x.tolist(), value.grad.item()

    assert outcome(flambeau) == outcome(torch)
