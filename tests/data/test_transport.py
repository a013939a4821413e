"""How batches travel between processes."""

import gc
import os
from multiprocessing import Pipe

import numpy
import pytest

import flambeau as torch
from flambeau.utils.data._utils.transport import SMALL, SMALLEST_SLOT, Receiver, Sender


@pytest.fixture
def ends():
    ours, theirs = Pipe()
    yield Sender(theirs), Receiver(ours, os.getpid())
    ours.close()
    theirs.close()


def passed(ends, value):
    sender, receiver = ends
    sender.release(receiver.take_released())
    sender.send(3, "batch", value)
    parcel = receiver.receive()
    assert (parcel.task, parcel.kind) == (3, "batch")
    return parcel, receiver.open(parcel)


def test_a_small_batch_needs_no_slot(ends):
    parcel, value = passed(ends, {"a": torch.ones(3), "b": "text"})
    assert parcel.slot == -1
    assert value["a"].tolist() == [1, 1, 1]
    assert value["b"] == "text"


@pytest.mark.parametrize(
    "value", [torch.arange(SMALL), numpy.arange(SMALL), "x" * 2 * SMALL, list(range(SMALL))]
)
def test_a_large_one_goes_through_a_slot_that_is_used_again(ends, value):
    slots = {passed(ends, value)[0].slot for _ in range(5)}
    assert slots == {0}


def test_a_slot_is_not_written_to_before_it_is_given_back(ends):
    sender, receiver = ends
    for number in range(3):
        sender.send(number, "batch", torch.full((SMALL,), number))
    parcels = [receiver.receive() for _ in range(3)]
    assert [parcel.slot for parcel in parcels] == [0, 1, 2]
    for number, parcel in enumerate(parcels):
        assert (receiver.open(parcel) == number).all()


def test_batches_that_grow_get_a_larger_slot_instead_of_another(ends):
    sender, receiver = ends
    for doubling in range(5):
        passed(ends, torch.zeros(SMALLEST_SLOT << doubling, dtype=torch.uint8))
    assert len(sender._slots) == len(receiver._slots) == 1


def test_batches_of_like_sizes_share_a_slot(ends):
    opened = [passed(ends, torch.zeros(20_000 + i, dtype=torch.uint8))[0].opened for i in range(9)]
    assert opened == [SMALLEST_SLOT] + [0] * 8


def test_a_value_outlives_its_slot(ends):
    _, tensor = passed(ends, torch.arange(SMALL))
    _, array = passed(ends, numpy.arange(SMALL))
    passed(ends, torch.zeros(SMALL, dtype=torch.int64))
    ends[1].close()
    gc.collect()
    assert tensor.tolist() == array.tolist() == list(range(SMALL))


def test_what_cannot_be_pickled_sends_nothing(ends):
    with pytest.raises(Exception, match="pickle"):
        ends[0].send(3, "batch", [torch.arange(SMALL), lambda: None])
    assert passed(ends, 5)[1] == 5


def test_memory_and_descriptors_are_given_back():
    before = descriptors()
    ours, theirs = Pipe()
    sender, receiver = Sender(theirs), Receiver(ours, os.getpid())
    for _ in range(3):
        sender.send(0, "batch", torch.arange(SMALL))
        receiver.open(receiver.receive())
    assert descriptors() > before
    ours.close()
    theirs.close()
    del sender, receiver
    gc.collect()
    assert descriptors() == before


def descriptors():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
