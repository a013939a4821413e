"""The worker process: its loop, what it knows of itself, and how its errors travel.

Messages to a worker are :class:`Fetch` and :class:`Restart`; the end of the connection is the end
of its work. It answers every ``Fetch`` with one parcel, of kind ``BATCH``, ``FAILED`` or
``ENDED``.
"""

import os
import pickle
import random
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from flambeau._info import set_num_threads
from flambeau.generator import manual_seed
from flambeau.utils.data._utils.fetch import Fetch as FetchFunction, make_fetch
from flambeau.utils.data._utils.transport import Sender

__all__ = ["WorkerInfo", "get_worker_info"]

BATCH, FAILED, ENDED = "batch", "failed", "ended"

#: A worker whose parent died, but whose connection others inherited, notices in so many seconds.
PARENT_CHECK_INTERVAL = 5.0


class Fetch(NamedTuple):
    """Read a batch. ``released`` are the slots that the parent has done with."""

    task: int
    indices: Any
    released: Sequence[int]


class Restart(NamedTuple):
    """Begin the dataset again, for a new epoch."""

    released: Sequence[int]


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker process knows of itself.

    Attributes:
        id: which worker this is, from 0.
        num_workers: how many there are.
        seed: the seed of this worker's generators.
        dataset: this worker's copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Return this worker's :class:`WorkerInfo`, or ``None`` in the main process."""
    return _worker_info


@dataclass(frozen=True)
class Setup:
    """What a worker is started with."""

    info: WorkerInfo
    base_seed: int
    auto_collation: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool
    init_fn: Callable[[int], Any] | None

    def prepare(self) -> None:
        """Seed the generators and run the user's own preparation."""
        global _worker_info
        _worker_info = self.info
        set_num_threads(1)
        random.seed(self.info.seed)
        manual_seed(self.info.seed)
        np.random.seed(numpy_seed(self.base_seed, self.info.id))
        if self.init_fn is not None:
            self.init_fn(self.info.id)

    def make_fetch(self) -> FetchFunction:
        """How this worker reads batches, from the beginning of the dataset."""
        return make_fetch(self.info.dataset, self.auto_collation, self.collate_fn, self.drop_last)


def numpy_seed(base_seed: int, worker: int) -> np.ndarray:
    """The 128-bit seed of NumPy's global generator in a worker."""
    entropy = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    return np.random.SeedSequence(entropy).generate_state(4)


@dataclass(frozen=True)
class Failure:
    """An exception of a worker, in a form that can be sent."""

    kind: type[BaseException] | None
    message: str

    @staticmethod
    def of(error: BaseException, worker: int) -> "Failure":
        """Describe an exception that is being handled."""
        kind = type(error)
        trace = "".join(traceback.format_exception(error))
        message = f"Caught {kind.__name__} in DataLoader worker process {worker}.\nOriginal {trace}"
        return Failure(kind if _can_be_pickled(kind) else None, message)

    def reraise(self) -> None:
        """Raise an exception of the same type, or a ``RuntimeError`` if that cannot be made."""
        if self.kind is None:
            raise RuntimeError(self.message)
        message: str = self.message
        if self.kind is KeyError:
            message = _Verbatim(message)
        elif getattr(self.kind, "message", None):
            raise self.kind(message=message)  # type: ignore[call-arg]
        try:
            error = self.kind(message)
        except Exception:
            raise RuntimeError(message) from None
        raise error


class _Verbatim(str):
    """A string that a ``KeyError`` prints as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _can_be_pickled(kind: type) -> bool:
    try:
        pickle.dumps(kind)
    except Exception:
        return False
    return True


def worker_main(connection: Connection, parents_end: Connection, setup: Setup) -> None:
    """Serve the parent until it hangs up."""
    # A fork inherits it, and would never see the connection end while it is open.
    parents_end.close()
    # The parent is gone, going, or about to report the interrupt itself.
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
        _serve(connection, setup)


def _serve(connection: Connection, setup: Setup) -> None:
    parent = os.getppid()
    sender = Sender(connection)
    prepared = _attempt(setup.prepare, setup.info.id)
    fetch = prepared or _attempt(setup.make_fetch, setup.info.id)
    while True:
        while not connection.poll(PARENT_CHECK_INTERVAL):
            if os.getppid() != parent:
                return
        message = connection.recv()
        sender.release(message.released)
        if isinstance(message, Restart):
            fetch = prepared or _attempt(setup.make_fetch, setup.info.id)
        else:
            _answer(sender, setup.info.id, message, fetch)


def _attempt(function: Callable[[], Any], worker: int) -> Any:
    """The function's result, or how it failed."""
    try:
        return function()
    except Exception as error:
        return Failure.of(error, worker)


def _answer(sender: Sender, worker: int, message: Fetch, fetch: Any) -> None:
    kind, value = _result(fetch, message.indices, worker)
    try:
        sender.send(message.task, kind, value)
    except ConnectionError:
        raise
    except Exception as error:
        # The batch cannot be pickled.
        sender.send(message.task, FAILED, Failure.of(error, worker))


def _result(fetch: Any, indices: Any, worker: int) -> tuple[str, Any]:
    if isinstance(fetch, Failure):
        return FAILED, fetch
    try:
        return BATCH, fetch(indices)
    except StopIteration:
        return ENDED, None
    except Exception as error:
        return FAILED, Failure.of(error, worker)
