"""Checkpoints pass between flambeau and PyTorch in both directions."""

import io
import zipfile
from collections import Counter, OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flambeau
from flambeau import nn

torch = pytest.importorskip("torch")

DTYPES = ["float64", "float32", "float16", "bfloat16"] + [
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
]


def saved(library: Any, obj: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    library.save(obj, file, **options)
    return file.getvalue()


def passed(source: Any, target: Any, obj: Any, **options: Any) -> Any:
    """An object saved by one library and loaded by the other."""
    return target.load(io.BytesIO(saved(source, obj)), **options)


def records(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def make(library: Any, dtype: str = "float32") -> Any:
    """The same tensor in either library."""
    return library.tensor([[0, 1, 2], [3, 0, 5]]).to(getattr(library, dtype))


def objects(library: Any) -> dict[str, Any]:
    """The same objects in either library."""
    base = library.arange(24.0).view(2, 3, 4)
    weight = library.nn.Parameter(library.ones(2, 3))
    frozen = library.nn.Parameter(library.zeros(2), requires_grad=False)
    tagged = library.nn.Parameter(library.zeros(2))
    tagged.tag = {"a": 1}
    noted = library.zeros(1)
    noted.note = "kept"
    ordered = OrderedDict(weight=base, bias=base[0, 0])
    ordered._metadata = OrderedDict({"": {"version": 1}})
    return {
        "views": [base, base[:, 1:], base.transpose(0, 2), base[0, 0].expand(2, 4), base[1, 2, 3]],
        "parameters": [weight, weight, weight.data, frozen, tagged],
        "leaf": library.ones(2, requires_grad=True),
        "result": library.ones(2, requires_grad=True) * 2,
        "noted": noted,
        "empty": [library.zeros(0), library.zeros(0, 3)],
        "ordered": ordered,
        "plain": [None, True, 1, -1, 300, 2**40, 2**80, 0.5, 1j, "火", b"\xff", bytearray(b"a")],
        "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, {1: 2}, {1}, set()],
        "counter": Counter("aab"),
        "size": library.Size([2, 3]),
        "dtypes": [getattr(library, name) for name in DTYPES],
        "devices": [library.device("cpu"), library.device("cuda", 1)],
        "many": {str(i): [i, float(i)] for i in range(1500)},
    }


def same(ours: Any, theirs: Any) -> None:
    """Check that flambeau's object is as PyTorch's."""
    assert type(ours).__name__ == type(theirs).__name__ or isinstance(ours, flambeau.dtype)
    if isinstance(ours, flambeau.Tensor):
        assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert tuple(ours.stride()) == tuple(theirs.stride())
        assert ours.storage_offset() == theirs.storage_offset()
        assert ours.requires_grad == theirs.requires_grad
        assert ours.detach().tolist() == theirs.detach().tolist()
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs)
        for key in ours:
            same(ours[key], theirs[key])
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif isinstance(ours, flambeau.dtype | flambeau.device):
        assert str(ours).replace("flambeau", "torch") == str(theirs)
    else:
        assert ours == theirs


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_passes_both_ways(dtype):
    ours, theirs = make(flambeau, dtype), make(torch, dtype)
    same(passed(torch, flambeau, theirs), theirs)
    same(ours, passed(flambeau, torch, ours, weights_only=True))


@pytest.mark.parametrize("name", objects(flambeau))
def test_every_kind_of_object_passes_both_ways(name):
    ours, theirs = objects(flambeau)[name], objects(torch)[name]
    same(passed(torch, flambeau, theirs), theirs)
    same(ours, passed(flambeau, torch, ours, weights_only=True))
    same(passed(torch, flambeau, theirs, weights_only=False), theirs)


@pytest.mark.parametrize("name", objects(flambeau))
def test_the_files_are_the_same_to_the_byte_but_for_their_identity(name):
    ours, theirs = saved(flambeau, objects(flambeau)[name]), saved(torch, objects(torch)[name])
    assert len(ours) == len(theirs)
    a, b = records(ours), records(theirs)
    assert list(a) == list(b)
    identity = "archive/.data/serialization_id"
    for record in a:
        assert a[record] == b[record] or record == identity, record
    start = ours.index(identity.encode())
    assert ours[:start] == theirs[:start]


@pytest.mark.parametrize("length", range(1, 140, 3))
def test_records_are_padded_as_pytorch_pads_them(tmp_path, length):
    path = tmp_path / ("n" * length)
    contents = []
    for library in (flambeau, torch):
        library.save([library.zeros(0), library.ones(5), library.ones(40)], path)
        contents.append(path.read_bytes())
    ours, theirs = contents
    assert len(ours) == len(theirs)
    end = ours.index(b".data/serialization_id")
    assert ours[:end] == theirs[:end]


def test_pytorch_computes_where_our_records_are(tmp_path, monkeypatch):
    from torch.utils.serialization import config

    path = tmp_path / "model.pt"
    flambeau.save([flambeau.arange(i) for i in range(0, 300, 7)], path)
    monkeypatch.setenv("TORCH_SERIALIZATION_DEBUG", "1")
    with config.patch("load.calculate_storage_offsets", True):
        loaded = torch.load(path, mmap=True)
    assert [t.tolist() for t in loaded] == [list(range(i)) for i in range(0, 300, 7)]


def test_memory_is_shared_on_the_other_side():
    base = flambeau.arange(6.0)
    first, second = passed(flambeau, torch, [base, base[2:]])
    assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
    base = torch.arange(6.0)
    first, second = passed(torch, flambeau, [base, base[2:]])
    assert first._storage_key() is second._storage_key()


@pytest.mark.parametrize("options", [{}, {"mmap": True}, {"map_location": "cpu"}], ids=str)
def test_paths_pass_both_ways(tmp_path: Path, options):
    flambeau.save(objects(flambeau)["views"], tmp_path / "ours.pt")
    torch.save(objects(torch)["views"], tmp_path / "theirs.pt")
    same(objects(flambeau)["views"], torch.load(tmp_path / "ours.pt", **options))
    same(flambeau.load(tmp_path / "theirs.pt", **options), objects(torch)["views"])


@pytest.mark.parametrize("name", ["views", "parameters", "plain"])
def test_the_old_format_passes_both_ways(name):
    ours = saved(flambeau, objects(flambeau)[name], _use_new_zipfile_serialization=False)
    theirs = saved(torch, objects(torch)[name], _use_new_zipfile_serialization=False)
    same(objects(flambeau)[name], torch.load(io.BytesIO(ours)))
    same(flambeau.load(io.BytesIO(theirs)), objects(torch)[name])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_newer_pickle_protocols_pass_both_ways(protocol):
    ours = saved(flambeau, objects(flambeau)["views"], pickle_protocol=protocol)
    theirs = saved(torch, objects(torch)["views"], pickle_protocol=protocol)
    same(objects(flambeau)["views"], torch.load(io.BytesIO(ours), weights_only=False))
    same(flambeau.load(io.BytesIO(theirs), weights_only=False), objects(torch)["views"])


def test_numpy_values_pass_both_ways():
    obj = [np.arange(3), np.float64(0.5), np.array([True])]
    for source, target in ((flambeau, torch), (torch, flambeau)):
        result = passed(source, target, obj, weights_only=False)
        assert [np.asarray(value).tolist() for value in result] == [[0, 1, 2], 0.5, [True]]


def network(library: Any) -> Any:
    """The same architecture in either library."""
    modules = library.nn
    return modules.Sequential(
        modules.Conv2d(1, 2, 3, padding=1),
        modules.BatchNorm2d(2),
        modules.ReLU(),
        modules.MaxPool2d(2),
        modules.Flatten(),
        modules.Dropout(0.5),
        modules.Linear(2 * 4 * 4, 5),
    )


def test_whole_networks_pass_both_ways():
    x = np.random.default_rng(0).standard_normal((3, 1, 8, 8)).astype(np.float32)
    for source, target in ((flambeau, torch), (torch, flambeau)):
        net = network(source).eval()
        copy = passed(source, target, net, weights_only=False)
        assert type(copy) is target.nn.Sequential
        assert repr(copy) == repr(net)
        assert not copy.training
        a, b = net(source.from_numpy(x)), copy(target.from_numpy(x))
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-5)
        copy.train()
        copy(target.from_numpy(x)).sum().backward()
        assert copy[0].weight.grad is not None


