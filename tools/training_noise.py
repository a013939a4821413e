"""Measure how far PyTorch's training strays from itself: run `python -m tools.training_noise`.

Each program of `tests/training_programs.py` is trained with one thread and with two, which sum
in another order. LeNet is also trained at larger rates and from other seeds: now and then a
gradient is hardly more than rounding, and Adam, which divides it by its own size, makes a full
step of it. (A larger `eps` removes the difference.)
"""

import torch

from tests import training_programs as programs


def distance(name: str, **options: float) -> float:
    """Return the largest relative difference of the losses with one thread and with two."""
    curves = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        curves.append(programs.PROGRAMS[name](torch, **options))
    return programs.furthest(*curves)


def main() -> None:
    """Print a line for each program, and for each rate and seed of LeNet."""
    for name in programs.PROGRAMS:
        print(f"{name:32}{distance(name):10.1e}", flush=True)
    for rate in (1e-4, 1e-3, 3e-3):
        for seed in range(8):
            words = f"lenet, rate {rate:g}, seed {seed}"
            print(f"{words:32}{distance('lenet', lr=rate, seed=seed):10.1e}", flush=True)


if __name__ == "__main__":
    main()
