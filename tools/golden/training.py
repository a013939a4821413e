"""Write the losses of whole training runs: run `python -m tools.golden.training`."""

import json
from pathlib import Path

import torch

from tests.training_programs import PROGRAMS

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "training.json"


def main() -> None:
    """Write `training.json`: the loss of every step of every program, to nine digits."""
    torch.set_num_threads(1)
    curves = {name: [float(f"{loss:.9g}") for loss in run(torch)] for name, run in PROGRAMS.items()}
    GOLDEN.write_text(json.dumps(curves, indent=0) + "\n")


if __name__ == "__main__":
    main()
