"""A program that never mentions torch cannot tell ``flambeau run`` from ``python``."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import FLAMBEAU, PYTHON, Run

PROGRAMS = {
    "arguments": "import sys; print(sys.argv)",
    "file": "print(__file__, __name__, __package__, __spec__, __cached__)",
    "loader": "print(type(__loader__).__name__, __doc__, __annotations__, __builtins__)",
    "docstring": "'a docstring'\nprint(__doc__)",
    "search path": "import sys; print(sys.path[0])",
    "neighbour": "import neighbour; print(neighbour.__name__)",
    "end": "print('done')",
    "exit with a number": "import sys; sys.exit(7)",
    "exit with nothing": "import sys; sys.exit()",
    "exit with a message": "import sys; sys.exit('no such thing')",
    "exit with true": "raise SystemExit(True)",
    "exception": "def f():\n    return 1 / 0\nf()",
    "chained exceptions": (
        "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e"
    ),
    "exception group": "raise ExceptionGroup('two', [ValueError(1), TypeError(2)])",
    "exception of one's own": "class Mine(Exception): pass\nraise Mine('x')",
    "excepthook": "import sys\nsys.excepthook = lambda *a: print('hook', a[1])\n1 / 0",
    "last traceback": (
        "import atexit, sys, traceback\n"
        "atexit.register(lambda: traceback.print_tb(sys.last_traceback))\n1 / 0"
    ),
    "syntax error": "x = (",
    "bad indentation": "if 1:\nx",
    "encoding": "# coding: latin-1\nprint('caf\\xe9')",
    "missing import": "import no_such_module",
    "interrupt": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)",
    "terminated": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "at exit": "import atexit\natexit.register(print, 'bye')\nprint(__name__)\n1 / 0",
    "at exit, its globals": "import atexit\nx = 3\natexit.register(lambda: print(x))",
    "thread": "import threading as t\nt.Timer(0.1, print, ['late']).start()\nprint('early')",
    "thread that fails": "import threading as t\nt.Thread(target=lambda: 1 / 0, name='T').start()",
    "pickle": (
        "import pickle\nclass Point: pass\n"
        "data = pickle.dumps(Point())\nprint(data, type(pickle.loads(data)))"
    ),
    "main module": "import __main__\nx = 5\nprint(__main__.x, __main__.__dict__ is globals())",
    "warning": "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=1)",
    "input": "print(input())",
    "source": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
    "future": "x: undefined_name = 1",
}


@pytest.fixture(autouse=True)
def neighbour(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("")


@pytest.mark.parametrize("name", PROGRAMS)
def test_script_behaves_as_under_python(name: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(PROGRAMS[name], encoding="latin-1")
    assert_same(run, "script.py", "--flag", "value")


def test_deep_recursion_is_reported_as_under_python(run: Run, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def f():\n    return f()\nf()")
    ours, theirs = run(FLAMBEAU, "run", "script.py"), run(PYTHON, "script.py")
    repeated = re.compile(r"repeated \d+ more times")
    assert repeated.sub("", ours.stderr) == repeated.sub("", theirs.stderr)
    assert ours.returncode == theirs.returncode == 1


@pytest.mark.parametrize(
    "name", ["arguments", "search path", "exception", "syntax error", "main module"]
)
def test_command_behaves_as_under_python(name: str, run: Run) -> None:
    assert_same(run, "-c", PROGRAMS[name], "-m", "value")


@pytest.mark.parametrize("name", ["arguments", "search path", "exception", "main module"])
def test_standard_input_behaves_as_under_python(name: str, run: Run) -> None:
    assert_same(run, "-", "value", stdin=PROGRAMS[name])


MODULE_FACTS = (
    "import sys; print(__name__, __package__, __spec__.name, __file__, sys.argv, sys.path[0])"
)


def test_module_behaves_as_under_python(run: Run, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE_FACTS)
    assert_same(run, "-m", "module", "-x")


def test_package_behaves_as_under_python(run: Run, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("print('init')")
    (package / "__main__.py").write_text("from . import part\n" + MODULE_FACTS)
    (package / "part.py").write_text("")
    assert_same(run, "-m", "package", "-x")
    assert_same(run, "-m", "package.part")


def test_folder_behaves_as_under_python(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__main__.py").write_text(MODULE_FACTS)
    assert_same(run, "folder", "-x")


def test_script_in_a_folder_behaves_as_under_python(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "script.py").write_text(
        "import sys; print(__file__, sys.path[0], sys.argv)"
    )
    (tmp_path / "link.py").symlink_to(tmp_path / "folder" / "script.py")
    assert_same(run, "folder/script.py")
    assert_same(run, "link.py")


def test_broken_pipe_ends_as_under_python(run: Run, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('x\\n' * 100_000)")
    shell = ["bash", "-o", "pipefail", "-c", '"$@" | head -n 1', "bash"]
    theirs = run([*shell, *PYTHON], "script.py")
    ours = run([*shell, *FLAMBEAU], "run", "script.py")
    assert (ours.returncode, ours.stdout, ours.stderr) == (
        theirs.returncode,
        theirs.stdout,
        theirs.stderr,
    )
    assert "BrokenPipeError" in ours.stderr


def assert_same(run: Run, *words: str, stdin: str = "typed\n") -> None:
    theirs = run(PYTHON, *words, stdin=stdin)
    ours = run(FLAMBEAU, "run", *words, stdin=stdin)
    assert ours.stdout == theirs.stdout
    assert ours.stderr == theirs.stderr
    assert ours.returncode == theirs.returncode
