"""Thousands of damaged checkpoints: each gives the right tensors, or one clear error.

Case number ``n`` is made by ``random.Random(n)``, so a failure can be looked at by its number.
"""

import io
import pickle
import random
import signal
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any

import pytest

import flambeau as torch
from flambeau.nn.parameter import Parameter
from flambeau.serialization._safe_globals import DEFAULT_GLOBALS
from flambeau.serialization._storages import Storage
from tests.serialization.archives import archive, records, saved

BASE = torch.arange(12.0).view(3, 4)
STATE = OrderedDict(
    weight=BASE,
    part=BASE[:, 1:3],
    parameter=Parameter(torch.ones(2)),
    flags=torch.tensor([True, False, True]),
    step=torch.tensor(7),
    group={"lr": 0.1, "betas": (0.9, 0.999), "name": "sgd", "params": [0, 1, 2**70]},
    other=[None, b"bytes", {1, 2}, 1j, torch.Size([2]), torch.bfloat16, torch.device("cpu")],
)
STATE._metadata = {"": {"version": 1}}  # type: ignore[attr-defined]

WHOLE = saved(STATE)
RECORDS = records(WHOLE)
LEGACY = saved(STATE, _use_new_zipfile_serialization=False)

# The last only for an unknown byte order.
ERRORS = (RuntimeError, EOFError, UnpicklingError, ValueError)
KNOWN_TYPES = (
    (torch.Tensor, Parameter, torch.Size, torch.device, type(torch.float32))
    + (dict, OrderedDict, Counter, list, tuple, set)
    + (bool, int, float, complex, str, bytes, bytearray, type(None), Storage)
)
# A forged checkpoint may hold what it may name.
ALLOWED = {id(obj) for obj in DEFAULT_GLOBALS.values()}

# Events of the interpreter that loading from memory has no reason to cause.
FORBIDDEN = ("compile", "exec", "import", "open", "os.", "shutil.", "socket.", "subprocess.")

_caused: list[str] | None = None


def _watch(event: str, arguments: tuple) -> None:
    if _caused is not None and event.startswith(FORBIDDEN):
        _caused.append(event)


sys.addaudithook(_watch)


@contextmanager
def causing_nothing() -> Iterator[None]:
    """Check that the block imports, opens and runs nothing."""
    global _caused
    _caused = []
    try:
        yield
        assert _caused == []
    finally:
        _caused = None


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    """Stop a load that never ends."""
    if not hasattr(signal, "alarm"):
        yield
        return
    signal.alarm(240)
    yield
    signal.alarm(0)


# How a file is damaged -------------------------------------------------------------------


