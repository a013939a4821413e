"""The format of PyTorch before 1.6 is read and written."""

import io
import pickle
from pickle import UnpicklingError

import pytest

import flambeau as torch
from flambeau.nn.parameter import Parameter
from tests.serialization.archives import loaded, saved


def legacy(obj: object) -> bytes:
    return saved(obj, _use_new_zipfile_serialization=False)


BASE = torch.arange(6.0)
STATE = {"base": BASE, "part": BASE[2:4], "flags": torch.tensor([True, False]), "name": "x"}
DATA = legacy(STATE)


@pytest.mark.parametrize("weights_only", [True, False])
def test_what_is_saved_comes_back(weights_only):
    state = loaded(DATA, weights_only=weights_only)
    assert state["base"].tolist() == BASE.tolist()
    assert state["part"].tolist() == [2.0, 3.0]
    assert state["part"]._storage_key() is state["base"]._storage_key()
    assert state["flags"].tolist() == [True, False]
    assert state["name"] == "x"


def test_parameters_and_tensors_without_elements_come_back():
    parameter, empty = loaded(legacy([Parameter(torch.ones(2)), torch.zeros(0, 3)]))
    assert type(parameter) is Parameter
    assert parameter.tolist() == [1.0, 1.0]
    assert empty.shape == (0, 3)


def test_a_path_is_written_and_read(tmp_path):
    torch.save(STATE, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert torch.load(tmp_path / "old.pt")["part"].tolist() == [2.0, 3.0]
    assert list(tmp_path.iterdir()) == [tmp_path / "old.pt"]


def test_checkpoints_may_follow_one_another_in_a_file():
    file = io.BytesIO(legacy(torch.ones(2)) + legacy(torch.zeros(3)))
    assert torch.load(file).tolist() == [1.0, 1.0]
    assert torch.load(file).tolist() == [0.0, 0.0, 0.0]


def test_a_file_cut_anywhere_is_an_error_that_names_it():
    for length in range(0, len(DATA), 3):
        with pytest.raises((RuntimeError, EOFError, UnpicklingError), match="in a BytesIO"):
            loaded(DATA[:length])


def test_functions_are_refused():
    with pytest.raises(UnpicklingError, match="GLOBAL eval was not an allowed global"):
        loaded(legacy([torch.ones(1), eval]))


def with_storages(tail: bytes) -> bytes:
    """The checkpoint of four floats with another end."""
    data = legacy(torch.arange(4.0))
    return data[: -8 - 16] + tail


@pytest.mark.parametrize("length", [0, 3, 5, 2**40, 2**63])
def test_the_length_of_a_storage_must_match(length):
    with pytest.raises(RuntimeError, match="its length does not match"):
        loaded(with_storages(length.to_bytes(8, "little") + bytes(16)))


def test_more_elements_than_there_are_bytes_are_refused_at_once():
    data = legacy(torch.arange(4.0))
    huge = data.replace(b"q\x05K\x04t", b"q\x05J\xff\xff\xff\x7ft")
    huge = data.replace(b"K\x04Nt", b"J\xff\xff\xff\x7fNt") if huge == data else huge
    assert huge != data
    with pytest.raises(RuntimeError, match="the file is too short"):
        loaded(huge)


def test_another_version_is_an_error():
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    with pytest.raises(RuntimeError, match="Invalid protocol version"):
        loaded(magic + pickle.dumps(1002, 2))


def test_a_plain_pickle_is_no_checkpoint():
    with pytest.raises(RuntimeError, match="Invalid magic number; corrupt file"):
        loaded(pickle.dumps({"weight": [1.0]}), weights_only=False)


def test_keys_that_do_not_match_are_an_error():
    data = legacy(torch.arange(4.0))
    keys = pickle.dumps(["0"], 2)
    assert data.count(keys) == 1
    for other in ([], ["1"], ["0", "0"], "0", None):
        with pytest.raises((RuntimeError, UnpicklingError), match="in a BytesIO"):
            loaded(data.replace(keys, pickle.dumps(other, 2)))
