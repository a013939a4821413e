"""The demo trains, says what it does, and leaves what it promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import flambeau

DEMO = Path(__file__).resolve().parents[2] / "examples" / "lenet_mnist.py"


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_demo_learns_and_leaves_a_checkpoint_and_pictures(small_mnist: Path) -> None:
    options = ["--data", str(small_mnist), "--epochs", "3", "--batch-size", "8"]
    ended = demo(small_mnist, *options)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "96 digits to learn from, 40 held out, 61,706 weights"
    losses = [float(loss) for loss in re.findall(r"held-out digits: loss ([\d.]+)", ended.stdout)]
    assert len(losses) == 3
    assert losses[2] < losses[0]
    assert re.search(r"epoch 3/3: 100%.*loss [\d.]+, accuracy [\d.]+%", ended.stderr)
    output = small_mnist / "demo-output"
    assert lines[-1].startswith("wrote demo-output/lenet.pt, demo-output/curves.png and ")
    for picture in ("curves.png", "predictions.png"):
        assert (output / picture).read_bytes().startswith(b"\x89PNG")
    state = flambeau.load(output / "lenet.pt")
    assert list(state)[:2] == ["conv1.weight", "conv1.bias"]


def test_demo_with_the_same_seed_learns_the_same(small_mnist: Path) -> None:
    options = ["--data", str(small_mnist), "--epochs", "1"]
    first, second = (demo(small_mnist, *options, "--seed", "5") for _ in range(2))
    other = demo(small_mnist, *options, "--seed", "6")
    assert first.stdout == second.stdout
    assert first.stdout != other.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--data", "no_such"], "there is no folder no_such: --data needs one"),
        (["--data", "."], ". has neither t10k-images-idx3-ubyte.gz nor"),
        (["--epochs", "0"], "--epochs and --batch-size must be at least 1"),
        (["--batch-size", "x"], "invalid int value: 'x'"),
    ],
)
def test_wrong_input_is_named(words: list[str], complaint: str, tmp_path: Path) -> None:
    ended = demo(tmp_path, *words)
    assert ended.returncode != 0
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr
