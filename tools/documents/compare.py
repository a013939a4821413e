"""Compares what two runs of a program printed."""

import re
from collections.abc import Iterator, Sequence

from tools.documents.extract import Block

__all__ = ["difference", "failures", "masked", "outcome_difference"]

_FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\d+(?=[eE][-+]))(?:[eE][-+]?\d+)?")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_SPACES = re.compile(r" +")

# Sums of numbers about one that cancel leave float32's rounding behind: any of it is zero.
_NOISE = 3e-7
# A float32 printed with more digits than it has, after a few steps of training: its last
# places depend on the order of summation.
_FLOAT32_PRECISION = 2e-6


def failures(
    program: Sequence[Block],
    expected: Sequence[dict[str, str]],
    actual: Sequence[dict[str, str]],
) -> str:
    """Say, a line each, which blocks of a program differ from what is expected, and how."""
    said = map(outcome_difference, expected, actual)
    lines = zip(program, said, strict=True)
    return "\n".join(f"block at line {block.line}: {text}" for block, text in lines if text)


def outcome_difference(expected: dict[str, str], actual: dict[str, str]) -> str | None:
    """Say where a block's outcome differs from the expected one, or return ``None``.

    A block that fails must fail with the same kind of error.
    """
    if expected["status"] != actual["status"]:
        return f"status {actual['status']} ({actual.get('error')}), expected {expected['status']}"
    if _kind(expected) != _kind(actual):
        return f"fails with {actual['error']!r}, expected {expected['error']!r}"
    return difference(expected["output"], actual["output"])


def _kind(outcome: dict[str, str]) -> str | None:
    return outcome["error"].split(":")[0] if outcome["status"] == "error" else None


def difference(expected: str, actual: str) -> str | None:
    """Say where a printed text differs from the expected one, or return ``None``.

    Floats may differ by one unit of the last place printed; object addresses, and the
    spaces that align columns, do not count.
    """
    for number, (theirs, ours) in enumerate(_lines(expected, actual), 1):
        if not _same(theirs, ours):
            return f"line {number}: {ours!r}, expected {theirs!r}"
    return None


def _lines(expected: str, actual: str) -> Iterator[tuple[str, str]]:
    theirs, ours = expected.rstrip().split("\n"), actual.rstrip().split("\n")
    longest = max(len(theirs), len(ours))
    for lines in (theirs, ours):
        lines.extend(["<end of the text>"] * (longest - len(lines)))
    return zip(theirs, ours, strict=True)


def masked(text: str) -> str:
    """Take the addresses out of ``<SumBackward0 object at 0x7f3a5c0d1e20>``."""
    return _ADDRESS.sub("0x", text)


def _same(expected: str, actual: str) -> bool:
    if expected == actual:
        return True
    theirs, ours = masked(expected), masked(actual)
    their_floats, our_floats = _FLOAT.findall(theirs), _FLOAT.findall(ours)
    return (
        _words(theirs) == _words(ours)
        and len(their_floats) == len(our_floats)
        and all(map(_close, their_floats, our_floats))
    )


def _words(line: str) -> list[str]:
    return [_SPACES.sub(" ", part).strip() for part in _FLOAT.split(line)]


def _close(expected: str, actual: str) -> bool:
    theirs, ours = float(expected), float(actual)
    if max(abs(theirs), abs(ours)) <= _NOISE:
        return True
    tolerance = max(_last_place(expected), _FLOAT32_PRECISION * abs(theirs))
    return abs(theirs - ours) <= tolerance * 1.001


def _last_place(number: str) -> float:
    """Return what one unit of the last place printed is worth: 0.01 for ``3.14``."""
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)
