"""Write how PyTorch refuses wrong calls: run `python -m tools.golden.op_errors`."""

import json
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "ops" / "errors.json"
CALLS = ROOT / "tests" / "ops" / "wrong_calls.txt"


def calls() -> list[str]:
    """The calls, without comments."""
    lines = CALLS.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def names(torch: Any) -> dict[str, Any]:
    """What a call may speak of."""
    return {
        "torch": torch,
        "F": torch.nn.functional,
        "linalg": torch.linalg,
        "x": torch.tensor([[1.0, 2.0, 2.0], [3.0, 0.5, -1.0]]),
        "i": torch.tensor([[1, 2], [3, 4]]),
        "b": torch.tensor([True, False]),
        "u": torch.tensor([200, 200], dtype=torch.uint8),
        "e": torch.zeros(0, 3),
        "s": torch.tensor(2.0),
        "g": torch.ones(2, requires_grad=True),
    }


def refusal(call: str, torch: Any) -> list[str] | None:
    """The error's type and the first line of its message; None if there is no error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(call, names(torch))
        except Exception as error:
            builtin = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
            return [builtin.__name__, str(error).partition("\n")[0]]
    return None


def main() -> None:
    """Write the file; a call that PyTorch takes is an error."""
    import torch

    found = {call: refusal(call, torch) for call in calls()}
    taken = [call for call, error in found.items() if error is None]
    if taken:
        raise SystemExit("PyTorch takes these calls:\n" + "\n".join(taken))
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
