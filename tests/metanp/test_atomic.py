"""Files that are written whole or not at all: the old file or the new one stands there, and nothing beside it."""

import os
import subprocess
import sys

import pytest

from metanp.atomic import replacing, write_whole
from tests.conftest import ROOT


def test_the_new_file_takes_the_place_of_the_old_one_and_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    for data in (b"one", b"two"):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, function):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_of_the_writer_leaves_nothing(tmp_path):
    def interrupted():
        with replacing(tmp_path / "a.txt") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_the_old_file_and_a_hidden_one_that_names_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    program = "import os, sys; from pathlib import Path; from metanp.atomic import write_whole\n"
    program += "os.replace = lambda *_: os.kill(os.getpid(), 9)\nwrite_whole(Path(sys.argv[1]), b'new')"
    done = subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert path.read_bytes() == b"old"
    (left,) = (one for one in tmp_path.iterdir() if one != path)
    assert left.name.startswith(".a.txt.")
