"""The share of a dataset that one of several processes reads."""

from collections.abc import Iterator, Sized
from typing import Any

from flambeau import ops
from flambeau.generator import Generator
from flambeau.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index, from ``rank`` on.

    All shares have one length: indices are repeated until the dataset divides evenly, or left
    out with ``drop_last``. Call :meth:`set_epoch` before each epoch for another order.

    Args:
        dataset: the dataset.
        num_replicas: how many processes share it.
        rank: which of them this is.
        shuffle: whether to deal from a random order.
        seed: the seed of that order, the same in all processes.
        drop_last: whether to leave indices out rather than repeat some.

    >>> from flambeau.utils.data import DistributedSampler
    >>> list(DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError("Requires distributed package to be available")
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset: Sized = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.seed = seed
        count = len(dataset)
        self.num_samples = count // num_replicas if drop_last else -(-count // num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        indices = self._order()
        if indices:
            repeats = -(-self.total_size // len(indices))
            indices = (indices * repeats)[: self.total_size]
        return iter(indices[self.rank :: self.num_replicas])

    def _order(self) -> list[int]:
        count = len(self.dataset)
        if not self.shuffle:
            return list(range(count))
        generator = Generator()
        generator.manual_seed(self.seed + self.epoch)
        return ops.randperm(count, generator=generator).tolist()

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, which with the seed decides the order."""
        self.epoch = epoch
