"""What every study does, whatever a fit is: its options, its rows, and the files that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console

from scripts.results.entrants import Entrant
from scripts.results.executors import Slurm, execute
from scripts.results.fits import Fit, Plan, Study
from scripts.results.kept import keep, kept_rows
from scripts.results.provenance import provenance
from scripts.results.rows import Row, RowFile, write_parquet, write_rows

KINDS = {"csv": "CSV", "md": "Markdown", "tex": "LaTeX", "json": "JSON"}  # of tables, by the endings of their files


@dataclass
class Running:
    """See `configs/`; a study's own options are in a subclass."""

    executor: str = "local"  # or slurm, ray: where fits run
    slurm: Slurm = field(default_factory=Slurm)
    jobs: int = 0  # workers at once, one thread each; 0: as many as there are cores here
    limit: float = 1800.0  # seconds that a fit may take
    resume: bool = True
    retry: bool = False  # fits that came to nothing, once more
    adopt: int = 0  # rows of older code count where so many fits at each budget, run again, come out the same
    fill: bool = True  # False: a table of the rows that are there, nothing is run but what `adopt` asks for
    publish: bool = False
    download: bool = False  # files of the benchmark that are not at hand

    def check(self, **least: int) -> None:
        """ValueError names a number that is less than it may be."""
        for name, lowest in {"jobs": 0, "adopt": 0, **least}.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"{name}={getattr(self, name)}; expected {lowest} or more")

    def wanted(self, one: Entrant, fits: Iterable[Fit], folder: Path, marks: Row) -> list[tuple[Fit, RowFile]]:
        """Fits of an entrant, with the file of their rows, which have its marks and those of the study."""
        path = folder / f"{one.file}.jsonl"
        kept = kept_rows(self.study).get(_name(path), []) if self.study else []
        file = RowFile(path, {**one.marks, **marks}, self.resume, kept)
        return [(fit, file) for fit in fits]

    @property
    def study(self) -> str:
        """Under which name rows of rivals are kept in the repository; none are without."""
        return ""

    def keep(self, wanted: Iterable[tuple[Fit, RowFile]]) -> None:
        """Keep the rows of rivals in the repository, for later tables: of entrants that are seeded by their number."""
        files = dict.fromkeys(file for fit, file in wanted if fit.seed is None)
        keep(self.study, {_name(file.path): [row for rows in file.rows.values() for row in rows] for file in files})

    def carry_out(self, study: Study, wanted: Iterable[tuple[Fit, RowFile]]) -> list[Row]:
        """Adopt rows and run what is missing, as far as is asked for; the rows of all fits that have some."""
        plan = Plan(study, wanted, provenance()["commit"])
        run = partial(execute, executor=self.executor, jobs=self.jobs, limit=self.limit, slurm=self.slurm)
        if self.adopt:
            console = Console(stderr=True)
            for one in plan.adopt(run, self.adopt, self.retry):
                found = f"adopted {one['adopted']}" if not one["differ"] else f"{one['differ']} differ, none adopted"
                console.print(f"{one['file']}, code {one['code']}: {one['compared']} compared, {found}")
        if self.fill:
            plan.fill(run, self.retry)
        return plan.rows()


def _name(path: Path) -> str:
    """Of a file of rows, whatever folder the study writes to."""
    return f"{path.parent.name}/{path.name}"


def write(output: Path, rows: Sequence[Row], table: Sequence[Row], texts: Mapping[str, str]) -> dict[str, str]:
    """Rows, their table and texts of it by ending, in files that differ in it: names of the files, by what they are."""
    output.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(Path(f"{output}.parquet"), rows)
    write_rows(Path(f"{output}.csv"), table)
    for ending, text in texts.items():
        Path(f"{output}.{ending}").write_text(text)
    return {f"table ({KINDS[ending]})": f"{output.name}.{ending}" for ending in ("csv", *texts)}
