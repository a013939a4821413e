"""From indices to a batch: what one step of a :class:`DataLoader` reads from its dataset."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from flambeau.utils.data._utils.collate import default_collate
from flambeau.utils.data.dataset import IterableDataset, batch_getter

__all__ = ["Fetch", "make_fetch"]

#: Gives the batch for what the index sampler yields; ``StopIteration`` when a stream has ended.
Fetch = Callable[[Any], Any]


def make_fetch(
    dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool
) -> Fetch:
    """How batches are read from ``dataset``."""
    if isinstance(dataset, IterableDataset):
        if auto_collation:
            return _stream_batches(iter(dataset), collate_fn, drop_last)
        return _stream_samples(iter(dataset), collate_fn)
    if auto_collation:
        return _map_batches(dataset, collate_fn)
    return lambda index: collate_fn(dataset[index])


def _map_batches(dataset: Any, collate_fn: Callable[[Any], Any]) -> Fetch:
    get_batch = batch_getter(dataset) if collate_fn is default_collate else None

    def fetch(indices: Any) -> Any:
        if get_batch is not None:
            batch = get_batch(indices)
            if batch is not None:
                return batch
        get_items = getattr(dataset, "__getitems__", None)
        if get_items:
            return collate_fn(get_items(indices))
        return collate_fn([dataset[index] for index in indices])

    return fetch


def _stream_samples(samples: Iterator[Any], collate_fn: Callable[[Any], Any]) -> Fetch:
    return lambda _: collate_fn(next(samples))


def _stream_batches(
    samples: Iterator[Any], collate_fn: Callable[[Any], Any], drop_last: bool
) -> Fetch:
    ended = False

    def fetch(indices: Any) -> Any:
        nonlocal ended
        batch = [] if ended else list(islice(samples, len(indices)))
        ended = len(batch) < len(indices)
        if not batch or (drop_last and ended):
            raise StopIteration
        return collate_fn(batch)

    return fetch
