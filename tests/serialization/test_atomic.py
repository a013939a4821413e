"""A path holds the old checkpoint or the new one, whatever happens while saving."""

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import flambeau as torch

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and rights are POSIX's")


def value(path: Path) -> int:
    return torch.load(path)["value"].item()


def save(path: Path, number: int) -> None:
    torch.save({"value": torch.tensor(number)}, path)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob(".*.tmp"))


def test_a_file_is_replaced_not_rewritten(tmp_path):
    path = tmp_path / "model.pt"
    save(path, 1)
    with open(path, "rb") as old:
        save(path, 2)
        assert torch.load(old)["value"].item() == 1
    assert value(path) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_pickled_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    save(path, 1)
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        torch.save({"value": torch.tensor(2), "bad": (i for i in range(3))}, path)
    assert value(path) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    save(path, 1)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RuntimeError, match=r"cannot write .*model\.pt': No space left on device"):
        save(path, 2)
    assert value(path) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name_and_the_name_after(tmp_path, monkeypatch):
    calls = []

    def record(name):
        original = getattr(os, name)

        def wrapper(*arguments):
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
            calls.append("fsync of the folder" if is_folder else name)
            return original(*arguments)

        monkeypatch.setattr(os, name, wrapper)

    record("fsync")
    record("replace")
    save(tmp_path / "model.pt", 1)
    assert calls == ["fsync", "replace", "fsync of the folder"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .*none does not exist\."):
        save(tmp_path / "none" / "model.pt", 1)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(RuntimeError, match="Is a directory"):
        save(tmp_path, 1)


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "latest.pt"
    link.symlink_to(tmp_path / "real" / "model.pt")
    save(link, 1)
    save(link, 2)
    assert link.is_symlink()
    assert value(tmp_path / "real" / "model.pt") == 2


def test_rights_are_those_of_any_new_file_and_then_kept(tmp_path):
    path = tmp_path / "model.pt"
    save(path, 1)
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    path.chmod(0o640)
    save(path, 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_pipe_is_written_as_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        save(pipe, 1)
        (tmp_path / "copy.pt").write_bytes(os.read(reader, 1 << 16))
    finally:
        os.close(reader)
    assert value(tmp_path / "copy.pt") == 1
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_long_name_can_be_saved(tmp_path):
    path = tmp_path / ("n" * 250)
    save(path, 1)
    assert value(path) == 1


def test_leftovers_of_killed_processes_are_removed(tmp_path):
    path = tmp_path / "model.pt"
    dead = tmp_path / ".model.pt.0123456789abcdef.tmp"
    dead.write_bytes(b"half a checkpoint")
    other = tmp_path / ".other.pt.0123456789abcdef.tmp"
    other.touch()
    save(path, 1)
    assert leftovers(tmp_path) == [other]


def test_the_file_of_a_process_that_still_writes_is_left_alone(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    alive = tmp_path / ".model.pt.0123456789abcdef.tmp"
    with open(alive, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        save(tmp_path / "model.pt", 1)
        assert alive.exists()


# Saves one checkpoint after another, all of whose tensors hold its number.
_WRITER = """
import sys
import flambeau as torch

path, number = sys.argv[1], int(sys.argv[2])
while True:
    number += 1
    torch.save({i: torch.full((5000,), number) for i in range(20)}, path)
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def kill_while_saving(path: Path, first: int, saves: int, delay: float) -> int:
    """Let a process save, kill it ``delay`` after a number of saves; gives the last it finished."""
    command = [sys.executable, "-c", _WRITER, str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(saves):
            assert writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        finished = writer.stdout.read().split()
    return int(finished[-1]) if finished else first + saves


def check_kills(path: Path, saves: int, saves_per_kill: int) -> None:
    torch.save({i: torch.full((5000,), 0) for i in range(20)}, path)
    random.seed(saves)
    last = 0
    while last < saves:
        finished = kill_while_saving(path, last, saves_per_kill, random.uniform(0, 0.01))
        state = torch.load(path)
        numbers = {tensor[i].item() for tensor in state.values() for i in (0, 2500, -1)}
        assert len(state) == 20
        assert len(numbers) == 1
        (last,) = numbers
        assert last in (finished, finished + 1)
        assert len(leftovers(path.parent)) <= 1
    save(path, -1)
    assert leftovers(path.parent) == []


def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path):
    check_kills(tmp_path / "model.pt", saves=20, saves_per_kill=5)


@pytest.mark.slow
def test_processes_killed_often_leave_a_whole_checkpoint_each_time(tmp_path):
    check_kills(tmp_path / "model.pt", saves=200, saves_per_kill=4)
