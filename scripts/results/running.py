"""What every study does: its options, which fits are missing, which rows of older code are still valid, its files.

    entrants -> fits, each with the file of its rows -> those without rows are run -> rows -> table, page

A change of code that affects no number (a module moved, a check added) would cost hours of repeated fits. So rows of
older code are adopted where a few fits, repeated with today's code, give the same rows, except for times.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from scripts.results.entrants import TOO_FEW, Entrant, Fit, Study
from scripts.results.executors import Done, Slurm, execute
from scripts.results.provenance import provenance
from scripts.results.rows import DRAWN, Row, RowFile, keep, kept_rows, write_parquet, write_rows

FORMATS = {"csv": "CSV", "md": "Markdown", "tex": "LaTeX", "json": "JSON"}  # of tables, by file name extension
Files = dict[Fit, RowFile]
Run = Callable[[Study, Sequence[Fit], Done], None]  # see `scripts.results.executors.execute`


@dataclass
class Running:
    """See `configs/`; a study's own options are in a subclass."""

    executor: str = "local"  # or slurm, ray: where fits run
    slurm: Slurm = field(default_factory=Slurm)
    jobs: int = 0  # workers at once, one thread each; 0: as many as there are cores here
    limit: float = 1800.0  # seconds that a fit may take
    resume: bool = True
    retry: bool = False  # run failed fits again
    adopt: int = 0  # fits at each budget to repeat, so that rows of older code are used if none of these differs
    fill: bool = True  # False: a table of existing rows; nothing is run but what `adopt` asks for
    publish: bool = False
    download: bool = False  # missing files of the benchmark

    def check(self, **least: int) -> None:
        """Raise a ValueError where a number is less than it may be; names it."""
        for name, lowest in {"jobs": 0, "adopt": 0, **least}.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"{name}={getattr(self, name)}; expected {lowest} or more")

    def files_of(self, one: Entrant, fits: Iterable[Fit], folder: Path, marks: Row) -> Files:
        """Fits of an entrant, each with the file of its rows, which have the entrant's marks and those of the study."""
        path = folder / f"{one.file}.jsonl"
        kept = kept_rows(self.study).get(_name(path), []) if self.study else []
        return dict.fromkeys(fits, RowFile(path, {**one.marks, **marks}, self.resume, kept))

    @property
    def study(self) -> str:
        """The name under which rows of rivals are kept in the repository; "" keeps none."""
        return ""

    def keep(self, files: Files) -> None:
        """Keep the rows of rivals in the repository, for later tables. Rivals are seeded by the label set."""
        rivals = dict.fromkeys(file for fit, file in files.items() if fit.seed is None)
        keep(self.study, {_name(file.path): [row for rows in file.rows.values() for row in rows] for file in rivals})

    def run(self, study: Study, files: Files) -> list[Row]:
        """Adopt rows and run what is missing, as the options say; then the rows of all fits that have any."""
        plan = Plan(study, files, provenance()["commit"])
        run = partial(execute, executor=self.executor, jobs=self.jobs, limit=self.limit, slurm=self.slurm)
        if self.adopt:
            console = Console(stderr=True)
            for one in plan.adopt(run, self.adopt, self.retry):
                found = f"adopted {one['adopted']}" if not one["differ"] else f"{one['differ']} differ, none adopted"
                console.print(f"{one['file']}, code {one['code']}: {one['compared']} compared, {found}")
        if self.fill:
            plan.fill(run, self.retry)
        return plan.rows()


