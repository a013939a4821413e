"""The golden outputs: what PyTorch printed for the documents' blocks and for our scripts."""

import json
from pathlib import Path

from tools.documents.compare import masked
from tools.documents.extract import Block, key
from tools.documents.run import PYTORCH, programs, run_blocks, run_script

__all__ = ["DOCUMENTS", "of_document", "of_script", "scripts", "write"]

_ROOT = Path(__file__).resolve().parents[2]
_GOLDEN = _ROOT / "tests" / "golden"

DOCUMENTS = _ROOT.parent / "shared" / "sources"


def scripts() -> list[Path]:
    """Return the scripts that print the same with PyTorch and with flambeau."""
    return sorted((_ROOT / "tests" / "documents" / "scripts").glob("*.py"))


def of_document(blocks: list[Block]) -> dict[str, list[dict[str, str]]] | None:
    """Return the golden outcomes of a document's programs, ``None`` for an unknown document."""
    path = _document(blocks)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def of_script(script: Path) -> str:
    """Return what PyTorch printed for a script."""
    return _script(script).read_text(encoding="utf-8")


def write(documents: dict[str, list[Block]]) -> None:
    """Run the documents and the scripts with PyTorch and keep what they print."""
    for name, blocks in documents.items():
        path = _document(blocks)
        print(f"{name} -> {path.relative_to(_ROOT)}")
        _write(path, json.dumps(_outcomes(blocks), indent=1, ensure_ascii=False) + "\n")
    for script in scripts():
        print(script.name)
        _write(_script(script), run_script(script, PYTORCH))


def _outcomes(blocks: list[Block]) -> dict[str, list[dict[str, str]]]:
    return {
        form: [
            {"block": block.digest, **outcome}
            for block, outcome in zip(program, run_blocks(program, PYTORCH), strict=True)
        ]
        for form, program in programs(blocks).items()
    }


def _document(blocks: list[Block]) -> Path:
    return _GOLDEN / "documents" / f"{key(blocks)}.json"


def _script(script: Path) -> Path:
    return _GOLDEN / "scripts" / f"{script.stem}.txt"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(masked(text), encoding="utf-8")
