"""What PyTorch says of layers of images: the golden values, by family."""

import functools
import json
from pathlib import Path

import numpy as np

from tools.golden import spatial_cases as cases

__all__ = ["arrays_of", "layers", "statements"]

GOLDEN = Path(__file__).parents[1] / "golden"


@functools.cache
def _outcomes() -> dict[str, str]:
    return json.loads((GOLDEN / "spatial.json").read_text())


def statements(family: str) -> list[tuple[str, str]]:
    """The family's statements, each with its outcome."""
    return [(statement, _outcomes()[statement]) for statement in cases.STATEMENTS[family]]


def layers(family: str) -> list[tuple[str, tuple[int, ...]]]:
    """The family's layers, as constructors, and the shapes of their inputs."""
    return cases.LAYERS[family]


def arrays_of(constructor: str) -> dict[str, np.ndarray]:
    """The layer's output, parameters and gradients."""
    with np.load(GOLDEN / "spatial.npz") as archive:
        names = [name for name in archive.files if name.startswith(f"{constructor}|")]
        return {name.removeprefix(f"{constructor}|"): archive[name] for name in names}
