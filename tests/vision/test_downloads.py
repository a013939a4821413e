"""Downloads: whole and right, or not there."""

import gzip
import hashlib
import io
import os
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flambeau.vision.datasets import MNIST
from flambeau.vision.datasets.utils import (
    calculate_md5,
    check_integrity,
    download_and_extract_archive,
    download_from_mirrors,
    download_url,
    extract_archive,
    verify_str_arg,
)

CONTENT = os.urandom(300_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        behaviour, _, name = self.path.strip("/").partition("/")
        content = self.server.files.get(name)
        if behaviour == "missing" or content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if behaviour != "unmeasured":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if behaviour == "broken" else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked = {"file": CONTENT}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_is_the_file(server, tmp_path):
    download_url(f"{server.url}/whole/file", tmp_path / "new", md5=MD5)
    assert (tmp_path / "new" / "file").read_bytes() == CONTENT
    assert os.listdir(tmp_path / "new") == ["file"]


def test_a_file_may_come_without_its_length(server, tmp_path):
    download_url(f"{server.url}/unmeasured/file", tmp_path, filename="other", md5=MD5)
    assert (tmp_path / "other").read_bytes() == CONTENT


def test_others_may_read_what_they_might_have_read(server, tmp_path):
    download_url(f"{server.url}/whole/file", tmp_path)
    (tmp_path / "mine").write_bytes(b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "mine").stat().st_mode


def test_what_is_there_is_not_downloaded_again(server, tmp_path):
    for _ in range(2):
        download_url(f"{server.url}/whole/file", tmp_path, md5=MD5)
    assert len(server.asked) == 1


def test_what_is_there_but_wrong_is_replaced(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT[:1000])
    download_url(f"{server.url}/whole/file", tmp_path, md5=MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_download_that_breaks_off_leaves_nothing(server, tmp_path):
    with pytest.raises((RuntimeError, OSError), match="150000"):
        download_url(f"{server.url}/broken/file", tmp_path, md5=MD5)
    assert os.listdir(tmp_path) == []


def test_a_wrong_file_leaves_nothing(server, tmp_path):
    with pytest.raises(RuntimeError, match=r"its MD5 sum is not 0{32}"):
        download_url(f"{server.url}/whole/file", tmp_path, md5="0" * 32)
    assert os.listdir(tmp_path) == []


def test_an_interrupt_leaves_nothing(server, tmp_path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("flambeau.vision.datasets.utils._copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        download_url(f"{server.url}/whole/file", tmp_path)
    assert os.listdir(tmp_path) == []


def test_the_next_mirror_is_asked(server, tmp_path):
    mirrors = [f"{server.url}/{behaviour}/" for behaviour in ("missing", "broken", "whole")]
    download_from_mirrors(mirrors, tmp_path, "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == ["/missing/file", "/broken/file", "/whole/file"]


def test_if_no_mirror_has_it_each_ones_answer_is_told(server, tmp_path):
    mirrors = [f"{server.url}/missing/", "http://127.0.0.1:9/"]
    with pytest.raises(RuntimeError) as error:
        download_from_mirrors(mirrors, tmp_path, "file")
    lines = str(error.value).splitlines()
    assert lines[0] == "Error downloading file:"
    assert lines[1] == f"  {server.url}/missing/file: HTTP Error 404: Not Found"
    assert lines[2].startswith("  http://127.0.0.1:9/file: <urlopen error")
    assert lines[3] == f"Without a network, put the file into {tmp_path} yourself."


def test_mnist_downloads_what_is_missing(server, tmp_path, monkeypatch):
    from tests.vision.test_mnist import FILES, idx

    resources = []
    for part, (images, labels) in FILES.items():
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            name = f"{part}-{kind}-ubyte.gz"
            server.files[name] = gzip.compress(idx(array))
            resources.append((name, hashlib.md5(server.files[name]).hexdigest()))
    monkeypatch.setattr(MNIST, "mirrors", (f"{server.url}/missing/", f"{server.url}/whole/"))
    monkeypatch.setattr(MNIST, "resources", resources)
    assert len(MNIST(tmp_path, download=True)) == 30
    asked = len(server.asked)
    assert len(MNIST(tmp_path, train=False, download=True)) == 7
    assert len(server.asked) == asked
    names = sorted(os.listdir(tmp_path / "MNIST" / "raw"))
    assert names == sorted(name for name, _ in resources)


def test_integrity_is_the_md5_sum(tmp_path):
    path = tmp_path / "file"
    assert not check_integrity(path)
    path.write_bytes(CONTENT)
    assert check_integrity(path)
    assert check_integrity(path, MD5)
    assert not check_integrity(path, "0" * 32)
    assert calculate_md5(path, chunk_size=1000) == MD5


def tar(name="inside/file", content=b"content"):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_archives_are_unpacked(server, tmp_path):
    server.files["archive.tar.gz"] = tar()
    download_and_extract_archive(f"{server.url}/whole/archive.tar.gz", tmp_path)
    assert (tmp_path / "inside" / "file").read_bytes() == b"content"
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("other/file", "content")
    extract_archive(tmp_path / "archive.zip", tmp_path / "to", remove_finished=True)
    assert (tmp_path / "to" / "other" / "file").read_bytes() == b"content"
    assert not (tmp_path / "archive.zip").exists()


def test_an_archive_cannot_write_elsewhere(tmp_path):
    (tmp_path / "archive.tar.gz").write_bytes(tar("../outside"))
    with pytest.raises(tarfile.FilterError):
        extract_archive(tmp_path / "archive.tar.gz", tmp_path / "inside")
    assert not (tmp_path / "outside").exists()


def test_what_is_no_archive_is_told(tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    with pytest.raises(RuntimeError, match="neither a zip nor a tar archive"):
        extract_archive(tmp_path / "file")


def test_a_choice_must_be_one_of_the_valid():
    assert verify_str_arg("train", "split", ("train", "test")) == "train"
    with pytest.raises(ValueError, match="Unknown value 'no' for argument split. Valid values are"):
        verify_str_arg("no", "split", ("train", "test"))
