"""Calls that PyTorch refuses, and how a package refuses them."""

import warnings
from pathlib import Path
from typing import Any

__all__ = ["calls", "refusal"]

CALLS = Path(__file__).with_name("wrong_calls.txt")


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
