"""What `torch.utils.data` draws and says, as plain values; run with PyTorch and with flambeau."""

import itertools
import random
from typing import Any

import numpy

SEEDS = [0, 1, 42, 2**31 - 1, 123456789012]

LOADERS: dict[str, dict[str, Any]] = {
    "in order": {"batch_size": 4},
    "shuffled": {"batch_size": 4, "shuffle": True},
    "last one dropped": {"batch_size": 4, "shuffle": True, "drop_last": True},
    "one by one": {"batch_size": None, "shuffle": True},
    "workers": {"batch_size": 4, "shuffle": True, "num_workers": 2},
    "workers that stay": {
        "batch_size": 4,
        "shuffle": True,
        "num_workers": 2,
        "persistent_workers": True,
    },
}


def samplers(torch: Any, generator: Any) -> dict[str, Any]:
    """One of each kind, drawing from `generator`, or from the default one if it is `None`."""
    data = torch.utils.data
    items = range(10)
    weights = [0.1, 0.0, 3.0, 1.0, 0.5]
    return {
        "permutation": data.RandomSampler(items, generator=generator),
        "half a permutation": data.RandomSampler(items, num_samples=5, generator=generator),
        "permutations": data.RandomSampler(items, num_samples=25, generator=generator),
        "whole permutations": data.RandomSampler(items, num_samples=20, generator=generator),
        "replacement": data.RandomSampler(items, True, generator=generator),
        "a chunk": data.RandomSampler(items, True, num_samples=32, generator=generator),
        "chunks": data.RandomSampler(items, True, num_samples=70, generator=generator),
        "subset": data.SubsetRandomSampler([5, 3, 8, 1], generator=generator),
        "weights": data.WeightedRandomSampler(weights, 20, generator=generator),
        "weights once": data.WeightedRandomSampler(weights, 4, False, generator=generator),
        "batches": data.BatchSampler(data.RandomSampler(items, generator=generator), 3, False),
    }


def sampler_draws(torch: Any, seed: int) -> dict[str, Any]:
    """Two orders of each sampler, and a number drawn after them."""
    drawn: dict[str, Any] = {}
    for own in (False, True):
        generator = torch.Generator() if own else None
        for name, sampler in samplers(torch, generator).items():
            source = torch.default_generator if generator is None else generator
            source.manual_seed(seed)
            orders = [list(sampler), list(sampler)]
            after = torch.randint(0, 2**31, (1,), generator=generator).item()
            drawn[f"{name}, {'own' if own else 'default'} generator"] = [orders, after]
    return drawn


def distributed_orders(torch: Any) -> list[Any]:
    """The shares of every process."""
    orders = []
    for size, shuffle, drop_last in itertools.product((1, 5, 10), (False, True), (False, True)):
        for rank in range(3):
            sampler = torch.utils.data.DistributedSampler(
                range(size), 3, rank, shuffle=shuffle, seed=7, drop_last=drop_last
            )
            sampler.set_epoch(2)
            orders.append([len(sampler), list(sampler)])
    return orders


def splits(torch: Any, seed: int) -> list[Any]:
    """The indices of the parts of datasets split at random."""
    parts = []
    for lengths in ([3, 7], [0.5, 0.25, 0.25], [1], [0.35, 0.65], [0, 10]):
        torch.manual_seed(seed)
        split = torch.utils.data.random_split(range(10), lengths)
        parts.append([[int(index) for index in part.indices] for part in split])
    return parts


def epochs(torch: Any, name: str, seed: int, own: bool) -> list[Any]:
    """Two epochs of a loader's batches, and numbers drawn after each."""
    generator = torch.Generator().manual_seed(seed) if own else None
    torch.manual_seed(seed)
    dataset = torch.utils.data.TensorDataset(torch.arange(11))
    loader = torch.utils.data.DataLoader(dataset, generator=generator, **LOADERS[name])
    result = []
    for _ in range(2):
        batches = [batch[0].tolist() for batch in loader]
        result.append([batches, torch.randint(0, 2**31, (1,)).item()])
    return result


class Draws:
    """Draws from every generator a worker has."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> list[Any]:
        info = self.torch.utils.data.get_worker_info()
        draw = self.torch.randint(0, 2**31, (1,)).item()
        return [index, info.id, info.seed, draw, random.random(), numpy.random.rand()]


def worker_draws(torch: Any, seed: int) -> list[Any]:
    """What two workers draw in two epochs, as new processes and as the same."""
    result = []
    for stay in (False, True):
        torch.manual_seed(seed)
        loader = torch.utils.data.DataLoader(
            Draws(torch),
            batch_size=None,
            shuffle=True,
            num_workers=2,
            persistent_workers=stay,
            collate_fn=as_it_is,
        )
        result.append([list(loader), list(loader)])
    return result


def as_it_is(sample: Any) -> Any:
    """Collate nothing."""
    return sample


class Stream:
    """Numbers dealt to the workers, of which the first ends early."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch

    def __iter__(self) -> Any:
        info = self.torch.utils.data.get_worker_info()
        if info is None:
            return iter(range(7))
        return iter(range(100 * info.id, 100 * info.id + 3 + 6 * info.id))


