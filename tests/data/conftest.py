"""What the tests of the data loader share."""

import gc
import multiprocessing
from collections.abc import Iterator

import pytest

_HARMLESS = [
    "ignore:This DataLoader will create:UserWarning",  # on a machine with one processor
    "ignore:This process .* is multi-threaded:DeprecationWarning",  # pytest's own threads
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for warning in _HARMLESS:
            item.add_marker(pytest.mark.filterwarnings(warning), append=False)


@pytest.fixture(autouse=True)
def no_workers_left() -> Iterator[None]:
    """Whatever a test does, its workers have ended."""
    yield
    gc.collect()
    assert multiprocessing.active_children() == []
