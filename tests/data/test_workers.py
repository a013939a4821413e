"""The DataLoader with workers: what they give, what they know, how they fail and end."""

import os
import signal
import subprocess
import sys
import time
import warnings

import numpy
import pytest

import flambeau as torch
from flambeau.utils.data import DataLoader, IterableDataset, TensorDataset, get_worker_info


class Items:
    """A dataset made of a function of the index."""

    def __init__(self, function, length=8):
        self.function = function
        self.length = length

    def __getitem__(self, index):
        return self.function(index)

    def __len__(self):
        return self.length


def values(loader):
    return [batch.tolist() for batch in loader]


def as_it_is(batch):
    return batch


# --- what they give ------------------------------------------------------------------


@pytest.mark.parametrize("num_workers", [1, 2, 3])
def test_batches_come_in_order(num_workers):
    loader = DataLoader(range(20), batch_size=3, num_workers=num_workers)
    assert values(loader) == values(DataLoader(range(20), batch_size=3))


@pytest.mark.parametrize("prefetch_factor", [1, 5, 400])
def test_any_number_of_batches_may_be_prefetched(prefetch_factor):
    loader = DataLoader(range(900), num_workers=2, prefetch_factor=prefetch_factor)
    assert values(loader) == [[i] for i in range(900)]


def test_long_lists_of_indices_and_long_results_cross_each_other():
    sampler = [list(range(100_000)) for _ in range(40)]
    loader = DataLoader(
        range(100_000),
        batch_sampler=sampler,
        collate_fn=as_it_is,
        num_workers=2,
        prefetch_factor=20,
    )
    assert all(batch == sampler[0] for batch in loader)


def test_no_batch_is_prefetched_by_a_factor_of_zero():
    with pytest.raises(AssertionError, match="prefetch_factor must be greater than 0"):
        iter(DataLoader(range(3), num_workers=1, prefetch_factor=0))


def test_out_of_order_every_batch_comes_once_and_the_ready_ones_first():
    def read(index):
        if index == 0:
            time.sleep(0.5)
        return index

    loader = DataLoader(Items(read, 12), num_workers=2, in_order=False)
    batches = [batch.item() for batch in loader]
    assert sorted(batches) == list(range(12))
    assert batches[0] != 0


def test_tensors_of_every_kind_arrive_whole():
    samples = [
        torch.arange(100_000),
        torch.rand(300, 400),
        torch.rand(300, 400).t(),
        torch.tensor(3.5),
        torch.zeros(0, 7),
        torch.arange(6000) > 2000,
        torch.rand(5000).to(torch.float16),
        torch.arange(5000).to(torch.uint8),
        torch.ones(5000, requires_grad=True),
    ]
    loader = DataLoader(samples, batch_size=None, num_workers=1)
    for sent, received in zip(samples, loader, strict=True):
        assert type(received) is torch.Tensor
        assert received.dtype == sent.dtype
        assert received.shape == sent.shape
        assert received.requires_grad == sent.requires_grad
        assert torch.equal(received, sent)


def test_batches_that_were_kept_do_not_change():
    loader = DataLoader(Items(lambda i: torch.full((5000,), i), 30), num_workers=2)
    for number, batch in enumerate(list(loader)):
        assert (batch == number).all()


def test_arrays_and_other_values_arrive_as_they_are():
    big = numpy.arange(10_000).reshape(100, 100)
    samples = [big, big[:, ::2], {"a": [big, "text"]}, "x" * 100_000, None, numpy.array(["a", "b"])]
    loader = DataLoader(samples, batch_size=None, num_workers=1, collate_fn=as_it_is)
    received = list(loader)
    assert numpy.array_equal(received[0], big)
    assert numpy.array_equal(received[1], big[:, ::2])
    assert numpy.array_equal(received[2]["a"][0], big)
    assert received[3:5] == ["x" * 100_000, None]
    assert received[5].tolist() == ["a", "b"]
    received[0][0, 0] = 7  # it is the receiver's own


def test_one_tensor_twice_in_a_batch_stays_one():
    def twice(index):
        tensor = torch.full((5000,), index)
        return [tensor, tensor]

    loader = DataLoader(Items(twice, 2), batch_size=None, num_workers=1, collate_fn=as_it_is)
    for first, second in loader:
        assert first is second


