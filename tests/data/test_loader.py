"""The DataLoader without workers."""

import gc
import weakref

import pytest

import flambeau as torch
from flambeau.utils.data import (
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
    get_worker_info,
)


class Stream(IterableDataset):
    def __init__(self, count, promised=None):
        self.count = count
        self.promised = promised

    def __iter__(self):
        return iter(range(self.count))

    def __len__(self):
        if self.promised is None:
            raise TypeError("no length")
        return self.promised

    def __repr__(self):
        return "Stream()"


def values(loader):
    return [batch.tolist() for batch in loader]


def test_batches_come_in_order():
    assert values(DataLoader(range(5), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert values(DataLoader(range(5), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    assert values(DataLoader(range(3))) == [[0], [1], [2]]


def test_without_a_batch_size_samples_come_as_they_are():
    assert list(DataLoader(["a", "b"], batch_size=None)) == ["a", "b"]


def test_a_sampler_says_the_order():
    assert values(DataLoader(range(10), batch_size=2, sampler=[7, 1, 3])) == [[7, 1], [3]]
    assert values(DataLoader(range(10), batch_sampler=[[5], [1, 2, 3]])) == [[5], [1, 2, 3]]


def test_samplers_are_made_as_they_are_asked_for():
    assert isinstance(DataLoader(range(3)).sampler, SequentialSampler)
    loader = DataLoader(range(3), shuffle=True, batch_size=2)
    assert isinstance(loader.sampler, RandomSampler)
    assert loader.batch_sampler.batch_size == 2
    loader = DataLoader(range(3), batch_sampler=[[0]])
    assert loader.batch_size is None
    assert loader.drop_last is False


def test_an_epoch_has_every_sample_once():
    loader = DataLoader(range(100), batch_size=7, shuffle=True)
    for _ in range(2):
        seen = [number for batch in values(loader) for number in batch]
        assert sorted(seen) == list(range(100))


@pytest.mark.parametrize(("drop_last", "length"), [(False, 4), (True, 3)])
def test_the_length_is_the_number_of_batches(drop_last, length):
    loader = DataLoader(range(10), batch_size=3, drop_last=drop_last)
    assert len(loader) == len(list(loader)) == len(iter(loader)) == length
    assert len(DataLoader(Stream(0, promised=10), 3, drop_last=drop_last)) == length
    assert len(DataLoader(Stream(0, promised=10), None)) == 10


def test_a_dataset_without_a_length_gives_its_error():
    with pytest.raises(TypeError, match="no length"):
        len(DataLoader(Stream(3)))


def test_a_collate_function_gets_the_samples():
    assert list(DataLoader(range(3), batch_size=2, collate_fn=sum)) == [1, 2]
    assert list(DataLoader(range(3), batch_size=None, collate_fn=str)) == ["0", "1", "2"]


def test_a_stream_comes_in_batches():
    assert values(DataLoader(Stream(5), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert values(DataLoader(Stream(5), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    assert values(DataLoader(Stream(4), batch_size=2, shuffle=False)) == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(2), batch_size=None)) == [0, 1]


def test_a_stream_that_goes_beyond_its_promise_is_warned_of():
    loader = DataLoader(Stream(3, promised=1))
    assert len(values(loader)) == 3  # no promise was asked for
    assert len(loader) == 1
    with pytest.warns(UserWarning, match="was reported to be 1") as warnings:
        values(loader)
    assert [str(warning.message) for warning in warnings] == [
        "Length of IterableDataset Stream() was reported to be 1"
        "(when accessing len(dataloader)), but 2 samples have been fetched. ",
        "Length of IterableDataset Stream() was reported to be 1"
        "(when accessing len(dataloader)), but 3 samples have been fetched. ",
    ]
    assert warnings[0].filename == __file__


def test_an_error_of_the_dataset_comes_as_it_is():
    class Broken:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="^broken$"):
        list(DataLoader(Broken()))


def test_after_an_error_the_next_batch_comes():
    class Odd:
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return 1 // (index % 2)

    iterator = iter(DataLoader(Odd()))
    with pytest.raises(ZeroDivisionError):
        next(iterator)
    assert next(iterator).tolist() == [1]


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_what_was_decided_stays_decided(name):
    loader = DataLoader(range(3))
    message = f"{name} attribute should not be set after DataLoader is initialized"
    with pytest.raises(ValueError, match=message):
        setattr(loader, name, 1)


def test_an_unknown_start_method_is_told():
    with pytest.raises(ValueError, match="should specify a valid start method in .*'spoon'"):
        DataLoader(range(3), num_workers=1, multiprocessing_context="spoon")


def test_pinning_without_an_accelerator_is_warned_of():
    loader = DataLoader(range(2), pin_memory=True)
    with pytest.warns(UserWarning, match="no accelerator is found") as warnings:
        assert values(loader) == [[0], [1]]
    assert warnings[0].filename == __file__
    loader = DataLoader(range(2), pin_memory=True, pin_memory_device="cuda")
    with pytest.warns(UserWarning, match="pin_memory") as warnings:
        iter(loader)
    assert "pin_memory_device is deprecated" in str(warnings[0].message)


def test_too_many_workers_are_warned_of():
    with pytest.warns(UserWarning, match="This DataLoader will create 1000 worker processes") as w:
        DataLoader(range(2), num_workers=1000)
    assert w[0].filename == __file__


def test_a_timeout_needs_workers():
    with pytest.raises(AssertionError, match="requires timeout == 0"):
        iter(DataLoader(range(2), timeout=1))


def test_an_iterator_cannot_be_pickled():
    with pytest.raises(NotImplementedError) as error:
        iter(DataLoader(range(2))).__getstate__()
    assert error.value.args == ("{} cannot be pickled", "_SingleProcessDataLoaderIter")


def test_in_the_main_process_there_is_no_worker():
    assert get_worker_info() is None


def test_iterators_of_one_loader_do_not_disturb_each_other():
    loader = DataLoader(range(4), batch_size=2)
    assert [(a.tolist(), b.tolist()) for a, b in zip(loader, loader, strict=True)] == [
        ([0, 1], [0, 1]),
        ([2, 3], [2, 3]),
    ]


def test_batches_are_not_kept():
    iterator = iter(DataLoader(TensorDataset(torch.arange(4)), batch_size=2))
    batch = weakref.ref(next(iterator)[0])
    gc.collect()
    assert batch() is None
