"""No operation without cases, no primitive that no case reaches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flambeau.ops._registry import OPERATIONS
from tests.ops.harness import cases
from tests.ops.reach import primitives_by_name

#: Operations that are tried elsewhere.
WITHOUT_CASES: dict[str, str] = {}

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