def test_a_tensor_with_history_cannot_leave_a_worker():
    weights = torch.ones(5000, requires_grad=True)
    loader = DataLoader(Items(lambda i: weights * i, 1), num_workers=1)
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        list(loader)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_may_be_started_in_any_way(method):
    dataset = TensorDataset(torch.arange(8))
    loader = DataLoader(dataset, batch_size=3, num_workers=1, multiprocessing_context=method)
    assert [batch.tolist() for (batch,) in loader] == [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_what_cannot_be_pickled_cannot_be_sent_to_a_spawned_worker():
    loader = DataLoader(Items(lambda i: i), num_workers=1, multiprocessing_context="spawn")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception, match="pickle"):
            iter(loader)


# --- what they know -------------------------------------------------------------------


def test_a_worker_knows_itself():
    loader = DataLoader(
        Items(lambda i: get_worker_info(), 2), num_workers=2, batch_size=None, collate_fn=described
    )
    first, second = list(loader)
    assert first[:2] == (0, 2)
    assert second[:2] == (1, 2)
    assert second[2] == first[2] + 1
    assert first[3] == "Items"
    assert first[4] == "FrozenInstanceError"


def described(info):
    try:
        info.id = 5
    except Exception as error:
        refusal = type(error).__name__
    return info.id, info.num_workers, info.seed, type(info.dataset).__name__, refusal


def test_a_worker_is_prepared_after_it_is_seeded():
    def prepare(worker):
        get_worker_info().dataset.drawn = (worker, torch.initial_seed())

    dataset = Items(lambda i: get_worker_info().dataset.drawn, 2)
    loader = DataLoader(dataset, 1, num_workers=2, worker_init_fn=prepare, collate_fn=as_it_is)
    [(first,), (second,)] = list(loader)
    assert (first[0], second[0]) == (0, 1)
    assert second[1] == first[1] + 1


def test_workers_that_stay_keep_their_state():
    class Counter:
        count = 0

        def __len__(self):
            return 4

        def __getitem__(self, index):
            self.count += 1
            return [os.getpid(), self.count]

    def two_epochs(stay):
        loader = DataLoader(
            Counter(),
            num_workers=2,
            persistent_workers=stay,
            collate_fn=as_it_is,
            batch_size=None,
        )
        return [list(loader), list(loader)]

    first, second = two_epochs(stay=False)
    assert {pid for pid, _ in first}.isdisjoint({pid for pid, _ in second})
    assert [count for _, count in first] == [count for _, count in second] == [1, 1, 2, 2]
    first, second = two_epochs(stay=True)
    assert [pid for pid, _ in first] == [pid for pid, _ in second]
    assert [count for _, count in second] == [3, 3, 4, 4]


@pytest.mark.parametrize("in_order", [True, False])
def test_workers_that_stay_begin_again_after_a_break(in_order):
    loader = DataLoader(
        range(50), num_workers=2, persistent_workers=True, prefetch_factor=8, in_order=in_order
    )
    for _ in range(3):
        for batch in loader:
            if batch.item() == 3:
                break
    numbers = [batch.item() for batch in loader]
    assert sorted(numbers) == list(range(50))
    assert not in_order or numbers == list(range(50))


class Halves(IterableDataset):
    """Each worker has its own part; the second's is longer."""

    def __iter__(self):
        info = get_worker_info()
        return iter(range(info.id * 10, info.id * 10 + 2 + 3 * info.id))


class HalvesOfThree(Halves):
    def __len__(self):
        return 3


@pytest.mark.parametrize("stay", [False, True])
def test_streams_of_unequal_length_are_read_to_their_ends(stay):
    loader = DataLoader(Halves(), batch_size=None, num_workers=2, persistent_workers=stay)
    for _ in range(2):
        assert list(loader) == [0, 10, 1, 11, 12, 13, 14]


def test_a_stream_beyond_its_promise_is_told_where_to_look():
    loader = DataLoader(HalvesOfThree(), batch_size=None, num_workers=2)
    assert len(loader) == 3
    with pytest.warns(UserWarning, match="not properly configuring the IterableDataset replica"):
        list(loader)


