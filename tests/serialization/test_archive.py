"""The file is the archive that PyTorch expects, and only such a file is taken for one."""

import io
import struct
import zipfile

import numpy as np
import pytest

import flambeau as torch
from tests.serialization.archives import GOLDEN, archive, loaded, records, saved

STATE = {"weight": torch.arange(6.0).view(2, 3), "bias": torch.ones(3), "empty": torch.zeros(0)}


def same_as_state(state: dict) -> bool:
    return all(state[name].tolist() == tensor.tolist() for name, tensor in STATE.items())


def test_records_are_those_of_pytorch_in_its_order():
    assert list(records(saved(STATE))) == [
        "data.pkl",
        ".format_version",
        ".storage_alignment",
        "byteorder",
        "data/0",
        "data/1",
        "data/2",
        "version",
        ".data/serialization_id",
    ]


def test_small_records_say_what_they_should():
    contents = records(saved(STATE))
    assert contents["byteorder"] == b"little"
    assert contents["version"] == b"3\n"
    assert contents[".storage_alignment"] == b"64"
    assert contents["data/0"] == np.arange(6, dtype=np.float32).tobytes()
    assert len(contents[".data/serialization_id"]) == 40
    assert contents[".data/serialization_id"].isdigit()


def test_records_are_stored_and_start_on_64_byte_lines():
    data = saved(STATE)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        for entry in file.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            sizes = struct.unpack_from("<HH", data, entry.header_offset + 26)
            start = entry.header_offset + 30 + sum(sizes)
            assert start % 64 == 0
            assert data[start : start + entry.file_size] == file.read(entry)


def test_a_storage_is_written_once():
    base = torch.zeros(1000)
    assert len(saved([base[i] for i in range(100)])) < 15_000


def test_the_byte_order_may_be_left_out():
    data = saved(STATE, _disable_byteorder_record=True)
    assert "byteorder" not in records(data)
    assert same_as_state(loaded(data))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("model.pt", "model"),
        ("a.b.pt", "a.b"),
        ("plain", "plain"),
        ("with space.pth", "with space"),
        ("火.pt", "archive"),
        (".hidden", "archive"),
    ],
)
def test_the_folder_inside_is_named_after_the_file(tmp_path, name, folder):
    torch.save(STATE, tmp_path / name)
    with zipfile.ZipFile(tmp_path / name) as file:
        assert {entry.split("/")[0] for entry in file.namelist()} == {folder}
    assert same_as_state(torch.load(tmp_path / name))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("mmap", [False, True])
def test_an_archive_that_was_packed_anew_is_read(tmp_path, compression, mmap):
    path = tmp_path / "model.pt"
    path.write_bytes(archive(records(saved(STATE)), compression))
    assert same_as_state(torch.load(path, mmap=mmap))


def test_numbers_of_the_other_byte_order_are_turned():
    contents = records(saved([torch.arange(3), torch.tensor([True, False]), torch.zeros(0)]))
    contents["byteorder"] = b"big"
    contents["data/0"] = np.arange(3, dtype=">i8").tobytes()
    numbers, flags, empty = loaded(archive(contents))
    assert numbers.tolist() == [0, 1, 2]
    assert flags.tolist() == [True, False]
    assert empty.tolist() == []


def test_an_unknown_byte_order_is_an_error():
    contents = records(saved(STATE)) | {"byteorder": b"middle"}
    with pytest.raises(ValueError, match="Unknown endianness type"):
        loaded(archive(contents))


def test_any_byte_but_zero_is_true():
    contents = records(saved(torch.tensor([True, False, True])))
    contents["data/0"] = b"\x02\x00\xff"
    flags = loaded(archive(contents))
    assert flags.tolist() == [True, False, True]
    assert flags.numpy().view(np.uint8).tolist() == [1, 0, 1]


