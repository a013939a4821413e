"""Datasets."""

import pytest

import flambeau as torch
from flambeau.utils.data import (
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Letters(Dataset):
    def __init__(self, letters):
        self.letters = letters

    def __getitem__(self, index):
        return self.letters[index]

    def __len__(self):
        return len(self.letters)


class Stream(IterableDataset):
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)


def test_a_sum_of_datasets_is_one_after_the_other():
    both = Letters("ab") + Letters("cde")
    assert isinstance(both, ConcatDataset)
    assert [both[i] for i in range(5)] == list("abcde")
    assert [both[i] for i in range(-5, 0)] == list("abcde")
    assert both.cumulative_sizes == [2, 5]


def test_beyond_the_end_of_a_sum_is_an_index_error():
    with pytest.raises(IndexError):
        (Letters("ab") + Letters("cde"))[5]


def test_a_sum_of_streams_is_a_stream():
    both = Stream([1, 2]) + Stream([3])
    assert isinstance(both, ChainDataset)
    assert list(both) == [1, 2, 3]
    assert len(both) == 3


def test_a_stream_must_say_how_it_is_iterated():
    with pytest.raises(TypeError, match="Can't instantiate abstract class"):
        IterableDataset()


def test_a_tensor_dataset_pairs_entries():
    dataset = TensorDataset(torch.arange(3), torch.tensor([0.5, 1.5, 2.5]))
    number, half = dataset[1]
    assert (number.item(), half.item()) == (1, 1.5)
    assert len(dataset) == 3
    first, _ = dataset[:2]
    assert first.tolist() == [0, 1]


def test_stacked_datasets_give_tuples_or_dicts():
    assert StackDataset(Letters("ab"), Letters("xy"))[1] == ("b", "y")
    assert StackDataset(one=Letters("ab"), two=Letters("xy"))[1] == {"one": "b", "two": "y"}
    assert StackDataset(Letters("ab"), Letters("xy")).__getitems__([1, 0]) == [
        ("b", "y"),
        ("a", "x"),
    ]


def test_a_member_that_gives_too_few_items_is_told():
    class Short(Letters):
        def __getitems__(self, indices):
            return ["a"]

    with pytest.raises(
        ValueError, match=r"Nested dataset's output size mismatch. Expected 2, got 1"
    ):
        StackDataset(Short("ab")).__getitems__([0, 1])


def test_a_subset_reads_through_its_indices():
    subset = Subset(Letters("abcd"), [3, 1])
    assert [subset[0], subset[1]] == ["d", "b"]
    assert subset.__getitems__([1, 0, 1]) == ["b", "d", "b"]
    assert len(subset) == 2


def test_a_subset_of_tensors_takes_a_list_of_indices():
    subset = Subset(TensorDataset(torch.arange(10)), [3, 5, 7])
    assert subset[[0, 2]][0].tolist() == [3, 7]


def test_parts_of_a_random_split_make_the_whole():
    parts = random_split(Letters("abcdefghij"), [0.5, 0.3, 0.2])
    assert [len(part) for part in parts] == [5, 3, 2]
    assert sorted(letter for part in parts for letter in part) == list("abcdefghij")


# A dataset may collate a batch itself; nobody must be able to tell.


def samples_one_by_one(dataset, **arguments):
    from flambeau.utils.data import default_collate

    return list(DataLoader(dataset, collate_fn=lambda batch: default_collate(batch), **arguments))


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif isinstance(one, dict):
        assert_same(list(one.items()), list(other.items()))
    elif isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert torch.equal(one, other)
    else:
        assert one == other


TENSORS = TensorDataset(
    torch.arange(20).reshape(10, 2), torch.rand(10), torch.ones(10, 0), torch.arange(10) > 4
)
COLLATED = {
    "tensors": TENSORS,
    "one tensor": TensorDataset(torch.arange(10)),
    "views": TensorDataset(torch.arange(30).reshape(3, 10).t(), torch.arange(20)[::2]),
    "something computed": TensorDataset(torch.arange(10) * 2 + 1),
    "nothing": TensorDataset(torch.zeros(0, 3)),
    "a subset": Subset(TENSORS, [7, 1, 1, -2]),
    "a subset of a subset": Subset(Subset(TENSORS, [7, 1, 3]), [2, 0]),
    "a tuple": StackDataset(TENSORS, TensorDataset(torch.arange(10))),
    "a dict": StackDataset(a=TENSORS, b=Subset(TENSORS, range(10))),
}


@pytest.mark.parametrize("name", COLLATED)
def test_a_batch_read_at_once_is_that_of_its_samples(name):
    dataset = COLLATED[name]
    assert_same(list(DataLoader(dataset, 3)), samples_one_by_one(dataset, batch_size=3))


def test_a_subclass_that_reads_samples_otherwise_is_asked_for_each():
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[0] * 2

    batch = next(iter(DataLoader(Doubled(torch.arange(4)), batch_size=4)))
    assert batch.tolist() == [0, 2, 4, 6]
    batch = next(iter(DataLoader(Subset(Doubled(torch.arange(4)), [3, 1]), batch_size=2)))
    assert batch.tolist() == [6, 2]


def test_a_member_that_cannot_collate_is_asked_for_each_sample():
    dataset = StackDataset(TensorDataset(torch.arange(3)), Letters("abc"))
    numbers, letters = next(iter(DataLoader(dataset, batch_size=2)))
    assert numbers[0].tolist() == [0, 1]
    assert letters == ("a", "b") or letters == ["a", "b"]


def test_items_in_one_call_are_used_if_there_are_any():
    class Counted(Letters):
        calls = 0

        def __getitems__(self, indices):
            self.calls += 1
            return [self.letters[i] for i in indices]

    dataset = Counted("abcdef")
    assert list(DataLoader(dataset, batch_size=4)) == [list("abcd"), list("ef")]
    assert dataset.calls == 2


def test_an_index_out_of_range_is_the_tensors_own_error():
    dataset = TensorDataset(torch.arange(3))
    with pytest.raises(IndexError, match="index 3 is out of bounds for dimension 0 with size 3"):
        list(DataLoader(dataset, batch_sampler=[[0, 3]]))


@pytest.mark.parametrize("indices", [torch.tensor([2, 0]), [torch.tensor(2), torch.tensor(0)]])
def test_indices_may_be_tensors(indices):
    dataset = TensorDataset(torch.arange(3))
    assert [batch[0].tolist() for batch in DataLoader(dataset, batch_sampler=[indices])] == [[2, 0]]


def test_gradients_flow_through_a_batch():
    weights = torch.ones(3, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(weights), batch_sampler=[[2, 0]])))
    (batch * torch.tensor([5.0, 7.0])).sum().backward()
    assert weights.grad.tolist() == [7.0, 0.0, 5.0]


def test_a_batch_shows_what_the_tensors_hold_now():
    numbers = torch.zeros(3)
    loader = DataLoader(TensorDataset(numbers), batch_size=3)
    (before,) = next(iter(loader))
    numbers[1] = 5
    (after,) = next(iter(loader))
    assert before.tolist() == [0, 0, 0]
    assert after.tolist() == [0, 5, 0]


def test_changing_a_batch_leaves_the_dataset_alone():
    numbers = torch.zeros(3)
    (batch,) = next(iter(DataLoader(TensorDataset(numbers), batch_size=3)))
    batch += 1
    assert numbers.tolist() == [0, 0, 0]
