"""With ``weights_only`` a file can do nothing but give tensors and plain values."""

import os
import pickle
import struct
from collections import OrderedDict, defaultdict
from fractions import Fraction
from pickle import UnpicklingError

import numpy as np
import pytest

import flambeau as torch
from flambeau.nn.parameter import Parameter
from tests.serialization.archives import checkpoint, loaded, saved

# Pieces of pickles, protocol 2.
PROTO = b"\x80\x02"


def glob(name: str) -> bytes:
    """Push a class or function."""
    return b"c" + name.replace(" ", "\n").encode() + b"\n"


def push(value: object) -> bytes:
    """Push a plain value."""
    return pickle.dumps(value, protocol=2)[2:-1]


def call(name: str, *arguments: object) -> bytes:
    """Push what a function gives for plain arguments."""
    return glob(name) + push(arguments) + b"R"


def run(*parts: bytes, **storages: bytes) -> object:
    return loaded(checkpoint(PROTO + b"".join(parts) + b".", **storages))


def refused(*parts: bytes, match: str, **storages: bytes) -> None:
    with pytest.raises(UnpicklingError, match=match):
        run(*parts, **storages)


def storage(kind: str = "FloatStorage", key: str = "0", length: int = 4) -> bytes:
    """Push a reference to a storage."""
    kind_and_key = glob(f"torch {kind}") + push(key)
    return b"(" + push("storage") + kind_and_key + push("cpu") + push(length) + b"tQ"


def tensor(
    offset: object = 0,
    size: object = (4,),
    stride: object = (1,),
    requires_grad: object = False,
    source: bytes | None = None,
) -> bytes:
    """Push a tensor on four floats."""
    arguments = b"".join(push(value) for value in (offset, size, stride, requires_grad))
    source = storage() if source is None else source
    return glob("torch._utils _rebuild_tensor_v2") + b"(" + source + arguments + b"NtR"


FOUR = np.arange(4, dtype=np.float32).tobytes()


def test_the_pieces_make_a_tensor():
    assert run(tensor(), _0=FOUR).tolist() == [0.0, 1.0, 2.0, 3.0]


# Names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "builtins eval",
        "builtins exec",
        "builtins getattr",
        "builtins __import__",
        "subprocess Popen",
        "functools partial",
        "operator attrgetter",
        "collections defaultdict",
        "numpy.core.multiarray _reconstruct",
        "flambeau.serialization load",
        "torch.serialization load",
        "torch.hub load",
        "torch.nn.modules.linear Linear",
    ],
)
def test_what_is_not_on_the_list_is_refused(name):
    shown = name.replace(" ", ".").removeprefix("builtins.").replace(".", r"\.")
    match = rf"Weights only load failed[\s\S]*GLOBAL {shown} was not an allowed global by default"
    refused(glob(name), match=match)


@pytest.mark.parametrize("name", ["os system", "posix system", "nt system", "sys exit"])
def test_modules_of_the_system_are_refused_even_when_allowed(name):
    with torch.serialization.safe_globals([(os.system, name.replace(" ", "."))]):
        refused(glob(name), match=r"Trying to load unsupported GLOBAL .* is blocked")


def test_a_refused_function_is_not_called(tmp_path):
    trap = tmp_path / "sprung"

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(trap),)

    data = saved([torch.ones(1), Trap()])
    with pytest.raises(UnpicklingError, match="is blocked"):
        loaded(data)
    assert not trap.exists()
    loaded(data, weights_only=False)
    assert trap.exists()


def test_the_message_says_what_to_do_and_which_file_it_is(tmp_path):
    torch.save(Fraction(1, 2), tmp_path / "half.pt")
    with pytest.raises(UnpicklingError) as caught:
        torch.load(tmp_path / "half.pt")
    message = str(caught.value)
    assert message.startswith("Weights only load failed. This file can still be loaded")
    assert "torch.serialization.add_safe_globals([fractions.Fraction])" in message
    assert "half.pt" in message


# What the user allows --------------------------------------------------------------------


class Point:
    def __init__(self, x):
        self.x = x


def test_an_allowed_class_is_loaded():
    data = saved({"point": Point(torch.ones(2))})
    with torch.serialization.safe_globals([Point]):
        assert torch.serialization.get_safe_globals() == [Point]
        assert loaded(data)["point"].x.tolist() == [1.0, 1.0]
    assert torch.serialization.get_safe_globals() == []
    with pytest.raises(UnpicklingError, match="Point was not an allowed global"):
        loaded(data)


def test_classes_are_allowed_until_the_list_is_cleared():
    data = saved(Point(1))
    torch.serialization.add_safe_globals([Point])
    try:
        assert loaded(data).x == 1
    finally:
        torch.serialization.clear_safe_globals()
    with pytest.raises(UnpicklingError, match="Point was not an allowed global"):
        loaded(data)


