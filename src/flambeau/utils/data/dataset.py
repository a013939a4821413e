"""Datasets: what can be indexed, or iterated over, to give samples.

A dataset may offer more than one sample at a time, which :class:`DataLoader` then asks for:

- ``__getitems__(indices)`` returns the list of those samples (PyTorch's own protocol);
- ``__getbatch__(indices)`` returns them *collated*, as ``default_collate`` would have, or
  ``None`` if it cannot. One gather then replaces a gather a sample.
"""

import math
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar, cast

from flambeau import ops
from flambeau.tensor import Tensor
from flambeau.utils.data._utils.arrays import gather, positions_of

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """A map from keys to samples: subclasses define ``__getitem__``, and mostly ``__len__``.

    ``a + b`` is the :class:`ConcatDataset` of both.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: "Dataset[T_co]") -> "ConcatDataset[T_co]":
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """A stream of samples: subclasses define ``__iter__``.

    With several workers each has its own copy of the dataset;
    :func:`~flambeau.utils.data.get_worker_info` tells a copy which part is its own.
    """

    def __add__(self, other: Dataset[T_co]) -> "ChainDataset[T_co]":  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors side by side: sample ``i`` is the tuple of their ``i``-th entries.

    Raises ``AssertionError`` unless the tensors agree in their first dimension.

    >>> import flambeau as torch
    >>> from flambeau.utils.data import TensorDataset
    >>> TensorDataset(torch.arange(3), torch.ones(3))[1]
    (tensor(1), tensor(1.))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getbatch__(self, indices: Sequence[int]) -> list[Tensor] | None:
        positions = positions_of(indices, len(self))
        if positions is None:
            return None
        return [gather(tensor, positions) for tensor in self.tensors]

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class StackDataset(Dataset[Any]):
    """Datasets side by side: a sample is a tuple of samples, or a dict if they were named.

    Raises ``ValueError`` if datasets are given both ways, or none is, or their lengths differ.

    >>> from flambeau.utils.data import StackDataset
    >>> StackDataset(image=["a", "b"], text=["x", "y"])[1]
    {'image': 'b', 'text': 'y'}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or"
                "``dict``- (via ``kwargs``) like input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in args or kwargs.values()]
        if len(set(lengths)) > 1:
            raise ValueError("Size mismatch between datasets")
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        return self._join([dataset[index] for dataset in self._members()])

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        columns = [_items(dataset, indices) for dataset in self._members()]
        for column in columns:
            if len(column) != len(indices):
                raise ValueError(
                    "Nested dataset's output size mismatch."
                    f" Expected {len(indices)}, got {len(column)}"
                )
        return [self._join(sample) for sample in zip(*columns, strict=True)]

    def __getbatch__(self, indices: Sequence[Any]) -> Any:
        batches = []
        for dataset in self._members():
            batch = collated(dataset, indices)
            if batch is None:
                return None
            batches.append(batch)
        return self._join(batches) if isinstance(self.datasets, dict) else batches

    def _members(self) -> Iterable[Any]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def _join(self, values: Iterable[Any]) -> Any:
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, values, strict=True))
        return tuple(values)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Datasets one after another.

    Raises ``AssertionError`` if there are none or one is an :class:`IterableDataset`.
    """

    datasets: list[Dataset[T_co]]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """Return where each dataset ends."""
        return list(accumulate(len(dataset) for dataset in sequence))

    def __getitem__(self, idx: int) -> T_co:
        if idx < 0:
            if -idx > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            idx += len(self)
        which = bisect_right(self.cumulative_sizes, idx)
        start = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][idx - start]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[T_co]):
    """Iterable datasets one after another.

    Iterating raises ``AssertionError`` at a dataset that is not an :class:`IterableDataset`.
    """

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        super().__init__()
        self.datasets = datasets

    def __iter__(self) -> Iterator[T_co]:
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(cast(Any, dataset)) for dataset in self._checked())

    def _checked(self) -> Iterator[IterableDataset[T_co]]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset


class Subset(Dataset[T_co]):
    """The samples of ``dataset`` at ``indices``.

    A subclass that overrides ``__getitem__`` must override ``__getitems__`` too.
    """

    dataset: Dataset[T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and (
            kind.__getitems__ is Subset.__getitems__
        ):
            raise NotImplementedError(_SUBSET_OVERRIDE.format(kind.__name__))
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, idx: Any) -> T_co:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        return _items(self.dataset, [self.indices[index] for index in indices])

    def __getbatch__(self, indices: Sequence[int]) -> Any:
        return collated(self.dataset, [self.indices[index] for index in indices])

    def __len__(self) -> int:
        return len(self.indices)


_SUBSET_OVERRIDE = """\
{} overrides __getitem__ but not __getitems__. \
When subclassing Subset and overriding __getitem__, you must also override \
__getitems__ to ensure DataLoader works correctly with your custom logic. \
A simple implementation:

def __getitems__(self, indices):
    return [self.__getitem__(idx) for idx in indices]"""


def _items(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    """The samples at ``indices``, in one call if the dataset offers it."""
    get_items = getattr(dataset, "__getitems__", None)
    if callable(get_items):
        return get_items(indices)
    return [dataset[index] for index in indices]


def collated(dataset: Any, indices: Sequence[Any]) -> Any:
    """The batch at ``indices`` as the dataset itself collates it; ``None`` if it does not."""
    get_batch = batch_getter(dataset)
    return None if get_batch is None else get_batch(indices)


def batch_getter(dataset: Any) -> Callable[[Sequence[Any]], Any] | None:
    """The dataset's ``__getbatch__``, unless a subclass overrides how samples are read."""
    for owner in type(dataset).__mro__:
        if "__getbatch__" in vars(owner):
            return dataset.__getbatch__
        if "__getitem__" in vars(owner) or "__getitems__" in vars(owner):
            return None
    return None


def random_split(
    dataset: Dataset[T_co],
    lengths: Sequence[int | float],
    generator: Any = None,
) -> list[Subset[T_co]]:
    """Split a dataset at random into new ones of the given lengths, or fractions of the whole.

    Fractions sum to 1; each length is rounded down, and what remains is dealt out one by one
    from the first. Raises ``ValueError`` if the lengths do not sum to the dataset's.

    >>> from flambeau.utils.data import random_split
    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = len(cast(Any, dataset))
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _whole_lengths(total, lengths)
    if sum(lengths) != total:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = ops.randperm(total, generator=generator).tolist()
    ends = list(accumulate(cast(Sequence[int], lengths)))
    return [
        Subset(dataset, order[end - int(length) : end])
        for end, length in zip(ends, lengths, strict=True)
    ]


def _whole_lengths(total: int, fractions: Sequence[float]) -> list[int]:
    for index, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {index} is not between 0 and 1")
    lengths = [math.floor(total * fraction) for fraction in fractions]
    for extra in range(total - sum(lengths)):
        lengths[extra % len(lengths)] += 1
    for index, length in enumerate(lengths):
        if length == 0:
            warnings.warn(
                f"Length of split at index {index} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return lengths
