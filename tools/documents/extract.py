"""Takes the code blocks out of a document."""

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Block", "extract", "is_valid", "key", "read_folder", "repaired"]

_QUOTE = re.compile(r"^(?:\s*>[ ]?)+")
_FENCE = re.compile(r"^(?P<indent>\s*)```(?P<language>\S*)")
_CELL = re.compile(r"^In \[\d+\]:\s*$")
# How a cell's printed result begins: a tensor, a size, a number, a list, `name : value`.
_OUTPUT = re.compile(r"^(tensor\(|torch\.Size\(|[-\d\[(]|[\w.]+ : )")

# What a document takes for granted when it shows a piece of a longer session.
_PRELUDE = """\
import torch
from torch import nn
import torch.nn.functional as F
device = "cpu"
"""


class Block(NamedTuple):
    """A piece of code and the line of the document where it begins."""

    code: str
    line: int

    @property
    def digest(self) -> str:
        """What identifies the block: golden outputs are kept under it, without its text."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:16]


def read_folder(folder: Path) -> dict[str, list[Block]]:
    """Extract the blocks of every document in a folder, by file name."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".md"))
    return {path.name: extract(path.read_text(encoding="utf-8")) for path in files}


def key(blocks: list[Block]) -> str:
    """Identify a document by its code."""
    digests = " ".join(block.digest for block in blocks)
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def extract(text: str) -> list[Block]:
    """Return the code blocks of a document in order, as they stand.

    Code is what stands in a fence marked ``python`` or ``py``, in a quotation or not, and
    what follows ``In [3]:`` up to the cell's printed result.
    """
    lines = text.splitlines()
    blocks = []
    number = 0
    while number < len(lines):
        fence = _FENCE.match(_QUOTE.sub("", lines[number]))
        if fence:
            quoted = bool(_QUOTE.match(lines[number]))
            body = list(_fenced(lines[number + 1 :], quoted))
            if fence["language"].lower() in ("python", "py"):
                blocks.append(Block(_without_indent(body, fence["indent"]), number + 2))
            number += len(body) + 2
        elif _CELL.match(lines[number]):
            code = _cell(lines[number + 1 :])
            blocks.append(Block(code, number + 2))
            number += 1 + code.count("\n")
        else:
            number += 1
    return blocks


def _fenced(lines: list[str], quoted: bool) -> Iterator[str]:
    for line in lines:
        bare = _QUOTE.sub("", line) if quoted else line
        if bare.strip() == "```":
            return
        yield bare


def _without_indent(lines: list[str], indent: str) -> str:
    return "".join(line.removeprefix(indent) + "\n" for line in lines)


def _cell(lines: list[str]) -> str:
    """Return the code at the beginning of ``lines``: paragraphs, until one is not code."""
    code = ""
    for paragraph in _paragraphs(lines):
        if _OUTPUT.match(paragraph.lstrip("\n")) or not is_valid(code + paragraph):
            break
        code += paragraph
    return code.rstrip() + "\n"


def _paragraphs(lines: list[str]) -> Iterator[str]:
    paragraph = ""
    for line in lines:
        if _CELL.match(line):
            break
        if paragraph.strip() and not line.strip():
            yield paragraph
            paragraph = ""
        paragraph += line + "\n"
    yield paragraph


def is_valid(code: str) -> bool:
    """Tell whether the code has no syntax error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            ast.parse(code)
    except SyntaxError:
        return False
    return True


def repaired(blocks: list[Block]) -> list[Block]:
    """Return the program that a reader of the document would run.

    What the document takes for granted comes first, a parenthesis that was forgotten is
    closed, and blocks that show an output instead of code are left out.
    """
    closed = [
        block._replace(code=block.code.rstrip() + ")\n")
        if not is_valid(block.code) and is_valid(block.code.rstrip() + ")")
        else block
        for block in blocks
    ]
    return [Block(_PRELUDE, 0), *(block for block in closed if is_valid(block.code))]
