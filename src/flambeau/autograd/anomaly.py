"""Anomaly detection: find the operation whose derivative first gave a nan."""

from __future__ import annotations

import threading
import traceback
import warnings
from typing import Any

from flambeau import runtime
from flambeau.tensor import Tensor

__all__ = ["detect_anomaly", "is_anomaly_enabled", "set_detect_anomaly", "state"]


class _State(threading.local):
    enabled = False
    check_nan = True


state = _State()


def is_anomaly_enabled() -> bool:
    """Whether derivatives are checked for nan."""
    return state.enabled


def remember(fn: Any) -> None:
    """Note on a graph node, for the report, the lines that recorded it."""
    frames = [frame for frame in traceback.extract_stack() if not runtime.is_ours(frame.filename)]
    fn.metadata["traceback_"] = traceback.format_list(frames)


def check(fn: Any, results: tuple[Any, ...]) -> None:
    """RuntimeError naming ``fn`` when one of the gradients it gave has a nan."""
    if not state.check_nan:
        return
    for number, result in enumerate(results):
        if isinstance(result, Tensor) and bool(result.isnan().any()):
            report(fn)
            raise RuntimeError(
                f"Function '{fn.name()}' returned nan values in its {number}th output."
            )


def report(fn: Any) -> None:
    """Warn of an error in the derivative of ``fn``, with the lines that recorded it."""
    lines = fn.metadata.get("traceback_")
    if lines is None:
        text = (
            "No forward pass information available. Enable detect anomaly during forward pass "
            "for more information."
        )
    else:
        text = "Traceback of forward call that caused the error:\n" + "".join(lines)
    warnings.warn(f"Error detected in {fn.name()}. {text}", stacklevel=2)


class set_detect_anomaly:
    """Turn nan checks on or off, at once as a call, for the body as a ``with``."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.outer = (state.enabled, state.check_nan)
        state.enabled, state.check_nan = mode, check_nan

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        state.enabled, state.check_nan = self.outer


class detect_anomaly(set_detect_anomaly):
    """Within the body, backward raises at the first derivative that gives a nan.

    >>> import flambeau as torch
    >>> import warnings
    >>> warnings.simplefilter("ignore")  # of the lines that recorded it
    >>> x = torch.zeros(1, requires_grad=True)
    >>> with torch.autograd.set_detect_anomaly(True):
    ...     (x.sqrt() * 0).sum().backward()
    Traceback (most recent call last):
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.outer = (state.enabled, state.check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )
        self.check_nan = check_nan

    def __enter__(self) -> None:
        state.enabled, state.check_nan = True, self.check_nan
