"""Runs of `metanp search` for tests: in this process or in one of its own, and training scripts that a test steers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from metanp.cell import Cell
from metanp.cli import main
from tests.evaluated_cells import CELLS

DISTINCT = list({cell.key: cell for cell in CELLS}.values())
TRAINING = """
import os, pathlib, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
(folder / "pids").mkdir(exist_ok=True)
(folder / "pids" / f"{os.getpid()}.part").write_text(name)
(folder / "pids" / f"{os.getpid()}.part").rename(folder / "pids" / str(os.getpid()))
def started():
    return [p for p in (folder / "pids").iterdir() if not p.suffix]
"""


def metanp_command(monkeypatch, capsys):
    """Runs the command as a shell would: exit status, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["metanp", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def write_pool(path: Path, ids: list[str], cells: list[Cell] = DISTINCT) -> Path:
    """Candidates with names."""
    rows = [{"id": name, "cell": cell.to_json()} for name, cell in zip(ids, cells, strict=False)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def training(folder: Path, then: str) -> str:
    """A command that leaves its process number in `folder/pids` (`trained`), and goes on with `then`."""
    (folder / "train.py").write_text(TRAINING + then)
    return f"{sys.executable} -I -S {folder / 'train.py'} {folder} {{id}}"


def trained(folder: Path) -> dict[int, str]:
    """Ids of the cells that a training was started for, by process number."""
    if not (folder / "pids").exists():
        return {}
    return {int(p.name): p.read_text() for p in (folder / "pids").iterdir() if not p.suffix}


class Background:
    """`metanp` in a process of its own."""

    def __init__(self, folder: Path, *arguments: object):
        self.err = folder / f"err-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "tests.metanp.search.search_runs", *map(str, arguments)]
        with self.err.open("wb") as err:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=err, start_new_session=True)

    def says(self, text: str) -> bool:
        return text in self.err.read_text()

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Exit status."""
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def until(what, seconds: float = 30.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked about yet (a zombie) has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


if __name__ == "__main__":
    main()
