"""Generator: PyTorch's CPU random number generator, a Mersenne twister (Matsumoto, Nishimura 1998).

The same seed gives the same stream of 32-bit integers as PyTorch's generator, and the state has
the same 5056 bytes, so that one can be carried over to the other. What the distributions make of
the stream is in ``flambeau.sampling``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flambeau.size import CPU, device

__all__ = ["Generator", "default_generator", "fork_rng", "initial_seed", "manual_seed", "seed"]

_DEFAULT_SEED = 67280421310721
_WORDS = 624  # the twister's length: it makes this many numbers at once

# The layout of PyTorch's state. `left` counts down to the next twist, `next` counts up.
_STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("key", "<u8", _WORDS),
        ("unused", "<f8"),
        ("spare", "<f8"),
        ("rho", "<f8"),
        ("has_spare", "<i8"),
        ("float_spare", "<f4"),
        ("has_float_spare", "<i4"),
    ]
)


class Generator:
    """A stream of random numbers with a state of its own.

    >>> import flambeau as torch
    >>> g = torch.Generator().manual_seed(0)
    >>> torch.rand(2, generator=g)
    tensor([0.4963, 0.7682])
    """

    __slots__ = ("__weakref__", "_bits", "_fresh", "_seed", "device", "spare_normal")

    def __init__(self, device: str | device | None = "cpu") -> None:
        self.device = _cpu(device)
        #: The sine that belongs to the last normal number drawn one by one, until it is used.
        self.spare_normal: float | None = None
        self._bits = np.random.MT19937()
        self.manual_seed(_DEFAULT_SEED)

    # Seeds ------------------------------------------------------------------------------

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to ``seed`` (64 bits, of which it takes the lower 32).

        Raises ValueError for more than 64 bits, RuntimeError on anything but an integer.
        """
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            kind = type(seed).__name__
            raise RuntimeError(f"manual_seed expected a long, but got {kind}")
        value = seed.__index__()
        if not -(2**63) <= value < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._seed = value % 2**64
        self._bits._legacy_seeding(self._seed % 2**32)
        self._fresh = True
        self.spare_normal = None
        return self

    def seed(self) -> int:
        """Start at a seed that nobody can foretell, and return it."""
        self.manual_seed(secrets.randbits(64))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that this stream started from."""
        return self._seed

    # The stream -------------------------------------------------------------------------

    def words(self, count: int) -> np.ndarray:
        """The next ``count`` 32-bit integers, as uint64."""
        if count:
            self._fresh = False
        return self._bits.random_raw(count)

    def double_words(self, count: int) -> np.ndarray:
        """The next ``count`` 64-bit integers, each the upper and then the lower half."""
        words = self.words(2 * count)
        return (words[0::2] << np.uint64(32)) | words[1::2]

    def floats(self, count: int) -> np.ndarray:
        """The next ``count`` float32 numbers in [0, 1), multiples of 2^-24."""
        return (self.words(count) & np.uint64(2**24 - 1)).astype(np.float32) * np.float32(2**-24)

    def doubles(self, count: int) -> np.ndarray:
        """The next ``count`` float64 numbers in [0, 1), multiples of 2^-53."""
        return (self.double_words(count) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53

    # The state --------------------------------------------------------------------------

    def state_bytes(self) -> np.ndarray:
        """The state as 5056 bytes (uint8), laid out as PyTorch's."""
        state = np.zeros((), _STATE)
        twister = self._bits.state["state"]
        state["seed"] = self._seed
        state["key"] = twister["key"]
        # PyTorch starts with `next` at 0 and has it at 624 when all numbers are used up.
        state["next"] = 0 if self._fresh else twister["pos"]
        state["left"] = 1 if self._fresh else _WORDS + 1 - twister["pos"]
        state["seeded"] = 1
        if self.spare_normal is not None:
            state["spare"] = self.spare_normal
            state["has_spare"] = 1
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state_bytes(self, data: np.ndarray) -> Generator:
        """Go on from a state that ``state_bytes`` (or PyTorch) gave.

        Raises TypeError unless ``data`` is uint8, RuntimeError if it holds no valid state.
        """
        if data.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if data.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} "
                f"but found the input RNG state size to be {data.size}"
            )
        state = np.frombuffer(data.tobytes(), _STATE)[0]
        left, following = int(state["left"]), int(state["next"])
        if state["seeded"] != 1 or not 0 < left <= _WORDS or following > _WORDS:
            raise RuntimeError("Invalid mt19937 state")
        position = _WORDS if left == 1 else following
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {"key": state["key"].astype(np.uint32), "pos": position},
        }
        self._seed = int(state["seed"])
        self._fresh = left == 1 and following == 0
        self.spare_normal = float(state["spare"]) if state["has_spare"] else None
        return self

    def clone_state(self) -> Generator:
        """Another generator that goes on where this one stands."""
        return Generator().set_state_bytes(self.state_bytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_state, (self.state_bytes(),)


def _cpu(where: str | device | None) -> device:
    wanted = CPU if where is None else device(where)
    if wanted.type != "cpu":
        raise RuntimeError(f"Cannot get a generator on {wanted}: generators live on the CPU only")
    return wanted


def _from_state(state: np.ndarray) -> Generator:
    return Generator().set_state_bytes(state)


#: The generator that every random operation takes its numbers from, unless it is given another.
default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, and return it.

    Raises ValueError if the seed has more than 64 bits.
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator with a number that nobody can foretell, and return it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


@contextmanager
def fork_rng(
    devices: Any = None, enabled: bool = True, device_type: str | None = None
) -> Iterator[None]:
    """Let the block draw what it likes: afterwards the default generator stands where it stood.

    ``devices`` and ``device_type`` name accelerators in PyTorch; there are none here.
    """
    if not enabled:
        yield
        return
    state = default_generator.state_bytes()
    try:
        yield
    finally:
        default_generator.set_state_bytes(state)