def streams(torch: Any) -> list[Any]:
    """The batches of an iterable dataset."""
    kind = type("Numbers", (Stream, torch.utils.data.IterableDataset), {})
    result = []
    for workers, batch_size, drop_last in itertools.product((0, 2), (2, 4), (False, True)):
        loader = torch.utils.data.DataLoader(
            kind(torch), batch_size, num_workers=workers, drop_last=drop_last
        )
        result.append([batch.tolist() for batch in loader])
    return result


def arguments_that_exclude_each_other(torch: Any) -> list[dict[str, Any]]:
    """Keyword arguments that no `DataLoader` takes, with a dataset of either kind."""
    return [
        {"num_workers": -1},
        {"timeout": -1},
        {"prefetch_factor": 2},
        {"num_workers": 1, "prefetch_factor": -1},
        {"persistent_workers": True},
        {"sampler": [0], "shuffle": True},
        {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_sampler": [[0]], "shuffle": True},
        {"batch_sampler": [[0]], "sampler": [0]},
        {"batch_sampler": [[0]], "drop_last": True},
        {"batch_size": None, "drop_last": True},
        {"batch_size": 0},
        {"batch_size": True},
        {"batch_size": 2.0},
        {"drop_last": 1},
        {"multiprocessing_context": "fork"},
        {"multiprocessing_context": 3, "num_workers": 1},
    ]


def argument_errors(torch: Any) -> list[str]:
    """What a `DataLoader` says to them."""
    data = torch.utils.data
    stream = empty_stream(torch)
    said = [
        complaint(data.DataLoader, range(3), **arguments)
        for arguments in arguments_that_exclude_each_other(torch)
    ]
    said += [
        complaint(data.DataLoader, stream, **arguments)
        for arguments in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]})
    ]
    return [*said, complaint(data.DataLoader, [], shuffle=True)]


def empty_stream(torch: Any) -> Any:
    """An iterable dataset without samples."""
    methods = {"__iter__": lambda self: iter(()), "__repr__": lambda self: "Stream()"}
    return type("Stream", (torch.utils.data.IterableDataset,), methods)()


def other_errors(torch: Any) -> list[str]:
    """What datasets, samplers and `default_collate` say to bad arguments."""
    data = torch.utils.data
    items = range(3)
    stream = empty_stream(torch)
    return [
        complaint(lambda: data.Dataset()[0]),
        complaint(lambda: list(data.Sampler())),
        complaint(data.TensorDataset, torch.ones(2), torch.ones(3)),
        complaint(data.TensorDataset, torch.tensor(1.0)),
        complaint(data.StackDataset),
        complaint(data.StackDataset, items, a=items),
        complaint(data.StackDataset, items, range(4)),
        complaint(data.StackDataset, a=items, b=range(4)),
        complaint(data.ConcatDataset, []),
        complaint(data.ConcatDataset, [stream]),
        complaint(lambda: data.ConcatDataset([items, items])[-7]),
        complaint(lambda: list(data.ChainDataset([items]))),
        complaint(lambda: len(data.ChainDataset([items]))),
        complaint(type("Odd", (data.Subset,), {"__getitem__": None}), items, [0]),
        complaint(data.random_split, items, [1, 1]),
        complaint(data.random_split, items, [1.5, -0.5]),
        complaint(data.RandomSampler, []),
        complaint(data.RandomSampler, items, replacement=1),
        complaint(data.RandomSampler, items, num_samples=0),
        complaint(data.RandomSampler, items, num_samples=1.5),
        complaint(data.WeightedRandomSampler, [1], 0),
        complaint(data.WeightedRandomSampler, [1], True),
        complaint(data.WeightedRandomSampler, [[1]], 1),
        complaint(data.WeightedRandomSampler, [1], 1, 1),
        complaint(data.BatchSampler, items, 0, False),
        complaint(data.BatchSampler, items, 1, 0),
        complaint(data.DistributedSampler, items, 2, 2),
        complaint(data.DistributedSampler, items, 2, -1),
        complaint(data.default_collate, [object()]),
        complaint(data.default_collate, [None]),
        complaint(data.default_collate, []),
        complaint(data.default_collate, [[1, 2], [1]]),
        complaint(data.default_collate, [{"a": 1}, {"b": 1}]),
        complaint(data.default_collate, [numpy.array("a")]),
        complaint(data.default_collate, [numpy.array([None])]),
        complaint(data.default_collate, [numpy.ones(2), numpy.ones(3)]),
        complaint(data.default_collate, [torch.ones(2), torch.ones(3)]),
    ]


def complaint(function: Any, *args: Any, **kwargs: Any) -> str:
    """The exception that a call raises."""
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"no error, but {result}"


def everything(torch: Any) -> dict[str, Any]:
    """All of it, as JSON can hold it."""
    return {
        "samplers": {str(seed): sampler_draws(torch, seed) for seed in SEEDS},
        "distributed": distributed_orders(torch),
        "splits": {str(seed): splits(torch, seed) for seed in SEEDS},
        "epochs": {
            f"{name}, seed {seed}, {'own' if own else 'default'} generator": epochs(
                torch, name, seed, own
            )
            for name, seed, own in itertools.product(LOADERS, SEEDS[:3], (False, True))
        },
        "workers": {str(seed): worker_draws(torch, seed) for seed in SEEDS[:2]},
        "streams": streams(torch),
        "argument errors": argument_errors(torch),
        "other errors": other_errors(torch),
    }
