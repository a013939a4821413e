"""Write what PyTorch's random operations give: run `python -m tools.golden.random_ops`."""

import json
from pathlib import Path

import torch

from tools.golden.random_cases import CASES, ERRORS, outcome

FILE = Path(__file__).parents[2] / "tests" / "golden" / "random.json"


def main() -> None:
    """Write `random.json`."""
    records = {case: outcome(case, torch) for case in (*CASES, *ERRORS)}
    assert not [case for case in CASES if "error" in records[case]]
    assert not [case for case in ERRORS if "error" not in records[case]]
    lines = [f"{json.dumps(case)}: {json.dumps(record)}" for case, record in records.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