# --- how they fail ---------------------------------------------------------------------


class TwoArguments(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


class Unpicklable(Exception):
    def __reduce__(self):
        raise TypeError("never")


def raises(error):
    def read(index):
        if index == 2:
            raise error
        return index

    return Items(read)


def test_an_error_comes_back_with_its_traceback():
    loader = DataLoader(raises(ValueError("boom")), batch_size=2, num_workers=2)
    iterator = iter(loader)
    assert next(iterator).tolist() == [0, 1]
    with pytest.raises(ValueError, match="boom") as error:
        next(iterator)
    message = str(error.value)
    start = "Caught ValueError in DataLoader worker process 1.\nOriginal Traceback (most recent"
    assert message.startswith(start)
    assert f'File "{__file__}"' in message
    assert "in read\n    raise error" in message
    assert message.endswith("ValueError: boom\n")


def test_after_an_error_the_next_batch_comes():
    iterator = iter(DataLoader(raises(ValueError("boom")), num_workers=2))
    assert [next(iterator).item(), next(iterator).item()] == [0, 1]
    with pytest.raises(ValueError, match="boom"):
        next(iterator)
    assert [batch.item() for batch in iterator] == [3, 4, 5, 6, 7]


def test_a_missing_keys_traceback_can_be_read():
    with pytest.raises(KeyError) as error:
        list(DataLoader(raises(KeyError("boom")), num_workers=1))
    assert str(error.value).endswith("KeyError: 'boom'\n")


@pytest.mark.parametrize("error", [TwoArguments(1, 2), Unpicklable("boom")])
def test_an_error_that_cannot_be_made_again_is_a_runtime_error(error):
    kind = type(error)
    expected = RuntimeError if kind is TwoArguments else kind
    with pytest.raises(expected, match=f"Caught {kind.__name__} in DataLoader worker process 0"):
        list(DataLoader(raises(error), num_workers=1))


def test_an_error_of_a_class_that_only_the_worker_has_is_a_runtime_error():
    def read(index):
        class Inner(Exception):
            pass

        raise Inner("boom")

    with pytest.raises(RuntimeError, match=r"Caught Inner in DataLoader worker process 0"):
        list(DataLoader(Items(read), num_workers=1))


def test_a_batch_that_cannot_be_pickled_is_an_error_not_a_wait():
    loader = DataLoader(Items(lambda i: lambda: i), num_workers=1, collate_fn=as_it_is)
    with pytest.raises(Exception, match="in DataLoader worker process 0"):
        list(loader)


def test_a_failing_preparation_is_told_for_every_batch():
    def prepare(worker):
        raise OSError("not prepared")

    iterator = iter(DataLoader(range(2), num_workers=1, worker_init_fn=prepare))
    for _ in range(2):
        with pytest.raises(OSError, match="Caught OSError in DataLoader worker process 0"):
            next(iterator)
    with pytest.raises(StopIteration):
        next(iterator)


def test_an_error_of_the_sampler_comes_as_it_is():
    def sampler():
        yield 0
        raise ValueError("no more")

    with pytest.raises(ValueError, match="^no more$"):
        iter(DataLoader(range(3), sampler=sampler(), num_workers=1))


def test_a_slow_worker_runs_into_the_timeout(monkeypatch):
    monkeypatch.setattr("flambeau.utils.data._utils.pool.STOP_TIMEOUT", 0.2)
    loader = DataLoader(Items(lambda i: time.sleep(60)), num_workers=1, timeout=0.2)
    started = time.monotonic()
    with pytest.raises(RuntimeError, match=r"^DataLoader timed out after 0.2 seconds$"):
        list(loader)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"is killed by signal: Killed\. "),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), r"is killed by signal: Terminated"),
        (lambda: os._exit(3), r"exited unexpectedly with exit code 3\. Details are lost"),
    ],
    ids=["killed", "terminated", "exited"],
)
def test_a_worker_that_dies_is_told(end, reason, in_order):
    loader = DataLoader(Items(lambda i: end() if i == 3 else i), num_workers=2, in_order=in_order)
    with pytest.raises(
        RuntimeError, match=r"^DataLoader worker \(pid\(s\) \d+\) exited unexpectedly$"
    ) as error:
        list(loader)
    assert isinstance(error.value.__cause__, RuntimeError)
    error.match(r"\d+")
    with pytest.raises(RuntimeError, match=rf"^DataLoader worker \(pid \d+\) {reason}"):
        raise error.value.__cause__