@dataclass(frozen=True)
class Plan:
    """Fits of a study in the order in which they are run, each with its file; `commit` is that of new rows."""

    study: Study
    files: Files
    commit: str

    def rows(self) -> list[Row]:
        """The rows of all fits that have any."""
        return [row for fit, file in self.files.items() for row in file.get(fit.key)]

    def missing(self, retry: bool = False) -> list[Fit]:
        """Fits without a row of each scored column; with `retry` failed ones too, except those with too few labels."""
        return [fit for fit, file in self.files.items() if not _is_done(fit, file.get(fit.key), retry)]

    def fill(self, run: Run, retry: bool = False) -> None:
        """Run what is missing; rows are stored as they arrive."""
        if missing := self.missing(retry):
            run(self.study, missing, self._store)

    def adopt(self, run: Run, repeats: int, retry: bool = False) -> list[Row]:
        """Adopt rows of older code where possible; the rows of repeated fits are stored as today's.

        Rows of failed fits are never adopted. All of today's rows are compared with the older ones, so that a
        difference that was found once is found again.

        Args:
            repeats: fits of each file, code and budget to run again, drawn at random.

        Returns:
            One row for each file and code: how many were compared, differ, and were adopted.
        """
        offers = list(self._offers(self.missing(retry)))
        rng = np.random.default_rng(0)
        drawn: dict[Fit, None] = {}
        for _, _, fits in offers:
            for budget in sorted({fit.budget for fit in fits}):
                alike = [fit for fit in fits if fit.budget == budget]
                picked = rng.choice(len(alike), size=min(repeats, len(alike)), replace=False)
                drawn |= dict.fromkeys(alike[i] for i in picked)
        if drawn:
            run(self.study, list(drawn), self._store)
        return [_adopted(file, code, fits) for file, code, fits in offers]

    def _store(self, fit: Fit, rows: Sequence[Row]) -> None:
        self.files[fit].add({**row, "commit": self.commit} for row in rows)

    def _offers(self, missing: Sequence[Fit]) -> Iterator[tuple[RowFile, str, list[Fit]]]:
        """For each file and older code the fits that have rows without a failure."""
        for file in dict.fromkeys(self.files[fit] for fit in missing):
            mine = [fit for fit in missing if self.files[fit] is file]
            for code, older in file.older.items():
                answered = {key for key, rows in older.items() if all(row["status"] == "ok" for row in rows)}
                if known := [fit for fit in mine if fit.key in answered]:
                    yield file, code, known


def _is_done(fit: Fit, rows: Sequence[Row], retry: bool) -> bool:
    whole = set(fit.scored) <= {row["scored"] for row in rows}
    return whole and not (retry and any(row["status"] not in ("ok", TOO_FEW) for row in rows))


def _adopted(file: RowFile, code: str, fits: Sequence[Fit]) -> Row:
    """Adopt the rows of one file and code, unless rows that were repeated differ."""
    older = file.older[code]
    both = [key for key in older if key in file]
    differ = sum(_comparable(file.get(key), file.marks) != _comparable(older[key], file.marks) for key in both)
    outcome = {"file": str(file.path), "code": code, "compared": len(both), "differ": differ, "adopted": 0}
    if differ or not both:
        return outcome
    rest = [fit.key for fit in fits if fit.key not in file]
    for key in rest:
        file.add({**row, "adopted_from": code} for row in older[key])
    return {**outcome, "adopted": len(rest)}


def _comparable(rows: Sequence[Row], marks: Row) -> str:
    """Rows without times and marks, as text, in which a NaN equals a NaN."""
    aside = {*marks, *DRAWN, "commit", "adopted_from"}
    kept = [{n: row[n] for n in sorted(row) if n not in aside and not n.startswith("seconds_")} for row in rows]
    return json.dumps(kept)


def _name(path: Path) -> str:
    """The name of a file of rows, without the folder that the study writes to."""
    return f"{path.parent.name}/{path.name}"


def write(output: Path, what: str, rows: Sequence[Row], table: Sequence[Row], texts: Mapping[str, str]) -> Row:
    """Write rows, their table and its texts (by extension) to files called `output`.

    Args:
        what: the title of the file of rows on the page.

    Returns:
        Facts for `scripts.results.page.write_page`: date, machine, commit and the files by title.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(Path(f"{output}.parquet"), rows)
    write_rows(Path(f"{output}.csv"), table)
    for extension, text in texts.items():
        Path(f"{output}.{extension}").write_text(text)
    files = {f"table ({FORMATS[extension]})": f"{output.name}.{extension}" for extension in ("csv", *texts)}
    return {**provenance(), "downloads": {f"{what} (Parquet)": f"{output.name}.parquet", **files}}
