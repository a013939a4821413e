"""What ``iter(loader)`` gives: batches read here, or by worker processes."""

import itertools
import multiprocessing
import os
import pickle
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flambeau.utils.data._utils import pool
from flambeau.utils.data._utils.fetch import make_fetch
from flambeau.utils.data._utils.worker import ENDED, FAILED, Setup, WorkerInfo
from flambeau.utils.data.sampler import draw_seed

if TYPE_CHECKING:
    from flambeau.utils.data.dataloader import DataLoader

__all__ = [
    "_BaseDataLoaderIter",
    "_MultiProcessingDataLoaderIter",
    "_SingleProcessDataLoaderIter",
]


class _BaseDataLoaderIter:
    """What both kinds share: they count batches, and have drawn a seed."""

    def __init__(self, loader: "DataLoader[Any]") -> None:
        _warn_of_pinning(loader)
        # The loader itself is not kept: it may keep this iterator, and both would outlive their
        # use.
        self._dataset = loader.dataset
        self._num_workers = loader.num_workers
        self._index_sampler = loader._index_sampler
        self._indices: Iterator[Any] = iter(self._index_sampler)
        # A single process has no use for it, but PyTorch's draws are kept in step.
        self._base_seed = draw_seed(loader.generator)
        self._yielded = 0
        self._promised_length = loader._promised_length

    def __iter__(self) -> "_BaseDataLoaderIter":
        return self

    def __next__(self) -> Any:
        batch = self._next_batch()
        self._yielded += 1
        if self._promised_length is not None and self._yielded > self._promised_length:
            self._warn_of_length()
        return batch

    def _next_batch(self) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)

    def _warn_of_length(self) -> None:
        message = (
            f"Length of IterableDataset {self._dataset} was reported to be "
            f"{self._promised_length}(when accessing len(dataloader)), "
            f"but {self._yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            message += (
                "For multiprocessing data-loading, this could be caused by not properly "
                "configuring the IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset "
                "for examples."
            )
        warnings.warn(message, stacklevel=3)


def _warn_of_pinning(loader: "DataLoader[Any]") -> None:
    if not loader.pin_memory:
        return
    if loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device,"
            f"ignore pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=6,
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, "
        "then device pinned memory won't be used.",
        stacklevel=6,
    )


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Reads each batch when it is asked for."""

    def __init__(self, loader: "DataLoader[Any]") -> None:
        super().__init__(loader)
        if loader.timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._fetch = make_fetch(
            loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last
        )

    def _next_batch(self) -> Any:
        return self._fetch(next(self._indices))


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Has workers read ``prefetch_factor`` batches each, ahead of being asked.

    Each batch that is delivered makes room for another task, which goes to the next worker in
    turn. A worker does its tasks in order, so that in order means: wait for the worker whose task
    is the oldest.
    """

    def __init__(self, loader: "DataLoader[Any]") -> None:
        super().__init__(loader)
        if loader.prefetch_factor is None or loader.prefetch_factor <= 0:
            raise AssertionError(
                "prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter"
            )
        self._limit = loader.prefetch_factor * loader.num_workers
        self._timeout = loader.timeout
        self._in_order = loader.in_order
        self._stays = loader.persistent_workers
        self._task_numbers = itertools.count()
        self._workers: list[pool.Worker] = []
        self._stop = weakref.finalize(self, pool.stop, self._workers, os.getpid())
        context = loader.multiprocessing_context or multiprocessing
        for setup in self._setups(loader):
            try:
                self._workers.append(pool.start(context, setup))
            except pickle.PicklingError:
                _warn_of_pickling()
                raise
        self._begin_epoch()

    def _setups(self, loader: "DataLoader[Any]") -> Iterator[Setup]:
        """What each worker is started with."""
        for worker in range(self._num_workers):
            yield Setup(
                info=WorkerInfo(
                    id=worker,
                    num_workers=self._num_workers,
                    seed=self._base_seed + worker,
                    dataset=loader.dataset,
                ),
                base_seed=self._base_seed,
                auto_collation=loader._auto_collation,
                collate_fn=loader.collate_fn,
                drop_last=loader.drop_last,
                init_fn=loader.worker_init_fn,
            )

    def _begin_epoch(self) -> None:
        self._tasks: OrderedDict[int, pool.Worker] = OrderedDict()
        self._active = list(self._workers)
        self._turn = 0
        for _ in range(self._limit):
            self._assign_task()

    def restart(self, loader: "DataLoader[Any]") -> None:
        """Begin another epoch with the same workers, which keep their generators' states."""
        self._indices = iter(self._index_sampler)
        self._yielded = 0
        self._promised_length = loader._promised_length
        for worker in self._workers:
            worker.restart()
        self._begin_epoch()

    @property
    def has_workers(self) -> bool:
        """Whether the workers are still there."""
        return self._stop.alive

    def _assign_task(self) -> None:
        """Give the next task to the next worker that has not ended, if there are both."""
        try:
            indices = next(self._indices)
        except StopIteration:
            return
        worker = self._worker_in_turn()
        if worker is None:
            return
        task = next(self._task_numbers)
        self._tasks[task] = worker
        worker.ask(task, indices)

    def _worker_in_turn(self) -> pool.Worker | None:
        for _ in range(len(self._workers)):
            worker = self._workers[self._turn]
            self._turn = (self._turn + 1) % len(self._workers)
            if worker in self._active and (self._in_order or self._has_capacity(worker)):
                return worker
        return None

    def _has_capacity(self, worker: pool.Worker) -> bool:
        tasks = sum(owner is worker for owner in self._tasks.values())
        return tasks < self._limit // len(self._active)

    def _next_batch(self) -> Any:
        while self._tasks:
            worker, parcel = self._receive()
            if parcel.task not in self._tasks:
                worker.receiver.drop(parcel)  # Of an epoch that was broken off.
                continue
            del self._tasks[parcel.task]
            try:
                value = worker.receiver.open(parcel)
            finally:
                if parcel.kind == ENDED:
                    self._retire(worker)
                self._assign_task()
            if parcel.kind == FAILED:
                value.reraise()
            if parcel.kind != ENDED:
                return value
        if not self._stays:
            self._stop()
        raise StopIteration

    def _receive(self) -> tuple[pool.Worker, Any]:
        try:
            if self._in_order:
                worker = next(iter(self._tasks.values()))
            else:
                worker = pool.await_any(list(self._tasks.values()), self._timeout or None)
            return worker, worker.receive(self._timeout or None)
        except TimeoutError:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds") from None
        except pool.WorkerDiedError:
            error = pool.died(self._workers)
            self._tasks.clear()
            self._stop()
            raise error from error.__cause__

    def _retire(self, worker: pool.Worker) -> None:
        """A worker's stream has ended: nothing more will come of its tasks."""
        self._active.remove(worker)
        for task in [task for task, owner in self._tasks.items() if owner is worker]:
            del self._tasks[task]


def _warn_of_pickling() -> None:
    warnings.warn(
        "Got pickle error when attempting to start a worker Process. "
        "This might be because the worker Process arguments are not picklable. "
        "Python 3.14+ changed the multiprocessing start method in non-Mac POSIX platforms "
        "to 'forkserver', which requires the worker Process arguments to be picklable. "
        "You can also try multiprocessing.set_start_method('fork').",
        stacklevel=6,
    )
