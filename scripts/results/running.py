"""Options that every study has: on what its fits run, which rows count, and what is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from rich.console import Console

from scripts.results.executors import Slurm, execute
from scripts.results.fits import Plan


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

    def carry_out(self, plan: Plan) -> None:
        """Adopt rows, and run what is missing, as far as is asked for."""
        run = partial(execute, executor=self.executor, jobs=self.jobs, limit=self.limit, slurm=self.slurm)
        if self.adopt:
            console = Console(stderr=True)
            for one in plan.adopt(run, self.adopt, self.retry):
                found = f"adopted {one['adopted']}" if not one["differ"] else f"{one['differ']} differ, none adopted"
                console.print(f"{one['file']}, code {one['code']}: {one['compared']} compared, {found}")
        if self.fill:
            plan.fill(run, self.retry)
