"""The examples on sequences run, learn, say the same for the same seed, and name what is wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training_programs import SONNET

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def losses(ended: subprocess.CompletedProcess[str]) -> list[float]:
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return [
        float(loss) for loss in re.findall(r"^step \d+: loss ([\d.]+)$", ended.stdout, re.MULTILINE)
    ]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "sonnet.txt"
    file.write_text(SONNET)
    return file


def write(text: Path, *words: str) -> subprocess.CompletedProcess[str]:
    small = ["--steps", "20", "--every", "10", "--width", "16", "--length", "8", "--sample", "40"]
    return run("char_lstm.py", "--data", str(text), *small, *words)


def test_lstm_learns_to_write(text: Path) -> None:
    ended = write(text, "--lr", "0.02")
    first, last = losses(ended)
    assert last < first
    letters = len(set(SONNET))
    assert ended.stdout.startswith(f"{len(SONNET)} characters, {letters} different ones, ")
    written = ended.stdout.split("\n", 3)[3].removesuffix("\n")
    assert len(written) == 41
    assert written[0] == SONNET[0]
    assert set(written) <= set(SONNET)


def test_lstm_with_the_same_seed_writes_the_same(text: Path) -> None:
    first, second = (write(text, "--seed", "5").stdout for _ in range(2))
    assert first == second
    assert write(text, "--seed", "6").stdout != first


def test_wrong_texts_are_named(tmp_path: Path) -> None:
    ended = write(tmp_path / "no_such.txt")
    assert ended.returncode != 0
    assert "no_such.txt cannot be read" in ended.stderr
    short = tmp_path / "short.txt"
    short.write_text("too short")
    ended = write(short)
    assert ended.returncode != 0
    assert "short.txt is too short: 9 characters" in ended.stderr


def test_transformer_learns_to_sort() -> None:
    small = ["--steps", "60", "--every", "20", "--width", "16", "--layers", "1", "--digits", "3"]
    ended = run("transformer.py", *small)
    curve = losses(ended)
    assert len(curve) == 3
    assert curve[2] < curve[0]
    row = r"\[\d, \d, \d\]"
    assert re.search(rf"^{row} in order: {row}$", ended.stdout, re.MULTILINE)
    assert re.search(
        r"^sorted without a mistake: \d+% of 100 new rows$", ended.stdout, re.MULTILINE
    )
