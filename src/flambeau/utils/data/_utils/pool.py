"""The worker processes as their parent sees them."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import connection as connections
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from flambeau.utils.data._utils.transport import Parcel, Receiver, hang_up
from flambeau.utils.data._utils.worker import Fetch, Restart, Setup, worker_main

__all__ = ["Worker", "WorkerDiedError", "await_any", "start", "stop"]

#: How often a waiting parent makes sure that its worker lives. A death is normally noticed at
#: once, unless a process that the worker started keeps the connection open.
ALIVE_CHECK_INTERVAL = 5.0

#: How long workers may take to finish what they are at before they are terminated.
STOP_TIMEOUT = 5.0

#: With more batches than this on their way, what has arrived is read before more are asked for:
#: a full connection in both directions would be a deadlock.
MANY = 16


class WorkerDiedError(Exception):
    """A worker ended without being told to."""


class Worker:
    """One worker process and the connection to it."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process = process
        self.connection = connection
        self.receiver = Receiver(connection, process.pid or 0)
        self.outstanding = 0
        self._arrived: list[Parcel] = []

    def ask(self, task: int, indices: Any) -> None:
        """Have the worker read a batch."""
        if self.outstanding >= MANY:
            self._read_what_arrived()
        self._tell(Fetch(task, indices, self.receiver.take_released()))
        self.outstanding += 1

    def restart(self) -> None:
        """Have the worker begin the dataset again."""
        self._tell(Restart(self.receiver.take_released()))

    def _tell(self, message: Fetch | Restart) -> None:
        # If it died, whoever waits for its answer will say so.
        with suppress(ConnectionError):
            self.connection.send(message)

    def _read_what_arrived(self) -> None:
        with suppress(EOFError, OSError):
            while self.connection.poll():
                self._arrived.append(self.receiver.receive())

    def has_parcel(self) -> bool:
        """Whether a parcel was read ahead of its time."""
        return bool(self._arrived)

    def receive(self, timeout: float | None = None) -> Parcel:
        """The next parcel.

        Raises ``TimeoutError`` after ``timeout`` seconds, :class:`WorkerDiedError` if the worker
        is no more.
        """
        if self._arrived:
            parcel = self._arrived.pop(0)
        else:
            self._await_parcel(timeout)
            try:
                parcel = self.receiver.receive()
            except (EOFError, OSError) as error:
                raise WorkerDiedError from error
        self.outstanding -= 1
        return parcel

    def _await_parcel(self, timeout: float | None) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.connection.poll(_interval(deadline)):
            if not self.process.is_alive() and not self.connection.poll():
                raise WorkerDiedError
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError


def _interval(deadline: float | None) -> float:
    if deadline is None:
        return ALIVE_CHECK_INTERVAL
    return max(0.0, min(ALIVE_CHECK_INTERVAL, deadline - time.monotonic()))


def start(context: Any, setup: Setup) -> Worker:
    """Start a worker process."""
    ours, theirs = context.Pipe()
    process = context.Process(target=worker_main, args=(theirs, ours, setup), daemon=True)
    try:
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return Worker(process, ours)


def await_any(workers: Sequence[Worker], timeout: float | None = None) -> Worker:
    """A worker that has a parcel, or has died; raises as :meth:`Worker.receive` does."""
    for worker in workers:
        if worker.has_parcel():
            return worker
    deadline = None if timeout is None else time.monotonic() + timeout
    by_connection = {worker.connection: worker for worker in workers}
    while True:
        ready = connections.wait(list(by_connection), _interval(deadline))
        if ready:
            return by_connection[ready[0]]  # type: ignore[index]
        for worker in workers:
            if not worker.process.is_alive():
                return worker
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError


def stop(workers: Sequence[Worker], owner: int) -> None:
    """End the workers, and wait until they have ended.

    Does nothing in any process but their ``owner``: a fork inherits the iterator, not the workers.
    """
    if os.getpid() != owner:
        return
    for worker in workers:
        hang_up(worker.connection)
        worker.receiver.close()
    deadline = time.monotonic() + STOP_TIMEOUT
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
    for worker in workers:
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join(1.0)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.process.close()


def died(workers: Sequence[Worker]) -> RuntimeError:
    """The error that says which workers died, and why."""
    gone = [worker.process for worker in workers if not _lives(worker.process)]
    error = RuntimeError(
        f"DataLoader worker (pid(s) {', '.join(str(process.pid) for process in gone)}) "
        "exited unexpectedly"
    )
    if gone:
        error.__cause__ = RuntimeError(_reason(gone[0]))
    return error


def _lives(process: BaseProcess) -> bool:
    # Its end of the connection may close a moment before it is seen to be dead.
    process.join(0.1)
    return process.is_alive()


def _reason(process: BaseProcess) -> str:
    code = process.exitcode or 0
    if code < 0:
        return f"DataLoader worker (pid {process.pid}) is killed by signal: {_signal_name(-code)}. "
    return (
        f"DataLoader worker (pid {process.pid}) exited unexpectedly with exit code {code}. "
        "Details are lost due to multiprocessing. "
        "Rerunning with num_workers=0 may give better error trace."
    )


def _signal_name(number: int) -> str:
    try:
        return signal.strsignal(number) or str(number)
    except ValueError:
        return str(number)
