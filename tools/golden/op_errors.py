"""Write how PyTorch refuses wrong calls: run `python -m tools.golden.op_errors`."""

import json
from pathlib import Path

import torch

from tests.ops.wrong_calls import calls, refusal

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "ops" / "errors.json"


def main() -> None:
    """Write the file; a call that PyTorch takes is an error."""
    found = {call: refusal(call, torch) for call in calls()}
    taken = [call for call, error in found.items() if error is None]
    if taken:
        raise SystemExit("PyTorch takes these calls:\n" + "\n".join(taken))
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
