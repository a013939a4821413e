"""Draw from PyTorch's generator and write the numbers into tests/golden/generator.npz.

    python -m tools.golden.generator

``DISTRIBUTION/DTYPE`` holds a program's draws, one after the other from one generator seeded
with 1234: sizes 1, 15, 16 and 37 in turn. ``state/…`` are states of the generator.
"""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

FILE = Path(__file__).parents[2] / "tests" / "golden" / "generator.npz"
SEED = 1234
SIZES = (1, 15, 16, 37)
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)

Draw = Callable[[int, torch.dtype, torch.Generator], torch.Tensor]


def fill(method: str, *arguments: object) -> Draw:
    """A draw by one of the methods that fill a tensor."""
    return lambda n, dtype, g: getattr(torch.zeros(n, dtype=dtype), method)(*arguments, generator=g)


def weights(n: int) -> torch.Tensor:
    """Weights in [0, 1], some of them 0."""
    return (torch.arange(n) * 7 % 11 + 1.0) / 11 * (torch.arange(n) % 4 > 0)


DRAWS: dict[str, tuple[Draw, tuple[torch.dtype, ...]]] = {
    "uniform": (fill("uniform_", -0.3, 0.7), FLOATS),
    "normal": (fill("normal_", 0.3, 0.7), FLOATS),
    "normal_apart": (
        lambda n, dtype, g: torch.zeros(n, 2, dtype=dtype)[:, 0].normal_(0.3, 0.7, generator=g),
        FLOATS,
    ),
    "integers": (fill("random_", 5, 100), (*INTEGERS, *FLOATS)),
    "integers_wide": (fill("random_", -5, 2**28), (torch.int64, torch.int32, torch.float64)),
    # Bounds that the dtype rounds outwards, and PyTorch therefore moves inwards.
    "integers_rounded": (fill("random_", -(2**26) - 7, 2**26 - 1), (torch.float32,)),
    "any_integers": (fill("random_"), (*INTEGERS, *FLOATS, torch.bool)),
    "any_integers_above": (fill("random_", 3, None), (*INTEGERS, *FLOATS)),
    "permutation": (
        lambda n, dtype, g: torch.randperm(n, generator=g, dtype=dtype),
        (*INTEGERS, *FLOATS),
    ),
    "bernoulli": (fill("bernoulli_", 0.3), (*INTEGERS, *FLOATS, torch.bool)),
    "bernoulli_each": (
        lambda n, dtype, g: torch.bernoulli(weights(n).to(dtype), generator=g),
        FLOATS,
    ),
    "exponential": (fill("exponential_", 0.7), FLOATS),
    "cauchy": (fill("cauchy_", 0.3, 0.7), FLOATS),
    "log_normal": (fill("log_normal_", 0.3, 0.7), FLOATS),
    "geometric": (fill("geometric_", 0.3), (*INTEGERS, *FLOATS)),
    "multinomial": (
        lambda n, dtype, g: torch.multinomial(weights(n + 1).to(dtype), 1, generator=g),
        FLOATS,
    ),
    "multinomial_few": (
        lambda n, dtype, g: torch.multinomial(weights(n + 1).to(dtype), n // 2 + 1, generator=g),
        (torch.float32, torch.float64),
    ),
    "multinomial_many": (
        lambda n, dtype, g: torch.multinomial(weights(n + 1).to(dtype), n, True, generator=g),
        FLOATS,
    ),
    "poisson": (lambda n, dtype, g: torch.poisson(weights(n).to(dtype) * 40, generator=g), FLOATS),
    "binomial": (
        lambda n, dtype, g: torch.binomial(torch.arange(n).to(dtype) * 3, weights(n).to(dtype), g),
        (torch.float32, torch.float64),
    ),
}


def as_numpy(tensor: torch.Tensor) -> np.ndarray:
    """An array of the same elements; bfloat16, which NumPy lacks, in float32."""
    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy()


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")  # about those bounds
    arrays = {}
    for name, (draw, dtypes) in DRAWS.items():
        for dtype in dtypes:
            g = torch.Generator().manual_seed(SEED)
            drawn = [as_numpy(draw(n, dtype, g)) for n in SIZES]
            arrays[f"{name}/{str(dtype).removeprefix('torch.')}"] = np.concatenate(drawn)
    g = torch.Generator().manual_seed(SEED)
    arrays["state/seeded"] = g.get_state().numpy()
    torch.randn(3, generator=g)
    arrays["state/with_spare"] = g.get_state().numpy()
    arrays["state/then"] = torch.randn(20, generator=g).numpy()
    torch.rand(624 - 44, generator=g)
    arrays["state/used_up"] = g.get_state().numpy()
    np.savez_compressed(FILE, **arrays)


if __name__ == "__main__":
    main()
