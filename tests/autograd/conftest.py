"""The facts of autograd are those of PyTorch: tests/parity/test_autograd.py says so of each."""

import pytest

import flambeau


@pytest.fixture
def torch():
    """The package under test."""
    return flambeau
