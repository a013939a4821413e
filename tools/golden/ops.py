"""Write the golden values of the operations: run `python -m tools.golden.ops [family …]`.

For every case of every operation, what PyTorch gives in float32: values and gradients.
"""

import functools
import sys
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy
import torch

from tests.ops.harness import Case, Form, Package, cases, run

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "ops"


def function(key: str) -> Any:
    """PyTorch's function for the key of an operation, such as `nn.functional.relu`."""
    *places, name = key.removeprefix("torch.").split(".")
    home = functools.reduce(getattr, places, torch)
    if hasattr(home, name):
        return getattr(home, name)
    inplace = getattr(home, f"{name}_")
    return lambda input, *args, **kwargs: inplace(input.clone(), *args, **kwargs)


def tensor(array: numpy.ndarray, dtype: str) -> torch.Tensor:
    """A leaf of the dtype, from an array."""
    return torch.tensor(numpy.array(array, order="C")).to(getattr(torch, dtype))


PYTORCH = Package(torch, tensor, function)


def record(case: Case) -> dict[str, numpy.ndarray]:
    """The arrays that stand for a case: its values, then the gradients that there are.

    Where PyTorch cannot differentiate, an empty array says so.
    """
    extra = {}
    try:
        outcome = run(case, PYTORCH)
    except RuntimeError:
        outcome = run(case, PYTORCH, Form(grad=False))
        extra[f"{case}|values only"] = numpy.zeros(0)
    values = {f"{case}|value{n}": value for n, value in enumerate(outcome.values)}
    gradients = {
        f"{case}|gradient{n}": gradient
        for n, gradient in enumerate(outcome.gradients)
        if gradient is not None
    }
    return values | gradients | extra


def main(families: list[str]) -> None:
    """Write the files of the given families, or of all."""
    warnings.simplefilter("ignore")
    by_family: dict[str, dict[str, Any]] = defaultdict(dict)
    refused = []
    for case in cases():
        if families and case.family not in families:
            continue
        try:
            by_family[case.family].update(record(case))
        except Exception as error:
            refused.append(f"{case}: {error!r}")
    GOLDEN.mkdir(exist_ok=True)
    for family, arrays in by_family.items():
        numpy.savez_compressed(GOLDEN / f"{family}.npz", **arrays)
    if refused:
        sys.exit("PyTorch refuses these cases:\n" + "\n".join(refused))


if __name__ == "__main__":
    main(sys.argv[1:])
