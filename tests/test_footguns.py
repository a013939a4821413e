"""Laziness does not show: each way in which it could is tried here, and each departure named."""

import contextlib
import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections import Counter

import numpy as np
import pytest

import flambeau as torch
from flambeau import runtime
from flambeau.backends import reference
from flambeau.tensor import node_of

pytestmark = pytest.mark.skipif(runtime.EAGER, reason="about laziness")


@pytest.fixture
def evaluations(monkeypatch):
    """How often each primitive was evaluated, by name."""
    counts = Counter()
    evaluate = reference.evaluate

    def counted(node):
        counts[str(node.primitive)] += 1
        evaluate(node)

    monkeypatch.setattr(reference, "evaluate", counted)
    return counts


@pytest.fixture
def no_collector():
    """Without the cyclic collector, only reference counts free anything."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def pending():
    return sum(entry() is not None for entry in runtime._pending)


def network():
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))


# Nothing runs twice, and nothing that nobody wants ------------------------------------------


def test_what_nobody_reads_is_not_computed(evaluations):
    x = torch.ones(3)
    y = x.exp()
    del y
    runtime.step_boundary()
    assert evaluations["exp"] == 0


def test_a_value_read_between_forward_and_backward_is_computed_once(evaluations):
    w = torch.randn(5, 5, requires_grad=True)
    hidden = torch.randn(3, 5) @ w
    loss = hidden.exp().sum()
    loss.item()
    before = evaluations.copy()
    loss.backward()
    w.grad.tolist()
    again = evaluations - before
    assert evaluations["exp"] == 1
    assert again["exp"] == 0
    assert before["dot_general"] == 1
    assert again["dot_general"] == 1  # the gradient's own product


def test_reading_a_value_many_times_computes_it_once(evaluations):
    y = torch.ones(3).exp()
    for _ in range(5):
        y.sum().item()
        repr(y)
    assert evaluations["exp"] == 1


def test_a_value_shared_by_two_results_is_computed_once(evaluations):
    y = torch.ones(3).exp()
    a, b = y + 1, y * 2
    del y
    a.tolist()
    b.tolist()
    assert evaluations["exp"] == 1


def test_a_step_boundary_computes_a_training_step_once(evaluations):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = model(torch.randn(6, 4)).pow(2).mean()
    loss.backward()
    optimizer.step()
    counts = evaluations.copy()
    loss.item()
    [p.tolist() for p in model.parameters()]
    assert evaluations == counts


# Memory is bounded --------------------------------------------------------------------------


def test_a_loop_that_only_accumulates_stays_within_the_budget():
    x = torch.ones(1000)
    ema = torch.zeros(1000)
    most = 0
    for step in range(20_000):
        ema = 0.9 * ema + 0.1 * x
        if step % 1000 == 0:
            most = max(most, len(runtime._pending))
    assert most <= runtime.NODE_BUDGET + 1
    assert torch.allclose(ema, x)


def test_accumulating_in_place_stays_within_the_budget():
    x = torch.ones(1000)
    ema = torch.zeros(1000)
    tracemalloc.start()
    for _ in range(5_000):
        ema.mul_(0.9).add_(x, alpha=0.1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(runtime._pending) <= runtime.NODE_BUDGET + 1
    assert peak < 40 << 20
    assert torch.allclose(ema, x)


@pytest.mark.parametrize("item", [False, True])
def test_a_total_of_losses_keeps_no_graphs_once_it_is_detached(item):
    w = torch.ones(10, requires_grad=True)
    total = 0
    graphs = []
    for _ in range(3000):
        loss = (w * w).sum()
        graphs.append(weakref.ref(loss.grad_fn))
        total += loss.item() if item else loss.detach()
        del loss
        graphs = [graph for graph in graphs if graph() is not None]
        assert len(graphs) <= 1
    assert float(total) == 30_000


def test_a_total_of_losses_that_keeps_its_graph_can_go_backward():
    w = torch.ones(10, requires_grad=True)
    total = 0
    for _ in range(3000):
        total += (w * w).sum()
    total.backward()
    assert total.item() == 30_000
    assert w.grad.tolist() == [6000.0] * 10


def test_a_list_of_losses_is_computed_at_step_boundaries():
    w = torch.ones(10, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.0)
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        losses.append((w * w).sum())
        losses[-1].backward()
        optimizer.step()
    assert all(node_of(loss).buffer is not None for loss in losses)
    assert pending() == 0


def test_large_values_are_cut_by_the_budget_of_bytes(monkeypatch):
    monkeypatch.setattr(runtime, "BYTE_BUDGET", 1 << 20)
    x = torch.ones(1000)
    kept = []
    for _ in range(1000):
        x = x * 0.5
        kept.append(x)
    unrealised = sum(node_of(y).buffer is None for y in kept)
    assert unrealised * 4000 <= 1 << 20


def test_writes_to_one_storage_do_not_pin_its_older_values():
    w = torch.zeros(250_000)
    tracemalloc.start()
    for value in range(200):
        w[0] = value
        assert w[0].item() == value
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000  # a value has a megabyte


def test_training_frees_its_graphs_by_reference_counts_alone(no_collector):
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    graphs, values = [], []
    for _ in range(5):
        optimizer.zero_grad()
        output = model(torch.randn(6, 4))
        loss = output.pow(2).mean()
        graphs += [weakref.ref(output.grad_fn), weakref.ref(loss.grad_fn)]
        values += [weakref.ref(node_of(output)), weakref.ref(node_of(loss))]
        loss.backward()
        optimizer.step()
        del output, loss
    assert [graph() for graph in graphs] == [None] * 10
    assert [value() for value in values] == [None] * 10


def test_a_graph_never_gone_through_is_freed_by_reference_counts_alone(no_collector):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = torch.ones(3, requires_grad=True)
    y = Twice.apply(x.exp())
    z = torch.nn.functional.layer_norm(y, (3,)).softmax(0)
    z[0] = 1
    y.retain_grad()
    y.register_hook(lambda grad: grad)
    things = [weakref.ref(thing) for thing in (x, y, z, y.grad_fn, z.grad_fn, node_of(z))]
    del x, y, z
    assert [thing() for thing in things] == [None] * 6


def test_parameters_and_gradients_are_freed_with_the_model(no_collector):
    model = network()
    model(torch.randn(6, 4)).sum().backward()
    things = [weakref.ref(p) for p in model.parameters()]
    things += [weakref.ref(p.grad) for p in model.parameters()]
    del model
    assert [thing() for thing in things] == [None] * 8


# Deep graphs --------------------------------------------------------------------------------


def test_a_deep_graph_goes_forward_and_backward_and_is_destroyed():
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(12_000):
        y = y + 0.5
    y.sum().backward()
    assert y.tolist() == [6001.0, 6001.0]
    assert x.grad.tolist() == [1.0, 1.0]
    del y


def test_a_deep_graph_without_budget_is_computed_and_destroyed(monkeypatch):
    monkeypatch.setattr(runtime, "NODE_BUDGET", 10**9)
    y = torch.ones(2)
    for _ in range(30_000):
        y = y + 1
    dropped = y * 2
    assert y.tolist() == [30_001.0, 30_001.0]
    del dropped

    z = torch.ones(2)
    for _ in range(30_000):
        z = z + 1
    del z


def test_a_deep_graph_with_saved_values_is_destroyed_without_backward():
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y.sin()
    del y
    assert x.grad is None


def test_a_deep_chain_of_in_place_writes_is_computed_and_destroyed(monkeypatch):
    monkeypatch.setattr(runtime, "NODE_BUDGET", 10**9)
    x = torch.zeros(3)
    view = x[1]
    for _ in range(20_000):
        view += 1
    assert x.tolist() == [0.0, 20_000.0, 0.0]


# Writes show through every alias ------------------------------------------------------------


def test_data_writes_show_in_the_parameter():
    w = torch.nn.Parameter(torch.zeros(2, 3))
    w.data[0, 0] = 42
    w.data[1:] += 1
    w.data[:] *= 2
    assert w.tolist() == [[84.0, 0.0, 0.0], [2.0, 2.0, 2.0]]


def test_writes_show_through_views_of_views():
    x = torch.zeros(4, 6)
    window = x[1:3][:, 2:5].t()
    window[0] = torch.tensor([1.0, 2.0])
    window.diagonal().add_(10)
    assert x[1].tolist() == [0, 0, 11, 0, 0, 0]
    assert x[2].tolist() == [0, 0, 2, 10, 0, 0]
    x.fill_(5)
    assert window.tolist() == [[5.0, 5.0]] * 3


def test_a_view_read_before_a_write_is_read_again_after_it():
    x = torch.zeros(3)
    v = x.view(3, 1)
    assert v.sum().item() == 0
    x.add_(1)
    assert v.sum().item() == 3
    v.mul_(2)
    assert x.sum().item() == 6


def test_a_value_computed_before_a_write_does_not_see_it():
    x = torch.ones(3)
    y = x + 0
    z = x.clone()
    x.zero_()
    assert y.tolist() == z.tolist() == [1.0, 1.0, 1.0]


def test_mask_writes_show_through_aliases():
    x = torch.arange(6.0)
    alias = x.detach().view(2, 3)
    x[x > 3] = 0
    assert alias.tolist() == [[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]]
    alias[:, torch.tensor([0, 2])] = -1
    assert x.tolist() == [-1.0, 1.0, -1.0, -1.0, 0.0, -1.0]


def test_a_write_through_an_expanded_view_is_refused():
    x = torch.zeros(3, 1)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        x.expand(3, 4).add_(1)
    assert x.tolist() == [[0.0]] * 3


def test_swapping_through_views_uses_the_values_of_before():
    x = torch.tensor([1.0, 2.0])
    first = x[0].clone()
    x[0] = x[1]
    x[1] = first
    assert x.tolist() == [2.0, 1.0]


def test_numpy_is_read_only_and_keeps_the_value_of_its_time():
    x = torch.zeros(2)
    array = x.numpy()
    x.add_(1)
    assert array.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_from_numpy_copies():
    array = np.zeros(2, np.float32)
    x = torch.from_numpy(array)
    array[0] = 7
    assert x.tolist() == [0.0, 0.0]


# Python sees values when it looks -----------------------------------------------------------


def test_branches_follow_values():
    x = torch.tensor(0.0)
    taken = []
    for _ in range(10):
        x = x + 1
        taken.append("high" if x > 5 else "low")
    assert taken == ["low"] * 5 + ["high"] * 5


def test_shapes_that_depend_on_values_are_known_at_once():
    x = torch.tensor([3.0, -1.0, 2.0])
    kept = x[x > 0]
    assert kept.shape == (2,)
    assert (x > 0).nonzero().shape == (2, 1)


def test_numbers_are_drawn_in_the_order_of_the_program():
    torch.manual_seed(0)
    first, second = torch.rand(3), torch.rand(3)
    in_order = first.tolist(), second.tolist()
    torch.manual_seed(0)
    first, second = torch.rand(3), torch.rand(3)
    backwards = second.tolist(), first.tolist()
    assert in_order == backwards[::-1]
    torch.manual_seed(0)
    torch.rand(3)  # drawn, though nobody looks
    assert torch.rand(3).tolist() == in_order[1]


def test_the_gradient_is_that_of_the_values_at_forward():
    w = torch.tensor([2.0], requires_grad=True)
    loss = (w * w).sum()
    with torch.no_grad():
        w.mul_(100)
    loss.backward()
    assert w.grad.tolist() == [4.0]
    assert w.tolist() == [200.0]


def test_a_loss_kept_from_before_a_step_keeps_its_value():
    w = torch.tensor([2.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)
    loss = (w * w).sum()
    loss.backward()
    optimizer.step()
    assert loss.item() == 4.0
    assert w.item() == -2.0


# Errors -------------------------------------------------------------------------------------


def bad_lookup(table):
    """A value that cannot be computed: its index is out of range, and only computed late."""
    index = torch.tensor([1, 2]) * 3
    return torch.nn.functional.embedding(index, table)


def test_an_error_met_late_names_the_line_that_caused_it():
    table = torch.ones(4, 2)
    rows = bad_lookup(table)
    with pytest.raises(IndexError) as error:
        rows.sum().item()
    (note,) = error.value.__notes__
    assert f"{__file__}:" in note
    line = int(note.rpartition(":")[2].split()[0])
    with open(__file__, encoding="utf-8") as file:
        assert "embedding(index, table)" in file.read().splitlines()[line - 1]


def test_an_error_met_late_names_the_module():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.words = torch.nn.Embedding(4, 2)

        def forward(self, index):
            return self.words(index * 3)

    net = Net()
    loss = net(torch.tensor([1, 2])).sum()
    with pytest.raises(IndexError) as error:
        loss.item()
    assert "in Net.words" in error.value.__notes__[0]
    del net
    with pytest.raises(IndexError) as error:
        loss.item()
    assert "in Net.Embedding" in error.value.__notes__[0]


def test_an_error_comes_again_only_when_its_value_is_asked_for():
    rows = bad_lookup(torch.ones(4, 2))
    for _ in range(2):
        with pytest.raises(IndexError):
            rows.tolist()
    runtime.step_boundary()
    assert (torch.ones(2) + 1).tolist() == [2.0, 2.0]
    with pytest.raises(IndexError):
        rows.tolist()


def test_an_error_at_a_boundary_leaves_other_values_alone():
    x = torch.ones(2)
    before = x + 1
    rows = bad_lookup(torch.ones(4, 2))
    after = x + 2
    with pytest.raises(IndexError):
        runtime.step_boundary()
    runtime.step_boundary()
    assert node_of(after).buffer is not None
    assert before.tolist() == [2.0, 2.0]
    assert after.tolist() == [3.0, 3.0]
    del rows


def momentum(parameters):
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


def adam(parameters):
    return torch.optim.Adam(parameters, lr=0.1)


@pytest.mark.parametrize("make", [momentum, adam])
@pytest.mark.parametrize("bad_steps", [(0,), (2,), (0, 1, 3)])
def test_a_step_that_fails_changes_nothing_and_training_goes_on(make, bad_steps):
    def train(steps, bad):
        torch.manual_seed(1)
        table = torch.nn.Parameter(torch.randn(4, 2))
        other = torch.nn.Parameter(torch.randn(2))
        optimizer = make([table, other])
        for step in range(steps):
            optimizer.zero_grad()
            index = torch.tensor([1, 2]) * (3 if step in bad else 1)
            with contextlib.suppress(IndexError):
                loss = (torch.nn.functional.embedding(index, table) * other).pow(2).sum()
                loss.backward()
                optimizer.step()
        return table.tolist(), other.tolist()

    assert train(5, bad_steps) == train(5 - len(bad_steps), ())


def test_writes_recorded_after_a_failure_are_taken_back():
    x = torch.zeros(3)
    view = x[1:]
    x.add_(1)
    rows = bad_lookup(torch.ones(4, 2))
    view.add_(rows.sum())
    x.mul_(2)
    with pytest.raises(IndexError):
        x.tolist()
    assert x.tolist() == [1.0, 1.0, 1.0]
    assert view.tolist() == [1.0, 1.0]
    x.add_(1)
    assert view.tolist() == [2.0, 2.0]


def test_an_interrupt_at_a_boundary_loses_nothing(monkeypatch):
    def interrupted(nodes):
        for _ in nodes:
            raise KeyboardInterrupt

    x = torch.ones(2)
    y = x + 1
    x.add_(5)
    with monkeypatch.context() as patch:
        patch.setattr(reference, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            runtime.step_boundary()
    runtime.step_boundary()
    assert y.tolist() == [2.0, 2.0]
    assert x.tolist() == [6.0, 6.0]


def test_an_exception_between_forward_and_backward_leaves_nothing_behind():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match="stop"):  # noqa: PT012
        loss = model(torch.randn(3, 4)).sum()
        loss.backward()
        raise ValueError("stop")
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    optimizer.zero_grad()
    model(torch.randn(3, 4)).sum().backward()
    optimizer.step()


def test_an_exception_in_backward_leaves_the_mode_as_it_was():
    x = torch.ones(1, requires_grad=True)
    y = x * 2

    def fail(grad):
        raise ValueError("in a hook")

    y.register_hook(fail)
    with pytest.raises(ValueError, match="in a hook"):
        y.sum().backward()
    assert torch.is_grad_enabled()
    assert (x * 2).requires_grad


# Threads, copies, pickles -------------------------------------------------------------------


def test_the_gradient_mode_belongs_to_a_thread():
    seen = []

    def look():
        seen.append(torch.is_grad_enabled())

    with torch.no_grad():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_compute_side_by_side():
    shared = torch.ones(50).exp()
    results = []

    def work(number):
        for _ in range(100):
            y = shared
            for _ in range(10):
                y = torch.nn.functional.softmax(y * number, 0)
            results.append(y.sum().item())

    errors = []
    hook, threading.excepthook = threading.excepthook, lambda caught: errors.append(caught)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    threading.excepthook = hook
    assert not errors
    assert results == pytest.approx([1.0] * 400, rel=1e-5)


def test_a_value_may_be_asked_for_while_another_thread_traces():
    started, stop = threading.Event(), threading.Event()

    def trace():
        with runtime.tracing():
            started.set()
            stop.wait(10)

    thread = threading.Thread(target=trace)
    thread.start()
    started.wait(10)
    try:
        assert (torch.ones(1) + 1).item() == 2
    finally:
        stop.set()
        thread.join()


def test_deep_copies_of_aliases_are_aliases_of_each_other_alone():
    x = torch.zeros(3)
    pair = [x, x[1:]]
    copied = copy.deepcopy(pair)
    copied[1].add_(1)
    assert copied[0].tolist() == [0.0, 1.0, 1.0]
    assert x.tolist() == [0.0, 0.0, 0.0]


def test_a_pickled_view_keeps_its_values():
    x = torch.arange(6.0).view(2, 3)
    loaded = pickle.loads(pickle.dumps({"view": x.t()[1:], "x": x}))
    assert loaded["view"].tolist() == [[1.0, 4.0], [2.0, 5.0]]
    loaded["view"].add_(1)
    parameter = pickle.loads(pickle.dumps(torch.nn.Parameter(x)))
    assert isinstance(parameter, torch.nn.Parameter)
    assert parameter.requires_grad


# FLAMBEAU_EAGER -----------------------------------------------------------------------------

TRAINING = """
import flambeau as torch

torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Linear(4, 8), torch.nn.LayerNorm(8), torch.nn.GELU(), torch.nn.Dropout(0.2),
    torch.nn.Linear(8, 3),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
x, y = torch.randn(16, 4), torch.randint(0, 3, (16,))
for _ in range(5):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(loss.item().hex())
window = x[1:3].t()
window[0] = 5
x[x < 0] *= 2
print([value.hex() for value in x.flatten().tolist()])
"""


def test_running_op_by_op_gives_the_same_bits():
    def output(eager):
        environment = {**os.environ, "FLAMBEAU_EAGER": eager}
        command = [sys.executable, "-c", TRAINING]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert output("1") == output("0")


def test_an_error_comes_at_once_when_running_op_by_op():
    script = (
        "import flambeau as torch\n"
        "index = torch.tensor([1, 2]) * 3\n"
        "try:\n"
        "    torch.nn.functional.embedding(index, torch.ones(4, 2))\n"
        "except IndexError:\n"
        "    print('at once')\n"
    )
    environment = {**os.environ, "FLAMBEAU_EAGER": "1"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "at once\n"
