"""What a user does first, run by the Python of a bare environment in an empty folder: `python smoke.py`.

Imports nothing of the repository. The last line that it prints is JSON: versions, and where `metanp` was imported from.
"""

import importlib.metadata
import json
import platform
import subprocess

import metanp
from metanp import MetaNP, examples, plot
from metanp.search import Search


def output(*command: str) -> str:
    """What a command prints, which has to succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """README's first lines; a search; the command."""
    example = examples.load()
    model = MetaNP.from_pretrained("label-free").fit(example.cells, example.accuracy)
    chosen, ranking = model.shortlist(example.candidates, k=10), model.rank(example.candidates, k=10)
    assert len(chosen) == len(ranking) == 10
    # of 500 candidates, the best of which has 91.4 and the mean 83; any sound ranking has such a cell among its ten
    assert min(example.candidate_accuracy[one.index].max() for one in (chosen, ranking)) > 91
    search = Search(example.candidates[:30], journal="run.sqlite")
    for cell in search.ask(2):
        search.tell(cell, 90.0)
    assert search.best() is not None
    assert output("metanp", "--version").split()[-1] == metanp.__version__ == importlib.metadata.version("metanp")
    files = ("--context", str(examples.EVALUATED), "--candidates", str(examples.CANDIDATES))
    ranked = output("metanp", "rank", *files, "-k", "10", "--checkpoint", "label-free", "--json")
    assert json.loads(ranked.splitlines()[0])
    try:
        plot.ranking(ranking)
    except ImportError as error:  # without the extra
        if "metanp[plot]" not in str(error):
            raise
    names = ("torch", "numpy", "scipy", "scikit-learn")
    versions = {name: importlib.metadata.version(name) for name in names}
    print(json.dumps({"Python": platform.python_version(), **versions, "file": metanp.__file__}))


if __name__ == "__main__":
    main()
