"""``python -m tools.documents`` on documents that are there and on ones that are not."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def documents(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.documents", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_list_shows_every_block_and_marks_what_is_not_code(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("```python\nx = 1\n```\n```py\nx (\n```\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    ended = documents("list", "--documents", str(tmp_path))
    heading, first, second = ended.stdout.splitlines()
    assert heading == "a.md: 2 blocks"
    assert first.split()[0] == "2"
    assert first.endswith("x = 1")
    assert second.endswith("x (  [syntax error]")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    ended = documents("list", "--documents", str(tmp_path / "none"))
    assert ended.returncode == 2
    assert f"no folder {tmp_path / 'none'}: name one with --documents DIR" in ended.stderr
