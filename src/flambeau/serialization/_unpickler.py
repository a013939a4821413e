"""Reading the pickle of a checkpoint: a restricted unpickler, and the ordinary one.

The restricted one, for ``weights_only=True``, knows only the instructions that tensors and plain
values need, takes classes and functions from an allow-list, and checks what they are called with.
"""

import pickle
import pickletools
import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from types import ModuleType
from typing import Any, BinaryIO

from flambeau.ir import dtypes
from flambeau.serialization import _names
from flambeau.serialization._errors import weights_only_error
from flambeau.serialization._safe_globals import (
    BLOCKED_MODULES,
    DEFAULT_GLOBALS,
    MAKERS,
    check_key,
    user_globals,
)
from flambeau.serialization._storages import STORAGE_TYPES

__all__ = [
    "PersistentLoad",
    "RestrictedUnpickler",
    "load_anything",
    "load_weights",
    "unsafe_globals",
]

#: Makes an object of its persistent id.
PersistentLoad = Callable[[Any], Any]

_STDLIB = pickle._Unpickler.dispatch

# Instructions that only put plain values and containers together.
_HARMLESS = (
    pickle.PROTO,
    pickle.STOP,
    pickle.MARK,
    pickle.NONE,
    pickle.NEWTRUE,
    pickle.NEWFALSE,
    pickle.BININT,
    pickle.BININT1,
    pickle.BININT2,
    pickle.LONG1,
    pickle.BINFLOAT,
    pickle.BINUNICODE,
    pickle.SHORT_BINSTRING,
    pickle.EMPTY_TUPLE,
    pickle.TUPLE,
    pickle.TUPLE1,
    pickle.TUPLE2,
    pickle.TUPLE3,
    pickle.EMPTY_LIST,
    pickle.EMPTY_DICT,
    pickle.EMPTY_SET,
    pickle.BINGET,
    pickle.LONG_BINGET,
    pickle.BINPUT,
    pickle.LONG_BINPUT,
    pickle.GLOBAL,  # through find_class
)

# PyTorch allows these, but there is nothing here to make of them.
_NO_COUNTERPART = re.compile(
    r"torch\._utils\._rebuild_\w+|torch\.(uint|int|float|complex|quint|qint|bits)[0-9]\w*"
    r"|torch\.\w+Storage|torch\.sparse\.\w+|torch\.per_\w+"
)


def load_weights(
    file: BinaryIO, persistent_load: PersistentLoad, name: str, encoding: str = "utf-8"
) -> Any:
    """Unpickle tensors, plain values, and what the user has allowed.

    Args:
        file: the pickle; read no further than its end.
        persistent_load: makes a storage of its persistent id.
        name: what to call the checkpoint in errors.
        encoding: how to decode the strings of Python 2.

    Raises:
        UnpicklingError: on anything else, and on any damage.
    """
    unpickler = RestrictedUnpickler(file, persistent_load, encoding)
    try:
        return unpickler.load()
    except UnpicklingError as error:
        raise weights_only_error(name, str(error)) from None
    except _StorageError as error:
        raise error.args[0] from None
    except OSError:
        raise
    except EOFError as error:
        raise weights_only_error(name, "the pickle ends too early") from error
    except Exception as error:
        # Damaged instructions meet operands of any kind: an empty stack, a missing method …
        what = f"{type(error).__name__}: {error}"
        raise weights_only_error(name, what) from error


def load_anything(
    file: BinaryIO,
    persistent_load: PersistentLoad,
    pickle_module: ModuleType,
    **options: Any,
) -> Any:
    """Unpickle whatever the file holds, calling whatever it says.

    Args:
        file: the pickle; read no further than its end.
        persistent_load: makes a storage of its persistent id.
        pickle_module: whose ``Unpickler`` to use.
        options: for that.
    """
    base: type[pickle.Unpickler] = pickle_module.Unpickler

    class Unpickler(base):  # type: ignore[misc, valid-type]
        def find_class(self, module: str, name: str) -> Any:
            if not _names.is_torch(module):
                return super().find_class(module, name)
            return _find_torch(module, name)

    unpickler = Unpickler(file, **options)
    unpickler.persistent_load = persistent_load
    return unpickler.load()


def unsafe_globals(data: bytes) -> list[str]:
    """The classes and functions in a pickle that :func:`load_weights` would refuse, sorted."""
    found = {
        ".".join(_python3_name(*str(argument).split(" ", 1)))
        for instruction, argument, _ in pickletools.genops(data)
        if instruction.name == "GLOBAL"
    }
    return sorted(found - DEFAULT_GLOBALS.keys() - user_globals().keys())


def _python3_name(module: str, name: str) -> tuple[str, str]:
    """The name today of what a pickle of protocol 2 calls by its name in Python 2."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def _find_torch(module: str, name: str) -> Any:
    """flambeau's counterpart of something that PyTorch's pickles name."""
    if module == "torch" and name in dtypes.ALL:
        return dtypes.ALL[name]
    if (module, name) in STORAGE_TYPES:
        return STORAGE_TYPES[module, name]
    return _names.find(module, name)


class _StorageError(Exception):
    """Carries an error that is not the pickle's, but its storage's or device's, past it."""