@pytest.mark.parametrize(
    "make_module",
    [
        lambda nn: nn.Embedding(5, 3),
        lambda nn: nn.LSTM(3, 4, num_layers=2),
        lambda nn: nn.GRU(3, 4),
        lambda nn: nn.LayerNorm(3),
        lambda nn: nn.MultiheadAttention(4, 2),
        lambda nn: nn.TransformerEncoderLayer(4, 2, 8),
        lambda nn: nn.Conv1d(1, 2, 3),
        lambda nn: nn.ConvTranspose2d(1, 2, 3),
        lambda nn: nn.GroupNorm(1, 2),
        lambda nn: nn.PReLU(),
        lambda nn: nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.GELU()}),
        lambda nn: nn.ModuleList([nn.Sigmoid(), nn.Tanh(), nn.Softmax(1), nn.LeakyReLU()]),
        lambda nn: nn.ParameterList([nn.Parameter()]),
        lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1),
        lambda nn: nn.AvgPool2d(2),
    ],
)
def test_whole_modules_pass_both_ways(make_module):
    ours, theirs = make_module(nn), make_module(torch.nn)
    from_torch = passed(torch, flambeau, theirs, weights_only=False)
    to_torch = passed(flambeau, torch, ours, weights_only=False)
    assert repr(from_torch).replace("flambeau.", "torch.") == repr(theirs)
    assert repr(to_torch) == repr(ours).replace("flambeau.", "torch.")
    same(dict(from_torch.state_dict()), dict(theirs.state_dict()))
    same(dict(ours.state_dict()), dict(to_torch.state_dict()))


