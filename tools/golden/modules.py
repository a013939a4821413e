"""Write what PyTorch says of modules: run `python -m tools.golden.modules`."""

import json
from pathlib import Path

import torch

from tools.golden import module_cases as cases

GOLDEN = Path(__file__).parents[2] / "tests" / "golden"


def main() -> None:
    """Write `modules.json`: the outcomes of statements, and of seeded fills."""
    outcomes = [cases.outcome(torch, setup, expression) for setup, expression in cases.CASES]
    fills = [cases.filled(torch, *fill) for fill in cases.FILLS]
    lines = ",\n".join(json.dumps(entry) for entry in outcomes)
    rows = ",\n".join(json.dumps(rounded(entry)) for entry in fills)
    text = f'{{"outcomes": [\n{lines}\n],\n"fills": [\n{rows}\n]}}\n'
    (GOLDEN / "modules.json").write_text(text)


def rounded(fill: list) -> list:
    """The same with seven digits, which is what a float32 has."""
    values, said, following = fill
    if isinstance(values, list):
        values = [float(f"{value:.7g}") for value in values]
    return [values, said, following]


if __name__ == "__main__":
    main()
