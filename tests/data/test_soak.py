"""Many batches leave nothing behind."""

import gc
import multiprocessing
import os
import sys

import pytest

import flambeau as torch
from flambeau.utils.data import DataLoader, TensorDataset

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def holdings():
    """What the process holds: descriptors, shared memory, mapped memory of slots, children."""
    gc.collect()
    with open("/proc/self/maps") as maps:
        slots = sum("memfd:flambeau" in line for line in maps)
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "named shared memory": sorted(os.listdir("/dev/shm")),
        "slots": slots,
        "children": multiprocessing.active_children(),
    }


def soak(epochs, batches, **arguments):
    numbers = torch.arange(batches * 8)
    loader = DataLoader(
        TensorDataset(numbers, torch.rand(batches * 8, 600)),
        batch_size=8,
        shuffle=True,
        num_workers=2,
        **arguments,
    )
    for epoch in range(epochs):
        seen = []
        for read, (batch, _) in enumerate(loader):
            seen.extend(batch.tolist())
            if epoch % 3 == 2 and read == batches // 2:
                break
        else:
            assert sorted(seen) == list(range(batches * 8))


@pytest.mark.parametrize("stay", [False, True], ids=["new workers", "workers that stay"])
def test_epochs_leave_nothing_behind(stay):
    before = holdings()
    soak(epochs=6, batches=40, persistent_workers=stay)
    assert holdings() == before


@pytest.mark.slow
@pytest.mark.parametrize("in_order", [True, False])
def test_ten_thousand_batches_leave_nothing_behind(in_order):
    before = holdings()
    soak(epochs=20, batches=500, in_order=in_order)
    assert holdings() == before


@pytest.mark.slow
def test_what_a_long_epoch_holds_does_not_grow():
    def held():
        return {name: holdings()[name] for name in ("descriptors", "slots")}

    loader = DataLoader(
        TensorDataset(torch.rand(80_000, 600)), batch_size=8, shuffle=True, num_workers=2
    )
    early = None
    for number, _ in enumerate(loader):
        if number == 100:
            early = held()
    assert number == 9_999
    iterator = iter(loader)
    for _ in range(9_000):
        next(iterator)
    assert held() == early
    del iterator
