"""What every test starts from."""

import zlib

import numpy
import pytest

import flambeau


@pytest.fixture(autouse=True)
def seed(request: pytest.FixtureRequest) -> int:
    """Seed the generators from the test's name: the same numbers alone and in any order."""
    seed = zlib.crc32(request.node.nodeid.encode())
    numpy.random.seed(seed)
    if hasattr(flambeau, "manual_seed"):
        flambeau.manual_seed(seed)
    return seed
