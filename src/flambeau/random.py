"""The default generator, its seed and its state: the namespace ``torch.random``."""

from __future__ import annotations

from flambeau.generator import (
    Generator,
    default_generator,
    fork_rng,
    initial_seed,
    manual_seed,
    seed,
)
from flambeau.ops.random import get_rng_state, set_rng_state

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]
