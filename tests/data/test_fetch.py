"""Downloads: mirror before cache before network, sha256 before anything, and nothing wrong is ever kept."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pooch
import pytest

from data.fetch import File, FileUnavailable, fetch, manifest, sha256_of

CONTENT = b"cell,accuracy\n" + b"a,93.1\n" * 20_000


class Server(HTTPServer):
    """Answers every GET with `content`, after failing `failures` times."""

    content, failures, asked = CONTENT, 0, 0

    class RequestHandlerClass(BaseHTTPRequestHandler):
        server: "Server"

        def do_GET(self):
            self.server.asked += 1
            failing = self.server.asked <= self.server.failures
            self.send_response(503 if failing else 200)
            self.send_header("Content-Length", "0" if failing else str(len(self.server.content)))
            self.end_headers()
            if not failing:
                self.wfile.write(self.server.content)

        def log_message(self, *_):
            pass


@pytest.fixture
def server():
    with HTTPServer.__new__(Server) as one:
        HTTPServer.__init__(one, ("127.0.0.1", 0), Server.RequestHandlerClass)
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    monkeypatch.setenv("METANP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)  # pooch waits between attempts
    return tmp_path / "cache"


def file_at(server=None, content=CONTENT):
    host = f"http://127.0.0.1:{server.server_port}" if server else "https://example.org"
    return File("a.csv", f"{host}/deep/a.csv", hashlib.sha256(content).hexdigest(), len(content), "MIT", "Nobody")


def put(folder, file, content=CONTENT):
    path = folder / file.place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_network_is_not_asked_unless_allowed(server):
    with pytest.raises(FileUnavailable, match=r"a\.csv: not in METANP_MIRROR \(not set\).*download=True"):
        fetch(file_at(server))
    assert server.asked == 0


def test_a_download_is_checked_cached_and_not_repeated(server, empty_cache):
    path = fetch(file_at(server), download=True)
    assert path.read_bytes() == CONTENT
    assert files_below(empty_cache) == [path]
    assert fetch(file_at(server)) == path
    assert server.asked == 1


def test_a_failed_attempt_is_repeated(server):
    server.failures = 2
    assert fetch(file_at(server), download=True).read_bytes() == CONTENT
    assert server.asked == 3


def test_a_server_that_keeps_failing_names_url_and_remedy(server, empty_cache):
    server.failures = 99
    with pytest.raises(FileUnavailable, match=r"a\.csv: could not download http.*503.*METANP_MIRROR as 127"):
        fetch(file_at(server), download=True, retries=1)
    assert files_below(empty_cache) == []


def test_a_download_of_other_bytes_names_both_hashes_and_keeps_nothing(server, empty_cache):
    server.content = CONTENT[:-7]
    expected, found = (hashlib.sha256(c).hexdigest() for c in (CONTENT, server.content))
    with pytest.raises(ValueError, match=rf"a\.csv: .*expected sha256 {expected}, found {found}; nothing was kept"):
        fetch(file_at(server), download=True, retries=1)
    assert server.asked == 2
    assert files_below(empty_cache) == []


def test_a_mirror_is_used_in_place_and_before_all_else(server, tmp_path, monkeypatch, empty_cache):
    monkeypatch.setenv("METANP_MIRROR", str(tmp_path / "mirror"))
    path = put(tmp_path / "mirror", file_at(server))
    assert fetch(file_at(server), download=True) == path
    assert server.asked == 0
    assert files_below(empty_cache) == []


def test_a_mirror_with_other_bytes_is_an_error_and_never_skipped(server, tmp_path, monkeypatch):
    monkeypatch.setenv("METANP_MIRROR", str(tmp_path / "mirror"))
    path = put(tmp_path / "mirror", file_at(server), b"tampered")
    found = hashlib.sha256(b"tampered").hexdigest()
    with pytest.raises(ValueError, match=rf"{path}: wrong sha256; expected .*, found {found}; replace it"):
        fetch(file_at(server), download=True)
    assert path.read_bytes() == b"tampered"


def test_a_mirror_without_the_file_falls_back_to_the_network(server, tmp_path, monkeypatch):
    monkeypatch.setenv("METANP_MIRROR", str(tmp_path))
    assert fetch(file_at(server), download=True).read_bytes() == CONTENT


def test_a_damaged_cached_file_is_removed_and_fetched_again(server, empty_cache):
    path = put(empty_cache / "downloads", file_at(server), b"half a fi")
    with pytest.raises(FileUnavailable):
        fetch(file_at(server))
    assert not path.exists()
    put(empty_cache / "downloads", file_at(server), b"half a fi")
    assert fetch(file_at(server), download=True).read_bytes() == CONTENT


def test_a_derived_table_stands_beside_the_mirror_and_nowhere_else(tmp_path, monkeypatch):
    file = File("d.npz", None, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "MIT", "Nobody")
    with pytest.raises(FileUnavailable, match=r"d\.npz: a derived table, expected in derived/ beside"):
        fetch(file, download=True)
    (tmp_path / "mirror").mkdir()
    monkeypatch.setenv("METANP_MIRROR", str(tmp_path / "mirror"))
    put(tmp_path / "mirror", file)
    assert fetch(file).resolve() == tmp_path / "derived" / "d.npz"


def test_the_manifest_pins_every_file():
    for file in manifest().values():
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.url is None or file.url.startswith("https://")
        assert file.bytes > 0
        assert file.licence
        assert file.citation


def test_every_file_of_the_mirror_is_the_one_of_the_manifest(mirror):
    for file in manifest().values():
        path = mirror / (file.place_beside if file.beside else file.place)
        if file.beside and not path.parent.is_dir():
            continue  # what lies beside the mirror may not be there
        assert (path.stat().st_size, sha256_of(path)) == (file.bytes, file.sha256)
