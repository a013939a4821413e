"""Milliseconds a training step, beside PyTorch's: run `python -m benchmarks.training`.

Both libraries take turns in one process, and the median of the turns counts. The ratio is
flambeau's time by PyTorch's: below 1, flambeau is the faster. `--threads` is PyTorch's number of
threads; NumPy's follows OPENBLAS_NUM_THREADS.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

import flambeau

Step = Callable[[], Any]


def step_of(model: Any, optimizer: Any, criterion: Any, x: Any, y: Any) -> Step:
    """Return a training step that gives the loss as a number, as most loops do."""

    def step() -> float:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def linear_regression(torch: Any) -> Step:
    x = torch.linspace(0, 1, 100).reshape(-1, 1)
    y = 2 * x + 1 + torch.randn(x.size()) * 0.1
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return step_of(model, optimizer, torch.nn.MSELoss(), x, y)


def mlp(torch: Any) -> Step:
    nn = torch.nn
    model = nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, y = torch.randn(64, 784), torch.randint(0, 10, (64,))
    return step_of(model, optimizer, nn.CrossEntropyLoss(), x, y)


def lenet(torch: Any) -> Step:
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.randn(64, 1, 32, 32), torch.randint(0, 10, (64,))
    return step_of(model, optimizer, nn.CrossEntropyLoss(), x, y)


def lstm(torch: Any) -> Step:
    nn = torch.nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(65, 256)
            self.lstm = nn.LSTM(256, 256, batch_first=True)
            self.head = nn.Linear(256, 65)

        def forward(self, letters: Any) -> Any:
            output, _ = self.lstm(self.embedding(letters))
            return self.head(output).flatten(0, 1)

    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.randint(0, 65, (32, 64)), torch.randint(0, 65, (32 * 64,))
    return step_of(model, optimizer, nn.CrossEntropyLoss(), x, y)


WORKLOADS: dict[str, tuple[Callable[[Any], Step], int]] = {
    "linear regression, SGD": (linear_regression, 100),
    "MLP 784-512-512-10, batch 64, SGD": (mlp, 20),
    "LeNet 32x32, batch 64, Adam": (lenet, 10),
    "LSTM 256, 32 x 64 steps, Adam": (lstm, 2),
}


def milliseconds(step: Step, count: int) -> float:
    """Return the mean time of a step in one turn."""
    started = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - started) / count * 1e3


def prepared(make: Callable[[Any], Step]) -> list[Step]:
    """Return the step in both libraries, from one seed; the first losses must agree."""
    steps, losses = [], []
    for library in (flambeau, torch):
        library.manual_seed(0)
        steps.append(make(library))
        losses.append([steps[-1]() for _ in range(3)])
    for ours, theirs in zip(*losses, strict=True):
        assert abs(ours - theirs) <= 1e-4 * abs(theirs), losses
    return steps


def main() -> None:
    """Print a line for each workload."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{'ms a training step':36}{'flambeau':>10}{'PyTorch':>10}{'ratio':>8}")
    for name, (make, count) in WORKLOADS.items():
        steps = prepared(make)
        turns = [[milliseconds(step, count) for step in steps] for _ in range(options.turns)]
        ours, theirs = (statistics.median(times) for times in zip(*turns, strict=True))
        ratio = statistics.median(one / other for one, other in turns)
        print(f"{name:36}{ours:10.3f}{theirs:10.3f}{ratio:8.1f}", flush=True)


if __name__ == "__main__":
    main()
