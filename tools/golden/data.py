"""Write what PyTorch's data loader draws and says: run `python -m tools.golden.data`."""

import json
import warnings
from pathlib import Path

import torch

from tools.golden import data_cases

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "data.json"


def main() -> None:
    """Write `data.json`."""
    warnings.simplefilter("ignore")
    lines = [
        f"{json.dumps(subject)}: {json.dumps(facts, separators=(',', ':'))}"
        for subject, facts in data_cases.everything(torch).items()
    ]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
