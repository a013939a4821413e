"""Every document and every script prints the same with PyTorch and with flambeau, live."""

import os
from pathlib import Path

import pytest

from tools.documents import golden
from tools.documents.compare import difference, failures
from tools.documents.extract import read_folder
from tools.documents.run import FLAMBEAU, PYTORCH, programs, run_blocks, run_script

pytest.importorskip("torch")

FOLDER = Path(os.environ.get("DOCUMENTS", golden.DOCUMENTS))
DOCUMENTS = read_folder(FOLDER) if FOLDER.is_dir() else {}


@pytest.mark.skipif(not DOCUMENTS, reason=f"no documents in {FOLDER}")
@pytest.mark.parametrize("form", ["as written", "repaired"])
@pytest.mark.parametrize("name", DOCUMENTS or ["none"])
def test_document_prints_the_same(name: str, form: str) -> None:
    program = programs(DOCUMENTS[name])[form]
    said = failures(program, run_blocks(program, PYTORCH), run_blocks(program, FLAMBEAU))
    assert not said, said


@pytest.mark.parametrize("script", golden.scripts(), ids=lambda script: script.stem)
def test_script_prints_the_same(script: Path) -> None:
    said = difference(run_script(script, PYTORCH), run_script(script, FLAMBEAU))
    assert said is None, said


@pytest.mark.parametrize("script", golden.scripts(), ids=lambda script: script.stem)
def test_golden_output_of_a_script_is_pytorchs(script: Path) -> None:
    assert difference(run_script(script, PYTORCH), golden.of_script(script)) is None