def test_mapped_tensors_are_read_from_the_file(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(STATE, path)
    state = torch.load(path, mmap=True)
    assert same_as_state(state)
    state["weight"].zero_()
    assert same_as_state(torch.load(path))


def test_a_mapped_checkpoint_may_be_replaced(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(STATE, path)
    state = torch.load(path, mmap=True)
    torch.save({"other": torch.zeros(1)}, path)
    assert same_as_state(state)


def test_only_the_records_that_are_needed_are_read():
    contents = records(saved([torch.ones(2), torch.zeros(2)]))
    data = bytearray(archive(contents | {"data/7": b"unused"}))
    data[data.index(b"unused")] ^= 1
    assert [t.tolist() for t in loaded(bytes(data))] == [[1.0, 1.0], [0.0, 0.0]]


def test_mapping_needs_a_path_and_an_archive(tmp_path):
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap"):
        loaded(saved(STATE), mmap=True)
    with pytest.raises(RuntimeError, match="mmap can only be used with files saved with"):
        torch.load(GOLDEN / "legacy.pt", mmap=True)


# What is damaged -------------------------------------------------------------------------


@pytest.mark.parametrize("mmap", [False, True])
def test_a_file_cut_anywhere_is_an_error_that_names_it(tmp_path, mmap):
    data = saved(STATE)
    path = tmp_path / "cut.pt"
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises((RuntimeError, EOFError), match=r"cut\.pt"):
            torch.load(path, mmap=mmap and length > 4)


def test_an_empty_file_is_an_end_of_file():
    with pytest.raises(EOFError, match=r"Ran out of input.*in a BytesIO"):
        loaded(b"")


def test_a_missing_file_is_just_that(tmp_path):
    with pytest.raises(FileNotFoundError):
        torch.load(tmp_path / "none.pt")
    with pytest.raises(IsADirectoryError):
        torch.load(tmp_path)


@pytest.mark.parametrize("data", [b"hello world", b"\0" * 1000, b"PK", b"\x89PNG\r\n\x1a\n" * 9])
def test_another_kind_of_file_is_an_error(data):
    with pytest.raises(RuntimeError, match="Invalid magic number; corrupt file"):
        loaded(data)


def test_an_archive_without_a_folder_is_no_checkpoint():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as plain:
        plain.writestr("readme.txt", "hello")
    with pytest.raises(RuntimeError, match=r"not in a subdirectory: readme\.txt"):
        loaded(file.getvalue())


@pytest.mark.parametrize("missing", ["data.pkl", "data/0", "data/1"])
def test_a_missing_record_is_named(missing):
    contents = records(saved(STATE))
    del contents[missing]
    with pytest.raises(RuntimeError, match=f"failed locating file {missing}: file not found"):
        loaded(archive(contents))


@pytest.mark.parametrize("record", ["data.pkl", "byteorder", "data/0", "data/1"])
def test_a_flipped_bit_is_found_by_the_checksum(record):
    data = bytearray(saved(STATE))
    content = records(bytes(data))[record]
    data[data.index(content)] ^= 4
    with pytest.raises(RuntimeError, match=f"reading file {record}: the checksum does not match"):
        loaded(bytes(data))


def test_swapped_records_are_found():
    data = saved(STATE)
    swapped = data.replace(b"data/0", b"data/X").replace(b"data/1", b"data/0")
    swapped = swapped.replace(b"data/X", b"data/1")
    with pytest.raises(RuntimeError, match=r"record size \(12 bytes\) does not match expected"):
        loaded(swapped)


@pytest.mark.parametrize("change", [-1, 1, 100])
def test_a_record_of_another_size_is_an_error(change):
    contents = records(saved(STATE))
    content = contents["data/0"]
    contents["data/0"] = content + b"x" * change if change > 0 else content[:change]
    with pytest.raises(RuntimeError, match="does not match expected size"):
        loaded(archive(contents))


def test_two_records_of_one_name_are_an_error():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as twice:
        twice.writestr("a/data.pkl", b"N.")
        with pytest.warns(UserWarning, match="Duplicate name"):
            twice.writestr("a/data.pkl", b"N.")
    with pytest.raises(RuntimeError, match="two records are named"):
        loaded(file.getvalue())


def test_an_encrypted_record_is_an_error():
    data = bytearray(archive({"data.pkl": b"N."}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(RuntimeError, match="it is encrypted"):
        loaded(bytes(data))


def test_an_unknown_compression_is_an_error():
    with pytest.raises(RuntimeError, match="compression method 14 is not supported"):
        loaded(archive({"data.pkl": b"N."}, zipfile.ZIP_LZMA))


def test_a_torchscript_archive_is_an_error():
    contents = records(saved(STATE)) | {"constants.pkl": b")."}
    with pytest.raises(RuntimeError, match="is a TorchScript archive"):
        loaded(archive(contents))


# What is hostile -------------------------------------------------------------------------


def central_entry(data: bytes, name: bytes) -> int:
    """Where a record's entry in the directory starts."""
    return data.index(name, data.index(b"PK\x01\x02")) - 46


def test_records_may_not_overlap():
    contents = records(saved([torch.zeros(100), torch.ones(100)]))
    data = bytearray(archive(contents))
    first, second = (central_entry(data, b"archive/data/" + key) for key in (b"0", b"1"))
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    with pytest.raises(RuntimeError, match="it overlaps what follows it"):
        loaded(bytes(data))


def test_a_record_may_not_claim_more_than_the_file():
    data = bytearray(archive({"data.pkl": b"N."}))
    entry = central_entry(data, b"archive/data.pkl")
    data[entry + 20 : entry + 28] = struct.pack("<LL", 2**31, 2**31)
    with pytest.raises(RuntimeError, match="it overlaps what follows it"):
        loaded(bytes(data))


def test_a_bomb_does_not_go_off():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("a/data.pkl", b"N.")
        with bomb.open("a/data/0", "w", force_zip64=True) as record:
            for _ in range(16):
                record.write(bytes(1 << 20))
    data = bytearray(file.getvalue())
    assert len(data) < 20_000
    # Claim a hundred gigabytes where there are sixteen megabytes.
    entry = central_entry(data, b"a/data/0")
    data[entry + 24 : entry + 28] = struct.pack("<L", 0xFFFFFFFE)
    with pytest.raises(RuntimeError, match="its records would unfold to 4294967296 bytes"):
        loaded(bytes(data))


@pytest.mark.parametrize("claimed", [10, 10_000])
def test_a_compressed_record_may_not_lie_about_its_size(claimed):
    data = bytearray(archive({"data.pkl": b"N." + b"x" * 98}, zipfile.ZIP_DEFLATED))
    entry = central_entry(data, b"archive/data.pkl")
    data[entry + 24 : entry + 28] = struct.pack("<L", claimed)
    with pytest.raises(RuntimeError, match=f"it does not unfold to {claimed} bytes"):
        loaded(bytes(data))


def test_a_directory_that_starts_before_the_file_is_an_error():
    data = bytearray(archive({"data.pkl": b"N."}))
    end = data.index(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<L", 2**30)
    with pytest.raises(RuntimeError, match="failed finding central directory"):
        loaded(bytes(data))
