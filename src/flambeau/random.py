"""The default generator and its seed: the namespace ``torch.random``."""

from __future__ import annotations

from flambeau.generator import (
    Generator,
    default_generator,
    fork_rng,
    initial_seed,
    manual_seed,
    seed,
)

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "initial_seed",
    "manual_seed",
    "seed",
]