def test_a_class_is_allowed_under_another_name():
    with torch.serialization.safe_globals([(Point, "elsewhere.Spot")]):
        point = run(glob("elsewhere Spot") + b")\x81" + push({"x": 3}) + b"b")
    assert type(point) is Point
    assert point.x == 3


def test_an_allowed_function_is_called():
    with torch.serialization.safe_globals([(len, "builtins.len")]):
        assert run(call("builtins len", "four")) == 4


def test_numpy_arrays_are_loaded_when_their_parts_are_allowed():
    parts = [np._core.multiarray._reconstruct, np.ndarray, np.dtype, np.dtypes.Int64DType]
    data = saved(np.arange(3))
    with pytest.raises(UnpicklingError, match="was not an allowed global"):
        loaded(data)
    with torch.serialization.safe_globals(parts):
        assert loaded(data).tolist() == [0, 1, 2]


@pytest.mark.parametrize("pair", [(Point, "a", "b"), (Point,)])
def test_a_pair_must_have_two_parts(pair):
    with (
        torch.serialization.safe_globals([pair]),
        pytest.raises(ValueError, match="Expected tuple of length 2"),
    ):
        run(b"N")


def test_the_second_part_of_a_pair_must_be_a_name():
    with (
        torch.serialization.safe_globals([(Point, 3)]),
        pytest.raises(TypeError, match="Expected second item in tuple to be str"),
    ):
        run(b"N")


def test_the_globals_that_would_be_refused_can_be_asked_for(tmp_path):
    path = tmp_path / "mixed.pt"
    torch.save([torch.ones(1), Fraction(1, 2), defaultdict(int), {1}], path)
    ask = torch.serialization.get_unsafe_globals_in_checkpoint
    assert ask(path) == ["builtins.int", "collections.defaultdict", "fractions.Fraction"]
    with torch.serialization.safe_globals([Fraction, int]):
        assert ask(path) == ["collections.defaultdict"]
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="Expected input to be a checkpoint"):
        ask(path)


# Calls -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        push("text") + push(()),
        push([1]) + push(()),
        glob("torch float32") + push(()),
        glob("torch FloatStorage") + push(()),
        glob("torch Tensor") + push((10**12,)),
        call("collections OrderedDict") + push(()),
    ],
)
def test_only_functions_on_the_list_are_called(parts):
    refused(parts + b"R", match="Trying to call reduce for unrecognized function")


@pytest.mark.parametrize(
    "parts",
    [
        call("builtins bytearray", 10**12),
        call("builtins bytes", 10**12),
        call("builtins set", "text"),
        call("builtins set", 5),
        call("builtins complex", "1+2j"),
        call("collections Counter", "aab"),
        call("collections Counter", 7),
        call("collections OrderedDict", 7),
        call("collections OrderedDict", [(1, 2, 3)]),
        call("_codecs encode", "text", "zlib_codec"),
        call("_codecs encode", b"bytes", "latin1"),
        call("_codecs encode", "x" * 100, "idna"),
        call("torch Size", "ab"),
        call("torch Size", (1.5,)),
        call("torch device", 0),
        call("torch device", "no such device"),
        call("torch._utils _rebuild_tensor_v2"),
        call("torch._utils _rebuild_tensor_v2", 1, 2, 3, 4, 5, 6),
        call("torch._utils _rebuild_parameter", 1, True, ()),
        call("torch.nn.parameter Parameter", [1.0]),
    ],
)
def test_functions_on_the_list_are_not_called_with_anything(parts):
    refused(parts, match="Weights only load failed")


@pytest.mark.parametrize("kind", ["Tensor", "float32", "FloatStorage"])
def test_nothing_else_is_made_by_new(kind):
    refused(glob(f"torch {kind}") + b")\x81", match="Can only create new object for")
    refused(push(1) + b")\x81", match="Can only create new object for")


# Attributes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        glob("torch Size"),
        glob("torch.nn.parameter Parameter"),
        glob("torch._utils _rebuild_tensor_v2"),
        glob("collections OrderedDict"),
        push([]),
        push({}),
        tensor(),
    ],
)
def test_nothing_but_ordered_dicts_gets_attributes(target):
    slots = b"N" + push({"__len__": 1}) + b"\x86b"
    refused(target, push({"x": 1}), b"b", match="Can only build", _0=FOUR)
    refused(target, slots, match="Can only build", _0=FOUR)


@pytest.mark.parametrize("state", [{"items": 1}, {"__class__": 1}, {"copy": 1}, {1: 1}, [1], None])
def test_an_ordered_dict_gets_no_methods(state):
    refused(call("collections OrderedDict"), push(state), b"b", match="OrderedDict's attribute")


