"""PyTorch's profiler by its name, for scripts that use it: what it wraps runs as it is."""

from __future__ import annotations

from typing import Any

__all__ = ["emit_nvtx", "profile", "record_function"]


class profile:
    """Run the body; there is nothing to report."""

    def __init__(self, enabled: bool = True, **options: Any) -> None:
        self.enabled = enabled

    def __enter__(self) -> profile:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def key_averages(self, *args: Any, **kwargs: Any) -> profile:
        """The report, grouped: this profile itself."""
        return self

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The report as text: empty."""
        return ""

    def export_chrome_trace(self, path: str) -> None:
        """Write a trace without events."""
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"traceEvents": []}\n')


class emit_nvtx(profile):
    """Run the body."""


class record_function:
    """Name the body in a profile."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *exception: object) -> None:
        pass
