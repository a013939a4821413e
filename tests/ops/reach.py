"""Which primitives the cases reach: run `python -m tests.ops.reach`.

A process of its own, because what was traced once is not recorded a second time.
"""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from collections.abc import Callable
from typing import Any

from flambeau.ir import primitives
from flambeau.ir.node import Primitive
from tests.ops.harness import FLAMBEAU, cases, run

__all__ = ["primitives_by_name"]


def primitives_by_name() -> dict[str, Primitive]:
    """Every primitive of the IR, by the name of the module and its own."""
    found: dict[str, Primitive] = {}
    for info in pkgutil.iter_modules(primitives.__path__):
        module = importlib.import_module(f"{primitives.__name__}.{info.name}")
        found |= {name: x for name, x in vars(module).items() if isinstance(x, Primitive)}
    return found


def main() -> None:
    """Print the names of the primitives that no case records."""
    reached = set()

    def noting(name: str, infer: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **attrs: Any) -> Any:
            reached.add(name)
            return infer(*args, **attrs)

        return noted

    everything = primitives_by_name()
    for name, primitive in everything.items():
        primitive.infer = noting(name, primitive.infer)
    warnings.simplefilter("ignore")
    for case in cases():
        run(case, FLAMBEAU)
    print(*sorted(everything.keys() - reached), sep="\n")


if __name__ == "__main__":
    main()