@pytest.mark.parametrize("name", ["_cell", "backward", "shape", "__class__", "_views", 3])
def test_a_tensor_gets_no_methods_and_no_storage(name):
    parts = glob("torch._tensor _rebuild_from_type_v2") + b"("
    parts += glob("torch._utils _rebuild_tensor_v2") + glob("torch Tensor") + b"("
    parts += storage() + push(0) + push((4,)) + push((1,)) + b"\x89Nt" + push({name: 1}) + b"tR"
    refused(parts, match="attribute .* cannot be set", _0=FOUR)


@pytest.mark.parametrize("function", ["torch Size", "torch._utils _rebuild_parameter"])
def test_a_tensor_is_rebuilt_by_nothing_else(function):
    parts = glob("torch._tensor _rebuild_from_type_v2") + b"(" + glob(function)
    parts += glob("torch Tensor") + push(((2,),)) + push({}) + b"tR"
    refused(parts, match="cannot be rebuilt by")


def test_a_class_that_is_not_one_of_tensors_is_refused():
    parts = glob("torch._tensor _rebuild_from_type_v2") + b"("
    parts += glob("torch._utils _rebuild_tensor_v2") + glob("collections OrderedDict")
    refused(parts + push(()) + push({}) + b"tR", match="is no class of tensors")


# Storages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "window",
    [
        {"size": (5,)},
        {"offset": 1},
        {"offset": 4},
        {"offset": -1},
        {"offset": 2**70},
        {"offset": 1.0},
        {"offset": True},
        {"size": (-4,)},
        {"size": (2,), "stride": (4,)},
        {"size": (2,), "stride": (-1,)},
        {"size": (2,), "stride": (2**62,)},
        {"size": (2, 2)},
        {"size": (2, 2), "stride": (3, 1)},
        {"size": [4]},
        {"stride": [1]},
        {"size": 4},
        {"size": ("4",)},
        {"size": (2**62, 4), "stride": (0, 0)},
        {"size": (0,), "offset": 5},
        {"requires_grad": "yes"},
        {"requires_grad": 1},
        {"source": push("no storage")},
    ],
    ids=str,
)
def test_a_tensor_lies_in_its_storage(window):
    refused(tensor(**window), match="Weights only load failed", _0=FOUR)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"size": (2,), "stride": (3,)}, [0.0, 3.0]),
        ({"size": (1,), "offset": 3, "stride": (100,)}, [3.0]),
        ({"size": (0,), "offset": 4}, []),
        ({"size": (2, 3), "stride": (1, 1)}, [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]),
        ({"size": (), "stride": (), "offset": 2}, 2.0),
    ],
    ids=str,
)
def test_odd_windows_that_fit_are_fine(window, expected):
    assert run(tensor(**window), _0=FOUR).tolist() == expected


@pytest.mark.parametrize(
    "reference",
    [
        storage(length=3),
        storage(length=5),
        storage(length=2**60),
        storage(kind="DoubleStorage"),
        storage(key="1"),
        storage(key="../data.pkl"),
    ],
)
def test_a_storage_has_the_size_that_is_claimed(reference):
    with pytest.raises(RuntimeError, match="PytorchStreamReader failed"):
        run(tensor(source=reference), _0=FOUR)


@pytest.mark.parametrize(
    "reference",
    [
        push("storage") + b"Q",
        push(0) + b"Q",
        push(()) + b"Q",
        push(("storage",)) + b"Q",
        push(("storage", "FloatStorage", "0", "cpu", 4)) + b"Q",
        storage(length=-4),
        storage().replace(push("storage"), push("module")),
        storage().replace(b"FloatStorage", b"float32"),
        storage().replace(push("0"), push(0)),
        storage().replace(push("cpu"), b"N"),
    ],
)
def test_only_storages_are_referred_to(reference):
    refused(reference, match="Weights only load failed", _0=FOUR)


def test_a_storage_is_not_of_two_kinds():
    parts = b"(" + tensor() + tensor(source=storage(kind="IntStorage")) + b"t"
    refused(parts, match="storage 0 is referred to in two ways", _0=FOUR)


def test_integers_require_no_gradients():
    parts = tensor(source=storage(kind="IntStorage"), requires_grad=True)
    refused(parts, match="only Tensors of floating point", _0=FOUR)