class _Instructions(dict):
    """The instructions by their code; any other is refused."""

    def __missing__(self, code: int) -> Callable:
        raise UnpicklingError(
            f"Unsupported operand {code} (what was saved with a pickle_protocol other than 2 "
            "can only be loaded with weights_only=False)"
        )


class RestrictedUnpickler(pickle._Unpickler):
    """An unpickler that makes nothing but tensors, plain values, and what the user has allowed.

    Args:
        file: the pickle; read no further than its end.
        persistent_load: makes a storage of its persistent id.
        encoding: how to decode the strings of Python 2.
    """

    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(
        self, file: BinaryIO, persistent_load: PersistentLoad, encoding: str = "utf-8"
    ) -> None:
        super().__init__(file, encoding=encoding)
        self._load_storage = persistent_load
        self._user_globals = user_globals()
        self._user_objects = {id(obj) for obj in self._user_globals.values()}

    def find_class(self, module: str, name: str) -> Any:
        module, name = _python3_name(module, name)
        full_name = f"{module}.{name}"
        if module in BLOCKED_MODULES:
            raise UnpicklingError(
                f"Trying to load unsupported GLOBAL {full_name} whose module {module} is blocked."
            )
        for allowed in (DEFAULT_GLOBALS, self._user_globals):
            if full_name in allowed:
                return allowed[full_name]
        if _NO_COUNTERPART.fullmatch(full_name):
            raise UnpicklingError(f"flambeau has no counterpart of GLOBAL {full_name}")
        shown = full_name.removeprefix("builtins.")
        raise UnpicklingError(
            f"Unsupported global: GLOBAL {shown} was not an allowed global by default. "
            f"Please use `torch.serialization.add_safe_globals([{shown}])` or the "
            f"`torch.serialization.safe_globals([{shown}])` context manager to allowlist this "
            "global if you trust this class/function."
        )

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack[-1]
        make = MAKERS.get(id(function))
        if make is None and id(function) in self._user_objects:
            make = function
        if make is None:
            raise UnpicklingError(
                f"Trying to call reduce for unrecognized function {_brief(function)}"
            )
        self.stack[-1] = make(*arguments)

    def load_newobj(self) -> None:
        arguments = self.stack.pop()
        kind = self.stack.pop()
        if id(kind) in MAKERS and isinstance(kind, type):
            self.append(MAKERS[id(kind)](*arguments))
        elif id(kind) in self._user_objects:
            self.append(kind.__new__(kind, *arguments))
        else:
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted "
                f"via `add_safe_globals` but got {_brief(kind)}"
            )

    def load_build(self) -> None:
        target = self.stack[-2]
        if type(target) is OrderedDict:
            _set_attributes(target, self.stack.pop())
        elif id(type(target)) in self._user_objects:
            _STDLIB[pickle.BUILD[0]](self)  # type: ignore[arg-type]
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted "
                f"via `add_safe_globals`, but got {type(target)}"
            )

    def load_append(self) -> None:
        item = self.stack.pop()
        self._list().append(item)

    def load_appends(self) -> None:
        items = self.pop_mark()
        self._list().extend(items)

    def load_setitem(self) -> None:
        value = self.stack.pop()
        key = self.stack.pop()
        self._set_items([key, value])

    def load_setitems(self) -> None:
        self._set_items(self.pop_mark())

    def load_binpersid(self) -> None:
        persistent_id = self.stack.pop()
        try:
            self.append(self._load_storage(persistent_id))
        except UnpicklingError:
            raise
        except Exception as error:
            raise _StorageError(error) from error

    def _list(self) -> list:
        target = self.stack[-1]
        if type(target) is not list:
            raise UnpicklingError(f"Can only append to lists, but got {type(target)}")
        return target

    def _set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) not in (dict, OrderedDict, Counter):
            raise UnpicklingError(
                "Can only set items of dict, collections.OrderedDict, collections.Counter, "
                f"but got {type(target)}"
            )
        for key, value in zip(items[::2], items[1::2], strict=True):
            check_key(key)
            target[key] = value

    dispatch = _Instructions(
        {code[0]: _STDLIB[code[0]] for code in _HARMLESS}
        | {
            pickle.REDUCE[0]: load_reduce,
            pickle.NEWOBJ[0]: load_newobj,
            pickle.BUILD[0]: load_build,
            pickle.APPEND[0]: load_append,
            pickle.APPENDS[0]: load_appends,
            pickle.SETITEM[0]: load_setitem,
            pickle.SETITEMS[0]: load_setitems,
            pickle.BINPERSID[0]: load_binpersid,
        }
    )


def _set_attributes(target: OrderedDict, state: Any) -> None:
    """Give an OrderedDict attributes (a state_dict's ``_metadata``), but no methods."""
    if not isinstance(state, dict):
        raise UnpicklingError(f"an OrderedDict's attributes are a {type(state).__name__}")
    for name, value in state.items():
        if not isinstance(name, str) or hasattr(OrderedDict, name):
            raise UnpicklingError(f"an OrderedDict's attribute {name!r} cannot be set")
        target.__dict__[name] = value


def _brief(value: Any) -> str:
    """A short text for a value whose own could be endless."""
    return repr(value) if isinstance(value, type) else f"of type {type(value).__name__}"
