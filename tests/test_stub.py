"""``tensor.pyi`` is what ``tools/make_stubs.py`` makes of the sources."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def made():
    spec = importlib.util.spec_from_file_location("make_stubs", ROOT / "tools" / "make_stubs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.stub()


def without_line_numbers(text):
    return re.sub(r"(# [\w/]+\.py):\d+", r"\1", text)


def test_the_stub_lists_every_method_with_its_signature_and_source():
    committed = (ROOT / "src" / "flambeau" / "tensor.pyi").read_text()
    assert without_line_numbers(committed) == without_line_numbers(made())
