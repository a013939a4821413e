"""Every document and every script prints what PyTorch printed for it (tests/golden/)."""

import os
from pathlib import Path

import pytest

from tools.documents import golden
from tools.documents.compare import difference, failures
from tools.documents.extract import read_folder
from tools.documents.run import FLAMBEAU, programs, run_blocks, run_script

FOLDER = Path(os.environ.get("DOCUMENTS", golden.DOCUMENTS))
DOCUMENTS = read_folder(FOLDER) if FOLDER.is_dir() else {}


@pytest.mark.skipif(not DOCUMENTS, reason=f"no documents in {FOLDER}")
@pytest.mark.parametrize("form", ["as written", "repaired"])
@pytest.mark.parametrize("name", DOCUMENTS or ["none"])
def test_document_prints_what_pytorch_printed(name: str, form: str) -> None:
    blocks = DOCUMENTS[name]
    expected = golden.of_document(blocks)
    if expected is None:
        pytest.skip(f"{name} has no golden output: run `python -m tools.documents golden`")
    program = programs(blocks)[form]
    said = failures(program, expected[form], run_blocks(program, FLAMBEAU))
    assert not said, said


@pytest.mark.parametrize("script", golden.scripts(), ids=lambda script: script.stem)
def test_script_prints_what_pytorch_printed(script: Path) -> None:
    said = difference(golden.of_script(script), run_script(script, FLAMBEAU))
    assert said is None, said
