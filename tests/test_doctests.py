"""The examples in docstrings print what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import flambeau

ROOT = Path(flambeau.__file__).parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules_with_examples() -> list[str]:
    files = (file for file in ROOT.rglob("*.py") if ">>> " in file.read_text(encoding="utf-8"))
    names = (".".join(file.relative_to(ROOT.parent).with_suffix("").parts) for file in files)
    return sorted(name.removesuffix(".__init__") for name in names)


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_print_what_they_say(name: str) -> None:
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module, optionflags=FLAGS)
    assert tried > 0
    assert failed == 0
