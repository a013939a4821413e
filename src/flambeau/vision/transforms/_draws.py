"""Numbers drawn from the default generator, as torchvision draws them."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from flambeau import ops

__all__ = ["happens", "integer_below", "random_rectangles", "uniform"]

#: How often a rectangle is drawn before one in the middle will do.
_ATTEMPTS = 10


def uniform(low: float, high: float) -> float:
    """A number between two bounds."""
    return ops.empty(1).uniform_(float(low), float(high)).item()


def integer_below(bound: int) -> int:
    """An integer from 0 to below ``bound``."""
    return int(ops.randint(0, bound, size=(1,)).item())


def happens(probability: float) -> bool:
    """Whether a draw falls below ``probability``."""
    # The draw is a float32, and is compared with one.
    return ops.rand(1).item() < np.float32(probability)


def random_rectangles(
    area: int, scale: Sequence[float], ratio: Sequence[float]
) -> Iterator[tuple[int, int]]:
    """Heights and widths, some of which may be too large."""
    low, high = ops.log(ops.tensor(list(ratio))).tolist()
    for _ in range(_ATTEMPTS):
        part = area * uniform(scale[0], scale[1])
        shape = ops.exp(ops.empty(1).uniform_(low, high)).item()
        yield round(math.sqrt(part / shape)), round(math.sqrt(part * shape))
