"""PyTorch's names for flambeau's modules.

After :func:`install`, ``import torch.nn`` gives the very module ``flambeau.nn``, and
``import torchvision`` gives ``flambeau.vision``; modules, classes and functions carry
PyTorch's names, so that printed forms and pickles say ``torch.…``.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType

from flambeau.cli import workers
from flambeau.ir import naming

__all__ = ["install"]

# Where PyTorch shows what is defined in these modules.
_SHOWN_IN = {
    "flambeau.generator": "torch",
    "flambeau.handles": "torch.utils.hooks",
    "flambeau.ir.dtypes": "torch",
    "flambeau.size": "torch",
    "flambeau.tensor": "torch",
}
# The modules whose functions stand in `flambeau.ops`, and are PyTorch's only here.
_OPERATIONS = {"flambeau", "flambeau.linalg", "flambeau.nn.functional", "flambeau.special"}
# The class whose name in PyTorch is also that of an argument everywhere.
_RENAMED = {"DType": "dtype"}


def install() -> None:
    """Give PyTorch's names to flambeau in this process and in the workers it starts."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    naming.use_torch_names()
    sys.meta_path.insert(0, _Finder())
    for name, module in list(sys.modules.items()):
        after = _after_import(name)
        if after is not None:
            after(module)


def _after_import(name: str) -> Callable[[ModuleType], None] | None:
    """What is to be done with a module once it has been imported."""
    if _torch_name(name) is not None:
        return _adopt
    return {
        "multiprocessing.spawn": lambda spawn: workers.prepare_spawn(spawn, install),
        "multiprocessing.forkserver": workers.prepare_forkserver,
    }.get(name)


def _torch_name(name: str) -> str | None:
    # The runner must stay importable by its own name: workers unpickle it before they
    # know any other.
    return None if naming.within(name, "flambeau.cli") else naming.torch_module(name)


def _adopt(module: ModuleType) -> None:
    """Give a flambeau module, and what is defined in it, PyTorch's name."""
    ours = module.__name__
    theirs = _torch_name(ours)
    if theirs is None:
        return
    shown = _SHOWN_IN.get(ours) or _public(theirs)
    for name, value in list(vars(module).items()):
        if not isinstance(value, type | FunctionType):
            continue
        if value.__module__ == ours:
            value.__module__ = theirs if name.startswith("_") else shown
        elif ours in _OPERATIONS and value.__module__.split(".")[1:2] == ["ops"]:
            value.__module__ = shown
        if value.__qualname__ in _RENAMED:
            value.__name__ = value.__qualname__ = _RENAMED[value.__qualname__]
    module.__name__ = theirs
    sys.modules[theirs] = module


def _public(name: str) -> str:
    """Return the package that shows what a private module of it defines."""
    package, _, last = name.rpartition(".")
    return package if last.startswith("_") else name


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        ours = naming.flambeau_module(name)
        if ours is not None:
            if importlib.util.find_spec(ours) is None:
                complaint = f"No module named {name!r} (flambeau has no module {ours!r})"
                raise ModuleNotFoundError(complaint, name=name)
            return ModuleSpec(name, _AliasLoader(ours))
        after = _after_import(name)
        if after is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenLoader(spec.loader, after)
        return spec


class _AliasLoader(Loader):
    """Loads a module that has another name already."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just overwritten it with the alias's.
        module.__spec__ = self.spec


class _ThenLoader(Loader):
    """Loads a module as ``loader`` does, then calls ``after`` with it."""

    def __init__(self, loader: Loader, after: Callable[[ModuleType], None]) -> None:
        self.loader = loader
        self.after = after

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.after(module)
