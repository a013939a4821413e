"""Running a program under ``flambeau run`` so that it cannot tell from ``python``.

Arguments, ``__main__``, ``__file__``, ``sys.path`` and exit codes are the program's own.
Whatever it raises goes on to the interpreter, which ends the process as it always does
(status 1, SIGINT's 130, a broken pipe's 120); only the runner's frames are taken out of
the traceback first.
"""

import builtins
import importlib.machinery
import importlib.util
import itertools
import os
import sys
from collections.abc import Sequence
from importlib.machinery import BuiltinImporter, ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType, TracebackType

from flambeau.cli import torch_names

__all__ = ["run"]

# The interpreter goes on using the `__main__` that it began with: it must not be freed.
_launcher = sys.modules["__main__"]

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def run(kind: str, what: str, arguments: Sequence[str]) -> int | None:
    """Run a program: ``kind`` is ``"script"``, ``"-m"`` or ``"-c"``, ``what`` names it.

    Returns an exit code if the program could not be started, otherwise ``None``.
    """
    torch_names.install()
    start = {"script": _start_script, "-m": _start_module, "-c": _start_command}[kind]
    sys.argv[:] = [what, *arguments]
    try:
        main, code = start(what)
        exec(code, main.__dict__)
    except _CannotStart as error:
        print(f"flambeau run: {error}", file=sys.stderr)
        return error.code
    except SystemExit:
        raise
    except BaseException as error:
        _hide_runner(error)
        raise
    return None


class _CannotStart(Exception):
    def __init__(self, complaint: str, code: int) -> None:
        super().__init__(complaint)
        self.code = code


def _start_script(path: str) -> tuple[ModuleType, CodeType]:
    container = None if path == "-" else PathFinder.find_spec("__main__", [path])
    if container is not None:
        _set_search_path(os.path.abspath(path))
        return _from_spec(container)
    if os.path.isdir(path):
        raise _CannotStart(f"can't find '__main__' module in {path!r}", 1)
    if path == "-":
        _set_search_path("")
        return _new_main(BuiltinImporter), compile(sys.stdin.buffer.read(), "<stdin>", "exec")
    file = os.path.abspath(path)
    try:
        with open(file, "rb") as stream:
            source = stream.read()
    except OSError as error:
        complaint = f"can't open file {file!r}: [Errno {error.errno}] {error.strerror}"
        raise _CannotStart(complaint, 2) from None
    _set_search_path(os.path.dirname(os.path.realpath(file)))
    main = _new_main(SourceFileLoader("__main__", file))
    main.__file__ = file
    main.__dict__["__cached__"] = None
    return main, compile(source, file, "exec", dont_inherit=True)


def _start_command(code: str) -> tuple[ModuleType, CodeType]:
    sys.argv[0] = "-c"
    _set_search_path("")
    return _new_main(BuiltinImporter), compile(code, "<string>", "exec", dont_inherit=True)


def _start_module(name: str) -> tuple[ModuleType, CodeType]:
    sys.argv[0] = "-m"
    _set_search_path(os.getcwd())
    spec = _find_module(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _find_module(f"{name}.__main__")
        if spec is None:
            complaint = f"No module named {name}.__main__; {name!r} is a package"
            raise _CannotStart(f"{complaint} and cannot be directly executed", 1)
    if spec is None:
        raise _CannotStart(f"No module named {name}", 1)
    main, code = _from_spec(spec)
    sys.argv[0] = str(spec.origin)
    return main, code


def _find_module(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        return None


def _from_spec(spec: ModuleSpec) -> tuple[ModuleType, CodeType]:
    code = spec.loader.get_code(spec.name)  # type: ignore[union-attr]
    if code is None:
        raise _CannotStart(f"no code object available for {spec.name}", 1)
    main = _new_main(spec.loader)
    main.__spec__ = spec
    main.__package__ = spec.parent
    main.__file__ = spec.origin
    main.__dict__["__cached__"] = spec.cached
    return main, code


def _new_main(loader: object) -> ModuleType:
    """Make a ``__main__`` as the interpreter does and put it where everybody looks for it."""
    main = ModuleType("__main__")
    main.__dict__.update(__loader__=loader, __builtins__=builtins, __annotations__={})
    sys.modules["__main__"] = main
    return main


def _set_search_path(entry: str) -> None:
    # The interpreter put a folder of its own there, unless it was told not to.
    if not sys.flags.safe_path:
        sys.path[0] = entry


def _hide_runner(error: BaseException) -> None:
    """Let the interpreter report ``error`` without the runner's frames."""
    report = sys.excepthook
    own = _without_runner(error.__traceback__)

    def excepthook(
        kind: type[BaseException], value: BaseException, traceback: TracebackType | None
    ) -> None:
        if value is error:
            traceback = sys.last_traceback = error.__traceback__ = own
        report(kind, value, traceback)

    sys.excepthook = excepthook


def _without_runner(traceback: TracebackType | None) -> TracebackType | None:
    entries = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(_FOLDER):
            entries.append(traceback)
        traceback = traceback.tb_next
    for entry, following in itertools.zip_longest(entries, entries[1:]):
        entry.tb_next = following
    return entries[0] if entries else None
