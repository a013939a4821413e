"""The command itself: its help, its version, and what it says when it is misused."""

import pytest

import flambeau
from flambeau.cli import main
from tests.cli.conftest import FLAMBEAU, Run

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["run", "--help"]])
def test_help_goes_to_standard_output(words: list[str], capsys: Capture) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("usage: flambeau run script.py")


def test_version_is_printed(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"flambeau {flambeau.__version__}\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "a command is missing"),
        (["train.py"], "unknown command 'train.py'"),
        (["run"], "a script, -m or -c is missing"),
        (["run", "-m"], "-m needs an argument"),
        (["run", "-c"], "-c needs an argument"),
        (["run", "--verbose", "x.py"], "unknown option '--verbose'"),
    ],
)
def test_misuse_is_named_and_the_usage_shown(
    words: list[str], complaint: str, capsys: Capture
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"flambeau: {complaint}\n\nusage:")


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["no_such.py"], 2, "can't open file"),
        (["-m", "no_such"], 1, "No module named no_such"),
        (["-m", "json.no_such"], 1, "No module named json.no_such"),
        (["-m", "email"], 1, "No module named email.__main__; 'email' is a package"),
        (["."], 1, "can't find '__main__' module in '.'"),
    ],
)
def test_missing_program_is_named(words: list[str], code: int, complaint: str, run: Run) -> None:
    ended = run(FLAMBEAU, "run", *words)
    assert ended.returncode == code
    assert ended.stderr.startswith(f"flambeau run: {complaint}")
    assert "Traceback" not in ended.stderr
