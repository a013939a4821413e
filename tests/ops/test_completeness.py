"""No operation without cases, no primitive that no case reaches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flambeau.ops._registry import OPERATIONS
from tests.ops.harness import cases
from tests.ops.reach import primitives_by_name

#: Operations that cases cannot try, and where they are tried instead.
_RANDOM = """
    Tensor.bernoulli_ Tensor.cauchy_ Tensor.exponential_ Tensor.geometric_ Tensor.log_normal_
    Tensor.normal_ Tensor.random_ Tensor.uniform_ torch.bernoulli torch.binomial torch.multinomial
    torch.normal torch.poisson torch.rand torch.rand_like torch.randint torch.randint_like
    torch.randn torch.randn_like torch.randperm
""".split()  # noqa: SIM905  a list of names reads better so
WITHOUT_CASES: dict[str, str] = dict.fromkeys(_RANDOM, "numbers are drawn: tests/test_random.py")
WITHOUT_CASES |= {
    "Tensor.apply_": "takes a Python function",
    "Tensor.fill_diagonal_": "writes in place only",
    "Tensor.is_shared": "says how memory is held, not what is in it",
    "Tensor.map_": "takes a Python function",
    "Tensor.pin_memory": "gives the tensor itself",
    "Tensor.share_memory_": "gives the tensor itself",
    "linalg.eigh": "signs of eigenvectors are free: eigvalsh has the cases",
    "linalg.svd": "signs of singular vectors are free: svdvals and pinv have the cases",
    "nn.functional.upsample": "deprecated: calls interpolate, which has the cases",
    "nn.functional.upsample_bilinear": "deprecated: calls interpolate",
    "nn.functional.upsample_nearest": "deprecated: calls interpolate",
}

#: Primitives that are recorded otherwise than by an operation's case.
WITHOUT_OPERATION = {
    "ITEM": "made beside the primitives that have several outputs",
}


def test_every_operation_has_a_case() -> None:
    without = {key for key, operation in OPERATIONS.items() if not operation.cases}
    assert without == WITHOUT_CASES.keys()


def test_every_primitive_is_reached_by_a_case() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.ops.reach"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == WITHOUT_OPERATION.keys()


def test_primitives_are_found() -> None:
    assert {"ADD", "SUM", "GATHER", "DOT_GENERAL"} <= primitives_by_name().keys()


def test_no_case_stands_twice() -> None:
    everything = [str(case) for case in cases()]
    assert len(everything) == len(set(everything))
