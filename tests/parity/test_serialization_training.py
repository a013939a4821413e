"""Training goes on where it stopped, whichever library saved the checkpoint."""

import io
from typing import Any

import numpy as np
import pytest

import flambeau

torch = pytest.importorskip("torch")

LIBRARIES = {"flambeau": flambeau, "torch": torch}
STEPS = 4

rng = np.random.default_rng(0)
INPUTS = rng.standard_normal((2 * STEPS, 6, 1, 8, 8)).astype(np.float32)
TARGETS = rng.integers(0, 3, (2 * STEPS, 6))

OPTIMIZERS = {
    "SGD": {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3},
    "Adam": {"lr": 0.01, "amsgrad": True},
    "AdamW": {"lr": 0.01},
    "RMSprop": {"lr": 0.01, "momentum": 0.5, "centered": True},
    "Adagrad": {"lr": 0.05},
}


class Training:
    """A network, its optimizer and its schedule, in one of the libraries."""

    def __init__(self, name: str, optimizer: str) -> None:
        self.library = library = LIBRARIES[name]
        nn = library.nn
        library.manual_seed(1)
        self.model = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 3)
        )
        kind = getattr(library.optim, optimizer)
        self.optimizer = kind(self.model.parameters(), **OPTIMIZERS[optimizer])
        self.scheduler = library.optim.lr_scheduler.StepLR(self.optimizer, 2, gamma=0.5)
        self.step = 0

    def run(self) -> list[float]:
        """The losses of the next few steps."""
        losses = []
        for _ in range(STEPS):
            x = self.library.from_numpy(INPUTS[self.step])
            target = self.library.from_numpy(TARGETS[self.step])
            loss = self.library.nn.functional.cross_entropy(self.model(x), target)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            losses.append(loss.item())
            self.step += 1
        return losses

    def save(self) -> bytes:
        """A checkpoint, as training scripts write it."""
        file = io.BytesIO()
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
        }
        self.library.save(state, file)
        return file.getvalue()

    def load(self, data: bytes) -> None:
        """Take up a checkpoint."""
        state: dict[str, Any] = self.library.load(io.BytesIO(data), weights_only=True)
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("source", LIBRARIES)
@pytest.mark.parametrize("target", LIBRARIES)
def test_the_losses_go_on_as_if_nothing_had_happened(source, target, optimizer):
    first = Training(source, optimizer)
    first.run()
    checkpoint = first.save()
    second = Training(target, optimizer)
    second.load(checkpoint)
    expected, losses = first.run(), second.run()
    assert losses == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert expected[0] != pytest.approx(Training(target, optimizer).run()[0], rel=1e-3)
