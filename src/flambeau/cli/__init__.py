"""The ``flambeau`` command: ``flambeau run`` runs an unmodified PyTorch program."""

import importlib.metadata
import sys
from collections.abc import Sequence

from flambeau.cli.program import run

__all__ = ["main"]

_USAGE = """\
usage: flambeau run script.py [arguments ...]
       flambeau run -m module [arguments ...]
       flambeau run -c code [arguments ...]
       flambeau --version

Runs an unmodified PyTorch program on flambeau: in it, `import torch` and
`import torchvision` give flambeau's modules. Everything after the script, the
module or the code belongs to the program.
"""


def main(arguments: Sequence[str] | None = None) -> int | None:
    """Run the ``flambeau`` command and return its exit code.

    A program under ``flambeau run`` ends as it would under ``python``: what it raises,
    ``SystemExit`` included, passes through here to the interpreter.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words in (["--help"], ["-h"], ["run", "--help"], ["run", "-h"]):
        print(_USAGE, end="")
        return 0
    if words == ["--version"]:
        print("flambeau", importlib.metadata.version("flambeau"))
        return 0
    if words[:1] != ["run"]:
        return _misused(f"unknown command {words[0]!r}" if words else "a command is missing")
    return _run(words[1:])


def _run(words: list[str]) -> int | None:
    if not words:
        return _misused("a script, -m or -c is missing")
    kind = words[0] if words[0] in ("-m", "-c") else "script"
    if kind == "script" and words[0].startswith("-") and words[0] != "-":
        return _misused(f"unknown option {words[0]!r}")
    operands = words if kind == "script" else words[1:]
    if not operands:
        return _misused(f"{kind} needs an argument")
    return run(kind, operands[0], operands[1:])


def _misused(complaint: str) -> int:
    print(f"flambeau: {complaint}\n\n{_USAGE}", end="", file=sys.stderr)
    return 2