def change_bytes(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def flip_bit(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def cut_out(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 64) :]


def repeat(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start : start + rng.randint(1, 64)] * 2 + data[start:]


def zero(rng: random.Random, data: bytes) -> bytes:
    start, length = rng.randrange(len(data)), rng.randint(1, 200)
    return (data[:start] + bytes(length) + data[start + length :])[: len(data)]


def change_directory(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    start = data.index(b"PK\x01\x02")
    for _ in range(rng.randint(1, 3)):
        value = rng.choice([0, 1, 0xFF, rng.randrange(256)])
        changed[rng.randrange(start, len(data))] = value
    return bytes(changed)


DAMAGE = (change_bytes, flip_bit, cut, cut_out, repeat, zero, change_directory)


# How a file is forged: its checksums are right ---------------------------------------------


OPCODES = [
    getattr(pickle, name)
    for name in pickle.__all__
    if name.isupper() and isinstance(getattr(pickle, name), bytes)
]
GLOBALS = [
    b"cbuiltins\neval\n",
    b"cposix\nsystem\n",
    b"cbuiltins\nset\n",
    b"ctorch\nSize\n",
    b"ctorch\nTensor\n",
    b"ctorch.nn.parameter\nParameter\n",
    b"ccollections\nCounter\n",
    b"ctorch._tensor\n_rebuild_from_type_v2\n",
]


def insert_opcode(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(2, len(data))
    return data[:start] + rng.choice(OPCODES) + data[start:]


def replace_opcode(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(2, len(data))
    return data[:start] + rng.choice(OPCODES) + data[start + 1 :]


def insert_call(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(2, len(data))
    call = rng.choice(GLOBALS) + rng.choice(
        [b")", b"N", b"](K\x01K\x02e\x85", b"}\x85", b"K\x05\x85"]
    )
    return data[:start] + call + rng.choice([b"R", b"\x81", b"b", b"Q", b"s"]) + data[start:]


def move_slice(rng: random.Random, data: bytes) -> bytes:
    start, target = rng.randrange(2, len(data)), rng.randrange(2, len(data))
    piece = data[start : start + rng.randint(1, 40)]
    return data[:target] + piece + data[target:]


PICKLE_FORGERIES = (insert_opcode, replace_opcode, insert_call, move_slice) + (
    change_bytes,
    flip_bit,
    cut_out,
    repeat,
)


def forge_pickle(rng: random.Random) -> bytes:
    content = RECORDS["data.pkl"]
    for _ in range(rng.randint(1, 3)):
        content = rng.choice(PICKLE_FORGERIES)(rng, content)
    return archive(RECORDS | {"data.pkl": content})


def swap_records(rng: random.Random) -> bytes:
    first, second = rng.sample(sorted(RECORDS), 2)
    return archive(RECORDS | {first: RECORDS[second], second: RECORDS[first]})


def resize_record(rng: random.Random) -> bytes:
    name = rng.choice(sorted(RECORDS))
    content = RECORDS[name]
    longer = content + bytes(rng.randint(1, 100))
    return archive(RECORDS | {name: rng.choice([longer, content[:-1], b""])})


def drop_record(rng: random.Random) -> bytes:
    dropped = rng.choice(sorted(RECORDS))
    return archive({name: data for name, data in RECORDS.items() if name != dropped})


# What comes of it --------------------------------------------------------------------------


def content(obj: Any, seen: frozenset[int] = frozenset()) -> Any:
    """Something that compares equal for equal objects; fails on what has no business there."""
    assert type(obj) in KNOWN_TYPES or id(obj) in ALLOWED
    if id(obj) in seen:
        return "a cycle"
    seen |= {id(obj)}
    if isinstance(obj, torch.Tensor):
        values = obj.detach().tolist() if obj.numel() < 10_000 else None
        return type(obj), obj.dtype, obj.shape, obj.stride(), obj.requires_grad, values
    if isinstance(obj, dict):
        extra = dict(vars(obj)) if type(obj) is OrderedDict else {}
        return type(obj), [(key, content(value, seen)) for key, value in obj.items()], extra
    if isinstance(obj, list | tuple):
        return type(obj), [content(item, seen) for item in obj]
    return type(obj), repr(obj)


def checked(error: Exception, name: str) -> Exception:
    """An error that names the file."""
    assert not isinstance(error, ValueError) or "Unknown endianness type" in str(error)
    assert name in "\n".join([str(error), *getattr(error, "__notes__", ())])
    return error


def load(data: bytes) -> Any:
    """The content of a checkpoint, or the error."""
    try:
        with causing_nothing():
            obj = torch.load(io.BytesIO(data))
    except ERRORS as error:
        return checked(error, "in a BytesIO")
    return content(obj)


EXPECTED = content(STATE)


def damaged_gives_the_same_or_an_error(number: int) -> bool:
    rng = random.Random(number)
    data = rng.choice(DAMAGE)(rng, WHOLE)
    result = load(data)
    assert isinstance(result, ERRORS) or result == EXPECTED, number
    return isinstance(result, ERRORS)


def forged_gives_known_types_or_an_error(number: int) -> bool:
    rng = random.Random(number)
    forge = rng.choice([forge_pickle] * 5 + [swap_records, resize_record, drop_record])
    return isinstance(load(forge(rng)), ERRORS)


def damaged_legacy_gives_known_types_or_an_error(number: int) -> bool:
    rng = random.Random(number)
    data = rng.choice((change_bytes, flip_bit, cut, cut_out, repeat, zero))(rng, LEGACY)
    return isinstance(load(data), ERRORS)


KINDS = (
    damaged_gives_the_same_or_an_error,
    forged_gives_known_types_or_an_error,
    damaged_legacy_gives_known_types_or_an_error,
)


def run(kind: Callable[[int], bool], numbers: range) -> None:
    failed = sum(kind(number) for number in numbers)
    # Of thousands of damaged files, many must be found out, and some are unhurt.
    assert 0.3 * len(numbers) < failed < len(numbers)


def test_the_whole_file_loads():
    assert load(WHOLE) == EXPECTED
    assert load(archive(RECORDS)) == EXPECTED
    assert load(LEGACY) == EXPECTED


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_give_the_right_tensors_or_a_clear_error(kind):
    run(kind, range(170))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", range(0, 3400, 680))
def test_thousands_of_damaged_files_give_the_right_tensors_or_a_clear_error(kind, start):
    run(kind, range(start, start + 680))


def test_mapped_files_that_are_damaged_give_known_types_or_an_error(tmp_path):
    path = tmp_path / "damaged.pt"
    for number in range(100):
        rng = random.Random(number)
        path.write_bytes(rng.choice(DAMAGE)(rng, WHOLE))
        try:
            content(torch.load(path, mmap=True))
        except ERRORS as error:
            checked(error, "damaged.pt")


def test_running_something_is_noticed():
    with pytest.raises(AssertionError, match="open"), causing_nothing(), open(__file__):
        pass
