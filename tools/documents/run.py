"""Starts programs with PyTorch or with flambeau."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tools.documents.extract import Block, repaired

__all__ = ["FLAMBEAU", "PYTORCH", "programs", "run_blocks", "run_script"]

PYTORCH = [sys.executable]
FLAMBEAU = [sys.executable, "-m", "flambeau", "run"]

_ROOT = Path(__file__).resolve().parents[2]
_SEED = 20


def programs(blocks: list[Block]) -> dict[str, list[Block]]:
    """Return the forms in which a document is run: as it stands, and repaired."""
    return {"as written": blocks, "repaired": repaired(blocks)}


def run_blocks(blocks: list[Block], launcher: list[str]) -> list[dict[str, str]]:
    """Run a document's program and return each block's outcome."""
    request = json.dumps({"seed": _SEED, "blocks": [block.code for block in blocks]})
    return json.loads(_run([*launcher, "-m", "tools.documents.play"], request))


def run_script(script: Path, launcher: list[str]) -> str:
    """Run a script and return what it prints."""
    return _run([*launcher, str(script)], "")


def _run(command: list[str], stdin: str) -> str:
    ended = subprocess.run(
        command,
        cwd=_ROOT,
        env=os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"},
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ended.stderr}")
    return ended.stdout