@pytest.mark.parametrize(
    "make_module",
    [
        lambda nn: nn.LSTM(3, 4, num_layers=2, bidirectional=True),
        lambda nn: nn.GRU(3, 4),
        lambda nn: nn.TransformerEncoderLayer(3, 1, 8, dropout=0.0),
    ],
    ids=["LSTM", "GRU", "TransformerEncoderLayer"],
)
def test_whole_modules_compute_the_same_on_the_other_side(make_module):
    x = np.random.default_rng(0).standard_normal((5, 2, 3)).astype(np.float32)
    for source, target in ((flambeau, torch), (torch, flambeau)):
        module = make_module(source.nn)
        copy = passed(source, target, module, weights_only=False)
        results = []
        for library, kind in ((source, module), (target, copy)):
            result = kind(library.from_numpy(x))
            result = result[0] if isinstance(result, tuple) else result
            results.append(result.detach().numpy())
        np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-5)


# Errors ----------------------------------------------------------------------------------


def message(library: Any, data: bytes, **options: Any) -> tuple[type, str]:
    """The type and the first line of the error, without the code that PyTorch repeats."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        library.load(io.BytesIO(data), **options)
    return caught.type, str(caught.value)


@pytest.mark.parametrize("obj", [Fraction(1, 2), eval, range(3), frozenset({1}), np.float64(1)])
def test_what_is_not_allowed_is_refused_in_pytorchs_words(obj):
    data = saved(torch, obj)
    (kind, ours), (expected, theirs) = message(flambeau, data), message(torch, data)
    assert kind is expected
    common = theirs[: theirs.index("\n\nCheck the documentation")]
    assert ours.startswith(common)


@pytest.mark.parametrize("cut", [10, 100, 1000, -1])
def test_a_truncated_file_is_refused_in_pytorchs_words(cut):
    data = saved(torch, torch.ones(3))[:cut]
    (kind, ours), (expected, theirs) = message(flambeau, data), message(torch, data)
    assert kind is expected is RuntimeError
    start = "PytorchStreamReader failed reading zip archive: failed finding central directory"
    assert ours.startswith(start)
    assert theirs.startswith(start) or "not a ZIP archive" in theirs


@pytest.mark.parametrize("location", ["cuda", "cuda:1", {"cpu": "cuda"}])
def test_a_device_that_is_not_there_is_refused_in_pytorchs_words(location):
    data = saved(torch, torch.ones(3))
    ours = message(flambeau, data, map_location=location)
    theirs = message(torch, data, map_location=location)
    assert ours == theirs


def test_a_missing_folder_is_refused_in_pytorchs_words(tmp_path):
    messages = []
    for library in (flambeau, torch):
        with pytest.raises(RuntimeError) as caught:
            library.save(1, tmp_path / "none" / "model.pt")
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_what_pytorch_writes_without_checksums_is_read():
    torch.serialization.set_crc32_options(False)
    try:
        data = saved(torch, torch.arange(3))
    finally:
        torch.serialization.set_crc32_options(True)
    assert flambeau.load(io.BytesIO(data)).tolist() == [0, 1, 2]


# Names -----------------------------------------------------------------------------------


def public_classes() -> list[type]:
    """All classes that users find in flambeau.nn and flambeau.optim."""
    packages = (flambeau.nn, flambeau.nn.utils, flambeau.optim, flambeau.optim.lr_scheduler)
    return [
        value
        for package in packages
        for value in vars(package).values()
        if isinstance(value, type) and value.__module__.startswith("flambeau.")
    ]


@pytest.mark.parametrize("ours", public_classes(), ids=lambda kind: kind.__name__)
def test_every_class_has_a_name_that_pytorch_knows(ours):
    theirs = passed(flambeau, torch, ours, weights_only=False)
    assert theirs.__name__ == ours.__name__
    assert passed(torch, flambeau, theirs, weights_only=False) is ours
    assert passed(flambeau, flambeau, ours, weights_only=False) is ours
