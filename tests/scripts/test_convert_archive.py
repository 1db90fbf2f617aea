"""The command that converts archives: what it writes and prints, and that it never leaves an incomplete file."""

import json
import shutil
import signal
import subprocess
import sys

import pytest

from data.archives import ArchiveError, recognise
from data.table import Table
from scripts.convert_archive import main
from tests.archive_writers import write_nasbench101, write_nasbench201_pth, write_nats_bench
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """One small archive of each kind, by kind."""
    folder = tmp_path_factory.mktemp("archives")
    paths = {
        "nasbench101": folder / "nasbench_only108.tfrecord",
        "nats_bench": folder / "NATS-tss-v1_0-3ffb9-simple",
        "nasbench201_pth": folder / "NAS-Bench-201-v1_1-096897.pth",
    }
    write_nasbench101(paths["nasbench101"], 6)
    write_nats_bench(paths["nats_bench"], 6, epochs=(2, 3))
    write_nasbench201_pth(paths["nasbench201_pth"], 6, epochs=(2, 3))
    return paths


@pytest.mark.parametrize("kind", ["nasbench101", "nats_bench", "nasbench201_pth"])
def test_each_archive_becomes_one_table_and_a_summary(archives, tmp_path, capsys, kind):
    output = tmp_path / "new folder" / "table.parquet"
    main(archives[kind], output, json=True)
    summary = json.loads(capsys.readouterr().out)
    table = Table.open(output)
    assert (summary["kind"], summary["cells"], summary["output"]) == (kind, 6, str(output))
    assert summary["metrics"].keys() == table.metrics.keys()
    best = summary["metrics"]["cifar10_test_accuracy_108" if kind == "nasbench101" else "cifar10_test_accuracy_200"]
    assert (
        best["max"]
        == table.mean("cifar10_test_accuracy_108" if kind == "nasbench101" else "cifar10_test_accuracy_200").max()
    )
    assert list(output.parent.iterdir()) == [output]


def test_without_an_output_the_table_goes_into_the_cache(archives, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("METANP_CACHE", str(tmp_path))
    main(archives["nasbench101"])
    assert len(Table.open(tmp_path / "archives" / "nasbench_only108.tfrecord.parquet")) == 6
    shown = capsys.readouterr().out
    assert "cifar10_validation_halfway_accuracy_108" in shown
    assert "nasbench101: 6 cells" in shown


def test_a_kind_is_recognised_from_its_content_whatever_the_name(archives, tmp_path):
    for kind, path in archives.items():
        copy = tmp_path / kind
        (shutil.copytree if path.is_dir() else shutil.copy)(path, copy)
        assert recognise(copy) == kind


def file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda d: d / "nowhere", r"nowhere: no such file or folder; expected nasbench_.*check the path"),
        (lambda d: d, r"a folder without meta\.pickle\.pbz2.*give the unpacked folder itself"),
        (lambda d: file(d, "NATS.tar", bytes(600)), r"unpack it \(tar xf\) and give the folder"),
        (lambda d: file(d, "NATS", bytes(257) + b"ustar" + bytes(300)), r"unpack it \(tar xf\)"),
        (lambda d: file(d, "NATS-tss-v1_0-3ffb9.pickle.pbz2", b"BZh9"), r"the folder whose name ends in -simple"),
        (lambda d: file(d, "photo.png", b"\x89PNG"), r"photo\.png: begins with b'.x89PNG'; expected nasbench_"),
        (lambda d: file(d, "empty", b""), r"empty: begins with b''"),
    ],
)
def test_a_file_that_is_no_archive_is_refused_with_what_to_give_instead(tmp_path, make, complaint):
    with pytest.raises(ArchiveError, match=complaint):
        recognise(make(tmp_path))


@pytest.mark.parametrize("kind", ["nasbench101", "nats_bench", "nasbench201_pth"])
def test_an_archive_cut_in_half_ends_with_one_line_and_no_file(archives, tmp_path, capsys, kind):
    copy = tmp_path / archives[kind].name
    (shutil.copytree if archives[kind].is_dir() else shutil.copy)(archives[kind], copy)
    damaged = copy / "000003.pickle.pbz2" if copy.is_dir() else copy
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    output = tmp_path / "out" / "table.parquet"
    with pytest.raises(SystemExit) as stop:
        main(copy, output)
    assert stop.value.code == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("convert_archive: ")]
    assert len(lines) == 1
    assert copy.name in lines[0]
    assert "; expected " in lines[0]
    assert list(output.parent.iterdir()) == []


def test_the_archive_itself_is_never_overwritten(archives, tmp_path, capsys):
    before = archives["nasbench101"].read_bytes()
    for output in (archives["nasbench101"], tmp_path):
        with pytest.raises(SystemExit):
            main(archives["nasbench101"], output)
        assert "give another --output" in capsys.readouterr().err
    assert archives["nasbench101"].read_bytes() == before


# Runs the real script, but kills it (signal 9) in the middle of the archive, or when the table stands complete beside
# its place and is about to be moved there.
KILLED = {
    "converting": """
convert = script.archives.convert
def half(path, progress):
    return convert(path, lambda done, total: kill() if 2 * done >= total else progress(done, total))
script.archives.convert = half
""",
    "writing": "os.replace = lambda *_: kill()",
}


@pytest.mark.parametrize("moment", KILLED)
def test_a_killed_conversion_leaves_no_file_and_the_next_one_succeeds(archives, tmp_path, moment):
    output = tmp_path / "table.parquet"
    start = "import os, sys; from pathlib import Path; import scripts.convert_archive as script\n"
    start += "kill = lambda: os.kill(os.getpid(), 9)\n"
    run = f"\nscript.main(Path({str(archives['nats_bench'])!r}), Path({str(output)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", start + KILLED[moment] + run], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert not output.exists()
    main(archives["nats_bench"], output)
    assert len(Table.open(output)) == 6


def test_the_command_line_runs_as_the_readme_says(archives, tmp_path):
    output = tmp_path / "table.parquet"
    command = [
        sys.executable,
        "-m",
        "scripts.convert_archive",
        str(archives["nats_bench"]),
        "--output",
        str(output),
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["cells"] == 6
    assert "nats_bench" in done.stderr  # the progress bar keeps out of the output
