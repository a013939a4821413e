"""``torch.utils.checkpoint``: trade computing for memory. Here it only calls the function.

The results and gradients are those of PyTorch's; the memory is not saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable | None = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``: what backward needs is kept, not computed again."""
    return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """The input passed through the functions (or the children of a Sequential) in turn."""
    steps: Sequence[Callable] = list(getattr(functions, "children", lambda: functions)())
    for step in steps:
        input = step(input)
    return input