# Instructions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        pickle.INST,
        pickle.OBJ,
        pickle.EXT1,
        pickle.EXT4,
        pickle.NEWOBJ_EX,
        pickle.STACK_GLOBAL,
        pickle.FRAME,
        pickle.PERSID,
        pickle.POP,
        pickle.DUP,
        pickle.GET,
        pickle.PUT,
        pickle.INT,
        pickle.STRING,
        pickle.BINBYTES8,
        pickle.BYTEARRAY8,
        pickle.NEXT_BUFFER,
        pickle.ADDITEMS,
        pickle.FROZENSET,
        b"\x00",
        b"\xff",
    ],
)
def test_other_instructions_are_refused(code):
    refused(push(1), code, match=f"Unsupported operand {code[0]}")


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_newer_protocols_are_refused_with_a_hint(protocol):
    data = saved([torch.ones(1), b"bytes"], pickle_protocol=protocol)
    with pytest.raises(UnpicklingError, match=r"Unsupported operand .* weights_only=False"):
        loaded(data)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"t",
        b"a",
        b"R",
        b"b",
        b"Q",
        b"s",
        b"\x85",
        b"h\x05",
        b"j\xff\xff\xff\xff",
        b"q\x00",
        b"X\xff\xff\xff\xffabc",
        b"\x8a\xff",
        b"U\xffabc",
        b"X\x01\x00\x00\x00\xff",
        b"cno newline",
        b"c\xff\xff\n\xff\n",
        push(1) + push(2) + b"a",
        push({}) + b"(" + push(1) + b"u",
        push([]) + push(1) + push(2) + b"s",
        push({}) + push([]) + push(1) + b"s",
    ],
)
def test_senseless_instructions_are_an_error(stream):
    with pytest.raises(UnpicklingError, match="Weights only load failed"):
        loaded(checkpoint(PROTO + stream))


def test_a_huge_memo_index_takes_no_memory():
    assert run(push([]) + b"r\xff\xff\xff\xff" + b"j\xff\xff\xff\xff" + b"\x86") == ([], [])


# Time and stack --------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    """Push a tuple in a tuple in a tuple …"""
    return b")" + b"\x85" * depth


def doubled(depth: int) -> bytes:
    """Push a tuple of few objects whose hash takes 2**depth steps."""
    return b")" + b"".join(b"q\x00h\x00\x86" for _ in range(depth))


@pytest.mark.parametrize("key", [nested(300_000), doubled(100)], ids=["deep", "wide"])
def test_keys_are_measured_before_they_are_hashed(key):
    match = "a key has more than 1000 parts"
    refused(b"}" + key + b"Ns", match=match)
    refused(b"}(" + key + b"Nu", match=match)
    refused(glob("builtins set"), b"](", key, b"e\x85R", match=match)
    refused(glob("collections OrderedDict"), b"](", key, b"N\x86e\x85R", match=match)


def test_deep_values_that_nobody_hashes_are_fine():
    value = run(nested(100_000))
    depth = 0
    while value:
        value, depth = value[0], depth + 1
    assert depth == 100_000


def test_a_parameter_of_a_hostile_file_is_a_parameter():
    parts = glob("torch.nn.parameter Parameter") + b"(" + tensor() + b"\x89t\x81"
    result = run(parts, _0=FOUR)
    assert type(result) is Parameter
    assert not result.requires_grad


def test_weights_only_goes_with_no_other_pickle_module():
    with pytest.raises(RuntimeError, match="Can not safely load weights when explicit pickle_mod"):
        loaded(saved(1), weights_only=True, pickle_module=pickle)


def test_weights_only_takes_no_other_options():
    with pytest.raises(TypeError, match="unexpected keyword argument 'errors'"):
        loaded(saved(1), errors="strict")


def test_strings_of_python_2_are_decoded_as_asked():
    data = checkpoint(b"\x80\x02U\x02\xc3\xa9.")
    assert loaded(data) == "é"
    assert loaded(data, encoding="latin1") == "Ã©"
    assert loaded(data, encoding="bytes") == b"\xc3\xa9"


def test_another_pickle_module_is_trusted():
    data = saved(Fraction(1, 2))
    assert loaded(data, pickle_module=pickle) == Fraction(1, 2)


@pytest.mark.parametrize("value", ["1", "true", "YES"])
def test_the_environment_can_force_weights_only(monkeypatch, value):
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", value)
    with pytest.raises(UnpicklingError, match="was not an allowed global"):
        loaded(saved(Fraction(1, 2)), weights_only=False)


def test_the_environment_can_change_the_default(monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.warns(UserWarning, match="forcing weights_only=False"):
        assert loaded(saved(Fraction(1, 2))) == Fraction(1, 2)
    with pytest.raises(UnpicklingError, match="was not an allowed global"):
        loaded(saved(Fraction(1, 2)), weights_only=True)
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(RuntimeError, match="Only one of"):
        loaded(saved(1))


def test_an_ordered_dict_from_pairs_is_allowed():
    assert run(call("collections OrderedDict", [("a", 1), ("b", 2)])) == OrderedDict(a=1, b=2)


def test_the_length_of_a_number_is_bounded_by_the_file():
    assert run(b"\x8a\xff" + struct.pack("<Q", 1) + bytes(247)) == 1
