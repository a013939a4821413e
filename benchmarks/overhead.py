"""What Python costs: microseconds per recorded operation, and per LeNet training step.

Time spent computing (the backend's part) is left out. Times are CPU time of the main
thread, the best of several rounds; PyTorch's eager dispatch of the same operation stands
beside, where it is installed. Targets: 3 µs an operation, 200 µs a step.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from flambeau import runtime

ROUNDS = 7
TARGETS = {"operation": 3.0, "step": 200.0}


def best(function: Callable[[], Any], count: int) -> float:
    """Microseconds a call, in the best of several rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        for _ in range(count):
            function()
        times.append((time.thread_time() - start) / count * 1e6)
        runtime._pending.clear()
    return min(times)


def operations(torch: Any) -> dict[str, Callable[[], Any]]:
    a, b = torch.ones(3, 3), torch.ones(3, 3)
    w = torch.ones(3, 3, requires_grad=True)
    return {
        "a + b": lambda: a + b,
        "a * 0.5": lambda: a * 0.5,
        "w * b, differentiated": lambda: w * b,
        "a @ b": lambda: a @ b,
        "a.view(9)": lambda: a.view(9),
        "a[0]": lambda: a[0],
        "a.sum()": lambda: a.sum(),
    }


def report_operations() -> None:
    runtime.NODE_BUDGET, runtime.BYTE_BUDGET = 10**9, 10**15
    ours = {n: best(f, 5000) for n, f in operations(importlib.import_module("flambeau")).items()}
    try:
        peer = importlib.import_module("torch")
    except ImportError:
        theirs = {}
    else:
        peer.set_num_threads(1)
        theirs = {n: best(f, 5000) for n, f in operations(peer).items()}
    print(f"{'operation':24} {'flambeau, µs':>13} {'torch, µs':>10} {'ratio':>6}")
    for name, value in ours.items():
        other = theirs.get(name)
        beside = f"{other:10.2f} {value / other:6.1f}" if other else ""
        print(f"{name:24} {value:13.2f} {beside}")
    print(f"target: {TARGETS['operation']} µs\n")


def lenet_step(torch: Any, nn: Any, optim: Any) -> Callable[[], Any]:
    functional = nn.functional

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
            self.fc1, self.fc2 = nn.Linear(400, 120), nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
            x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
            x = functional.relu(self.fc1(torch.flatten(x, 1)))
            return self.fc3(functional.relu(self.fc2(x)))

    torch.manual_seed(0)
    net = Net()
    optimizer = optim.Adam(net.parameters())
    images, labels = torch.randn(64, 1, 32, 32), torch.randint(0, 10, (64,))

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(net(images), labels).backward()
        optimizer.step()

    return step


class Meter:
    """Counts the time that the backend takes."""

    def __init__(self) -> None:
        self.run = runtime.reference.run
        self.spent = 0.0

    def __call__(self, nodes: Iterator[Any]) -> None:
        start = time.thread_time()
        try:
            self.run(nodes)
        finally:
            self.spent += time.thread_time() - start


def report_step() -> None:
    step = lenet_step(*(importlib.import_module(f"flambeau{m}") for m in ("", ".nn", ".optim")))
    meter = runtime.reference.run = Meter()
    for _ in range(3):
        step()
    rounds = []
    for _ in range(ROUNDS):
        meter.spent = 0.0
        start = time.thread_time()
        for _ in range(20):
            step()
        rounds.append((time.thread_time() - start - meter.spent) / 20 * 1e6)
    print(f"LeNet step, Python's part: {min(rounds):.0f} µs (target: {TARGETS['step']:.0f} µs)")


def main() -> None:
    report_operations()
    report_step()


if __name__ == "__main__":
    main()
