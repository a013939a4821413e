"""Write what PyTorch says of layers of images: run `python -m tools.golden.spatial`."""

import json
from pathlib import Path

import numpy as np
import torch

from tools.golden import spatial_cases as cases

GOLDEN = Path(__file__).parents[2] / "tests" / "golden"


def main() -> None:
    """Write `spatial.json`, the statements' outcomes, and `spatial.npz`, the layers' runs."""
    outcomes = {
        statement: cases.outcome(torch, statement)
        for statements in cases.STATEMENTS.values()
        for statement in statements
    }
    (GOLDEN / "spatial.json").write_text(json.dumps(outcomes, indent=0) + "\n")
    arrays = {
        f"{constructor}|{name}": array
        for layers in cases.LAYERS.values()
        for constructor, shape in layers
        for name, array in cases.run_layer(torch, constructor, shape).items()
    }
    np.savez_compressed(GOLDEN / "spatial.npz", **arrays)


if __name__ == "__main__":
    main()