def test_batches_that_arrived_before_a_death_are_given():
    def read(index):
        if index == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return index

    iterator = iter(DataLoader(Items(read), num_workers=1, prefetch_factor=8))
    assert [next(iterator).item() for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        next(iterator)
    with pytest.raises(StopIteration):
        next(iterator)


def test_after_a_death_workers_that_stay_are_replaced():
    loader = DataLoader(Items(lambda i: os.getpid(), 4), num_workers=2, persistent_workers=True)
    pids = {batch.item() for batch in loader}
    os.kill(min(pids), signal.SIGKILL)
    with pytest.raises(RuntimeError, match=rf"pid\(s\) {min(pids)}\)"):
        list(loader)
    assert {batch.item() for batch in loader}.isdisjoint(pids)


# --- how they end -----------------------------------------------------------------------


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ends(pids, within=10.0):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not any(is_alive(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


PIDS = Items(lambda i: os.getpid(), 100)


def test_workers_end_with_the_epoch():
    pids = {batch.item() for batch in DataLoader(PIDS, num_workers=2)}
    assert len(pids) == 2
    assert ends(pids)


def test_workers_end_when_the_loop_is_left():
    for batch in DataLoader(PIDS, num_workers=1):
        pid = batch.item()
        break
    del batch
    assert ends([pid])


def test_workers_that_stay_end_with_the_loader():
    loader = DataLoader(PIDS, num_workers=1, persistent_workers=True)
    pids = {batch.item() for batch in loader}
    assert all(is_alive(pid) for pid in pids)
    del loader
    assert ends(pids)


def test_a_worker_that_is_busy_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr("flambeau.utils.data._utils.pool.STOP_TIMEOUT", 0.2)

    def read(index):
        if index == 1:
            time.sleep(600)
        return os.getpid()

    iterator = iter(DataLoader(Items(read), num_workers=1))
    pid = next(iterator).item()
    del iterator
    assert ends([pid])


def test_a_fork_of_the_program_leaves_the_workers_alone():
    iterator = iter(DataLoader(PIDS, num_workers=1))
    child = os.fork()
    if child == 0:
        del iterator
        os._exit(0)
    os.waitpid(child, 0)
    assert len({batch.item() for batch in iterator}) == 1


def run(program, *, interrupt=False, kill=False, arguments=()):
    """Run a program that prints pids; return them, its code, and what it complained of."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids = [int(pid) for pid in process.stdout.readline().split()]
    if interrupt:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    if kill:
        process.kill()
    _, complaints = process.communicate(timeout=60)
    return pids, process.returncode, complaints


PROGRAM = """
import os, sys, time
from flambeau.utils.data import DataLoader

class Items:
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        time.sleep(0.01)
        return os.getpid()

loader = DataLoader(Items(), num_workers=2, persistent_workers=True)
iterator = iter(loader)
print(*{next(iterator).item() for _ in range(4)}, flush=True)
"""


def test_ctrl_c_ends_program_and_workers_with_one_traceback():
    pids, code, complaints = run(f"{PROGRAM}\nfor batch in iterator: pass", interrupt=True)
    assert code == -signal.SIGINT
    assert complaints.count("Traceback") == 1
    assert complaints.endswith("KeyboardInterrupt\n")
    assert ends(pids)


def test_an_error_of_the_program_ends_the_workers():
    pids, code, complaints = run(f"{PROGRAM}\nnext(iterator)\nraise ValueError('mine')")
    assert code == 1
    assert complaints.count("Traceback") == 1
    assert complaints.endswith("ValueError: mine\n")
    assert ends(pids)


def test_the_end_of_the_program_ends_the_workers():
    pids, code, complaints = run(PROGRAM)
    assert (code, complaints) == (0, "")
    assert ends(pids)


def test_workers_of_a_killed_program_end():
    pids, code, _ = run(f"{PROGRAM}\ntime.sleep(600)", kill=True)
    assert code == -signal.SIGKILL
    assert ends(pids, within=30)
