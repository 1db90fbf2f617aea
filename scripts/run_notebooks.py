"""Run the notebooks and store them with their outputs: `python -m scripts.run_notebooks`, after a change of either.

What differs from run to run without meaning anything, times and names of cells, is left out, so that a notebook
changes only where its text or what it shows does.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from scripts.command import ROOT


def main() -> None:
    """All of them, from top to bottom."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        store(path, ROOT)


def store(path: Path, folder: Path) -> None:
    """Run one in a folder, and write it with what it showed."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}, record_timing=False).execute()
    notebook.metadata.pop("language_info", None)
    for place, cell in enumerate(notebook.cells):
        cell.id = f"cell-{place}"
        cell.metadata = nbformat.NotebookNode()
    nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
