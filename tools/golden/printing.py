"""Print tensors by PyTorch and write elements and texts into tests/golden/printing.json.

python tools/golden/printing.py
"""

import json
import math
from pathlib import Path
from typing import Any

import torch

FILE = Path(__file__).parents[2] / "tests" / "golden" / "printing.json"
NAN, INF = math.nan, math.inf
DTYPES = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
)


def randn(*shape: int) -> torch.Tensor:
    """Normal numbers, the same every time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def grad(tensor: torch.Tensor) -> torch.Tensor:
    """The same tensor, as a leaf that requires grad."""
    return tensor.clone().requires_grad_()


def tensors() -> dict[str, torch.Tensor]:
    """What is printed with the default options."""
    cases = {
        "numbers": randn(2, 3),
        "one number": torch.tensor(3.14159),
        "one whole number": torch.tensor(3.0),
        "one integer": torch.tensor(7),
        "one bool": torch.tensor(True),
        "one NaN": torch.tensor(NAN),
        "whole numbers": torch.tensor([1.0, -2.0, 300.0]),
        "whole numbers far apart": torch.tensor([1.0, 1001.0]),
        "whole numbers near enough": torch.tensor([1.0, 1000.0]),
        "large whole numbers": torch.tensor([1e8, 5e7]),
        "larger whole numbers": torch.tensor([1e8 + 8]),
        "large numbers": torch.tensor([1e8, 99999999.5], dtype=torch.float64),
        "small numbers": torch.tensor([1e-4, 5e-4], dtype=torch.float64),
        "smaller numbers": torch.tensor([0.9e-4, 5e-4]),
        "numbers far apart": torch.tensor([0.5, 501.0]),
        "numbers near enough": torch.tensor([0.5, 499.5]),
        "zeros": torch.zeros(2, 2),
        "negative zeros": torch.tensor([-0.0, 0.0, 1.0]),
        "no finite numbers": torch.tensor([NAN, INF, -INF, 0.0]),
        "not all finite": torch.tensor([1.5, NAN, INF, -INF]),
        "whole or not finite": torch.tensor([1.0, NAN, INF, -INF]),
        "powers or not finite": torch.tensor([1.5e-9, NAN, INF, -INF, 0.0]),
        "integers": torch.tensor([[1, -20], [300, 4]]),
        "bools": torch.tensor([[True, False], [False, False]]),
        "no element": torch.zeros(0),
        "no row": torch.zeros(0, 3),
        "no integer": torch.zeros(0, dtype=torch.int64),
        "no row of integers": torch.zeros(2, 0, 3, dtype=torch.int64),
        "several lines": randn(40),
        "several lines in a matrix": randn(2, 30),
        "many integers": torch.arange(50),
        "three dimensions": randn(2, 2, 3),
        "four dimensions": randn(2, 1, 2, 2),
        "a thousand": torch.arange(1000),
        "more than a thousand": torch.arange(1001),
        "a large matrix": torch.arange(40.0 * 30).reshape(40, 30),
        "a long matrix": torch.arange(1200).reshape(600, 2),
        "a large cube": torch.arange(7 * 8 * 20).reshape(7, 8, 20),
        "edges decide the style": torch.cat(
            [torch.ones(600), torch.tensor([1e9]), torch.ones(600)]
        ),
        "a leaf": grad(randn(2, 2)),
        "a leaf of doubles": grad(randn(2, 2).double()),
        "a product": grad(randn(2, 2)) * 2,
        "a long name": torch.nn.functional.conv2d(grad(randn(1, 1, 2, 2)), torch.ones(1, 1, 1, 1)),
        "a note that does not fit": grad(randn(7)) * 2,
        "notes that do not fit": grad(randn(8).double()) * 2,
        "a note that fits to the end": grad(randn(6)).exp(),
    }
    for dtype in DTYPES:
        name = str(dtype).removeprefix("torch.")
        cases[f"in {name}"] = torch.tensor([[0, 1, 2], [3, 4, 50]]).to(dtype)
        if dtype.is_floating_point:
            cases[f"fractions in {name}"] = randn(2, 3).to(dtype)
    return cases


OPTIONS: list[dict[str, Any]] = [
    {"precision": 2},
    {"precision": 0},
    {"precision": 8},
    {"threshold": 5},
    {"threshold": 5, "edgeitems": 1},
    {"threshold": 5, "edgeitems": 0},
    {"edgeitems": 0},
    {"linewidth": 40},
    {"linewidth": 5},
    {"sci_mode": True},
    {"sci_mode": False},
    {"profile": "short"},
    {"profile": "full"},
]


def tensors_for_options() -> dict[str, torch.Tensor]:
    """What is printed with every one of the options."""
    return {
        "numbers": randn(4, 5),
        "whole numbers": torch.tensor([1.0, 2.0, 3.0]),
        "small numbers": torch.tensor([1e-7, 0.5]),
        "zeros": torch.zeros(3),
        "one number": grad(torch.tensor(2.5)) * 1,
        "integers": torch.arange(12).reshape(2, 6),
    }


def record(tensor: torch.Tensor, options: dict[str, Any]) -> dict[str, Any]:
    """A tensor and its text."""
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**options)
    return {
        "options": options,
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "elements": tensor.detach().reshape(-1).tolist(),
        "requires_grad": tensor.requires_grad,
        "grad_fn": tensor.grad_fn.name() if tensor.grad_fn is not None else None,
        "text": repr(tensor),
    }


def main() -> None:
    """Write the file."""
    records = {name: record(tensor, {}) for name, tensor in tensors().items()}
    for options in OPTIONS:
        said = ", ".join(f"{key}={value!r}" for key, value in options.items())
        for name, tensor in tensors_for_options().items():
            records[f"{name} with {said}"] = record(tensor, options)
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in records.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
